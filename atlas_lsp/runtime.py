"""The model and the sandbox of a server: opened by the first job, closed with the server."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from atlas_lsp.settings import ServerSettings

if TYPE_CHECKING:
    from pipeline.wiring import Runtime


class LazyRuntime:
    def __init__(self) -> None:
        self._stack = AsyncExitStack()
        self._lock = asyncio.Lock()
        self._opened: Runtime | None = None

    async def get(self, settings: ServerSettings) -> Runtime:
        """The one runtime. Raises ModelError or SandboxError; the next call tries again."""
        async with self._lock:
            if self._opened is None:
                from pipeline.wiring import runtime

                opening = runtime(model=settings.model, sandbox=settings.sandbox)
                self._opened = await self._stack.enter_async_context(opening)
            return self._opened

    async def close(self) -> None:
        self._opened = None
        await self._stack.aclose()
