"""Builds real models and sandboxes from what a user named; no stage imports it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipeline.core.context import Context, Settings
from pipeline.core.events import Emit, ignore
from pipeline.core.ledger import Ledger
from pipeline.core.metered import MeteredSandbox
from pipeline.core.present import Present
from pipeline.models.api import API_KEY, Model, ModelNotFound
from pipeline.storage.caches import cache_folder
from sandbox import open_sandbox
from sandbox.api import Sandbox

NANO = Path(__file__).parent / "nano" / "data" / "nano.gguf"


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """A model and a sandbox that are up; one per process, shared by its jobs."""

    model: Model
    sandbox: Sandbox

    def context(
        self,
        settings: Settings,
        emit: Emit = ignore,
        *,
        group: str = "",
        keep_best: asyncio.Event | None = None,
    ) -> Context:
        """A fresh context for one job, with a ledger of its own."""
        ledger = Ledger()
        return Context(
            model=self.model,
            sandbox=Present(MeteredSandbox(self.sandbox, ledger)),
            settings=settings,
            ledger=ledger,
            emit=emit,
            group=group,
            keep_best=keep_best,
        )


async def open_model(name: str) -> Model:
    """`nano`, an installed name, a path to a GGUF file, or an OpenAI-compatible endpoint's URL,
    which is given the key in the environment's API_KEY.

    Raises ModelNotFound or ModelBroken, each with the mend.
    """
    if name.startswith(("http://", "https://")):
        from pipeline.models.openai import OpenAISettings, open_openai

        return await open_openai(name, settings=OpenAISettings(api_key=os.environ.get(API_KEY, "")))
    from pipeline.models.llama import LlamaSettings, open_llama

    # The sha256 of a large file is remembered there, by size and time of change.
    return await open_llama(model_path(name), settings=LlamaSettings(cache_dir=cache_folder()))


def model_path(name: str) -> Path:
    """The GGUF file that a name stands for. Raises ModelNotFound."""
    if name == "nano":
        return NANO
    if name.endswith(".gguf") or "/" in name:
        return Path(name).expanduser()
    from pipeline.models.registry import installed_path

    path = installed_path(name)
    if path is None:
        raise ModelNotFound(f"no model called {name!r}; `atlas model list` shows what there is")
    return path


@asynccontextmanager
async def runtime(
    *,
    model: str = "nano",
    sandbox: Literal["docker", "unsafe-local"] = "docker",
    container_runtime: str = "",
    workers: int | None = None,
) -> AsyncIterator[Runtime]:
    """Open both, the sandbox first because it fails fastest; close both whatever happens."""
    box = open_sandbox(sandbox, runtime=container_runtime or None, workers=workers)
    try:
        await box.start()
        opened = await open_model(model)
        try:
            yield Runtime(model=opened, sandbox=box)
        finally:
            await opened.aclose()
    finally:
        await box.aclose()
