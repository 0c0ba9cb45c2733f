"""`atlas-lsp`: the language server on stdio; whatever ends it leaves nothing behind."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Sequence
from threading import Event
from typing import BinaryIO

LEVELS = ("debug", "info", "warning", "error")


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until the client goes; the exit code is 0 after a proper shutdown."""
    args = parser().parse_args(argv)
    handler = logging.FileHandler(args.log_file) if args.log_file else logging.StreamHandler()
    line = "%(asctime)s %(levelname)s %(name)s: %(message)s"
    logging.basicConfig(level=args.log_level.upper(), handlers=[handler], format=line)
    if args.check:
        from atlas_lsp.cli import main as atlas

        return atlas(["doctor"])
    if args.tcp:
        host, _, port = args.tcp.rpartition(":")
        from atlas_lsp.server import create_server

        create_server().start_tcp(host or "127.0.0.1", int(port))
        return 0
    try:
        code = asyncio.run(serve(protocol_stdout(), args.clientProcessId))
    except SystemExit as exc:
        # Raised by pygls on the exit notification, through the loop.
        code = int(exc.code or 0)
    # The thread that reads stdin may still hang in its read: nothing is left to wait for.
    sys.stderr.flush()
    os._exit(code)


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="atlas-lsp", description=__doc__)
    top.add_argument("--tcp", metavar="[HOST:]PORT", help="listen on a socket, for debugging")
    top.add_argument("--stdio", action="store_true", help="the default; some editors pass it")
    top.add_argument("--clientProcessId", type=int, help="end when this process has gone")
    top.add_argument("--check", action="store_true", help="say what would fail (atlas doctor)")
    top.add_argument("--log-file", metavar="FILE")
    top.add_argument("--log-level", choices=LEVELS, default="warning")
    return top


def protocol_stdout() -> BinaryIO:
    """The real stdout, for the protocol alone; whatever else prints goes to stderr from now on."""
    protocol = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return protocol


async def serve(protocol_out: BinaryIO, client_pid: int | None) -> int:
    """Answer until shutdown, end of input, SIGTERM or the client's death; then clean up."""
    from pygls.io_ import StdinAsyncReader, StdoutWriter, run_async

    from atlas_lsp.server import create_server

    server = create_server()
    stop = Event()
    server.protocol.set_writer(StdoutWriter(protocol_out))
    reading = asyncio.create_task(
        run_async(
            stop_event=stop,
            reader=StdinAsyncReader(sys.stdin.buffer, server.thread_pool),
            protocol=server.protocol,
            logger=logging.getLogger("pygls"),
            error_handler=server.report_server_error,
        )
    )
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, reading.cancel)
    watching = asyncio.create_task(end_with_client(server, client_pid, reading))
    code = 0
    try:
        await reading
    except asyncio.CancelledError:
        code = 1
    finally:
        watching.cancel()
        await server.close()
    return code


async def end_with_client(
    server: object, client_pid: int | None, reading: asyncio.Task[None]
) -> None:
    """Look every two seconds whether the editor still lives."""
    while True:
        await asyncio.sleep(2)
        pid = client_pid or getattr(server, "process_id", None)
        if pid is None:
            continue
        with contextlib.suppress(PermissionError):
            try:
                os.kill(pid, 0)
            except ProcessLookupError:
                reading.cancel()
                return


if __name__ == "__main__":
    sys.exit(main())
