"""How often bugs are of each kind: a counted prior.

Rough counts per thousand one-place bugs, from what is published on HumanEvalPack (planted: value
misuse 27 %, missing and excess logic 20 % each, operator 15 %, variable 14 %, function 5 %),
ManySStuBs4J (wrong identifier, number, operator, swapped arguments, weaker and stronger conditions)
and QuixBugs. Each kind's weight is shared among the edits of that kind that a function offers.
"""

from __future__ import annotations

from typing import Final

WEIGHTS: Final[dict[str, float]] = {
    "compare: neighbour": 90,
    "compare: other": 40,
    "compare: swap sides": 5,
    "operator": 70,
    "operator: swap sides": 20,
    "operator: drop operand": 50,
    "operator: regroup": 15,
    "operator: add operand": 35,
    "boolean: and/or": 30,
    "boolean: drop operand": 30,
    "boolean: add operand": 50,
    "boolean: other order of names": 6,
    "negate": 40,
    "number: by one": 80,
    "number: other": 35,
    "number: name instead": 25,
    "text: other": 25,
    "text: fewer letters": 10,
    "truth value": 20,
    "name: other name": 90,
    "name: number instead": 15,
    "name: part of it": 20,
    "call: alike": 60,
    "call: swap arguments": 20,
    "call: drop": 20,
    "call: drop argument": 10,
    "call: add": 30,
    "call: key or order": 20,
    "call: other argument": 15,
    "call: twice": 5,
    "off by one": 70,
    "slice": 40,
    "slice: add": 15,
    "filter": 30,
    "filter: drop": 15,
    "branch: one side": 15,
    "branch: swap": 12,
    "return: other": 30,
    "return: add part": 12,
    "assignment: operator": 30,
    "assignment: initial value": 25,
    "jump": 10,
    "statement: drop": 40,
    "statement: drop several": 12,
    "statement: unwrap": 15,
    "statement: swap": 15,
    "statement: move": 25,
    "statement: guard": 20,
    "statement: early end": 35,
    "statement: add": 40,
    "items: drop": 12,
    "items: swap": 12,
    "items: wrap": 4,
}
