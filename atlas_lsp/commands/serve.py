"""`atlas serve`: the language server on stdio, or on a socket for debugging."""

from __future__ import annotations

import argparse


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("serve", help="run the language server (same as atlas-lsp)")
    parser.add_argument("rest", nargs=argparse.REMAINDER, help="arguments of atlas-lsp")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from atlas_lsp.serving import main

    return main(args.rest)
