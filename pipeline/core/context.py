"""What every stage is given first, and the settings that steer it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.core.events import Emit, ignore
from pipeline.core.ledger import Ledger
from pipeline.core.task import CONSISTENT_AT
from pipeline.models.api import Model
from sandbox.api import Sandbox


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The knobs of the pipeline; the defaults are the editor's."""

    k: int = 3
    seed: int = 0
    timeout_s: float = 60.0
    """Wall clock of one job; at its end the best so far is the answer."""
    max_tokens: int = 1024
    """Cap of one answer."""
    thinking_tokens: int = 1024
    """Cap of the thinking of one candidate; 0 never thinks."""
    token_budget: int = 24_000
    """Generated tokens of one job; reserved before a call, refunded after it."""
    first_proof: bool = True
    """The first candidate that is proved ends its batch; else the batch is judged when it is whole.
    """
    keep_back: bool = True
    """Of three examples or more one is not shown to the model, and must hold all the same."""
    probe: bool = True
    plan_search: bool = True
    div_sampling: bool = True
    self_tests: bool = True
    """Made-up tests and properties, where survivors differ; a small model is not asked."""
    agreement: bool = True
    generator: bool = True
    """Ask for a program that makes inputs; only for a stdio task, and only for agreement."""
    lens: bool = True
    judge: bool = True
    """Ask the model, if it is not a small one, which output is right where survivors differ."""
    ask: bool = False
    """Prepare the question on which survivors differ; where somebody is there to answer."""
    mechanical: bool = True
    mechanical_runs: int = 3000
    """Small edits that are tried; counted, so that a busy machine gives the same answer, later."""
    mechanical_cpu_s: float = 4.0
    """CPU seconds that they may take together."""
    repair: bool = True
    repair_branches: int = 2
    repair_rounds: int = 3
    """From the third on, fresh starts only."""
    consistent_at: float = CONSISTENT_AT


@dataclass(frozen=True, kw_only=True)
class Context:
    """Given to every stage, never stored by one."""

    model: Model
    sandbox: Sandbox
    settings: Settings = field(default_factory=Settings)
    ledger: Ledger = field(default_factory=Ledger)
    emit: Emit = ignore
    keep_best: asyncio.Event | None = None
    """Set from outside: stop as soon as possible and keep the best so far."""
    group: str = ""
    """The sandbox's queueing group of this job."""
    counts: Path | None = None
    """Where it is kept what repair rounds brought; None keeps nothing and starts from priors."""

    @property
    def stopping(self) -> bool:
        return self.keep_best is not None and self.keep_best.is_set()

    @property
    def tokens_left(self) -> int:
        return self.settings.token_budget - self.ledger.generated_tokens
