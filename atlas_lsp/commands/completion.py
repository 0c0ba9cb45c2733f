"""`atlas completion SHELL`: what to put in a shell's start-up file."""

from __future__ import annotations

import argparse

SHELLS = ("bash", "zsh", "fish")


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    text = 'print completions for a shell; for bash: eval "$(atlas completion bash)"'
    parser = subparsers.add_parser("completion", help=text, description=text)
    parser.add_argument("shell", choices=SHELLS)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from argcomplete.shell_integration import shellcode

    print(shellcode(["atlas"], shell=args.shell))
    return 0


def complete(parser: argparse.ArgumentParser) -> None:
    """Answer the shell, which asks through the environment, and end the process."""
    import argcomplete

    argcomplete.autocomplete(parser, always_complete_options=False)
