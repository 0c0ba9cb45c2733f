"""`atlas doctor`: what works on this machine, what does not, and the mend for each."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version

from atlas_lsp.commands.common import print_json, setting_flag


@dataclass(frozen=True, kw_only=True)
class Check:
    name: str
    ok: bool
    what: str
    mend: str = ""


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("doctor", help="check model, Docker, image, versions, GPU")
    setting_flag(parser, "model", metavar="PATH|NAME|URL")
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Exit 0 when everything that `atlas solve` needs is there, 3 when not."""
    from atlas_lsp.exits import BROKEN, OK

    checks = [*versions(), *environment(), *model(args.model), *docker()]
    if args.json:
        print_json([asdict(check) for check in checks])
    else:
        for check in checks:
            print(f"{'ok  ' if check.ok else 'FAIL'} {check.name}: {check.what}")
            if not check.ok:
                print(f"     mend: {check.mend}")
    return OK if all(check.ok for check in checks) else BROKEN


def versions() -> Iterator[Check]:
    yield Check(name="python", ok=True, what=sys.version.split()[0])
    for package in ("atlas-lsp", "pygls", "lsprotocol", "llama-cpp-python", "numpy", "docker"):
        try:
            yield Check(name=package, ok=True, what=version(package))
        except PackageNotFoundError:
            mend = f"pip install {package}"
            yield Check(name=package, ok=False, what="not installed", mend=mend)


def environment() -> Iterator[Check]:
    """Of the project in the working folder: whose packages its functions are judged with."""
    import os
    from pathlib import Path

    from pipeline.world.environment import environment_of
    from pipeline.world.project import project_of

    here = Path.cwd()
    found = environment_of(project_of(here / "_.py"), here, environ=os.environ)
    if found is None:
        yield Check(name="environment", ok=True, what="none here: functions run without packages")
    elif found.problem:
        what, _, mend = found.problem.partition("; ")
        yield Check(name="environment", ok=False, what=f"{found.origin}: {what}", mend=mend)
    else:
        yield Check(name="environment", ok=True, what=found.shown)


def model(name: str) -> Iterator[Check]:
    """Load the model and generate a few tokens; says whether a GPU is used."""
    import asyncio

    from pipeline.models.api import Message, ModelError, Request
    from pipeline.wiring import open_model

    async def load() -> str:
        opened = await open_model(name)
        try:
            request = Request(messages=(Message(role="user", content="1 + 1"),), max_tokens=8)
            (completion,) = await opened.complete([request])
            info = opened.info
        finally:
            await opened.aclose()
        abilities = [
            word
            for word, there in (
                ("thinking", info.has_thinking),
                ("grammar", info.has_grammar),
                ("hidden states", info.has_states),
            )
            if there
        ]
        return (
            f"{info.name}, {info.backend}, context {info.n_ctx}, {', '.join(abilities)}; "
            f"wrote {completion.answer_tokens} tokens"
        )

    try:
        yield Check(name="model", ok=True, what=asyncio.run(load()))
    except ModelError as exc:
        known = (
            "" if "`atlas model list`" in str(exc) else "; `atlas model list` shows what there is"
        )
        mend = f"name another model with --model{known}"
        yield Check(name="model", ok=False, what=str(exc), mend=mend)
    yield Check(name="gpu", ok=True, what=gpu())


def gpu() -> str:
    try:
        from llama_cpp import llama_supports_gpu_offload
    except ImportError:
        return "unknown: llama-cpp-python is not installed"
    if llama_supports_gpu_offload():
        return "llama.cpp was built with GPU offload"
    return "none: this llama.cpp is a CPU build (README, section GPU, says how to change that)"


def docker() -> Iterator[Check]:
    from sandbox.admin import doctor

    for check in doctor().checks:
        yield Check(name=check.name, ok=check.ok, what=check.what, mend=check.mend)
