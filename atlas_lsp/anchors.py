"""An edit belongs to the text it was made for: where it may go now, or that it may not."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.job import JobResult
from pipeline.source.edit import TextEdit, edits
from pipeline.source.locate import FunctionNotFound, find_function
from pipeline.source.text import Document, SourceError


@dataclass(frozen=True, kw_only=True)
class Fit:
    """Edits of the current text. `moved` is true when the text around the function changed."""

    edits: tuple[TextEdit, ...]
    moved: bool


def fit(result: JobResult, now: Document) -> Fit | None:
    """The result as edits of the document as it is now.

    None when the function itself changed, went away or no longer parses: it is kept, not forced.
    """
    chosen = result.solution.chosen
    if chosen is None:
        return None
    try:
        site = find_function(now, result.site.name)
    except (FunctionNotFound, SourceError):
        return None
    if site.source_hash != result.site.source_hash:
        return None
    changes = edits(now, site, chosen.candidate.code, chosen.candidate.imports)
    return Fit(edits=changes, moved=now.text != result.document.text)
