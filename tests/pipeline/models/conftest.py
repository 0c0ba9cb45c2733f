"""A tiny model with random weights, written once per session and opened once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from benchmarks.random_gguf import TINY, write_random_gguf
from pipeline.models.llama import LlamaModel, LlamaSettings, open_llama


@pytest.fixture(scope="session")
def tiny_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_random_gguf(tmp_path_factory.mktemp("gguf") / "tiny.gguf", TINY)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def tiny(tiny_path: Path) -> AsyncIterator[LlamaModel]:
    model = await open_llama(tiny_path, settings=LlamaSettings(n_parallel=4))
    yield model
    await model.aclose()
