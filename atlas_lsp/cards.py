"""The evidence of finished jobs: as a card, as documents, in a cache folder that is pruned."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.summary import as_json

if TYPE_CHECKING:
    from atlas_lsp.settings import ServerSettings
    from pipeline.job import JobResult

KEEP = 200
"""Results kept per workspace."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """One result on disk: `evidence.json`, `evidence.md`, `change.diff`, and the text it is for."""

    folder: Path

    @property
    def record_id(self) -> str:
        return self.folder.name

    @property
    def markdown(self) -> Path:
        return self.folder / "evidence.md"

    @property
    def diff(self) -> Path:
        return self.folder / "change.diff"

    @property
    def is_discarded(self) -> bool:
        return (self.folder / "discarded").exists()

    def discard(self) -> None:
        """It comes back no more; the history keeps it. Raises OSError."""
        (self.folder / "discarded").touch()

    def load(self) -> dict[str, Any]:
        """Raises FileNotFoundError when it was pruned."""
        found: dict[str, Any] = json.loads(
            (self.folder / "evidence.json").read_text(encoding="utf-8")
        )
        return found

    def source(self) -> str:
        return (self.folder / "source.txt").read_text(encoding="utf-8", errors="surrogatepass")


class History:
    """The results of one workspace, newest last."""

    def __init__(self, cache: Path, root: str) -> None:
        self.folder = cache / "history" / hashlib.sha256(root.encode()).hexdigest()[:16]

    def add(self, result: JobResult, settings: ServerSettings, uri: str) -> Record:
        """Write a result and prune the oldest. Raises OSError."""
        now = time.time()
        stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now)) + f"-{int(now * 1e6) % 10**6:06d}"
        name = re.sub(r"\W+", "_", result.site.name, flags=re.ASCII)[:40]
        record = Record(folder=self.folder / f"{stamp}-{name}")
        record.folder.mkdir(parents=True)
        best = result.solution.chosen
        chosen = best.candidate if best else None
        request = {
            "uri": uri,
            "function": result.site.label,
            "origin": chosen.origin if chosen else None,
            "imports": chosen.imports if chosen else (),
            "path": result.document.path,
            "text_sha256": text_hash(result.document.text),
            "settings": {
                "model": settings.model,
                "sandbox": settings.sandbox,
                "k": settings.k,
                "seed": settings.seed,
                "timeout": settings.timeout,
            },
        }
        document = {**as_json(result), "id": record.record_id, "request": request}
        _write(record.folder / "evidence.json", json.dumps(document, indent=2, ensure_ascii=False))
        _write(record.markdown, as_markdown(document))
        record.diff.write_bytes(result.document.to_bytes(result.diff))
        _write(record.folder / "source.txt", result.document.text)
        self.prune()
        return record

    def records(self) -> tuple[Record, ...]:
        if not self.folder.is_dir():
            return ()
        return tuple(Record(folder=path) for path in sorted(self.folder.iterdir()))

    def find(self, record_id: str) -> Record | None:
        """By id; the newest for an empty one."""
        found = [one for one in self.records() if record_id in ("", one.record_id)]
        return found[-1] if found else None

    def prune(self, keep: int = KEEP) -> int:
        """Forget all but the newest; says how many."""
        old = self.records()[: -keep or None]
        for record in old:
            shutil.rmtree(record.folder, ignore_errors=True)
        return len(old)


def text_hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def headline(result: JobResult) -> str:
    """`f: verified, 7/7 examples, 4 s`."""
    solution = result.solution
    best = solution.chosen
    parts = [str(solution.status) if str(solution.status) != "none" else "no solution"]
    if best and best.unjudged:
        parts.append(f"the sandbox could not run the tests ({best.unjudged.detail})")
    elif best and best.n_visible:
        parts.append(f"{best.n_passed}/{best.n_visible} examples")
    if solution.ledger:
        parts.append(f"{solution.ledger.wall_s:.0f} s")
    if best is None and solution.evidence:
        parts.append(solution.evidence[0])
    return f"{result.site.name}: {', '.join(parts)}"


def card(result: JobResult, link: str = "") -> str:
    """The hover: a few lines of Markdown."""
    lines = [f"**Atlas: {headline(result)}**", ""]
    lines += [f"- {line}" for line in result.solution.evidence]
    lines += ["", " · ".join(_facts(as_json(result)))]
    return "\n".join([*lines, "", f"[Evidence]({link})"] if link else lines)


def plain(markdown: str) -> str:
    """The same for a client that shows plain text only."""
    without_links = re.sub(r"\[([^\]]*)\]\(([^)]*)\)", r"\1: \2", markdown)
    return without_links.replace("**", "").replace("`", "")


def as_markdown(document: Mapping[str, Any]) -> str:
    """The evidence document for people; the same facts as the JSON beside it."""
    return "\n".join(_document_lines(document)) + "\n"


def _document_lines(document: Mapping[str, Any]) -> Iterator[str]:
    request = document["request"]
    yield from (f"# {document['function']}: {document['status']}", "", request["path"], "")
    yield from (f"- {line}" for line in document["evidence"])
    tests = document["tests"]
    yield from (
        "",
        "| tests | passed | of |",
        "|---|---|---|",
        f"| from the file | {tests['visible']['passed']} | {tests['visible']['total']} |",
    )
    if tests["self"]["total"]:
        yield f"| made by Atlas | {tests['self']['passed']} | {tests['self']['total']} |"
    if document["diff"]:
        yield from ("", "## Change", "", "```diff", document["diff"].rstrip("\n"), "```")
    if document["rejected"]:
        yield from ("", "## Rejected candidates", "", "| made by | passed | why |", "|---|---|---|")
        for one in document["rejected"]:
            why = str(one["why"]).replace("|", "\\|").replace("\n", " ")
            yield f"| {one['origin']} | {one['passed']} of {one['total']} | {why} |"
    yield from ("", "## How it was made", "")
    yield from (f"- {fact}" for fact in _facts(document))
    yield from (f"- {key}: {value}" for key, value in document["ledger"].items())
    yield from ("", f"`atlas.replay {document['id']}` runs it again and compares.")


def _facts(document: Mapping[str, Any]) -> Iterator[str]:
    model, sandbox = document["model"], document["sandbox"]
    yield f"model {model['name']} ({model['sha256'][:12] or 'no hash'})"
    yield f"sandbox {sandbox['kind']}: {', '.join(sandbox['isolation']) or 'no isolation'}"
    yield f"seed {document['seed']}"
    if document["stages"]:
        yield f"stages {', '.join(document['stages'])}"


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", errors="surrogatepass", newline="")
