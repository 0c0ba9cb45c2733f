"""What a run compares: A to D, plain samples, each with stages off, and E for the literature."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace

from pipeline.bench.records import BenchError
from pipeline.core.context import Settings

SWITCHES = (*(f.name for f in fields(Settings) if f.type == "bool" and f.name != "ask"), "thinking")
"""What `-stage` can switch off: each Boolean setting, and the thinking; nobody is asked here."""
ABOUT = {
    "A": "one greedy sample",
    "B": "k candidates (plans, framings, thinking); submitted by mean logprob, nothing is run",
    "C": "probe, k candidates, chosen on visible tests and self-made evidence",
    "D": "C and repair: small edits, then the model with a failing example",
    "E": "one greedy answer to EvalPlus's chat prompt, sanitised: as published figures are made",
}
_NAME = re.compile(r"(?P<base>[ABCDE]|R[1-9]\d?)(?P<off>(?:-[a-z_]+)*)")


@dataclass(frozen=True, kw_only=True)
class Condition:
    name: str
    base: str
    """A letter; `R` for plain samples."""
    n_samples: int | None
    """Of R."""
    off: tuple[str, ...]

    @property
    def about(self) -> str:
        text = ABOUT.get(self.base) or f"{self.n_samples} plain samples, chosen as in C"
        return text + "".join(f", no {stage}" for stage in self.off)


def condition_of(name: str) -> Condition:
    """`A`, `D-plan_search`, `R3`, ... Raises BenchError."""
    match = _NAME.fullmatch(name)
    if match is None:
        raise BenchError(f"no condition {name!r}; there are A, B, C, D, E, R3 and such as D-lens")
    off = tuple(match["off"].split("-")[1:])
    unknown = [stage for stage in off if stage not in SWITCHES]
    if unknown:
        raise BenchError(f"{name}: no stage {unknown[0]!r}; there are {', '.join(SWITCHES)}")
    base = match["base"]
    idle = [stage for stage in off if stage not in switches_of(base[0])]
    if idle:
        others = ", ".join(switches_of(base[0])) or "nothing"
        raise BenchError(f"{name}: {base} has no {idle[0]} to leave out; it has {others}")
    return Condition(
        name=name,
        base=base[0],
        n_samples=int(base[1:]) if base[0] == "R" else None,
        off=off,
    )


def switches_of(base: str) -> tuple[str, ...]:
    """What a condition can leave out: what something in it reads."""
    if base in "AE":
        return ()
    if base == "B":
        return ("plan_search", "div_sampling", "thinking")
    without = {"C": _REPAIRING, "R": _REPAIRING + _PLANNING}.get(base, ())
    return tuple(stage for stage in SWITCHES if stage not in without)


_REPAIRING = ("mechanical", "repair")
_PLANNING = ("keep_back", "probe", "plan_search", "div_sampling", "thinking")


def settings_of(condition: Condition, base: Settings) -> Settings:
    """The pipeline's settings under a condition."""
    settings = base
    if condition.base in "ABE":
        settings = replace(settings, self_tests=False, agreement=False, lens=False)
    if condition.base == "R":
        settings = _plain(settings, condition.n_samples or 1)
    if condition.base != "D":
        settings = replace(settings, mechanical=False, repair=False)
    for stage in condition.off:
        change = {"thinking_tokens": 0} if stage == "thinking" else {stage: False}
        settings = replace(settings, **change)
    return settings


def _plain(settings: Settings, n_samples: int) -> Settings:
    return replace(
        settings,
        k=n_samples,
        keep_back=False,
        probe=False,
        plan_search=False,
        div_sampling=False,
        thinking_tokens=0,
    )
