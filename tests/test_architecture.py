"""Who may import whom, read from the source; and what starting must not import."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TRAINING_ONLY = {"torch", "tokenizers", "gguf"}
CONCRETE = {
    "sandbox.docker_sandbox",
    "sandbox.local",
    "pipeline.models.llama",
    "pipeline.models.openai",
}


FLOORS = (
    ("storage", "prompts", "syntax"),
    ("models",),
    ("core",),
    ("source",),
    ("inputs",),
    ("world",),
    ("running",),
    ("generate", "edits", "lens"),
    ("repair", "testgen"),
    ("select",),
    ("account",),
    ("front door",),
    ("nano",),
    ("bench",),
    ("pools", "training"),
)
"""The rooms of `pipeline/`, the lowest first: a room imports from those below it only. `nano` and
what follows is above the product, which does not know of it.
"""


def modules(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def check_never_imports(package: str, forbidden: set[str], *, but: tuple[str, ...] = ()) -> None:
    files = [p for p in modules(package) if p.relative_to(ROOT).as_posix() not in but]
    assert files, f"no modules in {package}"
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in files
        for name in imports(path)
        if any(name == one or name.startswith(f"{one}.") for one in forbidden)
    ]
    assert not wrong, "\n".join(wrong)


def test_the_sandbox_knows_nothing_of_models_or_editors():
    check_never_imports("sandbox", {"pipeline", "atlas_lsp", "pygls", "lsprotocol", "llama_cpp"})


def test_the_pipeline_knows_nothing_of_editors():
    check_never_imports("pipeline", {"atlas_lsp", "pygls", "lsprotocol"})


def test_only_wiring_builds_concrete_models_and_sandboxes():
    inside = tuple(p.relative_to(ROOT).as_posix() for p in modules("pipeline/models"))
    check_never_imports("pipeline", CONCRETE, but=("pipeline/wiring.py", *inside))


def test_torch_is_imported_only_where_something_is_trained():
    check_never_imports("sandbox", TRAINING_ONLY)
    check_never_imports("atlas_lsp", TRAINING_ONLY)
    training = [
        *modules("pipeline/training/nano"),
        ROOT / "pipeline" / "training" / "lens_training.py",
    ]
    allowed = tuple(p.relative_to(ROOT).as_posix() for p in training)
    check_never_imports("pipeline", TRAINING_ONLY, but=allowed)


def test_the_map_names_every_folder_and_nothing_that_is_not_there():
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    folders = {
        f"{path.parent.relative_to(ROOT).as_posix()}/"
        for package in ("atlas_lsp", "pipeline", "sandbox")
        for path in modules(package)
    }
    code_map = text.partition("## Code map")[2].partition("\n## ")[0]
    assert folders <= set(re.findall(r"^\| `([^`]+/)` \|", code_map, re.MULTILINE))
    named = re.findall(r"`((?:tests|pipeline|sandbox|atlas_lsp|docs)/[\w./]+)`", text)
    named += re.findall(r"\]\((docs/[\w./]+)\)", text)
    assert [name for name in named if not (ROOT / name).exists()] == []
    cited = {
        name
        for package in ("pipeline", "sandbox", "atlas_lsp")
        for path in modules(package)
        for name in re.findall(r"docs/decisions/[\w.]+\.md", path.read_text(encoding="utf-8"))
    }
    assert cited <= set(named)


PARSERS = {"ast.parse", "ast.literal_eval", "symtable.symtable"}
OWN_PARSER = (
    "pipeline/syntax/text.py",  # the guarded parse itself
    "sandbox/asserts.py",  # the same for a leaf that imports nothing of ours
    "sandbox/child.py",  # these run inside the sandbox, where every exception is data
    "sandbox/versions.py",
    "pipeline/running/driver.py",
)


def calls(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name):
            yield ast.unparse(node.func)


def test_text_that_nobody_vetted_is_parsed_in_one_place():
    """Elsewhere a tuple of exceptions around `ast.parse` forgets one of the five it can raise."""
    elsewhere = {
        f"{name} calls {call}"
        for package in ("pipeline", "sandbox", "atlas_lsp", "benchmarks")
        for path in modules(package)
        for call in calls(path)
        if call in PARSERS | {one.partition(".")[2] for one in PARSERS} - {"parse"}
        for name in [path.relative_to(ROOT).as_posix()]
        if name not in OWN_PARSER and not name.startswith("pipeline/training/nano/")
    }
    assert not elsewhere, "\n".join(sorted(elsewhere))


def room_of(module: str) -> str:
    """The folder under `pipeline/`; its own modules are the front door."""
    second = module.split(".")[1] if "." in module else ""
    return second if (ROOT / "pipeline" / second).is_dir() and second else "front door"


def test_no_arrow_runs_back_up_between_rooms():
    floor = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
    wrong = []
    for path in modules("pipeline"):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for name in imports(path):
            if not name.startswith("pipeline.") or room_of(name) == room_of(module):
                continue
            if floor[room_of(name)] >= floor[room_of(module)]:
                wrong.append(f"{module} imports {name}")
    assert not wrong, "\n".join(wrong)


def test_every_room_says_what_it_is():
    rooms = {
        room_of(".".join(p.relative_to(ROOT).with_suffix("").parts)) for p in modules("pipeline")
    }
    assert rooms <= {room for rooms in FLOORS for room in rooms}
    for room in rooms - {"front door"}:
        text = (ROOT / "pipeline" / room / "__init__.py").read_text(encoding="utf-8")
        assert ast.get_docstring(ast.parse(text)), f"pipeline/{room}/__init__.py has no sentence"


@pytest.mark.parametrize("package", ["sandbox", "pipeline", "atlas_lsp"])
def test_no_circle_between_files(package: str):
    found = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts): set(imports(path))
        for path in modules(package)
    }
    left = {module: names & set(found) - {module} for module, names in found.items()}
    while free := {one for one in left if not left[one] or is_wanted_by_none(one, left)}:
        left = {module: names - free for module, names in left.items() if module not in free}
    assert not left, f"in circles: {sorted(left)}"


def is_wanted_by_none(module: str, arrows: dict[str, set[str]]) -> bool:
    return not any(module in names for names in arrows.values())


def swallows_everything(handler: ast.ExceptHandler) -> bool:
    """A handler that only cleans up and raises again swallows nothing."""
    last = handler.body[-1]
    if isinstance(last, ast.Raise) and last.exc is None:
        return False
    nodes = ast.walk(handler.type) if handler.type else ()
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    return handler.type is None or bool(names & {"Exception", "BaseException"})


def test_nothing_broad_is_caught_outside_the_edge():
    broad = {
        path.relative_to(ROOT).as_posix()
        for path in [*modules("pipeline"), *modules("sandbox"), *modules("atlas_lsp")]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ExceptHandler) and swallows_everything(node)
    }
    # These run other people's code, where every exception is data; the edge logs and answers.
    inside = {"sandbox/child.py", "sandbox/remote.py", "sandbox/template.py"}
    inside.add("pipeline/running/driver.py")
    # The model's worker thread hands whatever went wrong to those who wait for it.
    inside.add("pipeline/models/decoder.py")
    # A benchmark writes one task's fault down, with its trace, and goes on with the others.
    benchmark = {"pipeline/bench/cells.py", "pipeline/bench/scorer.py"}
    assert broad <= inside | benchmark | {"atlas_lsp/server.py", "atlas_lsp/cli.py"}


@pytest.mark.parametrize("module", ["atlas_lsp.cli", "atlas_lsp.serving", "atlas_lsp.server"])
def test_starting_imports_nothing_heavy(module: str):
    heavy = "{'torch', 'llama_cpp', 'numpy', 'docker', 'httpx', 'jinja2'}"
    code = f"import sys, {module}; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
