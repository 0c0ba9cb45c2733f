"""Training on the CPU: Muon and AdamW, a schedule over wall time; resumable, safe to stop."""

from __future__ import annotations

import ctypes
import json
import signal
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from pipeline.training.nano.dataset import Batch, batches
from pipeline.training.nano.model import ModelShape, Nano, n_parameters
from pipeline.training.nano.muon import Muon
from pipeline.training.nano.tokenizer import load_tokenizer, token_id

WARM_UP = 0.02
"""Share of the wall time in which the learning rate rises."""
MUON_LR = 1.5
"""Learning rate of Muon as a multiple of AdamW's."""
LOG_EVERY = 20
SAVE_EVERY_S = 240.0


@dataclass(frozen=True, kw_only=True)
class TrainingPlan:
    folder: Path
    minutes: float
    seed: int = 1
    lr: float = 4e-3
    batch_tokens: int = 4096
    prompt_weight: float = 0.1
    shape: ModelShape = field(default_factory=ModelShape)


class Stop:
    """Set by SIGTERM or SIGINT; training then saves and ends."""

    def __init__(self) -> None:
        self.asked = False
        signal.signal(signal.SIGTERM, self._ask)
        signal.signal(signal.SIGINT, self._ask)

    def _ask(self, *_: object) -> None:
        self.asked = True


def train(plan: TrainingPlan) -> Path:
    """Train until `minutes` are over, all runs together; gives the checkpoint's path."""
    keep_freed_memory()
    torch.manual_seed(plan.seed)
    stop, bf16 = Stop(), bf16_is_faster()
    path = plan.folder / "checkpoint.pt"
    model = Nano(plan.shape)
    optimizer = Optimizers(model, plan.lr)
    state = _resume(path, model, optimizer)
    pad = token_id(load_tokenizer(plan.folder / "tokenizer.json"), "<|endoftext|>")
    stream = batches(
        plan.folder,
        tokens=plan.batch_tokens,
        prompt_weight=plan.prompt_weight,
        seed=plan.seed + state["step"],
        pad=pad,
    )
    before, began, saved = state["seconds"], time.monotonic(), time.monotonic()
    losses: list[float] = []
    print(json.dumps({"parameters": n_parameters(model), "bf16": bf16, **state}), flush=True)
    while not stop.asked and state["seconds"] < plan.minutes * 60:
        losses.append(_step(model, optimizer, next(stream), _lr(plan, state["seconds"]), bf16=bf16))
        state["step"] += 1
        state["tokens"] += plan.batch_tokens
        state["seconds"] = before + time.monotonic() - began
        if state["step"] % LOG_EVERY == 0:
            _log(plan, state, losses)
        if time.monotonic() - saved > SAVE_EVERY_S:
            _save(path, model, optimizer, state, plan)
            saved = time.monotonic()
    _save(path, model, optimizer, state, plan)
    return path


def load_model(path: Path) -> tuple[Nano, dict[str, Any]]:
    """The model of a checkpoint and its state (`step`, `tokens`, `seconds`)."""
    saved = torch.load(path, weights_only=True)
    model = Nano(ModelShape(**saved["shape"]))
    model.load_state_dict(saved["model"])
    return model.eval(), saved["state"]


def keep_freed_memory() -> None:
    """Tell glibc to re-use large blocks: the page faults of fresh ones would halve the speed."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except AttributeError:
        return
    for option, size in (
        (_MMAP_THRESHOLD, 1 << 30),
        (_TRIM_THRESHOLD, 1 << 30),
        (_TOP_PAD, 1 << 28),
    ):
        mallopt(option, size)


_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3


def bf16_is_faster() -> bool:
    """Measured here and now: some CPUs have the instructions and are slower with them."""
    return _matmul_s(torch.bfloat16) < _matmul_s(torch.float32)


def _matmul_s(dtype: torch.dtype) -> float:
    left, right = torch.randn(4096, 256).to(dtype), torch.randn(768, 256).to(dtype)
    times = []
    for _ in range(8):
        began = time.perf_counter()
        F.linear(left, right)
        times.append(time.perf_counter() - began)
    return min(times)


class Optimizers:
    """Muon for the matrices of the blocks, AdamW for the embedding and the norms."""

    def __init__(self, model: Nano, lr: float) -> None:
        matrices = [p for p in model.blocks.parameters() if p.dim() == 2]
        inner = {id(p) for p in matrices}
        rest = [p for p in model.parameters() if id(p) not in inner]
        self._all = (
            Muon(matrices, lr=lr * MUON_LR),
            torch.optim.AdamW(rest, lr=lr, betas=(0.9, 0.95), weight_decay=0.0, fused=True),
        )

    def step(self, lr: float) -> None:
        for optimizer, factor in zip(self._all, (MUON_LR, 1.0), strict=True):
            for group in optimizer.param_groups:
                group["lr"] = lr * factor
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)

    def state(self) -> list[Any]:
        return [o.state_dict() for o in self._all]

    def load(self, states: list[Any]) -> None:
        for optimizer, state in zip(self._all, states, strict=True):
            optimizer.load_state_dict(state)


def _lr(plan: TrainingPlan, seconds: float) -> float:
    """Warm-up, then linear decay to 2 % over the wall time."""
    share = min(1.0, seconds / (plan.minutes * 60))
    if share < WARM_UP:
        return plan.lr * max(0.02, share / WARM_UP)
    return plan.lr * max(0.02, (1 - share) / (1 - WARM_UP))


def _step(model: Nano, optimizer: Optimizers, batch: Batch, lr: float, *, bf16: bool) -> float:
    ids, weights = (torch.from_numpy(array) for array in batch)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
        loss = _loss(model, model.states(ids[:, :-1]), ids[:, 1:], weights)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step(lr)
    return float(loss.detach())


def _loss(model: Nano, states: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
    """Weighted mean of the cross entropy over the tokens that are not padding."""
    counted = weights > 0
    logits = F.linear(states[counted], model.embed.weight)
    each = F.cross_entropy(logits.float(), targets[counted], reduction="none")
    weight = weights[counted]
    return (each * weight).sum() / weight.sum()


def _log(plan: TrainingPlan, state: dict[str, Any], losses: list[float]) -> None:
    row = {
        "step": state["step"],
        "minutes": round(state["seconds"] / 60, 2),
        "loss": round(float(np.mean(losses)), 4),
        "tokens_per_s": round(state["tokens"] / max(1.0, state["seconds"])),
    }
    losses.clear()
    with (plan.folder / "loss.jsonl").open("a", encoding="utf-8") as out:
        out.write(json.dumps(row) + "\n")
    print(json.dumps(row), flush=True)


def _resume(path: Path, model: Nano, optimizer: Optimizers) -> dict[str, Any]:
    if not path.exists():
        return {"step": 0, "tokens": 0, "seconds": 0.0}
    saved = torch.load(path, weights_only=True)
    model.load_state_dict(saved["model"])
    optimizer.load(saved["optimizer"])
    return dict(saved["state"])


def _save(
    path: Path,
    model: Nano,
    optimizer: Optimizers,
    state: dict[str, Any],
    plan: TrainingPlan,
) -> None:
    """Atomic: a kill in the middle leaves the old checkpoint."""
    part = path.with_suffix(".part")
    torch.save(
        {
            "model": model.state_dict(),
            "optimizer": optimizer.state(),
            "state": state,
            "shape": asdict(plan.shape),
        },
        part,
    )
    part.replace(path)
