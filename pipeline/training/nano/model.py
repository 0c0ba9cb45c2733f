"""Qwen3 in plain torch: RMSNorm, q/k norm, RoPE (NeoX halves), GQA, SwiGLU, tied embedding."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True, kw_only=True)
class ModelShape:
    vocab: int = 4096
    dim: int = 256
    layers: int = 6
    heads: int = 4
    kv_heads: int = 2
    head_dim: int = 64
    hidden: int = 768
    context: int = 2048
    rope_base: float = 10000.0
    eps: float = 1e-6


class RMSNorm(nn.Module):  # type: ignore[misc]  # torch is not followed
    def __init__(self, dim: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(dim))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x.float(), self.weight.shape, self.weight, self.eps).to(x.dtype)


class Attention(nn.Module):  # type: ignore[misc]  # torch is not followed
    def __init__(self, shape: ModelShape) -> None:
        super().__init__()
        self.shape = shape
        wide, narrow = shape.heads * shape.head_dim, shape.kv_heads * shape.head_dim
        self.q = nn.Linear(shape.dim, wide, bias=False)
        self.k = nn.Linear(shape.dim, narrow, bias=False)
        self.v = nn.Linear(shape.dim, narrow, bias=False)
        self.o = nn.Linear(wide, shape.dim, bias=False)
        self.q_norm = RMSNorm(shape.head_dim, shape.eps)
        self.k_norm = RMSNorm(shape.head_dim, shape.eps)

    def forward(self, x: Tensor, rope: tuple[Tensor, Tensor]) -> Tensor:
        batch, length, _ = x.shape
        q = rotate(self.q_norm(self._heads(self.q(x))), rope)
        k = rotate(self.k_norm(self._heads(self.k(x))), rope)
        v = self._heads(self.v(x))
        repeat = self.shape.heads // self.shape.kv_heads
        k, v = k.repeat_interleave(repeat, 1), v.repeat_interleave(repeat, 1)
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.o(mixed.transpose(1, 2).reshape(batch, length, -1))

    def _heads(self, x: Tensor) -> Tensor:
        return x.view(*x.shape[:2], -1, self.shape.head_dim).transpose(1, 2)


class Block(nn.Module):  # type: ignore[misc]  # torch is not followed
    def __init__(self, shape: ModelShape) -> None:
        super().__init__()
        self.attn_norm = RMSNorm(shape.dim, shape.eps)
        self.attn = Attention(shape)
        self.ffn_norm = RMSNorm(shape.dim, shape.eps)
        self.gate = nn.Linear(shape.dim, shape.hidden, bias=False)
        self.up = nn.Linear(shape.dim, shape.hidden, bias=False)
        self.down = nn.Linear(shape.hidden, shape.dim, bias=False)

    def forward(self, x: Tensor, rope: tuple[Tensor, Tensor]) -> Tensor:
        x = x + self.attn(self.attn_norm(x), rope)
        y = self.ffn_norm(x)
        return x + self.down(F.silu(self.gate(y)) * self.up(y))


class Nano(nn.Module):  # type: ignore[misc]  # torch is not followed
    def __init__(self, shape: ModelShape) -> None:
        super().__init__()
        self.shape = shape
        self.embed = nn.Embedding(shape.vocab, shape.dim)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = RMSNorm(shape.dim, shape.eps)
        self._initialise()

    def _initialise(self) -> None:
        for name, weight in self.named_parameters():
            if weight.dim() == 2:
                narrow = name.endswith((".o.weight", "down.weight"))
                deviation = 0.02 / (2 * self.shape.layers) ** 0.5 if narrow else 0.02
                nn.init.normal_(weight, std=deviation)

    def states(self, tokens: Tensor) -> Tensor:
        """States after the final norm: (batch, length) of ids to (batch, length, dim)."""
        x = self.embed(tokens)
        rope = rope_tables(self.shape, tokens.shape[1])
        for block in self.blocks:
            x = block(x, rope)
        return self.norm(x)

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits, (batch, length, vocab)."""
        return F.linear(self.states(tokens), self.embed.weight)


def rope_tables(shape: ModelShape, length: int) -> tuple[Tensor, Tensor]:
    """Cosines and sines, each (length, head_dim)."""
    half = torch.arange(0, shape.head_dim, 2).float() / shape.head_dim
    angles = torch.outer(torch.arange(length).float(), shape.rope_base**-half)
    doubled = torch.cat((angles, angles), -1)
    return doubled.cos(), doubled.sin()


def rotate(x: Tensor, rope: tuple[Tensor, Tensor]) -> Tensor:
    cosines, sines = (t.to(x.dtype) for t in rope)
    first, second = x.chunk(2, -1)
    return x * cosines + torch.cat((-second, first), -1) * sines


def n_parameters(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters())
