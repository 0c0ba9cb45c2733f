"""What a client may set, with defaults; unknown keys are told once, never silently dropped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class ServerSettings:
    """Given as `initializationOptions`."""

    model: str = "nano"
    """A GGUF file, an installed name, or the URL of an OpenAI-compatible endpoint."""
    sandbox: Literal["docker", "unsafe-local"] = "docker"
    k: int = 3
    seed: int = 0
    timeout: float = 60.0
    """Seconds of one job; at its end the best so far is offered."""
    apply: Literal["ask", "auto", "offer"] = "ask"
    """What happens to a verified edit: ask first, apply at once, or wait for the code action."""
    trusted: bool = True
    """False runs nothing at all."""


_CHOICES = {"sandbox": ("docker", "unsafe-local"), "apply": ("ask", "auto", "offer")}


def read_settings(options: object) -> tuple[ServerSettings, tuple[str, ...]]:
    """The settings in `options` and one complaint per key that is unknown or has a wrong value."""
    if options is None:
        return ServerSettings(), ()
    if not isinstance(options, Mapping):
        return ServerSettings(), (f"the options are {options!r}; give an object",)
    known = {field.name: field.default for field in fields(ServerSettings)}
    good: dict[str, object] = {}
    complaints = []
    for key, value in options.items():
        if key not in known:
            complaints.append(f"unknown setting {key!r}; there are {', '.join(known)}")
        elif not _fits(key, value, known[key]):
            complaints.append(f"setting {key} is {value!r}; the default {known[key]!r} is used")
        else:
            good[key] = value
    return ServerSettings(**good), tuple(complaints)  # type: ignore[arg-type]


def _fits(key: str, value: object, default: object) -> bool:
    if key in _CHOICES:
        return value in _CHOICES[key]
    if isinstance(default, bool) or isinstance(value, bool):
        return isinstance(value, bool) and isinstance(default, bool)
    if isinstance(default, float):
        return isinstance(value, int | float) and value > 0
    if key == "k":
        return isinstance(value, int) and 1 <= value <= 64
    return isinstance(value, type(default))
