"""`atlas-lsp`: the language server on stdio; whatever ends it leaves nothing behind."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from atlas_lsp.state import AtlasServer
    from atlas_lsp.transport import Reader, Writer

LEVELS = ("debug", "info", "warning", "error")
CLOSE_WITHIN_S = 3.0
WATCH_EVERY_S = 1.0


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until the client goes; the exit code is 0 after a proper shutdown."""
    args = parser().parse_args(argv)
    shape = "%(asctime)s %(levelname)s %(name)s: %(message)s"
    logging.basicConfig(filename=args.log_file, level=args.log_level.upper(), format=shape)
    if args.check:
        return _check(args)
    if args.tcp or args.ws:
        return _main_on_socket(args)
    from atlas_lsp.transport import protocol_stdout

    launch = _launch(args)
    code = asyncio.run(_serve_stdio(protocol_stdout(), args.clientProcessId, launch))
    # A thread may still hang in C code or in a read: nothing is left to wait for.
    logging.shutdown()
    os._exit(code)


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="atlas-lsp", description=__doc__)
    top.add_argument("--stdio", action="store_true", help="the default; some editors pass it")
    top.add_argument("--tcp", metavar="[HOST:]PORT", help="listen on a socket, for debugging")
    top.add_argument("--ws", metavar="[HOST:]PORT", help="listen for a WebSocket, for debugging")
    top.add_argument("--clientProcessId", type=int, help="end when this process has gone")
    top.add_argument("--check", action="store_true", help="say what would fail (atlas doctor)")
    top.add_argument("--json", action="store_true", help="with --check: as one JSON document")
    top.add_argument("--model", metavar="PATH|NAME|URL", help="instead of the editor's setting")
    top.add_argument(
        "--sandbox",
        choices=("docker", "unsafe-local"),
        help="unsafe-local runs candidates on this machine without isolation",
    )
    top.add_argument("--log-file", metavar="FILE")
    top.add_argument("--log-level", choices=LEVELS, default="warning")
    top.set_defaults(setting_keys=("model",))
    return top


def _check(args: argparse.Namespace) -> int:
    """As `atlas doctor`, which reads the same settings."""
    from atlas_lsp.commands import doctor
    from atlas_lsp.commands.common import fill
    from atlas_lsp.exits import UsageError

    try:
        fill(args, None)
    except UsageError as exc:
        print(f"atlas-lsp: {exc}", file=sys.stderr)
        return 2
    return doctor.run(args)


def _launch(args: argparse.Namespace) -> dict[str, object]:
    """What the command line and the environment set; a wrong value ends the start."""
    from atlas_lsp.settings import launch_settings

    try:
        return launch_settings(vars(args), os.environ)
    except ValueError as exc:
        print(f"atlas-lsp: {exc}", file=sys.stderr)
        raise SystemExit(2) from exc


def _user() -> tuple[Mapping[str, object], tuple[str, ...]]:
    from atlas_lsp.settings import user_settings

    return user_settings(os.environ)


def _cache() -> Path:
    # Not before `find_our_packages`: a project may have a `pipeline` of its own.
    from pipeline.storage.caches import cache_folder

    return cache_folder()


async def serve(server: AtlasServer, reader: Reader, writer: Writer, pid: int | None) -> int:
    """Answer until exit, the end of the input, SIGTERM or the client's death; then clean up."""
    from atlas_lsp.transport import flushed, read_frames

    loop = asyncio.get_running_loop()
    ended: asyncio.Future[int] = loop.create_future()

    def end(code: int) -> None:
        if not ended.done():
            ended.set_result(code)

    server.protocol.set_writer(writer)
    server.protocol.on_exit = end
    for name in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError, ValueError, RuntimeError):
            loop.add_signal_handler(name, end, 1)
    reading = loop.create_task(read_frames(reader, server.protocol.receive))
    reading.add_done_callback(lambda _: end(0 if server.protocol.is_shut_down else 1))
    watching = loop.create_task(_end_with_client(server, pid, lambda: end(1)))
    try:
        return await ended
    finally:
        watching.cancel()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_WITHIN_S):
                await server.close()
        reading.cancel()
        await flushed(writer)


async def _serve_stdio(
    protocol_out: BinaryIO, pid: int | None, launch: Mapping[str, object]
) -> int:
    from atlas_lsp.quick import kept_byte_code
    from atlas_lsp.transport import stdio

    cache = _cache()
    with kept_byte_code(cache):
        from atlas_lsp.server import create_server

    reader, writer = await stdio(protocol_out)
    server = create_server(cache, launch=launch, user=_user())
    return await serve(server, reader, writer, pid)


async def _end_with_client(server: AtlasServer, pid: int | None, end: object) -> None:
    """Look every second whether the editor still lives."""
    assert callable(end)
    while True:
        await asyncio.sleep(WATCH_EVERY_S)
        client = pid or server.process_id
        if client and not _is_alive(client):
            end()


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _main_on_socket(args: argparse.Namespace) -> int:
    from atlas_lsp.server import create_server

    host, _, port = (args.tcp or args.ws).rpartition(":")
    host = host or "127.0.0.1"
    if args.ws:
        create_server(_cache(), launch=_launch(args), user=_user()).start_ws(host, int(port))
        return 0
    return asyncio.run(_serve_tcp(host, int(port), _launch(args)))


async def _serve_tcp(host: str, port: int, launch: Mapping[str, object]) -> int:
    """One client, then the end."""
    from atlas_lsp.server import create_server

    code: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server = create_server(_cache(), launch=launch, user=_user())
        code.set_result(await serve(server, reader, writer, None))

    async with await asyncio.start_server(connected, host, port) as listening:
        address = listening.sockets[0].getsockname()
        print(f"listening on {address[0]}:{address[1]}", file=sys.stderr, flush=True)
        return await code
