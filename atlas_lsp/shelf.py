"""Finished work by file and function, until it is taken, replaced or discarded."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

from atlas_lsp.fits import Misfit, same_function
from atlas_lsp.jobs import Key
from atlas_lsp.snapshot import Text

if TYPE_CHECKING:
    from atlas_lsp.cards import Record
    from atlas_lsp.orders import Proposed
    from pipeline.job import JobResult


class Shelf:
    """Of one connection."""

    def __init__(self) -> None:
        self.results: dict[Key, JobResult] = {}
        """Finished jobs that can still be applied, shown or run again."""
        self.records: dict[Key, Record] = {}
        """Where they are kept; a cache folder that cannot be written keeps none."""
        self.proposals: dict[Key, Proposed] = {}
        """Generated tests that can still be taken."""

    def discard(self, key: Key) -> bool:
        """Forget a result; the history keeps it. False where there was none."""
        if record := self.records.pop(key, None):
            with suppress(OSError):
                record.discard()
        return self.results.pop(key, None) is not None

    def adopt(self, text: Text, is_open: Callable[[str], bool]) -> None:
        """Results of a file that was renamed go with its functions into the one that was opened."""
        for key in [key for key in self.results if not is_open(key[0])]:
            if _is_in(self.results[key], text):
                new = (text.uri, key[1])
                self.results[new] = self.results.pop(key)
                if key in self.records:
                    self.records[new] = self.records.pop(key)

    def take_back(self, key: Key, record: Record, result: JobResult) -> None:
        """One of an earlier server, unless there is a newer one."""
        if key not in self.results:
            self.results[key], self.records[key] = result, record

    def home_of(self, result: JobResult, texts: Iterable[Text]) -> str:
        """The file among these that holds the result's function; "" for none."""
        return next((text.uri for text in texts if _is_in(result, text)), "")


def _is_in(result: JobResult, text: Text) -> bool:
    return not isinstance(same_function(result.site, text.document), Misfit)
