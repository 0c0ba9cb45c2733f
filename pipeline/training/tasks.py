"""Tasks to harvest labels from: fresh ones of nano's training split, or a suite of the user's own.

None of them is in nano-bench: families and joins that are held out are never drawn, and a task
whose sentence stands in the bench is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Literal

from pipeline.core.task import Task
from pipeline.nano.bench import load_bench
from pipeline.source.from_file import task_from_file
from pipeline.source.locate import find_function
from pipeline.syntax.text import document_from_bytes
from pipeline.training.nano import compose
from pipeline.training.nano.corpus import STUBS, draw_cases, make_subject, source
from pipeline.training.nano.instance import (
    Instance,
    all_families,
    instantiate,
    is_held_out,
    percent,
    training_names,
    training_wordings,
)
from sandbox.api import Call, Policy, Returns, Test

Split = Literal["train", "test"]
TEST_PERCENT = 25
"""Of the families and joins: no lens that is shipped has seen one of them."""
JOINS = 0.5
FEWEST_HIDDEN = 8
ODD_PARAMS = 0.3


@dataclass(frozen=True, kw_only=True)
class LabelTask:
    """A task and the tests that label its candidates; never a task of a benchmark."""

    key: str
    """What it is split by: its family or its join."""
    task: Task
    hidden: tuple[Test, ...]


def nano_tasks(seed: int, split: Split) -> Iterator[LabelTask]:
    """An endless stream; the same for the same seed."""
    rng = Random(f"lens {seed} {split}")
    families = [f for f in all_families() if not is_held_out(f.key) and in_split(f.key, split)]
    bench = "\n".join(task.source for task in load_bench())
    sources: set[str] = set()
    while True:
        if rng.random() < JOINS:
            composition = compose.draw_trained(rng)
            if not in_split(composition.key, split):
                continue
            instance = compose.instantiate(composition, rng, compose.TRAINING_JOINTS)
        else:
            family = rng.choice(families)
            instance = instantiate(
                family,
                rng,
                wordings=training_wordings(family),
                names=training_names(family),
                odd_params=ODD_PARAMS,
            )
        if f'"""{instance.wording}\n' in bench:
            continue
        made = _label_task(instance, rng)
        if made and made.task.statement not in sources:
            sources.add(made.task.statement)
            yield made


def in_split(key: str, split: Split) -> bool:
    return (percent(f"lens {key}") < TEST_PERCENT) is (split == "test")


def _label_task(instance: Instance, rng: Random) -> LabelTask | None:
    """None where too few different values come out to tell right from wrong."""
    subject = make_subject(instance, rng, n_cases=rng.choice((1, 2, 2, 3)))
    if subject is None:
        return None
    shown = {repr(case.args) for case in subject.cases}
    drawn = draw_cases(instance, subject.right, rng, 40)
    hidden = [case for case in drawn if repr(case.args) not in shown][:16]
    if len(hidden) < FEWEST_HIDDEN or len({repr(case.result) for case in hidden}) < 2:
        return None
    text = source(subject, rng.choice(STUBS), rng)
    document = document_from_bytes(f"{text}\n".encode())
    task = task_from_file(document, find_function(document, instance.name))
    tests = [
        Test(
            test_id=f"label:{n}",
            form=Call(entry=instance.name, args=case.args),
            expect=Returns(value=case.result, policy=Policy.PYTHON),
        )
        for n, case in enumerate(hidden)
    ]
    return LabelTask(key=instance.key, task=task, hidden=tuple(tests))


def suite_tasks(
    path: Path, *, convention: str = "", without: Path | None = None
) -> Iterator[LabelTask]:
    """The tasks of a suite file with tests of their own; not to be measured on afterwards.

    `without` is a suite whose task ids are left out: the one that will be measured on.
    Raises SuiteError.
    """
    from pipeline.bench.hidden import read_suite
    from pipeline.bench.suites import task_of

    measured = {public.task_id for public, _ in read_suite(without)} if without else set()
    for public, hidden in read_suite(path, convention=convention):
        if hidden.tests and public.task_id not in measured:
            yield LabelTask(key=public.task_id, task=task_of(public), hidden=hidden.tests)
