"""Training examples for every stage, each through the pipeline's own prompts."""

from __future__ import annotations

import ast
import json
import keyword
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from random import Random
from typing import Any

from pipeline.prompts import FOLDER, render
from pipeline.training.nano import compose
from pipeline.training.nano.chat import answer_text, prompt_text
from pipeline.training.nano.family import Family
from pipeline.training.nano.instance import (
    GENERIC_NAMES,
    Function,
    Instance,
    Slow,
    all_families,
    arguments,
    call_text,
    code_text,
    indented,
    instantiate,
    is_held_out,
    is_plain,
    training_names,
    training_wordings,
)
from pipeline.training.nano.mutate import mutate
from pipeline.training.nano.values import ANNOTATIONS, WORDS

FORMS = ("solve", "think", "hint", "repair", "plans", "outputs")
FORM_WEIGHTS = (52, 12, 11, 16, 4, 5)
COMPOSED_SHARE = 0.3
OTHER_NAME = 0.5
"""Share of functions with a name that says nothing: the model must copy names, not know them."""
ODD_PARAMS = 0.2
STUBS = ("", "", "...", "pass", "raise NotImplementedError")
LONGEST_LINE = 90
SECOND_SENTENCE = 0.06
CONTEXT_SHARE = 0.12
CONTEXT = (
    "import math",
    "import re",
    "import string",
    "import itertools",
    "from collections import Counter",
    "from collections import defaultdict",
    "from dataclasses import dataclass",
    "from typing import Any",
    "from pathlib import Path",
)
PERSPECTIVES = (
    "Look for a case that the code forgets.",
    "Question what the code takes for granted.",
    "Use another algorithm.",
)
"""The hints of `pipeline.repair.prcot`."""


@dataclass(frozen=True, kw_only=True)
class CorpusExample:
    form: str
    key: str
    wording: str
    prompt: str
    answer: str


@dataclass(frozen=True, kw_only=True)
class CorpusCase:
    """A call and what the right body gives for it."""

    args: tuple[Any, ...]
    result: Any

    @property
    def weight(self) -> int:
        return len(repr(self.args)) + len(repr(self.result))


@dataclass(frozen=True, kw_only=True)
class Subject:
    """An instance with the texts that prompts are made of."""

    instance: Instance
    signature: str
    cases: tuple[CorpusCase, ...]
    right: Function
    quote: str = "'"
    """What strings in the shown calls are quoted with."""

    def call(self, case: CorpusCase) -> str:
        """The call as the user wrote it."""
        text = call_text(self.instance.name, case.args)
        plain = self.quote == "'" or '"' in text or "\\" in text
        return text if plain else text.replace("'", '"')


def examples(seed: int, n: int) -> Iterator[CorpusExample]:
    """`n` training examples; the same for the same seed and families."""
    rng = Random(seed)
    trained = [f for f in all_families() if not is_held_out(f.key)]
    made = 0
    while made < n:
        example = draw_example(trained, rng)
        if example:
            made += 1
            yield example


def draw_example(trained: Sequence[Family], rng: Random) -> CorpusExample | None:
    """One example; None where the draw came to nothing (no wrong body fails, values too long)."""
    if rng.random() < COMPOSED_SHARE:
        instance = compose.instantiate(compose.draw_trained(rng), rng, compose.TRAINING_JOINTS)
    else:
        family = rng.choice(trained)
        instance = instantiate(
            family,
            rng,
            wordings=training_wordings(family),
            names=training_names(family),
            odd_params=ODD_PARAMS,
        )
    if rng.random() < OTHER_NAME:
        instance = _with_other_name(instance, rng)
    subject = make_subject(instance, rng, n_cases=rng.choice((2, 2, 2, 3, 3, 4)))
    if subject is None:
        return None
    form = rng.choices(FORMS, FORM_WEIGHTS)[0]
    pair = _MAKERS[form](subject, rng)
    if pair is None:
        return None
    return CorpusExample(
        form=form, key=instance.key, wording=instance.wording, prompt=pair[0], answer=pair[1]
    )


def _with_other_name(instance: Instance, rng: Random) -> Instance:
    """The same with a name of random parts, or a generic one; recursive bodies keep theirs."""
    name = rng.choice(GENERIC_NAMES)
    if rng.random() < 0.8:
        name = "_".join(rng.choice(name_parts()) for _ in range(rng.choice((1, 2, 2, 3, 3, 4))))
    usable = name.isidentifier() and not keyword.iskeyword(name) and name not in instance.params
    return (
        replace(instance, name=name) if usable and instance.name not in instance.body else instance
    )


@cache
def name_parts() -> tuple[str, ...]:
    """Parts of the training names of all trained families, and plain words."""
    names = (n for f in all_families() if not is_held_out(f.key) for n in training_names(f))
    parts = {part for name in names for part in name.split("_") if part.isalpha()}
    return (*sorted(parts), *WORDS, *"23456789")


def make_subject(instance: Instance, rng: Random, *, n_cases: int) -> Subject | None:
    """The instance with `n_cases` short, telling examples; None where values do not allow it."""
    right = Function(instance.name, code_text(instance, instance.body))
    found = draw_cases(instance, right, rng, 3 * n_cases + 4)
    if len(found) < n_cases:
        return None
    chosen = telling(found, n_cases, rng)
    return Subject(
        instance=instance,
        signature=signature(instance, chosen, rng),
        cases=chosen,
        right=right,
        quote='"' if rng.random() < 0.3 else "'",
    )


def draw_cases(instance: Instance, right: Function, rng: Random, n: int) -> list[CorpusCase]:
    """Up to `n` cases with different arguments, plain results and short lines."""
    found: dict[str, CorpusCase] = {}
    for _ in range(n):
        args = arguments(instance, rng)
        try:
            how, result = right.outcome(args)
        except Slow:
            continue
        case = CorpusCase(args=args, result=result)
        if how == "gives" and is_plain(result) and case.weight < LONGEST_LINE:
            found[repr(args)] = case
    return list(found.values())


def telling(cases: Sequence[CorpusCase], n: int, rng: Random) -> tuple[CorpusCase, ...]:
    """`n` of the cases, different results first, short ones first among those."""
    order = sorted(cases, key=lambda c: c.weight + rng.randint(0, 50))
    by_result: dict[str, CorpusCase] = {}
    for case in order:
        by_result.setdefault(repr(case.result), case)
    first = list(by_result.values())
    chosen = [*first, *(c for c in order if c not in first)][:n]
    rng.shuffle(chosen)
    return tuple(chosen)


def signature(instance: Instance, cases: Sequence[CorpusCase], rng: Random) -> str:
    """`def f(a, b):`, annotated one time in four."""
    if rng.random() > 0.25:
        return f"def {instance.name}({', '.join(instance.params)}):"
    typed = ", ".join(
        f"{name}: {ANNOTATIONS[kind]}"
        for name, kind in zip(instance.params, instance.kinds, strict=True)
    )
    return f"def {instance.name}({typed}){_returned(cases)}:"


def _returned(cases: Sequence[CorpusCase]) -> str:
    names = {type(c.result).__name__ for c in cases}
    if names == {"list"}:
        inner = {type(item).__name__ for c in cases for item in c.result}
        return f" -> list[{inner.pop()}]" if len(inner) == 1 else " -> list"
    return f" -> {names.pop()}" if len(names) == 1 and "NoneType" not in names else ""


def source(
    subject: Subject, body: str, rng: Random, *, cases: Sequence[CorpusCase] | None = None
) -> str:
    """The function as a user has it: signature, docstring with doctests, `body` (may be empty)."""
    shown = subject.cases if cases is None else cases
    lines = [f'"""{subject.instance.wording}']
    if rng.random() < SECOND_SENTENCE and subject.instance.also != subject.instance.wording:
        lines.append(subject.instance.also)
    if shown:
        lines.append("")
        if rng.random() < 0.08:
            lines.append(rng.choice(("Examples:", "For example:")))
        for case in shown:
            lines.append(f">>> {subject.call(case)}")
            lines += [] if case.result is None else [repr(case.result)]
        lines.append('"""')
    else:
        lines[-1] += '"""'
    inner = "\n".join(lines) + ("\n" + body if body else "")
    return f"{subject.signature}\n{indented(inner)}"


def shown_source(
    subject: Subject, body: str, rng: Random, *, cases: Sequence[CorpusCase] | None = None
) -> str:
    """The source as prompts show it: now and then below imports of its module."""
    text = source(subject, body, rng, cases=cases)
    if rng.random() > CONTEXT_SHARE:
        return text
    lines = sorted(rng.sample(CONTEXT, rng.choice((1, 1, 2))))
    return "\n".join(lines) + "\n\n\n" + text


def answer_code(subject: Subject, body: str) -> str:
    return f"```python\n{code_text(subject.instance, body, signature=subject.signature)}\n```"


# --- one maker per form -----------------------------------------------------------------------

Pair = tuple[str, str]


def _solve(subject: Subject, rng: Random) -> Pair | None:
    content = render(
        "solve", style="trained", source=shown_source(subject, rng.choice(STUBS), rng), hint=""
    )
    answer = answer_code(subject, subject.instance.body)
    return prompt_text(content, thinking=False), answer_text(answer, thought=None)


def _think(subject: Subject, rng: Random) -> Pair | None:
    hint, body = _hint_and_body(subject, rng) if rng.random() < 0.4 else ("", subject.instance.body)
    content = render(
        "solve", style="trained", source=shown_source(subject, rng.choice(STUBS), rng), hint=hint
    )
    answer = answer_text(answer_code(subject, body), thought=_thought(subject))
    return prompt_text(content, thinking=True), answer


def _thought(subject: Subject) -> str:
    idea = subject.instance.idea
    return idea[0].upper() + idea[1:].rstrip(".") + "."


def _hint(subject: Subject, rng: Random) -> Pair | None:
    hint, body = _hint_and_body(subject, rng)
    content = render(
        "solve", style="trained", source=shown_source(subject, rng.choice(STUBS), rng), hint=hint
    )
    answer = answer_text(answer_code(subject, body), thought=None)
    return prompt_text(content, thinking=False), answer


def _hint_and_body(subject: Subject, rng: Random) -> tuple[str, str]:
    """A framing or the right plan, and the body that follows it."""
    if rng.random() < 0.45:
        return f"Plan: {_thought(subject)}", subject.instance.body
    name, text = rng.choice(framings())
    return text, dict(subject.instance.styles).get(name, subject.instance.body)


@cache
def framings() -> tuple[tuple[str, str], ...]:
    rows = json.loads((FOLDER / "perturbations.json").read_text(encoding="utf-8"))
    return tuple((row["name"], row["text"]) for row in rows)


def _repair(subject: Subject, rng: Random) -> Pair | None:
    found = wrong_body(subject, rng)
    if found is None:
        return None
    body, failure = found
    hint = rng.choice(PERSPECTIVES) if rng.random() < 0.4 else ""
    content = render(
        "repair",
        style="trained",
        source=shown_source(subject, body, rng),
        failure=spoken(failure, rng),
        hint=hint,
    )
    thinking = rng.random() < 0.15
    thought = _thought(subject) if thinking else None
    answer = answer_text(answer_code(subject, subject.instance.body), thought=thought)
    return prompt_text(content, thinking=thinking), answer


def wrong_body(subject: Subject, rng: Random) -> Pair | None:
    """(body, failure line) of a wrong body that fails a visible case; None where none was found."""
    planted = list(subject.instance.wrong)
    rng.shuffle(planted)
    mutants = [m for m in (mutate(subject.instance.body, rng) for _ in range(4)) if m]
    tries = planted + mutants if rng.random() < 0.6 else mutants + planted
    for body in tries:
        failure = first_failure(subject, body)
        if failure:
            return body, failure
    return None


def first_failure(subject: Subject, body: str) -> str | None:
    """The sandbox's line for the first visible case that fails; None where all hold."""
    function = Function(subject.instance.name, code_text(subject.instance, body))
    for case in subject.cases:
        try:
            how, result = function.outcome(case.args)
        except Slow:
            return None
        if (how, repr(result)) != ("gives", repr(case.result)):
            if how == "raises":
                line = f"`{subject.call(case)}` raised {result}: {function.message}"
            else:
                line = f"`{subject.call(case)}` gave {_text(result)}, expected {_text(case.result)}"
            return line if len(line) < 2 * LONGEST_LINE and " at 0x" not in line else None
    return None


def _text(result: object) -> str:
    """As the sandbox quotes what an example printed."""
    return "nothing" if result is None else repr(repr(result))


def spoken(failure: str, rng: Random) -> str:
    """The failure as the sandbox tells it, or as a person would."""
    call, gave, rest = failure.partition("` gave ")
    got, _, wanted = rest.partition(", expected ")
    if not gave or rng.random() < 0.6 or "nothing" in (got, wanted):
        return failure
    return f"{call[1:]} should give {ast.literal_eval(wanted)} but gives {ast.literal_eval(got)}."


def _plans(subject: Subject, rng: Random) -> Pair | None:
    others = [*subject.instance.ideas, *_doubtful_ideas(subject, rng)]
    n = rng.choice((2, 3, 3, 3, 3, 4))
    plans = [_thought(subject)]
    for idea in others:
        said = idea[0].upper() + idea[1:].rstrip(".") + "."
        if said not in plans and len(plans) < n:
            plans.append(said)
    if rng.random() < 0.4:
        rng.shuffle(plans)
    content = render(
        "plans", style="trained", source=shown_source(subject, rng.choice(STUBS), rng), n=str(n)
    )
    answer = json.dumps({"plans": plans}, ensure_ascii=False)
    return prompt_text(content, thinking=False), answer_text(answer, thought=None)


def _doubtful_ideas(subject: Subject, rng: Random) -> list[str]:
    idea = subject.instance.idea.rstrip(".")
    first = subject.instance.params[0]
    ways = [
        f"use a plain loop to {idea}",
        f"treat the empty case first, then {idea}",
        f"name the intermediate values and {idea}",
        f"go through {first} once and {idea}",
    ]
    rng.shuffle(ways)
    return ways


def _outputs(subject: Subject, rng: Random) -> Pair | None:
    asked = list(subject.cases)
    shown: list[CorpusCase] = []
    if rng.random() < 0.5 and len(asked) > 2:
        shown, asked = asked[:-2], asked[-2:]
    body = subject.instance.body if rng.random() < 0.7 else ""
    content = render(
        "outputs",
        style="trained",
        source=shown_source(subject, body, rng, cases=shown),
        calls="\n".join(subject.call(c) for c in asked),
    )
    answer = json.dumps({"outputs": [repr(c.result) for c in asked]}, ensure_ascii=False)
    return prompt_text(content, thinking=False), answer_text(answer, thought=None)


_MAKERS: dict[str, Callable[[Subject, Random], Pair | None]] = {
    "solve": _solve,
    "think": _think,
    "hint": _hint,
    "repair": _repair,
    "plans": _plans,
    "outputs": _outputs,
}
