"""A project's world on its way into a worker, on the trusted side."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox import codec
from sandbox.api import World
from sandbox.observe import Packed
from sandbox.wire import Ask, Reply, WireRequest

TAKES_S = 60.0
"""Patience with packages that are slow to import."""


class WorldRefused(Exception):
    """The sandbox cannot be this project's world; says why, and nothing about any candidate."""


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What a worker made of a world."""

    failed: dict[str, str]
    """Modules that could not be imported ahead, and why; a test that needs one tries itself."""


def pack_world(world: World, site: str, *, preload: bool = True) -> Packed:
    """As a request; `site` is where the worker finds the installed packages."""
    body = codec.encode(
        {
            "files": {path: bytes(data) for path, data in world.files.items()},
            "path": world.path,
            "site": site,
            "preload": list(world.preload) if preload else [],
        },
        opaque=False,
    )
    request = WireRequest(ask=Ask.WORLD, nonce=b"", body_bytes=len(body))
    return Packed(request=request, payload=body, deadline_s=TAKES_S)


def taken(reply: Reply) -> Taken:
    """Raises WorldRefused."""
    match codec.decode(reply.result):
        case {"failed": dict(failed), "trouble": ""}:
            return Taken(failed={str(name): str(why) for name, why in failed.items()})
        case {"trouble": str(trouble)}:
            raise WorldRefused(trouble)
    raise WorldRefused("the worker's answer is not of this version")


def check_python(world: World, has: str) -> None:
    """Raises WorldRefused where what runs here could judge the project wrongly."""
    if world.python and not f"{has}.".startswith(f"{world.python}."):
        raise WorldRefused(
            f"the project runs on Python {world.python}, and the sandbox has {has}; "
            "name the project's interpreter, so that the sandbox can be made of it"
        )
