"""Images that add a project's packages to the worker's, for engines that cannot see this machine's
files; named by what is in them, and shared by all projects that need the same.
"""

from __future__ import annotations

import hashlib
import io
import platform
import re
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from sandbox.api import SandboxUnavailable, World
from sandbox.docker_engine import Client
from sandbox.image import LABEL, PINS_LABEL, WORKER_LABEL, exists, run_build, worker_digest
from sandbox.site import INSIDE

SITE_LABEL = f"{LABEL}.site"
_REPOSITORY = "atlas-sandbox-site"
_SPOOL_BYTES = 64 << 20


def ensure_layer(client: Client, image: str, world: World) -> str:
    """The tag of an image that has the world's packages as they are on this machine now.

    Raises SandboxUnavailable.
    """
    files = list(_site_files(world))
    digest = hashlib.sha256(image.encode())
    for inside, path in files:
        if not inside.endswith(".pyc"):
            digest.update(f"\0{inside}\0".encode("utf-8", "surrogateescape"))
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    tag = f"{_REPOSITORY}:{digest.hexdigest()[:16]}"
    if not exists(client, tag):
        with tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES) as context:
            _write_context(context, _dockerfile(image, pins(world)), files)
            run_build(client, context, tag, image)
    return tag


def _site_files(world: World) -> Iterator[tuple[str, Path]]:
    """Path inside and here, of regular files; a link is followed only within its own package."""
    for inside, path in sorted(world.site.items()):
        top = Path(path).resolve()
        if top.is_file():
            yield inside, top
        for file in sorted(top.rglob("*")):
            real = file.resolve()
            if real.is_file() and real.is_relative_to(top):
                yield f"{inside}/{file.relative_to(top).as_posix()}", real


def _write_context(context: IO[bytes], dockerfile: str, files: Iterable[tuple[str, Path]]) -> None:
    """Times are kept, so that the compiled files stay valid; owners and modes are not."""
    with tarfile.open(fileobj=context, mode="w", format=tarfile.GNU_FORMAT) as archive:
        _add(archive, "Dockerfile", dockerfile.encode(), 0)
        for inside, path in files:
            _add(archive, f"site/{inside}", path.read_bytes(), int(path.stat().st_mtime))
    context.seek(0)


def _add(archive: tarfile.TarFile, name: str, data: bytes, mtime: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.mtime = len(data), 0o644, mtime
    archive.addfile(entry, io.BytesIO(data))


def _dockerfile(image: str, pinned: frozenset[str]) -> str:
    shown = " ".join(sorted(pinned))
    return f'FROM {image}\nCOPY site {INSIDE}\nLABEL {SITE_LABEL}="{shown}"\n'


def pins(world: World) -> frozenset[str]:
    """`name==version` of each package that has its metadata in the world."""
    found = (_DIST_INFO.fullmatch(inside) for inside in world.site)
    return frozenset(f"{_plain(m['name'])}=={m['version']}" for m in found if m)


_DIST_INFO = re.compile(r"(?P<name>[^/]+?)-(?P<version>[^/-]+)\.(dist|egg)-info")


def _plain(name: str) -> str:
    """A project's name in its one spelling (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def find_pinned(client: Client, world: World) -> str:
    """An image that `atlas sandbox build --packages` has made with all that the world has.

    Raises SandboxUnavailable where there is none.
    """
    wanted = pins(world)
    for one in client.images(filters={"label": f"{WORKER_LABEL}={worker_digest()}"}):
        held = one["Labels"].get(PINS_LABEL, "").split()
        if wanted <= {_plain_pin(pin) for pin in held}:
            return str(one["Id"])
    raise SandboxUnavailable(
        f"packages of {platform.system()} {platform.machine()} do not run in this engine; "
        f"`atlas sandbox build --packages {','.join(sorted(wanted))}` fetches its own, once"
    )


def _plain_pin(pin: str) -> str:
    name, _, version = pin.partition("==")
    return f"{_plain(name)}=={version}"
