"""`atlas model list|add|remove|check|recommend`: which models there are and what they can do."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.models.registry import Check, Listed


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    top = subparsers.add_parser("model", help="list, install, check and remove models")
    verbs = top.add_subparsers(required=True, metavar="VERB")
    list_ = verbs.add_parser("list", help="models that are known or installed")
    list_.add_argument("--json", action="store_true")
    list_.set_defaults(run=show)
    add_ = verbs.add_parser("add", help="install a known model, OWNER/REPO:FILE, or a local file")
    add_.add_argument("what", metavar="NAME|OWNER/REPO:FILE|PATH")
    add_.set_defaults(run=install)
    remove_ = verbs.add_parser("remove", help="delete an installed model")
    remove_.add_argument("name")
    remove_.set_defaults(run=remove)
    check_ = verbs.add_parser("check", help="load, generate, measure, say what works")
    check_.add_argument("model", nargs="?", default="nano", metavar="PATH|NAME|URL")
    check_.add_argument("--json", action="store_true")
    check_.set_defaults(run=check)
    recommend_ = verbs.add_parser("recommend", help="what fits a memory, the most capable first")
    recommend_.add_argument("--vram", type=float, metavar="GB", help="default: this machine's RAM")
    recommend_.set_defaults(run=recommend)


def show(args: argparse.Namespace) -> int:
    from pipeline.models.registry import list_models

    rows = list_models()
    if args.json:
        print(json.dumps([asdict(row) for row in rows], indent=2, default=str))
        return 0
    print("nano                  installed   the embedded demonstration model")
    for row in rows:
        print(_row(row))
    return 0


def _row(row: Listed) -> str:
    state = "installed" if row.path else "known"
    about = ""
    if row.known:
        about = f"{row.known.vram_band_gb} GB card, context {row.known.n_ctx}"
        about += f"; {row.known.note}" if row.known.note else ""
    return f"{row.name:21} {state:11} {about}".rstrip()


def install(args: argparse.Namespace) -> int:
    from pipeline.models.registry import add_model

    def on_progress(done: int, total: int | None) -> None:
        if sys.stderr.isatty():
            share = f" of {total / 1e9:.2f}" if total else ""
            print(f"\r{done / 1e9:.2f}{share} GB", end="", file=sys.stderr, flush=True)

    path = add_model(args.what, on_progress=on_progress)
    print(path)
    return 0


def remove(args: argparse.Namespace) -> int:
    from pipeline.models.registry import remove_model

    print(f"removed {remove_model(args.name)}")
    return 0


def check(args: argparse.Namespace) -> int:
    found = asyncio.run(_check(args.model))
    if args.json:
        print(json.dumps(asdict(found) | {"batching_gain": found.batching_gain}, indent=2))
        return 0
    print(f"{found.name}: context {found.n_ctx}, sha256 {found.sha256 or 'unknown'}")
    print(
        f"{found.single_tokens_per_s:.1f} tokens/s single, {found.batched_tokens_per_s:.1f} with "
        f"three together ({found.batching_gain:.2f} times)"
    )
    for what, works in (
        ("thinking budget", found.thinking_works),
        ("grammar", found.grammar_works),
        ("hidden states", found.states_work),
    ):
        print(f"{what}: {'not there' if works is None else 'works' if works else 'does not work'}")
    return 0


async def _check(name: str) -> Check:
    from pipeline.models.registry import check_model
    from pipeline.wiring import open_model

    model = await open_model(name)
    try:
        return await check_model(model)
    finally:
        await model.aclose()


def recommend(args: argparse.Namespace) -> int:
    from atlas_lsp.exits import NOTHING_GOOD, OK
    from pipeline.models.registry import recommend as fitting

    memory = args.vram * 1e9 if args.vram else free_memory()
    found = fitting(int(memory))
    for known in found:
        print(f"{known.name:21} {known.repo}:{known.file}")
    if not found:
        print(f"nothing in the table fits {memory / 1e9:.1f} GB; nano always does", file=sys.stderr)
    return OK if found else NOTHING_GOOD


def free_memory() -> int:
    """Bytes of memory that this machine has free."""
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
