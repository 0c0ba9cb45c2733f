"""What `atlas tests` gives for ordinary functions of real packages.

`python -m benchmarks.real_tests [PACKAGE==VERSION ...] [--quick] [--json] [--bare] [--show N]`.
The functions are those at the top level of a module which the package's own tests call with plain
data only (`benchmarks.record_calls`, run natively); of all of them a seeded sample is taken. For
each tests are proposed in pytest's style, and the very text of the new test functions is judged:

* on the function: natively by pytest in the project, where every one has to pass;
* on mutants that the generator never saw: killable is what some recorded call, some call of another
  seed, an example or a new test shows. Of those that the docstring's examples let live the new
  tests are to kill half; beside it stands what they kill alone.

With `--bare` the generator sees neither the project's tests nor the function's docstring.
Runs the packages' own tests on this machine, outside of the sandbox.
"""

from __future__ import annotations

import argparse
import ast
import asyncio
import copy
import json
import os
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random

from benchmarks.testgen import HELD_BACK_SEED, percent
from pipeline.core.context import Settings
from pipeline.core.inside import inside
from pipeline.core.task import Task
from pipeline.edits.mutants import Mutant, kill_table, mutants_of
from pipeline.inputs.callers import WrittenCall
from pipeline.inputs.target import Target, target_of
from pipeline.job import propose_tests
from pipeline.models.scripted import ScriptedModel
from pipeline.running.ready import placed_task
from pipeline.running.screen import can_screen
from pipeline.source.locate import find_function
from pipeline.syntax.text import Document, SourceError, document_from_bytes, literal_of
from pipeline.testgen.cases import cases_of
from pipeline.testgen.proposal import TestProposal
from pipeline.wiring import Runtime
from sandbox import open_sandbox
from sandbox.api import Call, Completes, Expression, Sandbox, SandboxUnavailable, Test

PACKAGES = (
    *("toolz==1.2.0", "more-itertools==11.2.1", "boltons==26.2.0", "humanize==4.17.0"),
    *("sortedcontainers==2.4.0", "tabulate==0.10.0", "inflect==7.6.0", "networkx==3.6.1"),
    *("parse==1.22.4", "cachetools==8.0.2", "funcy==2.1", "textdistance==4.6.3"),
)
NEEDED = ("pytest", "hypothesis", "freezegun", "more-itertools", "typeguard", "wcwidth")
"""What the packages, and their tests, import."""
N_MUTANTS = 80
MOST_SHOWN = 60
"""Calls that may show that a mutant can be killed: recorded ones first, then the plainest."""
N_FUNCTIONS, QUICK = 72, 12
SECONDS = 60
"""Of one package's own tests, while calls are recorded; they are stopped after the test then."""
RAISES = """
import contextlib, io, re
def check(is_good):
    assert is_good
class self:
    assertEqual = staticmethod(lambda a, b: check(a == b))
    assertIs = staticmethod(lambda a, b: check(a is b))
class pytest:
    @staticmethod
    @contextlib.contextmanager
    def raises(kind, match=""):
        try:
            yield
        except kind as exc:
            assert re.search(match, str(exc))
        else:
            raise AssertionError
self.assertRaises = self.assertRaisesRegex = pytest.raises
"""
"""Stands for pytest and unittest in the sandbox: the environment need not have the one, and to
import the other takes longer than a test may run."""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A function of a package, with calls of it that were recorded."""

    package: str
    source: Path
    """The top of the package's source distribution."""
    path: Path
    name: str
    calls: tuple[Call, ...]


@dataclass(frozen=True, kw_only=True)
class Row:
    function: str
    n_tests: int
    killable: int
    there: int
    """Killed by the docstring's examples."""
    killed: int
    """By the docstring's examples and the new tests."""
    killed_alone: int
    """By the new tests."""
    failing: int
    """New tests that do not pass in the project."""
    why: str
    text: str
    """The new test functions."""

    @property
    def left(self) -> int:
        """What the docstring's examples let live."""
        return self.killable - self.there

    @property
    def is_good(self) -> bool:
        """The tests kill half of what was left, and all of them pass in the project."""
        return self.left > 0 and not self.failing and 2 * (self.killed - self.there) >= self.left


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packages", nargs="*", default=PACKAGES, metavar="PACKAGE==VERSION")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} functions")
    parser.add_argument("--json", action="store_true", help="one JSON document, no table")
    parser.add_argument("--bare", action="store_true", help="without tests and docstrings")
    parser.add_argument("-n", type=int, default=N_FUNCTIONS, help="functions in the sample")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    parser.add_argument("--only", default="", help="functions whose name has this text in it")
    parser.add_argument("--show", type=int, default=0, metavar="N", help="print N of the texts")
    parser.add_argument("-v", "--verbose", action="store_true", help="one line per function")
    parser.add_argument("--folder", type=Path, default=Path.home() / ".cache/atlas-real-tests")
    args = parser.parse_args()
    try:
        subjects = [one for wanted in args.packages for one in subjects_of(wanted, args.folder)]
        chosen = [one for one in subjects if args.only in one.name]
        n = QUICK if args.quick else args.n
        # The order is the seed's, so that a smaller sample is the beginning of a larger one.
        sample = Random(args.seed).sample(chosen, len(chosen))[:n]
        rows = asyncio.run(measure(sample, args))
    except (SandboxUnavailable, subprocess.CalledProcessError) as exc:
        print(f"benchmarks.real_tests: {exc}", file=sys.stderr)
        return 3
    report = summed(rows, len(subjects))
    if args.json:
        print(json.dumps({**report, "functions": [asdict(row) for row in rows]}, indent=1))
    else:
        print("\n".join(f"{what:44} {value}" for what, value in report.items()))
        for row in rows[: args.show]:
            print(
                f"\n# {row.function}: {row.killed_alone} of {row.killable}; {row.why}\n{row.text}"
            )
    return 0


# --- packages --------------------------------


def subjects_of(wanted: str, folder: Path) -> list[Subject]:
    """What the package's tests call with plain data; downloaded and recorded once."""
    home = folder / wanted
    source = fetched(wanted, home)
    record = home / "calls.json"
    if not record.exists():
        print(f"recording the tests of {wanted}", file=sys.stderr)
        roots = [source / "src" if (source / "src").is_dir() else source, Path(__file__).parents[1]]
        environ = {
            **os.environ,
            "ATLAS_RECORD": f"{record}:{source}:{SECONDS}",
            "PYTHONPATH": os.pathsep.join(map(str, roots)),
        }
        command = [python_of(folder), "-m", "pytest", "-q", "-p", "benchmarks.record_calls"]
        options = ["-p", "no:cacheprovider", "-o", "addopts=", "--doctest-modules"]
        options += ["--continue-on-collection-errors"]
        subprocess.run([*command, *options, "."], cwd=source, env=environ, capture_output=True)
    found = json.loads(record.read_text(encoding="utf-8")) if record.exists() else {}
    return [
        Subject(
            package=wanted,
            source=source,
            path=Path(path),
            name=name,
            calls=calls_of(name, texts),
        )
        for key, texts in sorted(found.items())
        for path, _, name in [key.rpartition("::")]
        if "test" not in Path(path).name and not {"tests", "test"} & set(Path(path).parts)
    ]


def fetched(wanted: str, home: Path) -> Path:
    """The unpacked source distribution."""
    unpacked = home / "src"
    if not unpacked.is_dir():
        home.mkdir(parents=True, exist_ok=True)
        name = wanted.partition("==")[0]
        pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", name]
        subprocess.run([*pip, "-d", home, wanted], check=True)
        with tarfile.open(next(home.glob("*.tar.gz"))) as tar:
            tar.extractall(unpacked, filter="data")
    return next(unpacked.iterdir())


def python_of(folder: Path) -> str:
    """Of one environment for all of them."""
    home = folder / "venv"
    if not (home / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", home], check=True)
        pip = [home / "bin" / "pip", "install", "-q", *NEEDED]
        subprocess.run(pip, check=True)
        (home / "ready").touch()
    return str(home / "bin" / "python")


def calls_of(name: str, texts: Sequence[str]) -> tuple[Call, ...]:
    values = [literal_of(text) for text in texts]
    given = [v.value for v in values if v is not None and isinstance(v.value, dict)]
    return tuple(Call(entry=name, kwargs=one) for one in given)


# --- one function --------------------------------


async def measure(sample: Sequence[Subject], args: argparse.Namespace) -> list[Row]:
    python = python_of(args.folder)
    os.environ["VIRTUAL_ENV"] = str(Path(python).parents[1])
    sandbox = open_sandbox("docker")
    await sandbox.start()
    rows = []
    try:
        with tempfile.TemporaryDirectory() as work:
            for subject in sample:
                row = await judged(
                    Runtime(model=ScriptedModel([]), sandbox=sandbox),
                    subject,
                    Path(work),
                    python,
                    is_bare=args.bare,
                )
                rows.append(row)
                if args.verbose:
                    print(json.dumps(asdict(row)), file=sys.stderr, flush=True)
    finally:
        await sandbox.aclose()
    return rows


async def judged(up: Runtime, subject: Subject, work: Path, python: str, *, is_bare: bool) -> Row:
    where = f"{subject.package} {subject.name}"
    path, root = copied(subject, work, is_bare=is_bare)
    document = document_from_bytes(path.read_bytes(), str(path))
    try:
        site = find_function(document, subject.name)
        if is_bare and site.docstring_start is not None and site.body_start is not None:
            text = document.text
            path.write_text(text[: site.docstring_start] + text[site.body_start :])
            document = document_from_bytes(path.read_bytes(), str(path))
            site = find_function(document, subject.name)
        proposal = await propose_tests(
            up, document, site, style="pytest", settings=Settings(self_tests=False, timeout_s=240)
        )
    except SourceError as exc:
        return Row(
            function=where,
            n_tests=0,
            killable=0,
            there=0,
            killed=0,
            killed_alone=0,
            failing=0,
            why=str(exc),
            text="",
        )
    new = new_functions(proposal)
    failing = failures(proposal, root, python) if new else 0
    task = await placed_task(up.sandbox, document, site)
    tests = [test_of(node, subject.name, imports_of(proposal)) for node in new]
    killable, there, killed, alone = await kills(
        up, task, target_of(document, site), subject, tests
    )
    return Row(
        function=where,
        n_tests=len(new),
        killable=killable,
        there=there,
        killed=killed,
        killed_alone=alone,
        failing=failing,
        why="; ".join([*map(str, proposal.questions), *proposal.warnings]),
        text="\n\n\n".join(map(ast.unparse, new)),
    )


def copied(subject: Subject, work: Path, *, is_bare: bool) -> tuple[Path, Path]:
    """The module in a copy of its package of which nothing is left from the function before."""
    root = work / subject.package
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(subject.source, root)
    if is_bare:
        for folder in [*root.rglob("tests"), *root.rglob("test")]:
            shutil.rmtree(folder, ignore_errors=True)
    return root / subject.path.relative_to(subject.source), root


def new_functions(proposal: TestProposal) -> list[ast.FunctionDef]:
    """Those that the proposal adds, of whatever class."""
    if not proposal.edits:
        return []
    edit = proposal.edits[0]
    old = {node.name for node in functions(edit.old_text or "")}
    return [node for node in functions(edit.new_text) if node.name not in old]


def functions(text: str) -> list[ast.FunctionDef]:
    return [n for n in ast.walk(Document(text=text).tree) if isinstance(n, ast.FunctionDef)]


def failures(proposal: TestProposal, root: Path, python: str) -> int:
    """How many of the new tests do not pass natively."""
    (edit,) = proposal.edits
    path = Path(edit.path)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(edit.new_bytes)
    names = {node.name for node in new_functions(proposal)}
    roots = root / "src" if (root / "src").is_dir() else root
    done = subprocess.run(
        [
            python,
            "-m",
            "pytest",
            "-q",
            "-rA",
            "-p",
            "no:cacheprovider",
            "-o",
            "addopts=",
            path,
            "-k",
            " or ".join(names),
        ],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(roots)},
        capture_output=True,
        text=True,
    )
    passed = [line for line in done.stdout.splitlines() if line.startswith("PASSED ")]
    return len(names - {line.split("::")[-1].split("[")[0].strip() for line in passed})


async def kills(
    up: Runtime, task: Task, target: Target, subject: Subject, new: Sequence[Test]
) -> tuple[int, int, int, int]:
    """(killable, killed by the docstring's examples, by them and the new tests, by these alone)."""
    box = inside(up.sandbox, task.loading)
    recorded = [WrittenCall(call=call, is_checked=False) for call in subject.calls]
    held_back = await cases_of(
        box, task, target, task.statement, written=recorded, seed=HELD_BACK_SEED
    )
    ours = await passing(box, task, new)
    examples = [test for test in task.examples if can_screen(test)]
    shown = [case.test for case in held_back.good[:MOST_SHOWN]]
    seen = {mutant.code for mutant in mutants_of(task.statement)}
    many = mutants_of(task.statement, n=2 * N_MUTANTS, seed=HELD_BACK_SEED)
    fresh = [mutant for mutant in many if mutant.code not in seen]
    mutants = (fresh or mutants_of(task.statement))[:N_MUTANTS]
    table = await kill_table(box, task, mutants, [*ours, *examples, *shown])
    n, m = len(ours), len(ours) + len(examples)
    killable = sum(1 for by in table.killed_by if by)
    groups = (range(n, m), range(m), range(n))
    there, killed, alone = (len(table.killed(group)) for group in groups)
    return killable, there, killed, alone


async def passing(box: Sandbox, task: Task, tests: Sequence[Test]) -> list[Test]:
    """Those that pass on the function in this form; a fixture of pytest is not there."""
    itself = Mutant(code=task.statement, what="", kind="")
    table = await kill_table(box, task, [itself], tests)
    failing = table.killed_by[0] if table.killed_by else frozenset(range(len(tests)))
    return [test for at, test in enumerate(tests) if at not in failing]


def imports_of(proposal: TestProposal) -> dict[str, str]:
    """Names that the test file has from the standard library, with the lines that give them."""
    tree = Document(text=proposal.edits[0].new_text if proposal.edits else "").tree
    found = {}
    for node in tree.body:
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        for alias in node.names:
            module = alias.name if isinstance(node, ast.Import) else str(node.module)
            if module.partition(".")[0] in sys.stdlib_module_names - {"unittest", "__future__"}:
                one = copy.copy(node)
                one.names = [alias]
                found[alias.asname or alias.name] = ast.unparse(one)
    return found


def test_of(node: ast.FunctionDef, name: str, imports: Mapping[str, str]) -> Test:
    """The body of a test function as one expression in the module's namespace."""
    body = [Bare(name).visit(stmt) for stmt in node.body]
    used = {n.id for stmt in body for n in ast.walk(stmt) if isinstance(n, ast.Name)}
    lines = [line for bound, line in imports.items() if bound in used]
    lines += [ast.unparse(ast.fix_missing_locations(stmt)) for stmt in body]
    # In a function, so that an import hides no name of the module.
    text = textwrap.indent("\n".join(lines), "    ")
    source = f"{RAISES}def whole_test():\n{text}\nwhole_test()"
    return Test(test_id=node.name, form=Expression(source=source), expect=Completes())


class Bare(ast.NodeTransformer):
    """`module.f` as `f`."""

    def __init__(self, name: str) -> None:
        self.name = name

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        is_ours = node.attr == self.name and isinstance(node.value, ast.Name | ast.Attribute)
        return ast.Name(id=self.name, ctx=ast.Load()) if is_ours else node


# --- reporting --------------------------------


def summed(rows: Sequence[Row], n_all: int) -> dict[str, object]:
    able = [row for row in rows if row.killable]
    lacking = [row for row in able if row.left]
    good = [row for row in lacking if row.is_good]
    alone = sorted(row.killed_alone / row.killable for row in able)
    whole = sorted(row.killed / row.killable for row in able)
    return {
        "functions that take plain data": n_all,
        "in the sample": len(rows),
        "with killable mutants": len(able),
        "with some that the docstring lets live": len(lacking),
        "new tests that kill half of these": len(good),
        "share %": percent(len(good) / len(lacking)) if lacking else None,
        "half of all killed, examples too": sum(2 * r.killed >= r.killable for r in able),
        "half of all killed by new tests alone": sum(
            2 * r.killed_alone >= r.killable for r in able
        ),
        "left some, and without a new test": sum(not row.n_tests for row in lacking),
        "median killed by new tests %": percent(statistics.median(alone)) if alone else None,
        "median killed, examples too %": percent(statistics.median(whole)) if whole else None,
        "tests": sum(row.n_tests for row in rows),
        "tests that fail in the project": sum(row.failing for row in rows),
    }


if __name__ == "__main__":
    sys.exit(main())
