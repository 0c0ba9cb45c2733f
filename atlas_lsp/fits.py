"""An edit belongs to the text it was made for: where it may go now, or why it may not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.source.edit import TextEdit, applied, edits
from pipeline.source.locate import FunctionNotFound, FunctionSite, find_function, functions
from pipeline.syntax.text import Document, SourceError

if TYPE_CHECKING:
    from pipeline.job import JobResult


@dataclass(frozen=True, kw_only=True)
class Fit:
    """The result as edits of the text as it is now."""

    document: Document
    edits: tuple[TextEdit, ...]
    moved: bool
    """The function is the same, the text around it is not."""

    @property
    def new_text(self) -> str:
        return applied(self.document.text, self.edits)


@dataclass(frozen=True, kw_only=True)
class Misfit:
    """The result is kept, not forced; `why` completes "`f` ..."."""

    why: str


def fit(result: JobResult, now: Document) -> Fit | Misfit:
    """Where the chosen candidate goes in `now`; only an unchanged function is replaced."""
    chosen = result.solution.chosen
    if chosen is None:
        return Misfit(why="has no solution")
    site = same_function(result.site, now)
    if isinstance(site, Misfit):
        return site
    changes = edits(now, site, chosen.candidate.code, chosen.candidate.imports)
    return Fit(document=now, edits=changes, moved=now.text != result.document.text)


def same_function(was: FunctionSite, now: Document) -> FunctionSite | Misfit:
    """The function where it stands now, if not a character of it changed."""
    try:
        same = [one for one in functions(now) if one.name == was.name]
        site = next((one for one in same if one.source_hash == was.source_hash), None)
        site = site or find_function(now, was.name)
    except FunctionNotFound:
        return Misfit(why="is no longer in the file")
    except SourceError:
        return Misfit(why="stands in a file that does not parse at the moment")
    if site.source_hash != was.source_hash:
        return Misfit(why="changed while it was being solved")
    return site
