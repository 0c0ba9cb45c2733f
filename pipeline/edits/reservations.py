"""Why a patch that passes every visible test may still be wrong: reasons not to call it verified.

The more edits are tried, the more one that passes proves by luck. So the odds of a patch are: how
likely this edit was before anything ran, against how often an edit of this function passes its
examples, and what share of the belief its behaviour has among all that pass. `benchmarks/repair.py`
prints what they are worth, on planted bugs and on wrong programs of a model.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Sequence

from pipeline.core.task import Task
from pipeline.edits.ranking import Ranked, own_weight
from pipeline.edits.search import Found
from pipeline.syntax.text import parse
from sandbox.api import DoctestWants, ProjectTests, Test

ALL_THE_SAME = "all examples want the same, which many wrong functions give too"
DOMINATES = 0.8
"""Share of the belief that one behaviour needs among all that pass."""
INVENTED = frozenset(
    (
        "boolean: add operand",
        "statement: guard",
        "statement: early end",
        "filter",
        "operator: add operand",
        "return: other",
    )
)
"""Kinds of edits that bring in something new, which can single out one example."""
LIKELY = 0.8
"""Odds from which a patch is no luck."""
BASE, OF_SHARE, OF_LUCK = 1.26, 0.51, 0.89
"""Of the log-odds; fitted (logistic, L2) to what hidden tests said of the first patch of 101 tasks:
HumanEvalFix, QuixBugs and bugs planted in MBPP+ (`benchmarks/planted.py`). Left out in turn, 51 of
the 53 that pass both thresholds and have no other doubt are right, 52 of 55 by the rules before.
"""


def doubt_of(task: Task, found: Found, ranked: Ranked) -> str:
    """The strongest reason against trusting a patch, in words; "" where there is none."""
    n_fixed, edits = found.n_examples - found.n_base, ranked.version.edits
    if found.is_cut:
        tried = f"{found.n_tried:,} of {max(found.n_all, found.n_tried):,}"
        return f"the search for other small edits was cut short: {tried} tried"
    if n_different_wants(task.examples) < 2:
        return ALL_THE_SAME
    if ranked.share < DOMINATES:
        return "other small edits pass as well and behave differently"
    if dropped := used_parameters(task.statement) - used_parameters(ranked.version.code):
        return f"with it the parameter {', '.join(sorted(dropped))} is not used any more"
    if n_fixed < 2 and any(edit.kind in INVENTED for edit in edits):
        return "what it adds rests on a single example"
    if len({edit.new for edit in edits}) > n_fixed:
        return "it takes more edits than examples that failed"
    if (chance := odds(found, ranked)) < LIKELY:
        passed = f"{len(found.plausible):,} of the {found.n_tried:,} edits that were tried pass"
        return f"{passed}, so it may be luck ({chance:.0%} that it is right)"
    return ""


def used_parameters(code: str) -> frozenset[str]:
    """Parameters of the first function of a text that its body reads; of text without one none.

    None of the 95 bugs of HumanEvalFix is mended by an edit that leaves one unread.
    """
    tree = parse(code)
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    node = next((one for one in tree.body if isinstance(one, kinds)), None) if tree else None
    if node is None:
        return frozenset()
    given = {arg.arg for arg in ast.walk(node.args) if isinstance(arg, ast.arg)}
    names = (one for stmt in node.body for one in ast.walk(stmt) if isinstance(one, ast.Name))
    return frozenset(given & {one.id for one in names if isinstance(one.ctx, ast.Load)})


def odds(found: Found, ranked: Ranked) -> float:
    """P(right) of a patch that passes every example.

    How often an edit passes by luck is counted on this very function: it depends on how many
    examples there are, how they are spread, and what they leave open.
    """
    before = own_weight(ranked.version) / found.total_weight
    by_luck = (len(found.plausible) + 0.5) / (found.n_tried + 1)
    share = math.log((ranked.share + 1e-3) / (1.02 - ranked.share))
    logit = BASE + OF_SHARE * share + OF_LUCK * math.log10((before + 1e-6) / by_luck)
    return 1 / (1 + math.exp(-logit))


def n_different_wants(tests: Sequence[Test]) -> int:
    """Of the project's tests nobody knows what they want: each is taken to want something else."""
    wants: set[str] = set()
    for test in tests:
        expect = test.expect
        if isinstance(test.form, ProjectTests):
            wants.update(test.form.node_ids)
            continue
        wants.update(expect.wants if isinstance(expect, DoctestWants) else (repr(expect),))
    return len(wants)
