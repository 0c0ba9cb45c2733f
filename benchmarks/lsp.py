"""The language server measured: start-up and memory beside other servers, latency under load.

    python -m benchmarks.lsp [--quick] [--json] [--peers FOLDER]

All servers of a table are started in turn within one run. `--peers` is the `bin` folder of an
environment with jedi-language-server and python-lsp-server; without it they are looked for on PATH.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO, Any

BARE = "from pygls.lsp.server import LanguageServer; LanguageServer('bare', '1').start_io()"
URI = "file:///project/big.py"
FUNCTION = '''def f{n}(a, b):
    """Add {n}.

    >>> f{n}(1, 2)
    {n}
    """
    total = a
    for i in range(b):
        total += i * a
    return total


'''
HARD = 'def hard{n}(n):\n    """Impossible.\n\n    >>> hard{n}(1)\n    \'never\'\n    """\n\n\n'
JSON = dict[str, Any]


class Server:
    """A process and its frames; replies by id, everything else is kept or answered with null."""

    def __init__(self, command: list[str], env: dict[str, str]) -> None:
        self.began = time.perf_counter()
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **env},
        )
        self._n = 0

    def send(self, message: JSON) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        stdin = self._pipe(self.process.stdin)
        stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        stdin.flush()

    def notify(self, method: str, params: Any) -> None:
        self.send({"method": method, "params": params})

    def ask(self, method: str, params: Any = None) -> JSON:
        self._n += 1
        self.send({"id": self._n, "method": method, "params": params})
        while True:
            message = self._receive()
            if "method" in message and "id" in message:
                self.send({"id": message["id"], "result": None})
            elif message.get("id") == self._n and "method" not in message:
                return message

    def initialize(self, **options: Any) -> float:
        """Milliseconds from the start of the process to the answer."""
        capabilities = {"window": {"workDoneProgress": True}}
        params = {"processId": None, "rootUri": None, "capabilities": capabilities}
        self.ask("initialize", {**params, "initializationOptions": options})
        took = (time.perf_counter() - self.began) * 1000
        self.notify("initialized", {})
        return took

    @property
    def rss_mb(self) -> float:
        rows = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return int(next(row for row in rows if row.startswith("VmRSS")).split()[1]) / 1024

    def end(self) -> float:
        """Milliseconds from shutdown to the end of the process."""
        began = time.perf_counter()
        self.ask("shutdown")
        self.notify("exit", None)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        return (time.perf_counter() - began) * 1000

    def _receive(self) -> JSON:
        stdout, length = self._pipe(self.process.stdout), 0
        while line := stdout.readline().strip():
            if line.lower().startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        message: JSON = json.loads(stdout.read(length))
        return message

    @staticmethod
    def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
        assert pipe is not None
        return pipe


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer repetitions")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--peers", metavar="FOLDER", help="where the other servers are installed")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as cache:
        env = {"ATLAS_CACHE": cache}
        found = {
            "machine": machine(),
            "start": start_up(servers(args.peers), env, 5 if args.quick else 15),
            "edits": growth(env, 2_000 if args.quick else 10_000),
            "latency": latency(env, 100 if args.quick else 400),
        }
    print(json.dumps(found, indent=2) if args.json else as_text(found))
    return 0


def machine() -> JSON:
    return {
        "cpus": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
    }


def servers(peers: str | None) -> dict[str, list[str]]:
    """Name and command of each server that is there."""
    found = {
        "atlas-lsp": [sys.executable, "-m", "atlas_lsp"],
        "bare pygls": [sys.executable, "-c", BARE],
    }
    for name, program in (
        ("jedi-language-server", "jedi-language-server"),
        ("python-lsp-server", "pylsp"),
    ):
        path = shutil.which(program, path=peers)
        if path:
            found[name] = [path]
    return found


def start_up(commands: dict[str, list[str]], env: dict[str, str], n: int) -> JSON:
    """Medians over `n` rounds, the servers in turn; the first round only warms the disk."""
    took: dict[str, list[float]] = {name: [] for name in commands}
    rss: dict[str, list[float]] = {name: [] for name in commands}
    ends: dict[str, list[float]] = {name: [] for name in commands}
    for round_ in range(n + 1):
        for name, command in commands.items():
            server = Server(command, env)
            initialized = server.initialize()
            memory = server.rss_mb
            ended = server.end()
            if round_:
                took[name].append(initialized)
                rss[name].append(memory)
                ends[name].append(ended)
    return {
        name: {
            "initialize_ms": round(statistics.median(took[name])),
            "rss_mb": round(statistics.median(rss[name]), 1),
            "end_ms": round(statistics.median(ends[name])),
            "n": n,
        }
        for name in commands
    }


def growth(env: dict[str, str], n: int) -> JSON:
    """Megabytes that `n` changes of a small file leave behind, after as many to warm up."""
    server = Server([sys.executable, "-m", "atlas_lsp"], env)
    server.initialize()
    open_file(server, HARD.format(n=0))
    sizes = []
    for _ in range(2):
        for i in range(n):
            edit(server, i)
        server.ask("workspace/executeCommand", {"command": "atlas.jobs", "arguments": []})
        sizes.append(server.rss_mb)
    server.end()
    return {"n": n, "growth_mb": round(sizes[1] - sizes[0], 2), "rss_mb": round(sizes[1], 1)}


def latency(env: dict[str, str], n: int) -> JSON:
    """Milliseconds of a code action, a hover and all lenses in a file of 5,000 lines.

    First at rest, then while one real job runs and eight wait; the file changes before each
    tenth request, so that it has to be parsed anew.
    """
    server = Server([sys.executable, "-m", "atlas_lsp"], env)
    server.initialize(codeLens=True, timeout=600, k=8, apply="offer")
    text = "".join(FUNCTION.format(n=i) for i in range(420))
    text += "".join(HARD.format(n=i) for i in range(9))
    open_file(server, text)
    found: JSON = {"lines": text.count("\n"), "at rest": measure(server, n)}
    for i in range(9):
        arguments = [URI, f"hard{i}"]
        server.ask("workspace/executeCommand", {"command": "atlas.solve", "arguments": arguments})
    found["while 1 runs and 8 wait"] = measure(server, n)
    jobs = server.ask("workspace/executeCommand", {"command": "atlas.jobs", "arguments": []})
    found["jobs at the end"] = len(jobs["result"])
    began = time.perf_counter()
    server.ask("workspace/executeCommand", {"command": "atlas.cancel", "arguments": []})
    while server.ask("workspace/executeCommand", {"command": "atlas.jobs", "arguments": []})[
        "result"
    ]:
        time.sleep(0.005)
    found["cancel to idle ms"] = round((time.perf_counter() - began) * 1000)
    found["end ms"] = round(server.end())
    return found


def measure(server: Server, n: int) -> JSON:
    here = {"line": 2000, "character": 6}
    document = {"uri": URI}
    span = {"start": here, "end": here}
    requests = {
        "codeAction": {
            "textDocument": document,
            "range": span,
            "context": {"diagnostics": []},
        },
        "hover": {"textDocument": document, "position": here},
        "codeLens": {"textDocument": document},
    }
    took: dict[str, list[float]] = {
        "codeAction": [],
        "after an edit": [],
        "hover": [],
        "codeLens": [],
    }
    for i in range(n):
        if i % 10 == 0:
            edit(server, i // 10)
        for name, params in requests.items():
            if name == "codeLens" and i % 10:
                continue
            began = time.perf_counter()
            server.ask(f"textDocument/{name}", params)
            key = "after an edit" if name == "codeAction" and i % 10 == 0 else name
            took[key].append((time.perf_counter() - began) * 1000)
    return {name: quantiles(values) for name, values in took.items()}


def quantiles(values: list[float]) -> JSON:
    ordered = sorted(values)
    return {
        "p50_ms": round(statistics.median(ordered), 1),
        "p95_ms": round(ordered[int(0.95 * (len(ordered) - 1))], 1),
        "max_ms": round(ordered[-1], 1),
        "n": len(ordered),
    }


def open_file(server: Server, text: str) -> None:
    item = {"uri": URI, "languageId": "python", "version": 1, "text": text}
    server.notify("textDocument/didOpen", {"textDocument": item})


def edit(server: Server, i: int) -> None:
    """One character in and, the next time, out again."""
    start, end = {"line": 0, "character": 0}, {"line": 0, "character": i % 2}
    change = {"range": {"start": start, "end": end}, "text": "" if i % 2 else "#"}
    params = {"textDocument": {"uri": URI, "version": i + 2}, "contentChanges": [change]}
    server.notify("textDocument/didChange", params)


def as_text(found: JSON) -> str:
    machine_, start = found["machine"], found["start"]
    lines = [
        f"{machine_['cpus']} CPUs, load {machine_['load']}, Python {machine_['python']}",
        "",
        "server                 initialize   memory      end",
    ]
    lines += [
        f"{name:22} {one['initialize_ms']:7} ms {one['rss_mb']:6} MB {one['end_ms']:5} ms"
        for name, one in start.items()
    ]
    ratio = start["atlas-lsp"]["initialize_ms"] / start["bare pygls"]["initialize_ms"]
    lines += [f"atlas-lsp takes {ratio:.2f} times what bare pygls takes", ""]
    edits = found["edits"]
    lines += [f"{edits['n']} edits leave {edits['growth_mb']} MB", ""]
    latency_ = found["latency"]
    for when in ("at rest", "while 1 runs and 8 wait"):
        lines.append(f"{when}, {latency_['lines']} lines:")
        lines += [
            f"  {name:14} p50 {one['p50_ms']:6} ms   p95 {one['p95_ms']:6} ms"
            f"   max {one['max_ms']:6} ms"
            for name, one in latency_[when].items()
        ]
    lines.append(f"{latency_['jobs at the end']} jobs were still there after that")
    lines.append(f"cancel of all to idle: {latency_['cancel to idle ms']} ms")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
