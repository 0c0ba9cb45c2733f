"""Labels are sandbox verdicts on tasks that no benchmark holds."""

from __future__ import annotations

from itertools import islice

import pytest

from pipeline.core.task import Candidate
from pipeline.models.api import Completion
from pipeline.nano.bench import load_bench
from pipeline.training.harvest import harvest, label
from pipeline.training.nano.compose import WORLDS
from pipeline.training.nano.instance import all_families, is_held_out
from pipeline.training.tasks import in_split, nano_tasks
from pipeline.wiring import NANO, Runtime, open_model
from sandbox.api import Sandbox

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_no_task_is_in_the_bench_or_of_a_held_out_family():
    families = {family.key for family in all_families()}
    worlds = tuple(f"compose.{world.key}:" for world in WORLDS)
    bench = {task.source.strip() for task in load_bench()}
    wordings = {task.source.partition('"""')[2].splitlines()[0] for task in load_bench()}
    for split in ("train", "test"):
        tasks = list(islice(nano_tasks(7, split), 60))
        for one in tasks:
            assert one.task.statement.strip() not in bench
            assert one.task.statement.partition('"""')[2].splitlines()[0] not in wordings
            assert one.key in families or one.key.startswith(worlds)
            assert not (one.key in families and is_held_out(one.key))
            assert in_split(one.key, split)
        assert len({one.task.statement for one in tasks}) == 60


async def test_the_same_seed_draws_the_same_tasks():
    first, second, other = (
        [one.task.statement for one in islice(nano_tasks(seed, "train"), 5)] for seed in (1, 1, 2)
    )
    assert first == second != other


def sampled(code: str) -> tuple[Candidate, Completion, bool]:
    return Candidate(code=code, origin="harvest"), Completion(text=code), False


async def test_labels_are_what_the_sandbox_saw(box: Sandbox):
    labelled = next(nano_tasks(1, "train"))
    name = labelled.task.entry_point
    table = {repr(test.form.args): test.expect.value for test in labelled.hidden}  # type: ignore[union-attr]
    right = f"def {name}(*args):\n    return {table!r}[repr(args)]\n"
    wrong = f"def {name}(*args):\n    return object\n"
    raises = f"def {name}(*args):\n    raise ValueError\n"
    made = [sampled(code) for code in (right, wrong, wrong, raises)]
    key, rows = await label(box, labelled, made)
    assert key == labelled.key
    assert [row.passed for row in rows] == [True, False, False, False]
    assert not any(row.visible for row in rows), "the table holds no visible example"
    assert rows[1].behaviour == rows[2].behaviour != rows[3].behaviour


async def test_nano_is_harvested_with_its_states(box: Sandbox):
    if not NANO.exists():
        pytest.skip("the embedded model is not there; `make nano` trains it")
    model = await open_model("nano")
    try:
        runtime = Runtime(model=model, sandbox=box)
        pool = await harvest(runtime, nano_tasks(3, "test"), n_tasks=3, k=3)
    finally:
        await model.aclose()
    assert pool.n_tasks == 3
    assert pool.x.shape == (len(pool.passed), 3 * model.info.dim)
    assert pool.about["model_sha256"] == model.info.sha256
    assert len(pool.passed) + sum(pool.about["left_out"].values()) == 9
    assert set(pool.task) == {0, 1, 2}
    assert pool.greedy.sum() <= 3
