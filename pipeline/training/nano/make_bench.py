"""Writing nano-bench: the same files for the same seed and families."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from random import Random

from pipeline.nano.bench import PUBLIC, Part
from pipeline.nano.hidden import CANARY, HIDDEN
from pipeline.training.nano import compose
from pipeline.training.nano.corpus import (
    STUBS,
    CorpusCase,
    Subject,
    answer_code,
    draw_cases,
    make_subject,
    source,
    wrong_body,
)
from pipeline.training.nano.family import Family
from pipeline.training.nano.instance import (
    Instance,
    all_families,
    held_out_wording,
    instantiate,
    is_held_out,
    training_wordings,
)

PER_PART = 100
FEWEST_HIDDEN, MOST_HIDDEN = 8, 12


@dataclass(frozen=True, kw_only=True)
class Made:
    """A task with everything about it, before it is split into its public and its hidden part."""

    task_id: str
    part: Part
    key: str
    subject: Subject
    source: str
    hidden: tuple[CorpusCase, ...]
    reference: str


def write_bench(folder: Path, *, seed: int, per_part: int = PER_PART) -> dict[str, int]:
    """Write the public and the hidden file to `folder`; gives the number of tasks per part."""
    made = make_bench(seed, per_part)
    public, hidden = folder / PUBLIC.name, folder / HIDDEN.name
    _write(public, [_public(m) for m in made])
    _write(hidden, [_hidden(m) for m in made])
    return dict(Counter(m.part for m in made))


def make_bench(seed: int, per_part: int = PER_PART) -> tuple[Made, ...]:
    """`per_part` tasks of each part, no source twice."""
    rng = Random(seed)
    draws: tuple[tuple[Part, Callable[[], Iterator[Instance]]], ...] = (
        ("seen", lambda: _seen(rng)),
        ("composed", lambda: _composed(rng)),
        ("unseen", lambda: _unseen(rng)),
        ("repair", lambda: _mixed(rng)),
    )
    made: list[Made] = []
    for part, draw in draws:
        made += _take(part, draw(), rng, per_part, {m.source for m in made})
    return tuple(made)


def _take(
    part: Part, instances: Iterator[Instance], rng: Random, n: int, sources: set[str]
) -> list[Made]:
    found: list[Made] = []
    for instance in instances:
        task = _made(f"nano/{part}/{len(found):03}", part, instance, rng)
        if task and task.source not in sources:
            sources.add(task.source)
            found.append(task)
        if len(found) == n:
            break
    return found


def _seen(rng: Random) -> Iterator[Instance]:
    """Trained families; every other with its held-out wording, every third its held-out name."""
    families = [f for f in all_families() if not is_held_out(f.key)]
    rng.shuffle(families)
    for i, family in enumerate(cycle(families)):
        wordings = training_wordings(family) if i % 2 else (held_out_wording(family),)
        names = family.names[-1:] if i % 3 == 0 else ()
        yield instantiate(family, rng, wordings=wordings, names=names)


def _unseen(rng: Random) -> Iterator[Instance]:
    families: Sequence[Family] = [f for f in all_families() if is_held_out(f.key)]
    for family in cycle(families):
        yield instantiate(family, rng)


def _composed(rng: Random) -> Iterator[Instance]:
    """Held-out pairs and held-out triples in turn; a third with a held-out joint."""
    for i in cycle(range(6)):
        composition = compose.draw(rng, 2 + i % 2)
        while not composition.is_held_out:
            composition = compose.draw(rng, 2 + i % 2)
        joints = compose.HELD_OUT_JOINTS if i >= 4 else compose.TRAINING_JOINTS
        yield compose.instantiate(composition, rng, joints)


def _mixed(rng: Random) -> Iterator[Instance]:
    """For repair: two seen, two composed, one unseen."""
    seen, composed, unseen = _seen(rng), _composed(rng), _unseen(rng)
    for stream in cycle((seen, composed, seen, composed, unseen)):
        yield next(stream)


def _made(task_id: str, part: Part, instance: Instance, rng: Random) -> Made | None:
    """The task; None where it has too few hidden tests or, for repair, no wrong body that fails."""
    subject = make_subject(instance, rng, n_cases=rng.choice((2, 3, 3, 4)))
    if subject is None or len({repr(c.result) for c in subject.cases}) < 2:
        return None
    hidden = _hidden_cases(subject, rng)
    body = rng.choice(STUBS)
    if part == "repair":
        wrong = wrong_body(subject, rng)
        body = wrong[0] if wrong else ""
    if len(hidden) < FEWEST_HIDDEN or (part == "repair" and not body):
        return None
    return Made(
        task_id=task_id,
        part=part,
        key=instance.key,
        subject=subject,
        source=source(subject, body, rng),
        hidden=hidden,
        reference=_unfenced(answer_code(subject, instance.body)),
    )


def _hidden_cases(subject: Subject, rng: Random) -> tuple[CorpusCase, ...]:
    visible = {repr(c.args) for c in subject.cases}
    drawn = draw_cases(subject.instance, subject.right, rng, 40)
    fresh = [c for c in drawn if repr(c.args) not in visible]
    return tuple(fresh[: rng.randint(FEWEST_HIDDEN, MOST_HIDDEN)])


def _unfenced(block: str) -> str:
    return "\n".join(block.splitlines()[1:-1]) + "\n"


def _public(made: Made) -> dict[str, object]:
    return {
        "task_id": made.task_id,
        "part": made.part,
        "source": made.source + "\n",
        "entry_point": made.subject.instance.name,
    }


def _hidden(made: Made) -> dict[str, object]:
    name = made.subject.instance.name
    return {
        "task_id": made.task_id,
        "canary": CANARY,
        "tests": [[f"{name}({', '.join(map(repr, c.args))})", repr(c.result)] for c in made.hidden],
        "reference": made.reference,
    }


def _write(path: Path, rows: list[dict[str, object]]) -> None:
    """Gzip without a time stamp, so that the same rows give the same bytes."""
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.encode("utf-8"), mtime=0))
