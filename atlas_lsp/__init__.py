"""The edge: the language server, the command line, and these functions for other programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from atlas_lsp.api import (
        AtlasError,
        Checked,
        ProposedTest,
        Solution,
        TestProposal,
        check,
        repair,
        solve,
        tests,
    )

__all__ = [
    "AtlasError",
    "Checked",
    "ProposedTest",
    "Solution",
    "TestProposal",
    "check",
    "repair",
    "solve",
    "tests",
]


def __getattr__(name: str) -> object:
    # The server and the command line import this package too and need none of it.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from atlas_lsp import api

    return getattr(api, name)


def __dir__() -> list[str]:
    return sorted(__all__)
