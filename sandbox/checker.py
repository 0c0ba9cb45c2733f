"""Output against expectation as doctest and its best-known plugins compare them; trusted side."""

from __future__ import annotations

import doctest
import math
import re
from collections.abc import Callable
from functools import cache

PLUGIN_FLAGS = (
    *("NUMBER", "ALLOW_UNICODE", "ALLOW_BYTES"),
    *("FLOAT_CMP", "IGNORE_OUTPUT", "IGNORE_WARNINGS", "SHOW_WARNINGS", "REMOTE_DATA"),
    "IGNORE_WANT",
)
"""Of pytest, then of pytest-doctestplus, then of xdoctest."""
_REAL = re.compile(
    r"""[+-]? (?: \d*\.(?P<fraction>\d+) | \d+\. | \d+(?=[Ee][+-]?\d) )
    (?: [Ee](?P<exponent>[+-]?\d+) )?""",
    re.VERBOSE,
)
"""Written with a point or an exponent; whole numbers are compared by the letter."""
_ANY = re.compile(
    r"""[+-]? (?: \d*\.(?P<fraction>\d+) | \d+\.? | inf | nan )
    (?: [Ee](?P<exponent>[+-]?\d+) )?""",
    re.VERBOSE,
)
_PREFIX = {
    "ALLOW_UNICODE": re.compile(r"(\W|^)[uU]([rR]?['\"])"),
    "ALLOW_BYTES": re.compile(r"(\W|^)[bB]([rR]?['\"])"),
}


@cache
def flag_of(name: str) -> int | None:
    """The bit of an option flag that doctest or a known plugin gives a meaning; else None.

    The plugins' flags are registered together, so that a name has the same bit in every process.
    """
    for one in PLUGIN_FLAGS:
        doctest.register_optionflag(one)
    return doctest.OPTIONFLAGS_BY_NAME.get(name)


def flags_of(*names: str) -> int:
    """The bits of those names that are known, or-ed."""
    return sum({flag_of(name) or 0 for name in names})


def output_matches(want: str, got: str, options: int) -> bool:
    """Whether `got` is what `want` asks for, under these option flags."""
    if options & flags_of("IGNORE_OUTPUT", "IGNORE_WANT"):
        return True
    checker = doctest.OutputChecker()
    if checker.check_output(want, got, options):
        return True
    for name, prefix in _PREFIX.items():
        if options & flags_of(name):
            want, got = prefix.sub(r"\1\2", want), prefix.sub(r"\1\2", got)
    if options & flags_of("NUMBER"):
        got = _as_precise(want, got)
    if options & flags_of("FLOAT_CMP"):
        got = _within_tolerance(want, got)
    return checker.check_output(want, got, options)


def _as_precise(want: str, got: str) -> str:
    """`got` with each number written as in `want` where it agrees to the digits given there."""

    def agrees(w: re.Match[str], g: re.Match[str]) -> bool:
        precision = len(w["fraction"] or "") - int(w["exponent"] or 0)
        return _is_close(w[0], g[0], absolute=10.0**-precision, relative=1e-6)

    return _replaced(_REAL, want, got, agrees)


def _within_tolerance(want: str, got: str) -> str:
    def agrees(w: re.Match[str], g: re.Match[str]) -> bool:
        return _is_close(w[0], g[0], absolute=1e-8, relative=1e-5)

    return _replaced(_ANY, want, got, agrees)


def _replaced(
    number: re.Pattern[str],
    want: str,
    got: str,
    agrees: Callable[[re.Match[str], re.Match[str]], bool],
) -> str:
    wanted, given = list(number.finditer(want)), list(number.finditer(got))
    if len(wanted) != len(given):
        return got
    pieces, at = [], 0
    for w, g in zip(wanted, given, strict=True):
        pieces += [got[at : g.start()], w[0] if agrees(w, g) else g[0]]
        at = g.end()
    return "".join([*pieces, got[at:]])


def _is_close(a: str, b: str, *, absolute: float, relative: float) -> bool:
    x, y = float(a), float(b)
    both_nan = math.isnan(x) and math.isnan(y)
    return both_nan or math.isclose(x, y, rel_tol=relative, abs_tol=absolute)
