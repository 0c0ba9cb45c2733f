"""Muon (Jordan et al. 2024), scaled to AdamW's update size (arXiv 2502.16982, section 2.2).

In float32 and batched over matrices of one shape, because `torch.optim.Muon` works in bfloat16,
which many CPUs multiply slowly.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import torch
from torch import Tensor, nn

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
N_ITERATIONS = 5


class Muon(torch.optim.Optimizer):  # type: ignore[misc]  # torch is not followed
    def __init__(
        self,
        matrices: Iterable[nn.Parameter],
        *,
        lr: float,
        momentum: float = 0.95,
        weight_decay: float = 0.05,
    ) -> None:
        defaults = {"lr": lr, "momentum": momentum, "weight_decay": weight_decay}
        super().__init__(matrices, defaults)

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def step(self, closure: None = None) -> None:
        """One update of every matrix that has a gradient; there is no closure."""
        for group in self.param_groups:
            for same in _by_shape(p for p in group["params"] if p.grad is not None):
                moved = torch.stack([self._momentum(p, group["momentum"]) for p in same])
                rows, columns = same[0].shape
                scale = 0.2 * max(rows, columns) ** 0.5
                for weight, update in zip(same, orthogonal(moved), strict=True):
                    weight.mul_(1 - group["lr"] * group["weight_decay"])
                    weight.add_(update, alpha=-group["lr"] * scale)

    def _momentum(self, weight: Tensor, momentum: float) -> Tensor:
        """Nesterov momentum of the gradient."""
        gradient = weight.grad
        assert gradient is not None
        average: Tensor = self.state[weight].setdefault("average", torch.zeros_like(weight))
        average.lerp_(gradient, 1 - momentum)
        return gradient.lerp(average, momentum)


def orthogonal(batch: Tensor) -> Tensor:
    """The matrices (n, rows, columns) with their singular values driven to about 1."""
    a, b, c = NEWTON_SCHULZ
    tall = batch.shape[1] > batch.shape[2]
    x = batch.mT if tall else batch
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(N_ITERATIONS):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.mT if tall else x


def _by_shape(weights: Iterable[nn.Parameter]) -> list[list[nn.Parameter]]:
    groups: dict[torch.Size, list[nn.Parameter]] = defaultdict(list)
    for weight in weights:
        groups[weight.shape].append(weight)
    return list(groups.values())
