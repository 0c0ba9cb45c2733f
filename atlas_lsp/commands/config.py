"""`atlas config`: what holds here and who set it; sets and unsets the user's own."""

from __future__ import annotations

import argparse
import os
from dataclasses import asdict
from pathlib import Path

from atlas_lsp.commands.common import note, print_json
from atlas_lsp.exits import OK, UsageError
from atlas_lsp.settings import (
    explained,
    layers_of,
    project_root,
    properties,
    user_file,
    value_of,
    write_user_setting,
)

TEXT = "show each setting and where it came from; set or unset your own"


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("config", help=TEXT, description=TEXT)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.set_defaults(run=show, in_=Path())
    verbs = parser.add_subparsers(metavar="VERB")
    show_ = verbs.add_parser("show", help="the same, for the project of a file or folder")
    show_.add_argument("in_", type=Path, metavar="PATH")
    show_.add_argument("--json", action="store_true", help="print one JSON document")
    show_.set_defaults(run=show)
    set_ = verbs.add_parser("set", help="set one in your own file")
    set_.add_argument("key", choices=tuple(properties()), metavar="KEY")
    set_.add_argument("value", metavar="VALUE")
    set_.set_defaults(run=put)
    unset_ = verbs.add_parser("unset", help="take one out of your own file")
    unset_.add_argument("key", choices=tuple(properties()), metavar="KEY")
    unset_.set_defaults(run=take_out)


def show(args: argparse.Namespace) -> int:
    if not args.in_.exists():
        raise UsageError(f"no such file or folder: {args.in_}")
    layers, complaints = layers_of(project_root(args.in_), os.environ, {})
    for complaint in complaints:
        note(complaint)
    rows = explained(layers)
    if args.json:
        document = {"settings": [asdict(row) for row in rows], "complaints": list(complaints)}
        print_json(document | {"user_file": str(user_file(os.environ))})
        return OK
    width = max(len(f"{row.name} = {row.value}") for row in rows)
    for row in rows:
        print(f"{f'{row.name} = {row.value}':{width}}  {row.origin}")
    return OK


def put(args: argparse.Namespace) -> int:
    value = value_of(args.key, args.value, "user", "your settings")
    print(f"{write_user_setting(os.environ, args.key, value)}: {args.key} = {value}")
    return OK


def take_out(args: argparse.Namespace) -> int:
    print(f"{write_user_setting(os.environ, args.key, None)}: {args.key} is not set")
    return OK
