"""What stages report: a closed union of frozen dataclasses, and the sinks that take them."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self


@dataclass(frozen=True, kw_only=True)
class StageStarted:
    stage: str
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class StageEnded:
    stage: str
    acted: bool
    """False when the stage was switched on and had nothing to do; `detail` says why."""
    detail: str
    numbers: Mapping[str, float | int | str | None] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Prompted:
    """A prompt as the model got it, with its settings; enough to replay the call."""

    stage: str
    index: int
    prompt: str
    settings: Mapping[str, float | int | str | None]
    prefill: str = ""
    """What its answer was begun with, where the backend can."""


@dataclass(frozen=True, kw_only=True)
class Answered:
    stage: str
    index: int
    text: str
    thinking: str
    finish: str
    thinking_tokens: int
    answer_tokens: int
    mean_logprob: float | None


@dataclass(frozen=True, kw_only=True)
class CandidateMade:
    stage: str
    code: str | None
    """None when no function could be read from the answer; `detail` says why."""
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class CandidateJudged:
    stage: str
    passed: int
    total: int
    detail: str
    """First failure in one line; empty when all passed."""


@dataclass(frozen=True, kw_only=True)
class Decided:
    """A choice with the numbers it was made from."""

    what: str
    choice: str
    numbers: Mapping[str, float | int | str | None]


@dataclass(frozen=True, kw_only=True)
class Progress:
    """For people: what happens now, and how far it is where that is known."""

    message: str
    done: int | None = None
    total: int | None = None


Event = (
    StageStarted
    | StageEnded
    | Prompted
    | Answered
    | CandidateMade
    | CandidateJudged
    | Decided
    | Progress
)
Emit = Callable[[Event], None]


def fan_out(*sinks: Emit) -> Emit:
    def emit(event: Event) -> None:
        for sink in sinks:
            sink(event)

    return emit


def ignore(event: Event) -> None:
    """The sink that keeps nothing."""


class JsonlTrace:
    """Writes each event as one JSON line; a context manager that closes its file."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: IO[str] = path.open("w", encoding="utf-8", errors="surrogatepass")
        self._began = time.monotonic()

    def __call__(self, event: Event) -> None:
        record = {"event": type(event).__name__, "t": round(time.monotonic() - self._began, 3)}
        self._file.write(json.dumps(record | dataclasses.asdict(event), default=str) + "\n")
        self._file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._file.close()
