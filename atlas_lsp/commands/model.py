"""`atlas model VERB`: which models there are, which one is used, what they can do."""

from __future__ import annotations

import argparse
import asyncio
import os
from dataclasses import asdict
from typing import TYPE_CHECKING

from atlas_lsp.commands import calibrate
from atlas_lsp.commands.common import is_setting, note, print_json

if TYPE_CHECKING:
    from pipeline.models.registry import Listed, ModelCheck


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    top = subparsers.add_parser("model", help="list, install, check and remove models")
    verbs = top.add_subparsers(required=True, metavar="VERB")
    list_ = verbs.add_parser("list", help="models that are known or installed")
    list_.add_argument("--json", action="store_true")
    list_.set_defaults(run=show)
    add_ = verbs.add_parser("add", help="install a known model, OWNER/REPO:FILE, or a local file")
    add_.add_argument("what", metavar="NAME|OWNER/REPO:FILE|PATH")
    add_.set_defaults(run=install)
    use_ = verbs.add_parser("use", help="make it the default of the command line and the editor")
    use_.add_argument("name", metavar="PATH|NAME|URL")
    use_.set_defaults(run=use)
    remove_ = verbs.add_parser("remove", help="delete an installed model")
    remove_.add_argument("name")
    remove_.set_defaults(run=remove)
    check_ = verbs.add_parser("check", help="load, generate, measure, say what works")
    check_.add_argument("model", nargs="?", metavar="PATH|NAME|URL", help="default: as set")
    is_setting(check_, "model")
    check_.add_argument("--json", action="store_true")
    check_.set_defaults(run=check)
    calibrate.add(verbs)
    recommend_ = verbs.add_parser("recommend", help="what fits a memory, the most capable first")
    recommend_.add_argument("--vram", type=float, metavar="GB", help="default: this machine's")
    recommend_.set_defaults(run=recommend)


def show(args: argparse.Namespace) -> int:
    from pipeline.models.registry import list_models

    rows = list_models()
    if args.json:
        print_json([asdict(row) for row in rows])
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


def use(args: argparse.Namespace) -> int:
    """Set the user's model to one that is there. Raises ModelNotFound, ModelBroken."""
    from atlas_lsp.settings import write_user_setting
    from pipeline.models.gguf_file import read_gguf
    from pipeline.wiring import model_path

    value = args.name
    if not value.startswith(("http://", "https://")):
        path = model_path(value)
        read_gguf(path)
        value = value if path.stem == value else str(path.resolve())
    print(f"{write_user_setting(os.environ, 'model', value)}: model = {value}")
    return 0


def install(args: argparse.Namespace) -> int:
    from atlas_lsp.commands.download import bar
    from pipeline.models.registry import add_model

    with bar(args.what) as on_progress:
        print(add_model(args.what, on_progress=on_progress))
    return 0


def remove(args: argparse.Namespace) -> int:
    from pipeline.models.registry import remove_model

    print(f"removed {remove_model(args.name)}")
    return 0


def check(args: argparse.Namespace) -> int:
    found = asyncio.run(_check(args.model))
    if args.json:
        print_json(asdict(found) | {"batching_gain": found.batching_gain})
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
        ("begun answers", found.prefill_works),
    ):
        print(f"{what}: {'not there' if works is None else 'works' if works else 'does not work'}")
    if found.conversation is not None:
        print("of a conversation the model reads:")
        print("".join(f"  | {line}\n" for line in found.conversation.splitlines()), end="")
    return 0


async def _check(name: str) -> ModelCheck:
    from pipeline.models.registry import check_model
    from pipeline.wiring import open_model

    model = await open_model(name)
    try:
        return await check_model(model)
    finally:
        await model.aclose()


def recommend(args: argparse.Namespace) -> int:
    from atlas_lsp.exits import NOTHING_GOOD, OK
    from atlas_lsp.machine import look
    from pipeline.models.registry import recommend as fitting

    memory = args.vram * 1e9 if args.vram else look().room
    found = fitting(int(memory))
    for known in found:
        print(f"{known.name:21} {known.repo}:{known.file}")
    if not found:
        note(f"nothing in the table fits {memory / 1e9:.1f} GB; nano always does")
    return OK if found else NOTHING_GOOD
