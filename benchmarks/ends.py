"""How long an end takes: Stop or Cancel until the server is idle, and a killed client until
nothing of it is left.

    python -m benchmarks.ends [--quick] [--json]

Each ends a real job of the embedded model on Docker while candidates run; medians in milliseconds.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.lsp import HARD, URI, Server, machine, open_file
from sandbox.image import LABEL
from sandbox.processes import descendants

LONG = {"timeout": 600, "k": 64, "apply": "offer"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="3 of each instead of 10")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--client", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.client:
        be_a_client()
    n = 3 if args.quick else 10
    with tempfile.TemporaryDirectory() as cache:
        env = {"ATLAS_CACHE": cache}
        found = {
            "machine": machine(),
            "stop to idle": to_idle(env, "atlas.stop", n),
            "cancel to idle": to_idle(env, "atlas.cancel", n),
            "killed client to nothing left": killed(env, n),
        }
    print(json.dumps(found, indent=2) if args.json else as_text(found))
    return 0


def to_idle(env: dict[str, str], command: str, n: int) -> dict[str, float]:
    """From the command to the moment when no job is there."""
    server, took = running(env), []
    for _ in range(n):
        begin(server)
        since = time.perf_counter()
        asked(server, command)
        wait(lambda: not asked(server, "atlas.jobs"))
        took.append(time.perf_counter() - since)
    server.end()
    return quantiles(took)


def killed(env: dict[str, str], n: int) -> dict[str, float]:
    """From SIGKILL of the client to neither server, process below it nor container."""
    took = []
    for _ in range(n):
        command = [sys.executable, "-m", "benchmarks.ends", "--client"]
        client = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env={**os.environ, **env}
        )
        assert client.stdout is not None
        pid = int(client.stdout.readline())
        all_pids = [pid, *descendants(pid)]
        assert containers(pid)
        since = time.perf_counter()
        client.send_signal(signal.SIGKILL)
        wait(lambda pids=all_pids: not any(Path(f"/proc/{one}").exists() for one in pids))
        wait(lambda pid=pid: not containers(pid))
        took.append(time.perf_counter() - since)
        client.wait()
        client.stdout.close()
    return quantiles(took)


def be_a_client() -> None:
    """Start a server and a job, tell the server's process, and wait to be killed."""
    server = running({})
    begin(server)
    print(server.process.pid, flush=True)
    signal.pause()


def running(env: dict[str, str]) -> Server:
    server = Server([sys.executable, "-m", "atlas_lsp"], env)
    server.initialize(**LONG)
    open_file(server, HARD.format(n=0))
    return server


def begin(server: Server) -> None:
    """A job that finds nothing, up to where candidates are written and run."""
    asked(server, "atlas.solve", URI, "hard0")
    wait(lambda: any("generate" in str(job) for job in asked(server, "atlas.jobs")))


def asked(server: Server, command: str, *arguments: object) -> Any:
    params = {"command": command, "arguments": list(arguments)}
    return server.ask("workspace/executeCommand", params)["result"]


def containers(pid: int) -> list[str]:
    """Those that the process owns, also while they are being removed."""
    command = ["docker", "ps", "-aq", "--filter", f"label={LABEL}.pid={pid}"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def wait(true: Callable[[], object]) -> None:
    until = time.monotonic() + 120
    while not true():
        if time.monotonic() > until:
            raise TimeoutError("this end does not come")
        time.sleep(0.005)


def quantiles(took: list[float]) -> dict[str, float]:
    ms = sorted(1000 * one for one in took)
    return {
        "median_ms": round(statistics.median(ms)),
        "least_ms": round(ms[0]),
        "most_ms": round(ms[-1]),
        "n": len(ms),
    }


def as_text(found: dict[str, Any]) -> str:
    about = found["machine"]
    lines = [f"{about['cpus']} CPUs, load {about['load']}, Python {about['python']}", ""]
    for name, one in found.items():
        if name != "machine":
            spread = f"[{one['least_ms']}, {one['most_ms']}]"
            lines.append(f"{name:30} {one['median_ms']:6} ms {spread}, n = {one['n']}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
