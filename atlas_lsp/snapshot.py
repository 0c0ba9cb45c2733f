"""One text and what is known of it, as they are at one moment: all that a view may look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from atlas_lsp.client import Client
from atlas_lsp.settings import ServerSettings
from pipeline.syntax.text import Document, Unit

if TYPE_CHECKING:
    from atlas_lsp.cards import Record
    from atlas_lsp.orders import Checked, Proposed
    from pipeline.job import JobResult


@dataclass(frozen=True, kw_only=True)
class Text:
    """A file as the client has it."""

    uri: str
    document: Document
    version: int | None
    """None for a file that is not open."""
    in_order: bool = True
    """False after a version that went backwards: nothing is known for sure about the text."""


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """Of one file; the mappings are by function. Nothing in it changes while somebody looks."""

    text: Text
    unit: Unit
    settings: ServerSettings
    client: Client
    results: Mapping[str, JobResult] = field(default_factory=dict)
    records: Mapping[str, Record] = field(default_factory=dict)
    proposals: Mapping[str, Proposed] = field(default_factory=dict)
    checked: Mapping[str, Checked] = field(default_factory=dict)
    jobs: Mapping[str, str] = field(default_factory=dict)
    """Ids of those that run or wait."""
    beside: Mapping[str, Text] = field(default_factory=dict)
    """By path: other files that proposed tests go into."""

    @property
    def uri(self) -> str:
        return self.text.uri

    @property
    def document(self) -> Document:
        return self.text.document
