"""What may be set, declared once: `ServerSettings` is the schema, the defaults and the check."""

from __future__ import annotations

import dataclasses
import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from atlas_lsp.exits import UsageError
from pipeline.storage.foreign import foreign_bytes

SCHEMA = Path(__file__).with_name("settings.schema.json")
"""The same for editors that read JSON; `python -m atlas_lsp.settings` writes it."""
Source = Literal["launch", "user", "client", "folder", "project"]
"""Who says it: the command line or environment of the process, the user's file, the client's
`initialize`, its answer for a folder, the project's file."""
Layer = tuple[str, Mapping[str, object]]
"""Where it stands, for people, and the good values that stand there."""
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
}
_WORDS = {"true": True, "yes": True, "on": True, "1": True} | dict.fromkeys(
    ("false", "no", "off", "0"), False
)


def _set(default: object, description: str, **schema: object) -> Any:
    """A field with the keywords of its property; `scope="machine"`: never from a project."""
    said = {"default": default, "scope": "resource", **schema, "description": description}
    return dataclasses.field(default=default, metadata=said)


@dataclass(frozen=True, kw_only=True)
class ServerSettings:
    """Every value that can be set, for the server and the command line."""

    model: str = _set(
        "nano",
        "A GGUF file, an installed name, or the URL of an OpenAI-compatible endpoint.",
        scope="machine",
    )
    sandbox: Literal["docker", "unsafe-local"] = _set(
        "docker",
        "Where candidates run; `unsafe-local` runs them on this machine without isolation and is "
        "taken from `atlas-lsp --sandbox unsafe-local` or `ATLAS_SANDBOX` only.",
        scope="machine",
        launchOnly=["unsafe-local"],
    )
    container_runtime: str = _set(
        "",
        "The engine's container runtime for candidates, as `runsc` (gVisor) or `kata`; empty takes "
        "the engine's own. Results name it.",
        scope="machine",
    )
    trusted: bool = _set(
        True,
        "False runs nothing at all, not even in the sandbox; holds until the client starts the "
        "server again.",
        scope="machine",
    )
    k: int = _set(3, "Candidates per round.", minimum=1, maximum=64)
    seed: int = _set(0, "Same task, seed and model give the same solution.", minimum=0)
    timeout: float = _set(
        60,
        "Seconds of one job; at its end the best so far is offered.",
        exclusiveMinimum=0,
        maximum=86400,
    )
    apply: Literal["ask", "auto", "offer"] = _set(
        "ask",
        "What happens to a good edit: ask first, apply at once, or wait in the code actions. "
        "Unverified edits always wait; a project cannot set `auto`.",
        personOnly=["auto"],
    )
    tests: Literal["auto", "doctest", "pytest"] = _set(
        "auto",
        "How generated tests look: auto takes doctests where the function has some, else the way "
        "in which the project keeps its tests.",
    )
    project_tests: bool = _set(
        True,
        "Functions are judged by the project's own tests that reach them, beside their examples.",
    )
    diagnostics: Literal["save", "request", "off"] = _set(
        "save",
        "When doctests are run to show those that fail: at each save, when `atlas.check` asks, or "
        "never.",
    )
    code_lens: bool = _set(
        False,
        "Lines above functions: Solve, Repair (2 of 5 examples fail), Tests, Evidence.",
        defaultInVSCode=True,
    )
    hover: bool = _set(True, "The evidence of a finished job, on the function's name.")
    python: str = _set(
        "",
        "The Python whose packages a file is judged with: an interpreter or an environment's "
        "folder. Empty: `VIRTUAL_ENV`, then `.venv`, `venv` and what the project's tool keeps.",
    )
    ghost_text: bool = _set(
        False,
        "A verified body also shows as ghost text at its stub, in editors that have "
        "`textDocument/inlineCompletion`.",
    )
    idle_unload: float = _set(
        900,
        "Seconds without a job after which the model and the sandbox are closed.",
        scope="machine",
        minimum=1,
        maximum=86400,
    )


@cache
def properties() -> dict[str, dict[str, Any]]:
    """The properties of the schema by name, made of the fields."""
    hints = get_type_hints(ServerSettings)
    fields = dataclasses.fields(ServerSettings)
    return {_name_of(f.name): _type_of(hints[f.name]) | f.metadata for f in fields}


def schema() -> dict[str, object]:
    """The JSON Schema of the settings."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Atlas",
        "type": "object",
        "additionalProperties": False,
        "properties": properties(),
    }


def _type_of(hint: Any) -> dict[str, Any]:
    if get_origin(hint) is Literal:
        return {"type": "string", "enum": list(get_args(hint))}
    names = {str: "string", bool: "boolean", int: "integer", float: "number"}
    return {"type": names[hint]}


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
    try:
        said = environment_settings(environ)
    except UsageError as exc:
        raise ValueError(str(exc)) from exc
    given = {key: arguments[key] for key in properties() if arguments.get(key)}
    good, complaints = checked(given, "launch", "atlas-lsp")
    if complaints:
        raise ValueError(complaints[0])
    return said | good


def environment_settings(environ: Mapping[str, str]) -> dict[str, object]:
    """What `ATLAS_MODEL`, `ATLAS_IDLE_UNLOAD` and their like say. Raises UsageError."""
    found: dict[str, object] = {}
    for key in properties():
        if text := environ.get(environment_name(key), ""):
            found[key] = value_of(key, text, "launch", environment_name(key))
    return found


def value_of(key: str, text: str, source: Source, where: str) -> object:
    """A value as people write it on one line. Raises UsageError for one that cannot be."""
    one = properties().get(key)
    kind = one["type"] if one else "string"
    value: object = text
    if kind == "boolean":
        value = _WORDS.get(text.lower(), text)
    elif kind in ("integer", "number"):
        try:
            value = int(text) if re.fullmatch(r"[+-]?\d+", text) else float(text)
        except ValueError:
            value = text
    complaint = _complaint(key, value, source)
    if complaint:
        raise UsageError(f"{where}: {complaint}")
    return value


def layers_of(
    root: Path | None, environ: Mapping[str, str], flags: Mapping[str, object]
) -> tuple[tuple[Layer, ...], tuple[str, ...]]:
    """All that is set for a project, the strongest last, and complaints about the files.

    Raises UsageError for a wrong value in the environment or of a flag.
    """
    file = user_file(environ)
    user, complaints = user_settings(environ)
    layers: list[Layer] = [(str(file), user)]
    if root is not None:
        project, more = project_settings(root)
        layers.append((str(root / "pyproject.toml"), project))
        complaints += more
    layers.append(("the environment", environment_settings(environ)))
    good, wrong = checked(flags, "launch", "the command line")
    if wrong:
        raise UsageError(wrong[0])
    return (*layers, ("the command line", good)), complaints


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One value and where it came from."""

    name: str
    value: object
    origin: str


def explained(layers: Sequence[Layer]) -> tuple[Setting, ...]:
    """Every setting with the last layer that sets it."""
    found = {name: (one["default"], "default") for name, one in properties().items()}
    for origin, values in layers:
        found |= {name: (value, _shown_origin(origin, name)) for name, value in values.items()}
    return tuple(Setting(name=n, value=v, origin=o) for n, (v, o) in found.items())


def _shown_origin(origin: str, name: str) -> str:
    return environment_name(name) if origin == "the environment" else origin


def user_file(environ: Mapping[str, str]) -> Path:
    """The user's own settings: ATLAS_CONFIG, else the place where this system keeps such."""
    if own := environ.get("ATLAS_CONFIG"):
        return Path(own).expanduser()
    from platformdirs import user_config_path

    return user_config_path("atlas", appauthor=False) / "settings.toml"


def user_settings(environ: Mapping[str, str]) -> tuple[dict[str, object], tuple[str, ...]]:
    """What the user's file says; one that cannot be read is a complaint."""
    path = user_file(environ)
    table, complaints = _read_toml(path)
    if complaints:
        return {}, complaints
    return checked(table, "user", str(path))


def write_user_setting(environ: Mapping[str, str], key: str, value: object | None) -> Path:
    """Set one key of the user's file, None takes it out; the other lines stay as they are.

    Raises UsageError where the file is no TOML, OSError where it cannot be written.
    """
    path = user_file(environ)
    _, complaints = _read_toml(path)
    if complaints:
        raise UsageError(complaints[0])
    old = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    line = re.compile(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=")
    kept = [one for one in old if not line.match(one)]
    if value is not None:
        kept.append(f"{key} = {json.dumps(value)}")
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_text("\n".join(kept) + "\n", encoding="utf-8")
    part.replace(path)
    return path


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
        if complaint and source != "launch" and str(key) in properties():
            complaint += "; it is left out"
        if complaint:
            complaints.append(f"{where}: {complaint}")
        elif value is not None:
            good[str(key)] = value
    return good, tuple(complaints)


def project_root(path: Path) -> Path:
    """The nearest folder around a file or folder that has a pyproject.toml, else its own."""
    start = path.resolve()
    folder = start if start.is_dir() else start.parent
    found = (one for one in (folder, *folder.parents) if (one / "pyproject.toml").is_file())
    return next(found, folder)


def project_settings(root: Path) -> tuple[dict[str, object], tuple[str, ...]]:
    """`[tool.atlas]` of the folder's pyproject.toml; a file that cannot be read is a complaint."""
    path = root / "pyproject.toml"
    content, complaints = _read_toml(path)
    if complaints:
        return {}, complaints
    table = content.get("tool", {})
    return checked(table.get("atlas") if isinstance(table, dict) else None, "project", path.name)


def _read_toml(path: Path) -> tuple[dict[str, Any], tuple[str, ...]]:
    try:
        return tomllib.loads(foreign_bytes(path).decode()), ()
    except FileNotFoundError:
        return {}, ()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        return {}, (f"{path.name} cannot be read: {exc}; mend it",)


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
        return (
            f"{key} cannot be set by a project or a folder; set it in your own settings "
            f"(`atlas config set {key} ...`) or where the server is started"
        )
    if source in ("folder", "project") and value in one.get("personOnly", ()):
        return (
            f"{key} {value!r} cannot be set by a project or a folder, lest a repository changes "
            "your text unasked; set it in your own settings (`atlas config`)"
        )
    if source != "launch" and value in one.get("launchOnly", ()):
        return (
            f"{key} {value!r} is taken from `atlas-lsp --{key} {value}` or "
            f"{environment_name(key)}={value} only"
        )
    if value is not None and not _is_valid(one, value):
        return f"{key} is {value!r}, not {_article(one)}{_values(one)}"
    return ""


def _is_valid(one: Mapping[str, Any], value: Any) -> bool:
    kinds = _TYPES[one["type"]]
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        return False
    if "enum" in one:
        return value in one["enum"]
    # Each is asked whether it holds: for "not a number" none does.
    return (
        ("minimum" not in one or value >= one["minimum"])
        and ("exclusiveMinimum" not in one or value > one["exclusiveMinimum"])
        and ("maximum" not in one or value <= one["maximum"])
    )


def _article(one: Mapping[str, Any]) -> str:
    if "enum" in one:
        return "one of "
    return "an " if one["type"] == "integer" else "a "


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
    return "user, editor" if one["scope"] == "machine" else "user, project, editor"


def _field_of(name: str) -> str:
    return re.sub(r"([A-Z])", lambda m: f"_{m[1].lower()}", name)


def _name_of(field: str) -> str:
    return re.sub(r"_([a-z])", lambda m: m[1].upper(), field)


if __name__ == "__main__":
    SCHEMA.write_text(json.dumps(schema(), indent=2) + "\n", encoding="utf-8")
