"""What a job cost, counted where the cost arises."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(kw_only=True)
class Ledger:
    """Running totals of one job; written by `metered` wrappers and the engine, read by everyone."""

    prompt_tokens_new: int = 0
    prompt_tokens_cached: int = 0
    thinking_tokens: int = 0
    answer_tokens: int = 0
    model_calls: int = 0
    model_s: float = 0.0
    sandbox_runs: int = 0
    sandbox_s: float = 0.0
    wall_s: float = 0.0

    @property
    def generated_tokens(self) -> int:
        return self.thinking_tokens + self.answer_tokens

    def as_json(self) -> dict[str, int | float]:
        rounded = {
            key: round(value, 3) if isinstance(value, float) else value
            for key, value in asdict(self).items()
        }
        return rounded | {"generated_tokens": self.generated_tokens}
