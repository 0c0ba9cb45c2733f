"""The combinatorial part: functions that join pieces ("keep the even numbers, then double them").

Each world (numbers, words, sentence, letters) has keep, change, arrange and reduce pieces.
Training sees single pieces, joins of two, and a few joins of three.
Never seen in training: joins for which `Composition.is_held_out` (a fixed set of pairs, every join
that contains one, and most joins of three), and the wordings in HELD_OUT_JOINTS.
"""

from __future__ import annotations

import json
import string
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from random import Random

from pipeline.training.nano.instance import GENERIC_NAMES, Instance, percent

HELD_OUT_PAIRS_PERCENT = 15
TRAINED_TRIPLES_PERCENT = 8


@dataclass(frozen=True, kw_only=True)
class Piece:
    """One step; templates: `$o` is the object, `$n` the noun of its things, `$k` a constant."""

    key: str
    """Also what it adds to a function's name."""
    role: str
    """`keep`, `change`, `arrange` or `reduce`."""
    verbs: tuple[str, ...]
    """Imperatives with `$o`; the first one is the thought."""
    nouns: tuple[str, ...]
    """Noun phrases with `$o`; for `keep` also with `$n` (`the even $n in $o`)."""
    code: str
    """keep: a condition on `x`; change: an expression of `x`; else an expression of `$v`."""
    consts: tuple[object, ...] = ("",)


@dataclass(frozen=True, kw_only=True)
class ComposeWorld:
    key: str
    group: str
    """Of pieces, in `pieces.json`."""
    kinds: tuple[str, ...]
    params: tuple[str, ...]
    noun: str
    source: str
    """Expression of the things, from the parameter `$a`."""
    bases: tuple[str, ...]
    """Names of the parameter's things in a sentence."""
    wholes: tuple[str, ...]
    """Names of the parameter itself, for `the even numbers in ...`."""
    joined: str = "$v"
    """How a list of things becomes the result."""
    items: tuple[str, ...] = ("x",)

    @property
    def pieces(self) -> tuple[Piece, ...]:
        return pieces(self.group)


@cache
def pieces(group: str) -> tuple[Piece, ...]:
    """The pieces of a group in `pieces.json`."""
    rows = json.loads((Path(__file__).parent / "pieces.json").read_text(encoding="utf-8"))[group]
    return tuple(
        Piece(
            key=row["key"],
            role=row["role"],
            code=row["code"],
            nouns=tuple(row["nouns"]),
            verbs=tuple(row["verbs"]),
            consts=tuple(row.get("consts", ("",))),
        )
        for row in rows
    )


NUMBERS = ComposeWorld(
    key="numbers",
    group="numbers",
    kinds=("ints", "ints", "ints", "pos_ints"),
    params=("xs", "nums", "numbers", "values", "items", "data", "lst", "arr", "seq", "a"),
    noun="numbers",
    source="$a",
    bases=("the numbers in $a", "$a", "the list $a", "the elements of $a", "the integers in $a"),
    wholes=("$a", "$a", "the list $a"),
    items=("x", "n", "v"),
)
WORDS = ComposeWorld(
    key="words",
    group="words",
    kinds=("words",),
    params=("words", "strings", "items", "names", "tokens", "parts", "xs", "texts"),
    noun="words",
    source="$a",
    bases=("the words in $a", "$a", "the list $a", "the strings in $a"),
    wholes=("$a", "$a", "the list $a"),
    items=("w", "s", "word"),
)
SENTENCE = ComposeWorld(
    key="sentence",
    group="words",
    kinds=("text",),
    params=("text", "sentence", "line", "s", "phrase"),
    noun="words",
    source="$a.split()",
    bases=(
        "the words of the text $a",
        "the words of the sentence $a",
        "the words of the string $a",
    ),
    wholes=("the text $a", "the sentence $a", "the string $a"),
    items=("w", "word"),
)
LETTERS = ComposeWorld(
    key="letters",
    group="letters",
    kinds=("mixed", "mixed", "word", "text"),
    params=("s", "text", "word", "string", "line"),
    noun="characters",
    source="$a",
    bases=("the characters of $a", "$a", "the string $a", "the characters in $a"),
    wholes=("$a", "$a", "the string $a"),
    joined="''.join($v)",
    items=("c", "ch"),
)
WORLDS = (NUMBERS, WORDS, SENTENCE, LETTERS)
WORLD_WEIGHTS = (50, 20, 10, 20)

SHAPES: dict[int, tuple[tuple[str, ...], ...]] = {
    1: (("keep",), ("change",), ("arrange",), ("reduce",)),
    2: (
        ("keep", "change"),
        ("keep", "change"),
        ("keep", "reduce"),
        ("keep", "reduce"),
        ("change", "reduce"),
        ("change", "reduce"),
        ("change", "keep"),
        ("keep", "arrange"),
        ("change", "arrange"),
        ("arrange", "change"),
        ("arrange", "reduce"),
    ),
    3: (
        ("keep", "change", "reduce"),
        ("keep", "change", "reduce"),
        ("keep", "change", "arrange"),
        ("change", "keep", "reduce"),
        ("keep", "arrange", "reduce"),
        ("change", "arrange", "reduce"),
    ),
}

JOINTS = (
    "sequence",
    "and",
    "return_noun",
    "noun",
    "given",
    "find",
    "verb_then_noun",
    "first_after",
    "build",
    "for_list",
    "what_remains",
)
HELD_OUT_JOINTS = ("for_list", "find")
TRAINING_JOINTS = tuple(j for j in JOINTS if j not in HELD_OUT_JOINTS)


@dataclass(frozen=True, kw_only=True)
class Composition:
    world: ComposeWorld
    pieces: tuple[Piece, ...]

    @property
    def key(self) -> str:
        return f"compose.{self.world.key}:" + "+".join(p.key for p in self.pieces)

    @property
    def is_held_out(self) -> bool:
        """No training example may show this join; words and sentences hold out the same ones."""
        keys = [f"{p.role}.{p.key}" for p in self.pieces]
        if any(percent("pair " + "+".join(two)) < HELD_OUT_PAIRS_PERCENT for two in pairwise(keys)):
            return True
        return len(keys) > 2 and percent("triple " + "+".join(keys)) >= TRAINED_TRIPLES_PERCENT


def draw(rng: Random, n_pieces: int) -> Composition:
    """A random join of `n_pieces`, trained or held out."""
    world = rng.choices(WORLDS, WORLD_WEIGHTS)[0]
    shape = rng.choice(SHAPES[n_pieces])
    return Composition(
        world=world,
        pieces=tuple(rng.choice([p for p in world.pieces if p.role == role]) for role in shape),
    )


def draw_trained(rng: Random) -> Composition:
    """A random join that training may show: of one piece, two, or (some) three."""
    n_pieces = rng.choices((1, 2, 3), (22, 63, 15))[0]
    while True:
        composition = draw(rng, n_pieces)
        if not composition.is_held_out:
            return composition


def instantiate(composition: Composition, rng: Random, joints: Sequence[str] = JOINTS) -> Instance:
    """A function with random constants, names and wording for the composition."""
    world = composition.world
    param = rng.choice(world.params)
    item = rng.choice([i for i in world.items if i != param])
    steps = [_Step.of(piece, world, rng) for piece in composition.pieces]
    wrong = [code(world, param, item, other) for other in _mistakes(world, steps, rng)]
    body = code(world, param, item, steps)
    return Instance(
        key=composition.key,
        name=_name(steps, rng),
        params=(param,),
        kinds=(rng.choice(world.kinds),),
        wording=wording(world, param, steps, rng.choice(joints), rng),
        also=wording(world, param, steps, rng.choice(joints), rng),
        body=body,
        idea=_idea(world, param, steps),
        wrong=tuple(w for w in wrong if w != body),
        styles=(("loop", code(world, param, item, steps, loop=True)),),
        ideas=_ideas(world, param, steps, rng),
    )


@dataclass(frozen=True, kw_only=True)
class _Step:
    """A piece with its constant filled in."""

    role: str
    verbs: tuple[str, ...]
    nouns: tuple[str, ...]
    code: str
    name: str

    @classmethod
    def of(cls, piece: Piece, world: ComposeWorld, rng: Random) -> _Step:
        k = str(rng.choice(piece.consts))

        def fill(text: str) -> str:
            return string.Template(text).safe_substitute(k=k, n=world.noun)

        return cls(
            role=piece.role,
            verbs=tuple(fill(v) for v in piece.verbs),
            nouns=tuple(fill(n) for n in piece.nouns),
            code=fill(piece.code),
            name=fill(piece.key),
        )


def _name(steps: Sequence[_Step], rng: Random) -> str:
    words = [s.name for s in steps]
    if rng.random() < 0.25:
        return rng.choice(GENERIC_NAMES)
    if rng.random() < 0.5:
        words.reverse()
    joined = rng.choice(("_", "_", "_then_", "_and_")).join(words[: rng.choice((2, 3))])
    cleaned = "".join(c if c.isalnum() or c == "_" else "x" for c in joined.lower())
    return cleaned if cleaned.isidentifier() else "get_" + cleaned


# --- code --------------------------------------------------------------------------------


def code(
    world: ComposeWorld, param: str, item: str, steps: Sequence[_Step], *, loop: bool = False
) -> str:
    """The body: one line per comprehension or call, or loops where `loop` is set."""
    lines: list[str] = []
    current = world.source.replace("$a", param)
    if any("math." in s.code for s in steps):
        lines.append("import math")
    for group in _groups(steps):
        if loop and group[0].role in ("keep", "change"):
            lines += _loop_lines(current, item, group)
            current = "result"
            continue
        if current != param and not current.isidentifier():
            lines.append(f"values = {current}")
            current = "values"
        current = _expression(current, item, group)
    if steps[-1].role != "reduce" and world.joined != "$v":
        if not current.isidentifier():
            lines.append(f"values = {current}")
            current = "values"
        current = world.joined.replace("$v", current)
    return "\n".join([*lines, f"return {current}"])


def _groups(steps: Sequence[_Step]) -> list[list[_Step]]:
    """A change right after a keep shares its comprehension."""
    groups: list[list[_Step]] = []
    for step in steps:
        if step.role == "change" and groups and [s.role for s in groups[-1]] == ["keep"]:
            groups[-1].append(step)
        else:
            groups.append([step])
    return groups


def _expression(current: str, item: str, group: Sequence[_Step]) -> str:
    if group[0].role in ("arrange", "reduce"):
        return group[0].code.replace("$v", current)
    condition, result = _condition_and_result(group, item)
    return f"[{result} for {item} in {current}{f' if {condition}' if condition else ''}]"


def _loop_lines(current: str, item: str, group: Sequence[_Step]) -> list[str]:
    condition, result = _condition_and_result(group, item)
    name = "result" if current != "result" else "second"
    lines = [f"{name} = []", f"for {item} in {current}:"]
    if condition:
        lines += [f"    if {condition}:", f"        {name}.append({result})"]
    else:
        lines.append(f"    {name}.append({result})")
    return lines if name == "result" else [*lines, "result = second"]


def _condition_and_result(group: Sequence[_Step], item: str) -> tuple[str, str]:
    condition, result = "", item
    for step in group:
        filled = _with_item(step.code, item)
        if step.role == "keep":
            condition = filled
        else:
            result = filled
    return condition, result


def _with_item(expression: str, item: str) -> str:
    """`x` as a word of its own becomes `item`; `max` and `'x'` stay."""
    out, previous = [], " "
    for at, char in enumerate(expression):
        following = expression[at + 1] if at + 1 < len(expression) else " "
        alone = not (
            previous.isalnum() or previous in "_'" or following.isalnum() or following in "_'"
        )
        out.append(item if char == "x" and alone else char)
        previous = char
    return "".join(out)


def _mistakes(world: ComposeWorld, steps: list[_Step], rng: Random) -> list[list[_Step]]:
    """Plausible wrong joins: a step replaced by another of its role, a step left out."""
    found = []
    for at, step in enumerate(steps):
        others = [p for p in world.pieces if p.role == step.role]
        found.append([*steps[:at], _Step.of(rng.choice(others), world, rng), *steps[at + 1 :]])
        if len(steps) > 1:
            found.append(steps[:at] + steps[at + 1 :])
    rng.shuffle(found)
    return found


# --- words --------------------------------------------------------------------------------


def wording(
    world: ComposeWorld, param: str, steps: Sequence[_Step], joint: str, rng: Random
) -> str:
    """The first sentence of the docstring, by the kind of joint."""
    base = rng.choice(_bases(world, steps)).replace("$a", param)
    return _sentence(_phrase(world, param, base, steps, joint, rng))


def _bases(world: ComposeWorld, steps: Sequence[_Step]) -> tuple[str, ...]:
    return world.wholes if steps[0].role == "keep" else world.bases


def _phrase(
    world: ComposeWorld, param: str, base: str, steps: Sequence[_Step], joint: str, rng: Random
) -> str:
    if joint == "return_noun":
        return f"return {_nouns(base, steps, rng)}"
    if joint == "noun":
        return _nouns(base, steps, rng)
    if joint == "find":
        return f"{rng.choice(('find', 'compute', 'give'))} {_nouns(base, steps, rng)}"
    if joint == "build":
        verb = rng.choice(("build", "make", "produce", "calculate", "get"))
        return f"{verb} {_nouns(base, steps, rng)}"
    if joint == "given":
        return f"given {param}, return {_nouns(base, steps, rng)}"
    if joint == "what_remains":
        return f"what you get when you {_verbs(base, steps, rng, ' and then ')}"
    if joint == "for_list":
        return f"from {param}: {_verbs(base, steps, rng, '; ')}"
    if joint == "verb_then_noun" and len(steps) > 1:
        rest = _nouns("them", steps[1:], rng)
        return f"{_verbs(base, steps[:1], rng, '')} and return {rest}"
    if joint == "first_after" and len(steps) > 1:
        return "first " + _verbs(base, steps, rng, ", after that ")
    if joint == "and":
        return _verbs(base, steps, rng, " and ")
    return _verbs(base, steps, rng, ", then ")


def _nouns(base: str, steps: Sequence[_Step], rng: Random) -> str:
    phrase = base
    for step in steps:
        phrase = rng.choice(step.nouns).replace("$o", phrase)
    return phrase


def _verbs(base: str, steps: Sequence[_Step], rng: Random, joint: str) -> str:
    said = []
    for at, step in enumerate(steps):
        thing = (
            base
            if at == 0
            else rng.choice(("them", "these", "the result") if at > 1 else ("them",))
        )
        said.append(rng.choice(step.verbs).replace("$o", thing))
    return joint.join(said)


def _sentence(phrase: str) -> str:
    return phrase[0].upper() + phrase[1:] + "."


def _idea(world: ComposeWorld, param: str, steps: Sequence[_Step]) -> str:
    base = _bases(world, steps)[0].replace("$a", param)
    things = [base] + ["them"] * (len(steps) - 1)
    return ", then ".join(s.verbs[0].replace("$o", o) for s, o in zip(steps, things, strict=True))


def _ideas(world: ComposeWorld, param: str, steps: Sequence[_Step], rng: Random) -> tuple[str, ...]:
    """Ways to do the same: in a loop, and with one more doubtful reading."""
    idea = _idea(world, param, steps)
    doubtful = _idea(world, param, _mistakes(world, list(steps), rng)[0])
    return (f"loop over {param} and {idea}", doubtful)
