"""A benchmark run with a scripted model, as a process of its own that a test can kill.

`python drive.py DIR SUITE CONDITIONS [--no-score] [--pause]`; with `--pause` it says `solved` and
waits for a line, so that its memory can be read.
"""

from __future__ import annotations

import asyncio
import hashlib
import sys
from pathlib import Path

from pipeline.bench.publish import Selection
from pipeline.bench.records import RunFolder, sweep_torn
from pipeline.bench.run import RunPlan, finish, prepare, run_cells, split_suite
from pipeline.bench.shards import alone
from pipeline.core.context import Settings
from pipeline.models.api import ModelInfo, Request
from pipeline.models.scripted import ScriptedModel
from pipeline.wiring import Runtime
from sandbox import open_sandbox

INFO = ModelInfo(name="scripted", backend="scripted", sha256="0" * 64, n_ctx=1 << 20)
MADE_WITH = {"model": {"name": "scripted", "backend": "scripted", "sha256": "0" * 64},
             "sandbox": {"kind": "unsafe-local", "isolation": [], "image": None},
             "prompts": {}, "versions": {"python": "3"}, "machine": {}}  # fmt: skip
HIDING = {
    "pipeline.bench.hidden",
    "pipeline.bench.grading",
    "pipeline.bench.formats",
    "pipeline.bench.scorer",
    "pipeline.nano.hidden",
}
BODIES = ("return n + n", "return n * n", "return 2 * n if n < 50 else 0", "return abs(2 * n)")


def says(request: Request, _index: int) -> str:
    """Depends on nothing but the request, so that a resumed run is told the same."""
    text = f"{request.seed} {request.messages[-1].content}"
    body = BODIES[hashlib.sha256(text.encode()).digest()[0] % len(BODIES)]
    return f"```python\ndef double(n):\n    {body}\n```"


async def solve(out: Path, name: str, conditions: tuple[str, ...], **more: object) -> str:
    """Solve the suite and give the sha256 of the answers' list."""
    settings = Settings(plan_search=False, mechanical=False, thinking_tokens=0)
    plan = RunPlan(
        selection=Selection(suite=name),
        conditions=conditions,
        settings=settings,
        **more,  # type: ignore[arg-type]
    )
    folder = RunFolder(out)
    with alone(folder):
        return await solve_in(folder, plan)


async def solve_in(folder: RunFolder, plan: RunPlan) -> str:
    sweep_torn(folder.root)
    box = open_sandbox("unsafe-local", workers=2)
    try:
        await box.start()
        runtime = Runtime(model=ScriptedModel(says, info=INFO), sandbox=box)
        suite = await split_suite(plan, folder)
        cells = prepare(plan, folder, suite, MADE_WITH)
        await run_cells(runtime, plan.settings, folder, cells)
        return finish(folder)
    finally:
        await box.aclose()


async def score(out: Path, manifest: str) -> int:
    command = [sys.executable, "-m", "pipeline.bench.scorer", str(out), "--manifest", manifest]
    process = await asyncio.create_subprocess_exec(*command, "--sandbox", "unsafe-local")
    try:
        return await process.wait()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise


async def main() -> int:
    out, suite, conditions = Path(sys.argv[1]), sys.argv[2], tuple(sys.argv[3].split(","))
    manifest = await solve(out, suite, conditions)
    if HIDING & set(sys.modules):
        raise SystemExit(f"the solver loaded {HIDING & set(sys.modules)}")
    if "--pause" in sys.argv:
        print("solved", flush=True)
        sys.stdin.readline()
    return 0 if "--no-score" in sys.argv else await score(out, manifest)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
