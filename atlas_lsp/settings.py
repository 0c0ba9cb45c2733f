"""What may be set, from one JSON Schema: defaults, validation, the table of the documents."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

SCHEMA = Path(__file__).with_name("settings.schema.json")
Source = Literal["launch", "client", "folder", "project"]
"""Who says it: the command line or environment that started the server, the client's
`initialize`, its answer for a folder, the project's file."""
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
}


@dataclass(frozen=True, kw_only=True)
class ServerSettings:
    """One value per property of the schema, which says what each is for."""

    model: str
    sandbox: Literal["docker", "unsafe-local"]
    trusted: bool
    k: int
    seed: int
    timeout: float
    apply: Literal["ask", "auto", "offer"]
    tests: Literal["auto", "doctest", "pytest"]
    diagnostics: Literal["save", "request", "off"]
    code_lens: bool
    hover: bool
    idle_unload: float


@cache
def properties() -> dict[str, dict[str, Any]]:
    """The schema's properties by name."""
    found: dict[str, dict[str, Any]] = json.loads(SCHEMA.read_text(encoding="utf-8"))["properties"]
    return found


def settings_from(*layers: Mapping[str, object]) -> ServerSettings:
    """The defaults, overlaid by each layer in turn; the layers hold good values only."""
    values = {name: one["default"] for name, one in properties().items()}
    for layer in layers:
        values.update(layer)
    return ServerSettings(**{_field_of(name): value for name, value in values.items()})


def as_layer(settings: ServerSettings) -> dict[str, object]:
    """The settings by their names in the schema."""
    return {name: getattr(settings, _field_of(name)) for name in properties()}


def launch_settings(
    arguments: Mapping[str, object], environ: Mapping[str, str]
) -> dict[str, object]:
    """What whoever starts the server sets; the command line is stronger than the environment.

    Raises ValueError, in one line, for a value that is not valid.
    """
    names = ("sandbox", "model")
    said = {key: environ[name] for key in names if (name := environment_name(key)) in environ}
    said |= {key: str(arguments[key]) for key in names if arguments.get(key)}
    good, complaints = checked(said, "launch", "atlas-lsp")
    if complaints:
        raise ValueError(complaints[0])
    return good


def checked(given: object, source: Source, where: str) -> tuple[dict[str, object], tuple[str, ...]]:
    """The good values in `given`, and a complaint for each key that is unknown, wrong or forbidden.

    A project's file cannot choose the model, the sandbox or its own trust: whoever clones it
    would run them. Nor can what a client tells of a folder: a repository's own editor settings
    (`.vscode/settings.json` and its like) are in it, and cannot be told apart.
    """
    # An empty table of Lua is an empty list on the wire.
    if given is None or given == []:
        return {}, ()
    if not isinstance(given, Mapping):
        return {}, (f"{where}: {given!r} is no table of settings; give an object",)
    good: dict[str, object] = {}
    complaints: list[str] = []
    for key, value in given.items():
        complaint = _complaint(str(key), value, source)
        if complaint:
            complaints.append(f"{where}: {complaint}")
        elif value is not None:
            good[str(key)] = value
    return good, tuple(complaints)


def project_settings(root: Path) -> tuple[dict[str, object], tuple[str, ...]]:
    """`[tool.atlas]` of the folder's pyproject.toml; a file that cannot be read is a complaint."""
    path = root / "pyproject.toml"
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {})
    except FileNotFoundError:
        return {}, ()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        return {}, (f"{path.name} cannot be read: {exc}; mend it",)
    return checked(table.get("atlas") if isinstance(table, dict) else None, "project", path.name)


def environment_name(key: str) -> str:
    """Where the environment sets a property: `ATLAS_IDLE_UNLOAD` for `idleUnload`."""
    return f"ATLAS_{_field_of(key).upper()}"


def table() -> str:
    """The settings as a Markdown table."""
    rows = [
        f"| `{name}` | {_values(one)} | `{json.dumps(one['default'])}` | {_who(one)} "
        f"| {one['description']} |"
        for name, one in properties().items()
    ]
    head = "| setting | values | default | set by | what it does |\n|---|---|---|---|---|"
    return "\n".join([head, *rows]) + "\n"


def _complaint(key: str, value: object, source: Source) -> str:
    one = properties().get(key)
    if one is None:
        return f"unknown setting {key!r}; there are {', '.join(properties())}"
    if source in ("folder", "project") and one["scope"] == "machine":
        return f"{key} cannot be set by a project or a folder; set it where the server is started"
    if source != "launch" and value in one.get("launchOnly", ()):
        return (
            f"{key} {value!r} is taken from `atlas-lsp --{key} {value}` or "
            f"{environment_name(key)}={value} only"
        )
    if value is not None and not _is_valid(one, value):
        return f"{key} is {value!r}, not {_values(one)}; the default {one['default']!r} is used"
    return ""


def _is_valid(one: Mapping[str, Any], value: Any) -> bool:
    kinds = _TYPES[one["type"]]
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        return False
    if "enum" in one:
        return value in one["enum"]
    return not (
        ("minimum" in one and value < one["minimum"])
        or ("exclusiveMinimum" in one and value <= one["exclusiveMinimum"])
        or ("maximum" in one and value > one["maximum"])
    )


def _values(one: Mapping[str, Any]) -> str:
    if "enum" in one:
        return ", ".join(f"`{value}`" for value in one["enum"])
    bounds = list(_bounds(one))
    return f"{one['type']} {' '.join(bounds)}".strip()


def _bounds(one: Mapping[str, Any]) -> Iterator[str]:
    for key, word in (
        ("minimum", "from"),
        ("exclusiveMinimum", "above"),
        ("maximum", "to"),
    ):
        if key in one:
            yield f"{word} {one[key]}"


def _who(one: Mapping[str, Any]) -> str:
    return "editor" if one["scope"] == "machine" else "editor, project"


def _field_of(name: str) -> str:
    return re.sub(r"([A-Z])", lambda m: f"_{m[1].lower()}", name)
