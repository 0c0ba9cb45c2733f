"""What it costs to judge a function in its project, beside running the same tests natively.

`python -m benchmarks.projects [--quick] [--json] [--python PATH]`; both sides are measured in this
very run. PATH is a Python that has numpy, pandas and pytest; without it a temporary environment is
made with pip.

`--package NAME==VERSION [--n 20] [--seed S] [--stubs] [--fix] [--model PATH]` plants a bug in each
of N functions that the package's tests reach, hides half of the tests that show it, has Atlas
repair it, and scores with the hidden half and the whole suite, run natively (`benchmarks/seeded`).
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.sandbox import Row, as_json, as_table, row, timed_command
from benchmarks.seeded import command as seeded
from pipeline.core.context import Settings
from pipeline.core.inside import InWorld
from pipeline.core.task import Status
from pipeline.job import run_job
from pipeline.models.api import ModelInfo
from pipeline.models.scripted import ScriptedModel
from pipeline.running.screen import screen
from pipeline.source.locate import find_function
from pipeline.syntax.text import document_from_bytes
from pipeline.wiring import Runtime
from sandbox import open_sandbox
from sandbox.api import (
    Call,
    Doctest,
    DoctestExample,
    DoctestWants,
    Form,
    Job,
    Limits,
    Outcome,
    ProjectTests,
    Sandbox,
    SandboxUnavailable,
    Test,
    World,
)
from sandbox.docker_sandbox import DockerSandbox

PACKAGES = ("numpy", "pandas", "pytest")
_NOT_OF_THE_PROJECT = ("pip", "setuptools", "_distutils_hack", "pkg_resources", "__pycache__")
CART = '''\
import pandas as pd
from .money import Money


def subtotal(prices):
    """
    >>> subtotal([1, 2])
    Money(cents=3)
    >>> subtotal([])
    Money(cents=0)
    """
    return Money(int(pd.Series(prices, dtype="int64").sum()))
'''
PLAIN = CART.replace("import pandas as pd\n", "").replace(
    'pd.Series(prices, dtype="int64").sum()', "sum(prices)"
)
FILES = {
    "pyproject.toml": b'[tool.pytest.ini_options]\npythonpath = ["src"]\n',
    "src/shop/__init__.py": b"from .cart import subtotal\n",
    "src/shop/money.py": b"from dataclasses import dataclass\n\n\n"
    b"@dataclass(frozen=True)\nclass Money:\n    cents: int\n",
    "tests/conftest.py": b"import pytest\n\n\n@pytest.fixture\ndef prices():\n    return [1, 2]\n",
    "tests/test_cart.py": b"""\
import pytest
from shop import subtotal
from shop.money import Money

def test_fixture(prices): assert subtotal(prices) == Money(3)
def test_empty(): assert subtotal([]) == Money(0)
def test_path(tmp_path): assert subtotal([len(str(tmp_path)) * 0]) == Money(0)
@pytest.mark.parametrize("n", [1, 2])
def test_one(n): assert subtotal([n]) == Money(n)
""",
}
FIVE = ProjectTests(node_ids=("tests/test_cart.py",))
DOCTEST = Doctest(
    examples=(
        DoctestExample(source="subtotal([1, 2])\n"),
        DoctestExample(source="subtotal([])\n"),
    )
)
WANTS = ("Money(cents=3)\n", "Money(cents=0)\n")
CALL = Call(entry="subtotal", args=([1, 2],))
ROOM = Limits(cpu_s=10.0, wall_s=60.0)
BULK = Limits(cpu_s=60.0, wall_s=300.0)
FIRST = "from nothing to the first verdict, pandas ({})"
NEXT = "to the first verdict of the next job ({})"
ALONE = "a call, project without packages"
IMPORTED = "a call, numpy, pandas and pytest imported ahead"
SCREENED = "mechanical candidates screened"
REPAIRED = "Cart.subtotal of tests/projects/shop repaired"
SHOP = Path(__file__).parents[1] / "tests" / "projects" / "shop"


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """How often each thing is repeated."""

    warm: int
    starts: int
    natively: int
    bulk: int


FULL = Sizes(warm=100, starts=5, natively=7, bulk=1000)
QUICK = Sizes(warm=20, starts=2, natively=2, bulk=100)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer repetitions")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of a table")
    parser.add_argument("--python", metavar="PATH", help="a Python that has numpy, pandas, pytest")
    seeded.add_options(parser)
    args = parser.parse_args()
    if args.package:
        return seeded.run(args)
    with tempfile.TemporaryDirectory() as folder:
        try:
            python = args.python or environment(Path(folder))
            rows = asyncio.run(measure(python, QUICK if args.quick else FULL, Path(folder)))
        except (SandboxUnavailable, subprocess.CalledProcessError) as exc:
            print(f"benchmarks.projects: {exc}", file=sys.stderr)
            return 3
    print(as_json(rows) if args.json else "\n".join([as_table(rows), *aims(rows)]))
    return 0


def aims(rows: Sequence[Row]) -> list[str]:
    """Each figure that is aimed at, beside what was measured in the Docker sandbox."""
    took = {one.what: one.p50_ms for one in rows if one.how == "docker"}
    (screened,) = [each for what, each in took.items() if what.startswith(SCREENED)]
    more = took[IMPORTED] - took[ALONE]
    found = (
        ("a call with pandas imported, more than without", 3.0, more),
        ("a thousand mechanical candidates of a pandas function", 5000.0, 1000 * screened),
        ("the first job, to its first verdict (mount)", 3000.0, took[FIRST.format("mount")]),
        ("the next job, to its first verdict (mount)", 500.0, took[NEXT.format("mount")]),
        (f"{REPAIRED}, the next job", 2000.0, took.get(f"{REPAIRED}, the next job")),
    )
    shown = ["", f"{'aim':58} {'at most ms':>12} {'measured':>10}"]
    for what, most, measured in found:
        if measured is None:
            shown.append(f"{what:58} {most:12.1f} {'not done':>10}")
            continue
        word = "met" if measured <= most else "MISSED"
        shown.append(f"{what:58} {most:12.1f} {measured:10.1f} {word}")
    return shown


def environment(folder: Path) -> str:
    """A fresh environment with the packages."""
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    python = str(folder / "venv" / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "-q", *PACKAGES], check=True)
    return python


def world_of(python: str) -> World:
    """Every package of the environment but its installers."""
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    done = subprocess.run([python, "-c", ask], capture_output=True, text=True, check=True)
    site = {
        path.name: str(path)
        for path in sorted(Path(done.stdout.strip()).iterdir())
        if path.suffix != ".pth" and not path.name.startswith(_NOT_OF_THE_PROJECT)
    }
    return World(
        module="shop.cart",
        path="src/shop/cart.py",
        files=FILES,
        roots=("src",),
        site=site,
        preload=PACKAGES,
    )


async def measure(python: str, sizes: Sizes, folder: Path) -> list[Row]:
    world = world_of(python)
    rows = natively(python, sizes, folder)
    for site_from in ("mount", "layer"):
        rows += await first_verdicts("docker", site_from, world, sizes.starts)
    rows += await first_verdicts("unsafe-local", "links", world, sizes.starts)
    for kind in ("docker", "unsafe-local"):
        box = open_sandbox(kind, workers=2)  # type: ignore[arg-type]
        await box.start()
        try:
            rows += await warm(box, world, sizes)
            rows += await repaired(box, python, sizes.starts)
        finally:
            await box.aclose()
    return rows


def natively(python: str, sizes: Sizes, folder: Path) -> list[Row]:
    """A fresh process each, as a person starts it."""
    for path, data in {**FILES, "src/shop/cart.py": CART.encode()}.items():
        target = folder / "shop" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    top = folder / "shop"
    source = f"import sys; sys.path.insert(0, {str(top / 'src')!r}); import doctest, shop.cart; "
    doctests = [python, "-c", source + "sys.exit(doctest.testmod(shop.cart).failed)"]
    tests = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(top)]
    for command in (doctests, tests):
        timed_command(command)
    return [
        row(what, "natively", [timed_command(command) for _ in range(sizes.natively)])
        for what, command in (("two doctests, pandas", doctests), ("five tests, pandas", tests))
    ]


def fresh(kind: str, site_from: str) -> Sandbox:
    if kind == "docker":
        return DockerSandbox(workers=2, site_from="layer" if site_from == "layer" else "mount")
    return open_sandbox("unsafe-local", workers=2)


async def first_verdicts(kind: str, site_from: str, world: World, n: int) -> list[Row]:
    """From a started sandbox to the first verdict, then to that of another module's candidate."""
    made = 0.0
    if site_from == "layer":
        made = await time_to_first(fresh(kind, site_from), world)
    cold, again, first = [], [], []
    for _ in range(n):
        start = time.perf_counter()
        box = fresh(kind, site_from)
        await box.start()
        try:
            first.append(await once(box, CART, DOCTEST, world))
            cold.append(time.perf_counter() - start)
            files = {**FILES, "src/shop/more.py": b"N = 1\n"}
            again.append(await once(box, PLAIN, DOCTEST, replace(world, files=files)))
        finally:
            await box.aclose()
    rows = [row(f"the same, and the layer made ({site_from})", kind, [made])] if made else []
    return [
        row(FIRST.format(site_from), kind, cold),
        *rows,
        row(f"started, to the first verdict, pandas ({site_from})", kind, first),
        row(NEXT.format(site_from), kind, again),
    ]


async def time_to_first(box: Sandbox, world: World) -> float:
    start = time.perf_counter()
    await box.start()
    try:
        await once(box, CART, DOCTEST, world)
    finally:
        await box.aclose()
    return time.perf_counter() - start


async def warm(box: Sandbox, world: World, sizes: Sizes) -> list[Row]:
    alone = replace(world, site={}, preload=())
    cases: dict[str, tuple[str, Form, World | None]] = {
        "a call, no project": ("def subtotal(prices):\n    return sum(prices)\n", CALL, None),
        ALONE: (PLAIN, CALL, alone),
        IMPORTED: (PLAIN, CALL, world),
        "a call that uses pandas": (CART, CALL, world),
        "two doctests, pandas": (CART, DOCTEST, world),
        "five tests, pandas": (CART, FIVE, world),
    }
    took: dict[str, list[float]] = {what: [] for what in cases}
    for n in range(sizes.warm + 2):
        # In turns, so that whatever else the machine does weighs on all of them alike.
        for what, (code, form, around) in cases.items():
            seconds = await once(box, code, form, around)
            if n >= 2:
                took[what].append(seconds)
    rows = [row(what, box.kind, seconds) for what, seconds in took.items()]
    rows.append(await forked(box, world, sizes.warm))
    return [
        *rows,
        await thousand(box, world, sizes.bulk),
        await screened(box, world, sizes.bulk),
    ]


async def forked(box: Sandbox, world: World, n: int) -> Row:
    """Different bodies against tests that were collected once; the collecting is in it."""
    body = CART[CART.index("def subtotal") :]
    versions = tuple(f"{body}    # {i}\n" for i in range(n))
    form = replace(FIVE, versions=versions, exchanged="subtotal")
    start = time.perf_counter()
    (seen,) = await box.run([Job(code=CART, form=form, world=world, limits=BULK)])
    took = time.perf_counter() - start
    bad = [part for part in seen.parts if [t.end for t in part.tests] != ["passed"] * 5]
    if len(seen.parts) != n or bad:
        raise SandboxUnavailable(f"forks failed: {seen.outcome} {seen.detail} {bad[:1]}")
    cpu_ms = 1e3 * sum(part.cpu_s for part in seen.parts) / n
    what = f"five tests, pandas, {n} bodies in forks, {cpu_ms:.0f} ms of CPU each"
    each_ms = 1e3 * took / n
    return Row(what=what, how=box.kind, p50_ms=each_ms, p95_ms=each_ms, n=n, per_s=n / took)


async def once(box: Sandbox, code: str, form: Form, world: World | None) -> float:
    start = time.perf_counter()
    await run(box, [Job(code=code, form=form, world=world, limits=ROOM)])
    return time.perf_counter() - start


async def thousand(box: Sandbox, world: World, n: int) -> Row:
    """Different candidates of a pandas function, each by its doctests."""
    jobs = [Job(code=f"{CART}# {i}\n", form=DOCTEST, world=world, limits=ROOM) for i in range(n)]
    start = time.perf_counter()
    await run(box, jobs)
    took = time.perf_counter() - start
    what = f"{n} candidates of a pandas function, together {took:.1f} s"
    each_ms = 1e3 * took / n
    return Row(what=what, how=box.kind, p50_ms=each_ms, p95_ms=each_ms, n=n, per_s=n / took)


async def screened(box: Sandbox, world: World, n: int) -> Row:
    """The same as the search for small edits looks at them: many versions in one process."""
    tests = [Test(test_id="t", form=DOCTEST, expect=DoctestWants(wants=WANTS))]
    programs = [f"{CART}# {i}\n" for i in range(n)]
    whole = replace(world, files={**world.files, world.path: CART.encode()})
    start = time.perf_counter()
    seen = await screen(InWorld(box, whole), programs, tests)
    took = time.perf_counter() - start
    if not all(one.passes for one in seen):
        raise SandboxUnavailable("a right program did not pass when it was screened")
    each_ms = 1e3 * took / n
    what = f"{SCREENED}, {n} together {took:.1f} s"
    return Row(what=what, how=box.kind, p50_ms=each_ms, p95_ms=each_ms, n=n, per_s=n / took)


async def repaired(box: Sandbox, python: str, n: int) -> list[Row]:
    """A whole job by small edits alone, from the request to its result; the model has no answer."""
    small = ModelInfo(name="scripted", backend="scripted", n_ctx=1 << 20, n_params=6_000_000)
    model = ScriptedModel(["I do not know."] * 20 * (n + 1), info=small)
    runtime = Runtime(model=model, sandbox=box)
    path = SHOP / "src" / "shop" / "cart.py"
    document = document_from_bytes(path.read_bytes(), str(path))
    site = find_function(document, "Cart.subtotal")
    settings = Settings(plan_search=False, thinking_tokens=0, repair_rounds=0, k=1, timeout_s=300)
    took = []
    for _ in range(n + 1):
        start = time.perf_counter()
        result = await run_job(runtime, document, site, settings, interpreter=python)
        took.append(time.perf_counter() - start)
        ledger = result.solution.ledger
        if result.solution.status is not Status.VERIFIED or ledger is None or ledger.model_calls:
            # A busy machine cuts the search for small edits, and then the model is asked.
            return [row(f"{REPAIRED}, which small edits did not do", box.kind, took)]
    rows = [row(f"{REPAIRED}, the first job", box.kind, took[:1])]
    return [*rows, row(f"{REPAIRED}, the next job", box.kind, took[1:])]


async def run(box: Sandbox, jobs: Sequence[Job]) -> None:
    """Raises SandboxUnavailable where one did not do what is measured."""
    for seen in await box.run(jobs):
        bad = [test for test in seen.tests if test.end != "passed"]
        if seen.outcome is not Outcome.RETURNED or bad:
            raise SandboxUnavailable(f"a job failed: {seen.outcome} {seen.detail} {bad}")


if __name__ == "__main__":
    sys.exit(main())
