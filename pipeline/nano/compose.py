"""The combinatorial part: functions that join pieces ("keep the even numbers, then double them").

Each world (numbers, words, letters) has keep, change, arrange and reduce pieces.
Training sees single pieces, joins of two, and a few joins of three.
Never seen in training: the pairs that `pair_is_held_out`, every join of three outside `triple_is_trained`,
and the joints in HELD_OUT_JOINTS.
"""

from __future__ import annotations

import string
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from random import Random

from pipeline.nano.instance import GENERIC_NAMES, Instance, percent

HELD_OUT_PAIRS_PERCENT = 15
TRAINED_TRIPLES_PERCENT = 8


@dataclass(frozen=True, kw_only=True)
class Piece:
    """One step. Texts are templates: `$o` the object, `$n` the noun of the things, `$k` a constant."""

    key: str
    role: str
    """`keep`, `change`, `arrange` or `reduce`."""
    verbs: tuple[str, ...]
    """Imperatives with `$o`; the first one is the thought."""
    nouns: tuple[str, ...]
    """Noun phrases with `$o`; for `keep` also with `$n` (`the even $n in $o`)."""
    code: str
    """keep: a condition on `x`; change: an expression of `x`; else an expression of `$v`."""
    name: str
    """What it adds to a function's name."""
    consts: tuple[object, ...] = ("",)


@dataclass(frozen=True, kw_only=True)
class World:
    key: str
    kinds: tuple[str, ...]
    params: tuple[str, ...]
    noun: str
    source: str
    """Expression of the things, from the parameter `$a`."""
    bases: tuple[str, ...]
    """Names of the parameter's things in a sentence."""
    joined: str = "$v"
    """How a list of things becomes the result."""
    items: tuple[str, ...] = ("x",)
    pieces: tuple[Piece, ...] = field(default=())


def keep(key: str, code: str, nouns: str, verbs: str, *consts: object) -> Piece:
    return _piece(key, "keep", code, nouns, verbs, consts)


def change(key: str, code: str, nouns: str, verbs: str, *consts: object) -> Piece:
    return _piece(key, "change", code, nouns, verbs, consts)


def arrange(key: str, code: str, nouns: str, verbs: str, *consts: object) -> Piece:
    return _piece(key, "arrange", code, nouns, verbs, consts)


def reduce(key: str, code: str, nouns: str, verbs: str, *consts: object) -> Piece:
    return _piece(key, "reduce", code, nouns, verbs, consts)


def _piece(
    key: str, role: str, code: str, nouns: str, verbs: str, consts: tuple[object, ...]
) -> Piece:
    return Piece(
        key=key,
        role=role,
        code=code,
        nouns=tuple(nouns.split("|")),
        verbs=tuple(verbs.split("|")),
        name=key,
        consts=consts or ("",),
    )


SMALL = (1, 2, 3, 4, 5, 6, 7, 8, 10, 12)
FEW = (2, 3, 4)

NUMBERS = World(
    key="numbers",
    kinds=("ints", "ints", "ints", "pos_ints"),
    params=("xs", "nums", "numbers", "values", "items", "data", "lst", "arr", "seq", "a"),
    noun="numbers",
    source="$a",
    bases=("the numbers in $a", "$a", "the list $a", "the elements of $a", "the integers in $a"),
    items=("x", "n", "v"),
    pieces=(
        keep("even", "x % 2 == 0", "the even $n in $o|the $n in $o that are even",
             "keep the even $n in $o|drop the odd $n from $o"),
        keep("odd", "x % 2 != 0", "the odd $n in $o|the $n in $o that are odd",
             "keep the odd $n in $o|drop the even $n from $o"),
        keep("positive", "x > 0", "the positive $n in $o|the $n in $o above zero",
             "keep the positive $n in $o|keep only what is greater than zero in $o"),
        keep("negative", "x < 0", "the negative $n in $o|the $n in $o below zero",
             "keep the negative $n in $o|keep only what is less than zero in $o"),
        keep("nonzero", "x != 0", "the non-zero $n in $o|the $n in $o that are not zero",
             "keep the non-zero $n in $o|drop the zeros from $o"),
        keep("above_$k", "x > $k", "the $n in $o greater than $k|the $n in $o above $k",
             "keep the $n in $o greater than $k|drop every number up to $k from $o", *SMALL),
        keep("below_$k", "x < $k", "the $n in $o less than $k|the $n in $o below $k",
             "keep the $n in $o less than $k|drop the $n that are $k or more from $o", *SMALL),
        keep("at_least_$k", "x >= $k", "the $n in $o that are at least $k|the $n in $o not less than $k",
             "keep the $n in $o that are at least $k|drop the $n below $k from $o", *SMALL),
        keep("multiples_of_$k", "x % $k == 0", "the multiples of $k in $o|the $n in $o divisible by $k",
             "keep the multiples of $k in $o|keep the $n in $o that $k divides", 3, 4, 5, 6, 7),
        keep("not_multiples_of_$k", "x % $k != 0",
             "the $n in $o not divisible by $k|the $n in $o that $k does not divide",
             "keep the $n in $o not divisible by $k|drop the multiples of $k from $o", 3, 4, 5, 6, 7),
        keep("one_digit", "abs(x) < 10", "the one-digit $n in $o|the single-digit $n in $o",
             "keep the one-digit $n in $o|drop the $n with more than one digit from $o"),
        keep("not_$k", "x != $k", "the $n in $o other than $k|the $n in $o that differ from $k",
             "keep the $n in $o other than $k|drop each $k from $o", *SMALL),
        keep("ending_in_$k", "abs(x) % 10 == $k", "the $n in $o that end in $k|the $n in $o with last digit $k",
             "keep the $n in $o that end in $k|keep the $n in $o whose last digit is $k", 0, 1, 2, 3, 5),
        keep("within_$k", "-$k <= x <= $k", "the $n in $o from -$k to $k|the $n in $o between -$k and $k",
             "keep the $n in $o from -$k to $k|drop what is outside -$k to $k from $o", 3, 5, 8, 10, 12),
        change("double", "x * 2", "the doubles of $o|twice $o", "double $o|multiply $o by two"),
        change("square", "x * x", "the squares of $o|the second powers of $o",
               "square $o|multiply $o by themselves"),
        change("cube", "x ** 3", "the cubes of $o|the third powers of $o",
               "cube $o|raise $o to the third power"),
        change("negate", "-x", "the negatives of $o|the opposites of $o",
               "negate $o|change the sign of $o"),
        change("absolute", "abs(x)", "the absolute values of $o|the magnitudes of $o",
               "take the absolute values of $o|drop the minus signs of $o"),
        change("plus_$k", "x + $k", "$o plus $k each|$o increased by $k",
               "add $k to $o|increase $o by $k", *SMALL),
        change("minus_$k", "x - $k", "$o minus $k each|$o decreased by $k",
               "subtract $k from $o|decrease $o by $k", *SMALL),
        change("times_$k", "x * $k", "the products of $o with $k|$o times $k",
               "multiply $o by $k|scale $o by $k", 3, 4, 5, 6, 7, 8, 9, 10),
        change("halves", "x // 2", "the halves of $o, rounded down|half of $o, rounded down",
               "halve $o, rounding down|floor-divide $o by two"),
        change("modulo_$k", "x % $k", "the remainders of $o modulo $k|$o modulo $k",
               "take $o modulo $k|replace $o by the remainders after division by $k", 2, 3, 4, 5, 7),
        change("last_digit", "abs(x) % 10", "the last digits of $o|the units digits of $o",
               "take the last digits of $o|reduce $o to the units digits"),
        change("cap_$k", "min(x, $k)", "$o capped at $k|$o with $k as a ceiling",
               "cap $o at $k|replace what is more than $k by $k in $o", *SMALL),
        change("floor_$k", "max(x, $k)", "$o raised to at least $k|$o with $k as a floor",
               "raise $o to at least $k|replace what is less than $k by $k in $o", *SMALL),
        change("from_$k", "$k - x", "the differences of $k and $o|$k minus $o",
               "subtract $o from $k|replace $o by the distance up to $k", 10, 20, 50, 100),
        arrange("sorted", "sorted($v)", "$o in ascending order|$o from smallest to largest",
                "sort $o|put $o in ascending order"),
        arrange("descending", "sorted($v, reverse=True)",
                "$o in descending order|$o from largest to smallest",
                "sort $o in descending order|order $o from largest to smallest"),
        arrange("reversed", "$v[::-1]", "$o in reverse order|$o from last to first",
                "reverse the order of $o|turn $o around"),
        arrange("unique", "list(dict.fromkeys($v))", "$o without duplicates|the distinct ones of $o, in order",
                "remove duplicates from $o|keep only the first of equal ones in $o"),
        arrange("first_$k", "$v[:$k]", "the first $k of $o|the leading $k of $o",
                "take the first $k of $o|cut $o after $k", *FEW),
        arrange("without_first_$k", "$v[$k:]", "all but the first $k of $o|$o after the first $k",
                "drop the first $k of $o|skip $k of $o", *FEW),
        arrange("last_$k", "$v[-$k:]", "the last $k of $o|the final $k of $o",
                "take the last $k of $o|keep the final $k of $o", *FEW),
        arrange("every_other", "$v[::2]", "every other one of $o|every second one of $o, from the first on",
                "take every other one of $o|keep every second one of $o from the first on"),
        reduce("sum", "sum($v)", "the sum of $o|the total of $o", "sum $o|add up $o"),
        reduce("count", "len($v)", "the number of $o|the count of $o", "count $o|tell how many there are of $o"),
        reduce("max", "max($v, default=0)", "the largest of $o, or 0 if there is none|the maximum of $o (0 if none)",
               "take the largest of $o, or 0|find the maximum of $o, 0 if there is none"),
        reduce("min", "min($v, default=0)", "the smallest of $o, or 0 if there is none|the minimum of $o (0 if none)",
               "take the smallest of $o, or 0|find the minimum of $o, 0 if there is none"),
        reduce("product", "math.prod($v)", "the product of $o|what $o multiply to",
               "multiply $o together|take the product of $o"),
        reduce("distinct", "len(set($v))", "the number of distinct values of $o|how many different values $o have",
               "count the distinct values of $o|count how many different values $o have"),
        reduce("spread", "max($v) - min($v) if $v else 0",
               "the difference between the largest and the smallest of $o, or 0 if there is none|the range of $o (0 if none)",
               "subtract the smallest of $o from the largest, or give 0|take the spread of $o, 0 if there is none"),
        reduce("first_or_none", "$v[0] if $v else None", "the first of $o, or None|the first one of $o (None if there is none)",
               "take the first of $o, or None|return the first one of $o, None if there is none"),
        reduce("last_or_none", "$v[-1] if $v else None", "the last of $o, or None|the last one of $o (None if there is none)",
               "take the last of $o, or None|return the last one of $o, None if there is none"),
        reduce("joined", "'-'.join(str(v) for v in $v)", "$o as a string, joined by dashes|a text of $o with dashes between",
               "join $o with dashes|write $o in one string with dashes between"),
        reduce("mean", "sum($v) / len($v) if $v else 0", "the mean of $o, or 0 if there is none|the average of $o (0 if none)",
               "average $o, or give 0|take the mean of $o, 0 if there is none"),
        reduce("any_negative", "any(v < 0 for v in $v)", "whether any of $o is negative|True if one of $o is below zero",
               "tell whether any of $o is negative|check if one of $o is below zero"),
    ),
)

_WORD_PIECES = (
    keep("longer_than_$k", "len(x) > $k", "the $n in $o longer than $k|the $n in $o with more than $k letters",
         "keep the $n in $o longer than $k|drop the $n of up to $k letters from $o", 2, 3, 4, 5),
    keep("shorter_than_$k", "len(x) < $k", "the $n in $o shorter than $k|the $n in $o with fewer than $k letters",
         "keep the $n in $o shorter than $k|drop the $n of $k or more letters from $o", 3, 4, 5, 6),
    keep("starting_with_$k", "x.startswith('$k')", "the $n in $o that start with '$k'|the $n in $o beginning with '$k'",
         "keep the $n in $o that start with '$k'|keep the $n in $o with '$k' at the front", *"abcmrst"),
    keep("ending_with_$k", "x.endswith('$k')", "the $n in $o that end with '$k'|the $n in $o ending in '$k'",
         "keep the $n in $o that end with '$k'|keep the $n in $o with '$k' at the end", *"denrty"),
    keep("containing_$k", "'$k' in x", "the $n in $o that contain '$k'|the $n in $o with '$k' inside",
         "keep the $n in $o that contain '$k'|drop the $n without '$k' from $o", *"aeionrt"),
    keep("without_$k", "'$k' not in x", "the $n in $o that do not contain '$k'|the $n in $o without '$k'",
         "keep the $n in $o without '$k'|drop the $n that contain '$k' from $o", *"aeionrt"),
    keep("palindromes", "x == x[::-1]", "the palindromes in $o|the $n in $o that read the same backwards",
         "keep the palindromes in $o|keep what reads the same backwards in $o"),
    keep("of_even_length", "len(x) % 2 == 0", "the $n in $o of even length|the $n in $o with an even number of letters",
         "keep the $n in $o of even length|drop the $n of odd length from $o"),
    change("upper", "x.upper()", "$o in upper case|$o in capital letters", "upper-case $o|write $o in capital letters"),
    change("capitalized", "x.capitalize()", "$o with a capital first letter|$o capitalized",
           "capitalize $o|begin $o with a capital letter"),
    change("reversed_each", "x[::-1]", "$o spelled backwards|the mirror images of $o",
           "spell $o backwards|reverse each one of $o"),
    change("initials", "x[:1]", "the first letters of $o|the initials of $o",
           "take the first letters of $o|cut $o to their first letter"),
    change("twice", "x * 2", "$o written twice each|doubled copies of $o", "write $o twice each|repeat $o two times each"),
    change("beheaded", "x[1:]", "$o without their first letters|$o less the first letter each",
           "drop the first letters of $o|cut the first letter off $o"),
    change("with_$k", "x + '$k'", "$o with '$k' added at the end|$o followed by '$k' each",
           "append '$k' to $o|add '$k' to the end of $o", "!", "s", "?", "er", "."),
    change("cut_to_$k", "x[:$k]", "$o cut to $k letters|the first $k letters of each of $o",
           "cut $o to $k letters|keep the first $k letters of each of $o", 2, 3, 4),
    arrange("alphabetical", "sorted($v)", "$o in alphabetical order|$o sorted",
            "sort $o|put $o in alphabetical order"),
    arrange("by_length", "sorted($v, key=len)", "$o sorted by length|$o from shortest to longest",
            "sort $o by length|order $o from shortest to longest"),
    arrange("backwards", "$v[::-1]", "$o in reverse order|$o from last to first",
            "reverse the order of $o|turn the order of $o around"),
    arrange("unique", "list(dict.fromkeys($v))", "$o without duplicates|the distinct ones of $o, in order",
            "remove duplicates from $o|keep only the first of equal ones in $o"),
    arrange("first_$k", "$v[:$k]", "the first $k of $o|the leading $k of $o",
            "take the first $k of $o|cut the list of $o after $k", *FEW),
    reduce("count", "len($v)", "the number of $o|the count of $o", "count $o|tell how many there are of $o"),
    reduce("dashed", "'-'.join($v)", "$o joined by dashes|a string of $o with dashes between",
           "join $o with dashes|put dashes between $o"),
    reduce("spaced", "' '.join($v)", "$o joined by spaces|a string of $o with spaces between",
           "join $o with spaces|put $o in one string with spaces between"),
    reduce("glued", "''.join($v)", "$o glued together|the concatenation of $o",
           "glue $o together|concatenate $o"),
    reduce("longest", "max($v, key=len, default='')", "the longest of $o, or '' if there is none|the first longest of $o ('' if none)",
           "take the longest of $o, or ''|find the first longest of $o, '' if there is none"),
    reduce("shortest", "min($v, key=len, default='')", "the shortest of $o, or '' if there is none|the first shortest of $o ('' if none)",
           "take the shortest of $o, or ''|find the first shortest of $o, '' if there is none"),
    reduce("total_length", "sum(len(v) for v in $v)", "the total length of $o|the number of letters in all of $o",
           "add up the lengths of $o|count the letters in all of $o"),
    reduce("last_or_empty", "$v[-1] if $v else ''", "the last of $o, or ''|the last one of $o ('' if there is none)",
           "take the last of $o, or ''|return the last one of $o, '' if there is none"),
)

WORDS = World(
    key="words",
    kinds=("words",),
    params=("words", "strings", "items", "names", "tokens", "parts", "xs", "texts"),
    noun="words",
    source="$a",
    bases=("the words in $a", "$a", "the list $a", "the strings in $a"),
    items=("w", "s", "word"),
    pieces=_WORD_PIECES,
)

SENTENCE = World(
    key="sentence",
    kinds=("text",),
    params=("text", "sentence", "line", "s", "phrase"),
    noun="words",
    source="$a.split()",
    bases=("the words of the text $a", "the words of the sentence $a", "the words of the string $a"),
    items=("w", "word"),
    pieces=_WORD_PIECES,
)

LETTERS = World(
    key="letters",
    kinds=("mixed", "mixed", "word", "text"),
    params=("s", "text", "word", "string", "line"),
    noun="characters",
    source="$a",
    bases=("the characters of $a", "$a", "the string $a", "the characters in $a"),
    joined="''.join($v)",
    items=("c", "ch"),
    pieces=(
        keep("vowels", "x in 'aeiouAEIOU'", "the vowels in $o|the $n in $o that are vowels",
             "keep the vowels in $o|drop all but the vowels from $o"),
        keep("no_vowels", "x not in 'aeiouAEIOU'", "the $n in $o that are not vowels|$o without the vowels",
             "drop the vowels from $o|keep what is no vowel in $o"),
        keep("letters", "x.isalpha()", "the letters in $o|the alphabetic $n in $o",
             "keep the letters in $o|drop what is no letter from $o"),
        keep("digits", "x.isdigit()", "the digits in $o|the numeric $n in $o",
             "keep the digits in $o|drop what is no digit from $o"),
        keep("no_digits", "not x.isdigit()", "the $n in $o that are not digits|$o without the digits",
             "drop the digits from $o|keep what is no digit in $o"),
        keep("uppercase", "x.isupper()", "the capital letters in $o|the upper-case $n in $o",
             "keep the capital letters in $o|drop what is not upper-case from $o"),
        keep("lowercase", "x.islower()", "the small letters in $o|the lower-case $n in $o",
             "keep the small letters in $o|drop what is not lower-case from $o"),
        keep("without_$k", "x != '$k'", "the $n in $o other than '$k'|$o without '$k'",
             "drop each '$k' from $o|keep the $n in $o other than '$k'", *"aeionrt"),
        keep("after_$k", "x > '$k'", "the $n in $o that come after '$k'|the $n in $o greater than '$k'",
             "keep the $n in $o that come after '$k'|drop the $n up to '$k' from $o", *"dghkmp"),
        change("upper", "x.upper()", "$o in upper case|$o as capitals", "upper-case $o|turn $o to capitals"),
        change("lower", "x.lower()", "$o in lower case|$o as small letters",
               "lower-case $o|turn $o to small letters"),
        change("swapped", "x.swapcase()", "$o with the case swapped|$o with upper and lower case exchanged",
               "swap the case of $o|exchange upper and lower case in $o"),
        change("doubled", "x * 2", "$o with each one doubled|$o written twice each",
               "double each one of $o|write $o twice each"),
        change("next_letters", "chr(ord(x) + 1)", "the successors of $o|what comes next after each of $o",
               "replace $o by the next character|shift $o by one code point"),
        change("with_$k", "x + '$k'", "$o with '$k' after each|each of $o followed by '$k'",
               "put '$k' after each of $o|follow each of $o with '$k'", *"-._!"),
        arrange("reversed", "$v[::-1]", "$o in reverse order|$o backwards", "reverse $o|turn $o around"),
        arrange("sorted", "sorted($v)", "$o in sorted order|$o sorted", "sort $o|put $o in order"),
        arrange("unique", "list(dict.fromkeys($v))", "$o without duplicates|the distinct ones of $o, in order",
                "remove duplicates from $o|keep only the first of equal ones in $o"),
        arrange("first_$k", "$v[:$k]", "the first $k of $o|the leading $k of $o",
                "take the first $k of $o|cut $o after $k", *FEW),
        arrange("every_other", "$v[::2]", "every other one of $o|every second one of $o, from the first on",
                "take every other one of $o|keep every second one of $o from the first on"),
        reduce("count", "len($v)", "the number of $o|the count of $o", "count $o|tell how many there are of $o"),
        reduce("distinct", "len(set($v))", "the number of distinct ones of $o|how many different ones there are of $o",
               "count the distinct ones of $o|count how many different ones there are of $o"),
        reduce("listed", "list($v)", "a list of $o|the list with $o", "list $o|put $o in a list"),
        reduce("comma", "','.join($v)", "$o joined by commas|a string of $o with commas between",
               "join $o with commas|put commas between $o"),
        reduce("first_or_empty", "$v[0] if $v else ''", "the first of $o, or ''|the first one of $o ('' if there is none)",
               "take the first of $o, or ''|return the first one of $o, '' if there is none"),
        reduce("largest", "max($v, default='')", "the largest of $o, or '' if there is none|the one of $o that sorts last ('' if none)",
               "take the largest of $o, or ''|find the one of $o that sorts last, '' if there is none"),
    ),
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
    "sequence", "and", "return_noun", "noun", "given", "find", "verb_then_noun", "first_after", "build",
    "for_list", "what_remains",
)  # fmt: skip
HELD_OUT_JOINTS = ("for_list", "find")
TRAINING_JOINTS = tuple(j for j in JOINTS if j not in HELD_OUT_JOINTS)


@dataclass(frozen=True, kw_only=True)
class Composition:
    world: World
    pieces: tuple[Piece, ...]

    @property
    def key(self) -> str:
        return f"compose.{self.world.key}:" + "+".join(p.key for p in self.pieces)

    @property
    def is_held_out(self) -> bool:
        """True when no training example may show this join. The sentence world splits as words do."""
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
    def of(cls, piece: Piece, world: World, rng: Random) -> _Step:
        k = str(rng.choice(piece.consts))

        def fill(text: str) -> str:
            return string.Template(text).safe_substitute(k=k, n=world.noun)

        return cls(
            role=piece.role,
            verbs=tuple(fill(v) for v in piece.verbs),
            nouns=tuple(fill(n) for n in piece.nouns),
            code=fill(piece.code),
            name=fill(piece.name),
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


# --- code ------------------------------------------------------------------------------------------


def code(world: World, param: str, item: str, steps: Sequence[_Step], *, loop: bool = False) -> str:
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
        alone = not (previous.isalnum() or previous in "_'" or following.isalnum() or following in "_'")
        out.append(item if char == "x" and alone else char)
        previous = char
    return "".join(out)


def _mistakes(world: World, steps: list[_Step], rng: Random) -> list[list[_Step]]:
    """Plausible wrong joins: a step replaced by another of its role, a step left out."""
    found = []
    for at, step in enumerate(steps):
        others = [p for p in world.pieces if p.role == step.role]
        found.append([*steps[:at], _Step.of(rng.choice(others), world, rng), *steps[at + 1 :]])
        if len(steps) > 1:
            found.append(steps[:at] + steps[at + 1 :])
    rng.shuffle(found)
    return found


# --- words -----------------------------------------------------------------------------------------


def wording(world: World, param: str, steps: Sequence[_Step], joint: str, rng: Random) -> str:
    """The first sentence of the docstring, by the kind of joint."""
    base = rng.choice(world.bases).replace("$a", param)
    return _sentence(_phrase(world, param, base, steps, joint, rng))


def _phrase(
    world: World, param: str, base: str, steps: Sequence[_Step], joint: str, rng: Random
) -> str:
    if joint == "return_noun":
        return f"return {_nouns(base, steps, rng)}"
    if joint == "noun":
        return _nouns(base, steps, rng)
    if joint == "find":
        return f"{rng.choice(('find', 'compute', 'give'))} {_nouns(base, steps, rng)}"
    if joint == "build":
        return f"{rng.choice(('build', 'make', 'produce', 'calculate', 'get'))} {_nouns(base, steps, rng)}"
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
        thing = base if at == 0 else rng.choice(("them", "these", "the result") if at > 1 else ("them",))
        said.append(rng.choice(step.verbs).replace("$o", thing))
    return joint.join(said)


def _sentence(phrase: str) -> str:
    return phrase[0].upper() + phrase[1:] + "."


def _idea(world: World, param: str, steps: Sequence[_Step]) -> str:
    base = world.bases[0].replace("$a", param)
    things = [base] + ["them"] * (len(steps) - 1)
    return ", then ".join(s.verbs[0].replace("$o", o) for s, o in zip(steps, things, strict=True))


def _ideas(world: World, param: str, steps: Sequence[_Step], rng: Random) -> tuple[str, ...]:
    """Ways to do the same: in a loop, and with one more doubtful reading."""
    idea = _idea(world, param, steps)
    doubtful = _idea(world, param, _mistakes(world, list(steps), rng)[0])
    return (f"loop over {param} and {idea}", doubtful)
