"""`atlas init`: from nothing to a proved edit; each step looks first, so that again repairs."""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from atlas_lsp.commands.common import color_flag, note, print_json, progress, setting_flag
from atlas_lsp.commands.download import downloaded
from atlas_lsp.exits import NOTHING_GOOD, OK, UsageError
from atlas_lsp.settings import user_file, user_settings, write_user_setting
from pipeline.core.wording import many

if TYPE_CHECKING:
    from atlas_lsp.machine import Machine
    from pipeline.job import JobResult

HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+:[\w.-]+\.gguf")
TEXT = "set up a model and the sandbox, prove both on an example, write your settings"
EXAMPLE = '''\
def running_total(numbers):
    """The list of the sums so far.

    >>> running_total([1, 2, 3])
    [1, 3, 6]
    >>> running_total([])
    []
    >>> running_total([5, -5, 2])
    [5, 0, 2]
    """
'''


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("init", help=TEXT, description=TEXT)
    parser.add_argument(
        "--model",
        dest="chosen",
        metavar="PATH|NAME|URL",
        help="a GGUF file, `nano`, a name of `atlas model list` (fetched), an endpoint's URL",
    )
    parser.add_argument("--sha256", metavar="HEX", help="what the model's file must have")
    parser.add_argument("--yes", action="store_true", help="ask nothing")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    setting_flag(parser, "sandbox", choices=("docker", "unsafe-local"), help="where to prove")
    setting_flag(parser, "timeout", metavar="S")
    color_flag(parser)
    parser.set_defaults(run=run)


@dataclass(frozen=True, kw_only=True)
class Account:
    """What was done, said as it happens and kept for --json."""

    say: Callable[[str], None]
    steps: dict[str, str] = field(default_factory=dict)

    def step(self, name: str, what: str) -> None:
        self.steps[name] = what
        self.say(f"{name:9} {what}")


def run(args: argparse.Namespace) -> int:
    from atlas_lsp.machine import look

    account = Account(say=note if args.json else print)
    machine = look()
    account.step("machine", str(machine))
    model = usable_model(chosen_model(args, machine), args.sha256, account)
    account.step("sandbox", ready_sandbox(args.sandbox))
    proof = asyncio.run(prove(model, args))
    account.step("proof", shown(proof))
    if proof.solution.is_good:
        account.step("settings", str(save(model)))
    if args.json:
        good = proof.solution.is_good
        print_json(
            {
                "model": model,
                "status": str(proof.solution.status),
                "steps": account.steps,
                "settings": str(user_file(os.environ)) if good else None,
            }
        )
    elif proof.solution.is_good:
        print("\nready: atlas repair pkg/mod.py::f; in an editor run atlas-lsp")
    else:
        print(f"\nnothing was written: {model} did not solve the example; name another model")
    return OK if proof.solution.is_good else NOTHING_GOOD


def chosen_model(args: argparse.Namespace, machine: Machine) -> str:
    """As the flag says, else what is set already, else what fits, with a question on a terminal."""
    from pipeline.models.registry import recommend

    if args.chosen:
        return str(args.chosen)
    before = user_settings(os.environ)[0].get("model")
    fitting = recommend(machine.room)
    best = str(before or (fitting[0].name if fitting else "nano"))
    if args.yes or not sys.stdin.isatty():
        if not args.yes:
            raise UsageError("nobody is there to ask; say --yes, with --model where you have one")
        return best
    for known in fitting:
        print(f"  {known.name:21} {known.size_bytes / 1e9:5.1f} GB  {known.note}".rstrip())
    print("  nano                    0.0 GB  a demonstration, for small functions")
    return input(f"a name, a GGUF file or the URL of an endpoint [{best}]: ").strip() or best


def usable_model(name: str, sha256: str | None, account: Account) -> str:
    """The value for the settings: a name, an absolute path or a URL; fetched and checked.

    Raises ModelError or UsageError.
    """
    from pipeline.models.digest import file_sha256
    from pipeline.models.gguf_file import read_gguf
    from pipeline.models.registry import find_known

    if name == "nano":
        account.step("model", "nano, a demonstration: small list, string and number functions")
        return name
    if name.startswith(("http://", "https://")):
        account.step("model", f"{name}, asked for the proof below")
        return name
    local = Path(name).expanduser()
    is_file = not HUB_NAME.fullmatch(name) and (name.endswith(".gguf") or "/" in name)
    if is_file:
        read_gguf(local)
        path = local.resolve()
    else:
        path = downloaded(name, find_known(name), sha256)
    if sha256 and (found := file_sha256(path)) != sha256.lower():
        raise UsageError(f"{path} has the sha256 {found}, not {sha256}; fetch it again")
    account.step("model", f"{path} ({path.stat().st_size / 1e9:.2f} GB)")
    return str(path) if is_file else path.stem


def ready_sandbox(kind: str) -> str:
    """Build the image unless it is there. Raises SandboxError."""
    if kind != "docker":
        return f"{kind}: nothing is isolated"
    from sandbox.docker_engine import connect, find_endpoint
    from sandbox.image import ensure_image

    with progress(verbose=False):
        client = connect(find_endpoint(None))
        try:
            return f"Docker, image {ensure_image(client).tag}"
        finally:
            client.close()


async def prove(model: str, args: argparse.Namespace) -> JobResult:
    """Solve the example in a folder of its own. Raises ModelError or SandboxError."""
    from pipeline.core.context import Settings
    from pipeline.job import run_job
    from pipeline.source.locate import find_function
    from pipeline.syntax.text import Document
    from pipeline.wiring import runtime

    with tempfile.TemporaryDirectory() as folder, progress(verbose=False) as emit:
        path = Path(folder) / "example.py"
        path.write_text(EXAMPLE, encoding="utf-8")
        document = Document(text=EXAMPLE, path=path.as_posix())
        async with runtime(model=model, sandbox=args.sandbox) as up:
            site = find_function(document, "running_total")
            settings = Settings(timeout_s=args.timeout)
            return await run_job(up, document, site, settings, emit=emit)


def shown(result: JobResult) -> str:
    ledger = result.solution.ledger
    took = f" in {ledger.wall_s:.1f} s, {many(ledger.generated_tokens, 'token')}" if ledger else ""
    return f"{result.site.name}: {result.solution.status}{took}"


def save(model: str) -> Path:
    """The model into the user's file; one that cannot be read is put aside first."""
    path = user_file(os.environ)
    if user_settings(os.environ)[1] and path.exists():
        try:
            return write_user_setting(os.environ, "model", model)
        except UsageError as exc:
            aside = path.with_name(f"{path.name}.broken")
            note(f"{exc}: kept as {aside}")
            path.replace(aside)
    return write_user_setting(os.environ, "model", model)
