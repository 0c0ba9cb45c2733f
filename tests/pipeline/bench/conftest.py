"""Fixtures of the benchmark's tests."""

from __future__ import annotations

from suite_rows import write_suite

__all__ = ["write_suite"]
