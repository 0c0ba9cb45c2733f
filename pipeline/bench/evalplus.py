"""EvalPlus's rule (0.3.1, `evalplus/eval/__init__.py`, `data/mbpp.py`), on the trusted side.

The expected value is what the reference gives; *official* is upstream's verdict with its flaws,
*strict* is the same without them (see docs/benchmarks.md for each flaw).
"""

from __future__ import annotations

import marshal
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.bench import packed
from pipeline.bench.grading import BadTask, Grade, behaviour_of, observe_calls
from sandbox.api import Call, Limits, Observation, Opaque, Outcome, Policy, Sandbox
from sandbox.verdicts import equal

MEMORY_MB = 4096
"""Upstream's limit; its own references need 1,093 MB."""
LEAST_S, FACTOR, MOST_S = 4.0, 4.0, 60.0
"""CPU seconds of one input: at least, in times of what the reference took, and at most."""
DEFAULT_ATOL, RTOL = 1e-6, 1e-7
Args = Sequence[Any]


@dataclass(frozen=True, kw_only=True)
class EvalPlusGrader:
    """A right program and the inputs on which others have to agree with it."""

    entry: str
    reference: str
    base: tuple[tuple[object, ...], ...]
    plus: tuple[tuple[object, ...], ...]
    atol: float = 0.0

    @property
    def n_tests(self) -> int:
        return len(self.base) + len(self.plus)

    async def grade(self, box: Sandbox, programs: Sequence[str], task_id: str) -> tuple[Grade, ...]:
        parts = [(name, await self._expected(box, name, task_id)) for name in ("base", "plus")]
        if not any(part.inputs for _, part in parts):
            raise BadTask(f"{task_id}: its reference gives no value on any hidden input")
        return tuple([await self._grade(box, one, dict(parts), task_id) for one in programs])

    async def _expected(self, box: Sandbox, name: str, task_id: str) -> _Part:
        inputs = self.base if name == "base" else self.plus
        view = _VIEWS.get(self.entry, _ITSELF)
        seen = await self._run(box, self.reference, view.of_reference, inputs, Limits(
            cpu_s=MOST_S, memory_mb=MEMORY_MB, result_bytes=1 << 28), task_id)  # fmt: skip
        kept = [n for n, one in enumerate(seen) if _is_plain(one)]
        return _Part(
            inputs=tuple(inputs[n] for n in kept),
            expected=tuple(seen[n].value for n in kept),
            n_dropped=len(inputs) - len(kept),
            slowest_s=max((seen[n].cpu_s for n in kept), default=0.0),
        )

    async def _grade(
        self, box: Sandbox, program: str, parts: dict[str, _Part], task_id: str
    ) -> Grade:
        view = _VIEWS.get(self.entry, _ITSELF).of_candidate
        official: dict[str, bool] = {}
        strict: dict[str, bool] = {}
        kinds: list[str | None] = []
        all_seen: list[Observation] = []
        for name, part in parts.items():
            limits = Limits(
                cpu_s=min(max(LEAST_S, FACTOR * part.slowest_s), MOST_S),
                memory_mb=MEMORY_MB,
                result_bytes=1 << 28,
            )
            seen = await self._run(box, program, view, part.inputs, limits, task_id)
            verdicts = judge_all(self.entry, part.inputs, part.expected, seen, self.atol)
            official[name] = all(one.official for one in verdicts)
            strict[name] = all(one.strict for one in verdicts)
            kinds += [None if v.official else _kind(s) for v, s in zip(verdicts, seen, strict=True)]
            all_seen += seen
        passed = official["base"] and official["plus"]
        return Grade(
            passed=passed,
            n_passed=sum(kind is None for kind in kinds),
            n_tests=len(kinds),
            first_failure=next((kind for kind in kinds if kind is not None), None),
            behaviour=behaviour_of(all_seen),
            marks={"base": official["base"], "strict": strict["base"] and strict["plus"]}
            | ({"dropped": n / self.n_tests} if (n := _dropped(parts)) else {}),
        )

    async def _run(
        self,
        box: Sandbox,
        program: str,
        view: str,
        inputs: Sequence[Args],
        limits: Limits,
        what: str,
    ) -> tuple[Observation, ...]:
        code = f"{program}\n\n{view.format(entry=self.entry)}"
        forms = [Call(entry=packed.NAME, args=tuple(args)) for args in inputs]
        seen = await observe_calls(box, code, forms, limits, what)
        return tuple(map(packed.unpacked, seen))


@dataclass(frozen=True, kw_only=True)
class _Part:
    """The base or the plus inputs, with what the reference gave on them."""

    inputs: tuple[tuple[object, ...], ...]
    expected: tuple[object, ...]
    n_dropped: int
    slowest_s: float


def _dropped(parts: dict[str, _Part]) -> int:
    return sum(part.n_dropped for part in parts.values())


def _is_plain(seen: Observation) -> bool:
    return seen.outcome is Outcome.RETURNED and not isinstance(seen.value, Opaque)


def _kind(seen: Observation) -> str:
    return "wrong_answer" if seen.outcome is Outcome.RETURNED else seen.outcome.value


# --- the rule ------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Verdicts:
    official: bool
    strict: bool


def judge_all(
    entry: str, inputs: Sequence[Args], expected: Sequence[object], seen: Sequence[Observation],
    atol: float,
) -> list[Verdicts]:  # fmt: skip
    """Input by input, in order: upstream's tolerance, once it is set, stays for later inputs."""
    verdicts, sticky = [], atol
    for args, wanted, one in zip(inputs, expected, seen, strict=True):
        was = sticky
        if sticky == 0 and one.outcome is Outcome.RETURNED and _is_floats(wanted):
            sticky = DEFAULT_ATOL
        if not _is_plain(one):
            verdicts.append(Verdicts(official=False, strict=False))
            continue
        if entry != "find_zero" and _is_identical(one.value, wanted):
            verdicts.append(Verdicts(official=True, strict=True))
            continue
        verdicts.append(
            Verdicts(
                official=_accepts(entry, args, one.value, wanted, was, sticky),
                strict=_accepts_strictly(entry, args, one.value, wanted, atol),
            )
        )
    return verdicts


def _is_identical(out: Any, wanted: Any) -> bool:
    """The same to the last bit, which every rule accepts; told without a look at each item.

    Not for NaN, which equals nothing, and never for values in which order is left open.
    """
    try:
        return out == wanted and marshal.dumps(out, 2) == marshal.dumps(wanted, 2)
    except ValueError:
        return False


def _accepts(
    entry: str, args: Args, out: object, wanted: object, before: float, atol: float
) -> bool:
    """`before` is the tolerance that the special oracles see, `atol` the one of the comparison."""
    try:
        if entry == "find_zero":
            return abs(_polynomial(args[0], out)) <= before
        exact = equal(out, wanted, Policy.PYTHON) or _ORACLES.get(entry, _never)(args, out, before)
        if exact or atol == 0:
            return exact
        same_length = not isinstance(wanted, list | tuple) or len(out) == len(wanted)  # type: ignore[arg-type]
        return type(out) is type(wanted) and same_length and _all_close(out, wanted, atol)
    except (TypeError, ValueError, OverflowError, ArithmeticError):
        return False


def _all_close(out: Any, wanted: Any, atol: float, *, equal_nan: bool = False) -> bool:
    with np.errstate(all="ignore"):
        return bool(np.allclose(out, wanted, rtol=RTOL, atol=atol, equal_nan=equal_nan))


def _is_floats(value: object) -> bool:
    if isinstance(value, list | tuple):
        return set(map(type, value)) == {float}
    return isinstance(value, float)


def _accepts_strictly(entry: str, args: Args, out: object, wanted: object, atol: float) -> bool:
    """Tolerance wherever a float stands and nowhere else; a bool is no number."""
    try:
        if entry == "find_zero":
            return abs(_polynomial(args[0], out)) <= atol
        if _ORACLES.get(entry, _never)(args, out, atol):
            return True
    except (TypeError, ValueError, OverflowError, ArithmeticError):
        return False
    return _near(out, wanted, atol or DEFAULT_ATOL)


def _near(out: object, wanted: object, atol: float) -> bool:
    if isinstance(out, bool) or isinstance(wanted, bool):
        return type(out) is type(wanted) and out == wanted
    if isinstance(out, float) or isinstance(wanted, float):
        is_number = isinstance(out, int | float) and isinstance(wanted, int | float)
        return is_number and _is_near(out, wanted, atol)
    if isinstance(out, list | tuple) and type(out) is type(wanted):
        if _is_floats(out) and _is_floats(wanted) and len(out) == len(wanted):
            return _all_close(out, wanted, atol, equal_nan=True)
        return len(out) == len(wanted) and all(
            _near(a, b, atol) for a, b in zip(out, wanted, strict=True)
        )
    if isinstance(out, dict) and isinstance(wanted, dict):
        return out.keys() == wanted.keys() and all(_near(out[k], wanted[k], atol) for k in wanted)
    return equal(out, wanted, Policy.PYTHON)


def _is_near(out: Any, wanted: Any, atol: float) -> bool:
    """NaN is NaN; what is too big for a float is compared as it is."""
    try:
        a, b = float(out), float(wanted)
    except OverflowError:
        return bool(out == wanted)
    both_nan = math.isnan(a) and math.isnan(b)
    return both_nan or a == b or abs(a - b) <= atol + RTOL * abs(b)


# --- oracles -------------------------------------------------------------------------------------


def _never(_args: Args, _out: object, _atol: float) -> bool:
    return False


def _polynomial(coefficients: Any, x: Any) -> float:
    return float(sum(c * math.pow(x, i) for i, c in enumerate(coefficients)))


def _surface(args: Args, out: Any, atol: float) -> bool:
    """Mbpp/581: the height may be that of the pyramid instead of its side."""
    edge, height = args
    slant = math.sqrt((edge / 2) ** 2 + height**2)
    return bool(abs(out - round(edge**2 + 4 * (edge * slant) / 2)) <= atol)


def _digit_distance(args: Args, out: Any, _atol: float) -> bool:
    """Mbpp/558: digit by digit, the shorter number with zeros in front."""
    a, b = (str(one) for one in args)
    width = max(len(a), len(b))
    pairs = zip(a.zfill(width), b.zfill(width), strict=True)
    return bool(out == sum(abs(int(x) - int(y)) for x, y in pairs))


_ORACLES: dict[str, Callable[[Args, Any, float], bool]] = {
    "surface_Area": _surface,
    "digit_distance_nums": _digit_distance,
}


@dataclass(frozen=True, kw_only=True)
class _Views:
    """What of a value is compared, computed beside the program."""

    of_candidate: str
    of_reference: str


_SET = f"def {packed.NAME}(*args):\n    return set({{entry}}(*args))\n"
_IS_SOMETHING = f"def {packed.NAME}(*args):\n    return {{entry}}(*args) is not None\n"
_TRUTH = (
    f"def {packed.NAME}(*args):\n    out = {{entry}}(*args)\n"
    "    return out if isinstance(out, bool) else out is not None\n"
)
_ITSELF = _Views(of_candidate=packed.VIEW, of_reference=packed.VIEW)
_VIEWS: dict[str, _Views] = {
    **dict.fromkeys(
        ("check_str", "text_match_three", "text_starta_endb"),
        _Views(of_candidate=_TRUTH, of_reference=_IS_SOMETHING),
    ),
    **dict.fromkeys(
        (
            "similar_elements",
            "find_char_long",
            "common_in_nested_lists",
            "extract_singly",
            "larg_nnum",
            "intersection_array",
            "find_dissimilar",
            "Diff",
        ),
        _Views(of_candidate=_SET, of_reference=_SET),
    ),
}
"""Tasks whose statement leaves the order or the kind of truth open."""


# --- types that JSON lost ------------------------------------------------------------------------

Shape = Callable[[list[Any]], list[Any]]


def typed_inputs(task_id: str, inputs: Sequence[list[Any]]) -> list[tuple[Any, ...]]:
    """The inputs of an MBPP+ task with the types that upstream gives them, by its number.

    Raises TypeError or ValueError for inputs that do not have the task's shape.
    """
    suite, _, number = task_id.partition("/")
    shape = _SHAPE_OF.get(int(number)) if suite == "Mbpp" and number.isdigit() else None
    return [tuple(shape(list(args)) if shape else args) for args in inputs]


def _tuples(args: list[Any]) -> list[Any]:
    return [tuple(one) for one in args]


def _rows(args: list[Any]) -> list[Any]:
    return [_tuples(one) for one in args]


def _first_rows(args: list[Any]) -> list[Any]:
    return [_tuples(args[0]), args[1]]


def _second(args: list[Any]) -> list[Any]:
    return [args[0], tuple(args[1])]


def _first(args: list[Any]) -> list[Any]:
    return [tuple(args[0]), *args[1:]]


def _sets(args: list[Any]) -> list[Any]:
    return [[set(one) if isinstance(one, list) and one else {} for one in args[0]]]


def _angle(args: list[Any]) -> list[Any]:
    return [float(args[0]), complex(args[1])]


def _complex(args: list[Any]) -> list[Any]:
    return [complex(args[0])]


def _tuples_of_rows(args: list[Any]) -> list[Any]:
    return _tuples(_rows(args))


def _mixed(args: list[Any]) -> list[Any]:
    return [tuple(tuple(one) if isinstance(one, list) else one for one in args[0])]


def _values(args: list[Any]) -> list[Any]:
    return [{key: tuple(value) for key, value in args[0].items()}, *args[1:]]


def _deep(args: list[Any]) -> list[Any]:
    return [_deep_tuple(one) for one in args]


def _deep_tuple(value: Any) -> Any:
    return tuple(_deep_tuple(one) for one in value) if isinstance(value, list) else value


_SHAPES: dict[Shape, tuple[int, ...]] = {
    _tuples: (2, 116, 132, 143, 222, 261, 273, 394, 399, 421, 424, 429, 470, 560, 579, 596, 616,
              630, 726, 740, 744, 809),
    _rows: (63, 64, 70, 94, 120, 237, 272, 299, 400, 409, 417, 438, 473, 614, 780),
    _first_rows: (75, 413, 444, 753),
    _second: (106, 750),
    _sets: (115,),
    _angle: (124,),
    _first: (250, 307, 405, 446, 617, 720, 763, 808),
    _tuples_of_rows: (259, 401, 445),
    _mixed: (278,),
    _values: (722,),
    _complex: (252,),
    _deep: (580, 615, 791),
}  # fmt: skip
_SHAPE_OF = {number: shape for shape, numbers in _SHAPES.items() for number in numbers}
