"""One warm container with our worker as PID 1, reached over the attach socket; gone when the
socket closes.

Blocking; used by one thread. What it does not cover: a kernel or runtime exploit.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import struct
import time
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from sandbox.api import SandboxUnavailable
from sandbox.channel import Channel, Hello, WorkerDied
from sandbox.docker_engine import Client, one_line
from sandbox.image import LABEL, UIDS
from sandbox.processes import start_time
from sandbox.site import INSIDE

_MULTIPLEX = struct.Struct("!BxxxI")
_STDERR = 2
_MAX_STDERR = 4000
_GREETING_TIMEOUT_S = 20
_HOSTS = ("alder", "birch", "cedar", "delta", "ember", "fjord", "grove", "heron")


@dataclass(frozen=True, kw_only=True)
class ContainerPlan:
    """How containers of this sandbox are made."""

    image: str
    memory_mb: int
    pids: int = 64
    cpus: float = 1.0
    cpu_shares: int = 1024
    """Weight of all of a container's processes together, that of an ordinary one."""
    group: str = ""
    """Control group that containers are in, beside the engine's own; "" takes the engine's."""
    tmp_mb: int = 16
    labels: Mapping[str, str]
    runtime: str | None = None
    is_project: bool = False
    """With a place for a project's files."""
    site: tuple[tuple[str, str], ...] = ()
    """Paths on the engine's machine, and where below the site folder they are seen, read-only."""
    lease_s: float = 30.0
    """A worker that hears nothing for so long ends itself."""
    dropped: tuple[str, ...] = ()
    """Names in OPTIONAL that this engine refuses."""


OPTIONAL = (
    *("ipc-sysctls", "net-sysctls", "inode-limit", "cpu-limit", "own-cgroup-view"),
    "own-weight",
)
"""Options that an engine or a kernel may refuse; without them a sandbox is weaker, and says so."""
_ALWAYS = (
    *("container", "no-network", "read-only-root", "no-capabilities", "no-new-privileges"),
    *("memory-limit", "pids-limit", "tmpfs-limit", "no-ipc", "no-log"),
)
_NET_SYSCTLS = {"net.ipv4.tcp_max_tw_buckets": "0"}
"""A closed connection on the loopback leaves nothing that the next test could meet."""
_IPC_SYSCTLS = {
    "kernel.shm_rmid_forced": "1",
    "kernel.shmall": "0",
    "kernel.shmmni": "0",
    "kernel.msgmni": "0",
    "kernel.sem": "0 0 0 0",
    "fs.mqueue.queues_max": "0",
}


GROUP = "/atlas"
"""All containers of an engine share one group, which weighs as much as one other process: beside a
busy machine ours would wait for those of everybody. One process of 0.5 s of CPU took 11 to 23 s so,
at lowest priority or not, and 1.7 to 3.1 s in a group beside it (load 20 to 27).
"""


def group_for(client: Client) -> str | None:
    """Where containers are to be put so that they weigh as any program; "" where the engine's own
    place does that, as a slice of systemd does; None where it cannot be had.
    """
    about = client.info()
    if "rootless" in " ".join(about.get("SecurityOptions") or ()):
        return None
    return GROUP if about.get("CgroupDriver") == "cgroupfs" else ""


def host_config(client: Client, plan: ContainerPlan) -> Any:
    inodes = "" if "inode-limit" in plan.dropped else "nr_inodes=1024,"
    own = f"size={plan.tmp_mb}m,{inodes}noexec,nosuid,nodev,mode=1777"
    tmpfs = {"/tmp": own, "/dev/shm": own}
    if plan.is_project:
        # Nothing there can be written by a test but the file that holds its own candidate.
        tmpfs[_PROJECT] = f"size={_PROJECT_MB}m,noexec,nosuid,nodev,mode=755"
    optional: dict[str, Any] = {}
    groups = {"ipc-sysctls": _IPC_SYSCTLS, "net-sysctls": _NET_SYSCTLS}
    wanted = [group for name, group in groups.items() if name not in plan.dropped]
    optional["sysctls"] = {key: value for group in wanted for key, value in group.items()}
    if "own-cgroup-view" not in plan.dropped:
        optional["cgroupns"] = "private"
    if plan.group and "own-weight" not in plan.dropped:
        optional["cgroup_parent"] = plan.group
    if "cpu-limit" not in plan.dropped:
        # A short period, so that a test that used up its share does not hold up the worker.
        optional.update(cpu_period=10_000, cpu_quota=int(10_000 * plan.cpus))
    return client.create_host_config(
        network_mode="none",
        dns=["127.0.0.1"],
        read_only=True,
        tmpfs=tmpfs,
        mounts=[_mount(source, target) for source, target in plan.site],
        cap_drop=["ALL"],
        cap_add=["SETUID", "SETGID", "KILL"],
        security_opt=["no-new-privileges"],
        pids_limit=plan.pids,
        cpu_shares=plan.cpu_shares,
        mem_limit=f"{plan.memory_mb}m",
        memswap_limit=f"{plan.memory_mb}m",
        ipc_mode="none",
        auto_remove=True,
        log_config={"type": "none"},
        ulimits=[{"name": "core", "soft": 0, "hard": 0}],
        runtime=plan.runtime,
        **optional,
    )


_PROJECT = "/project"
_PROJECT_MB = 64


def _mount(source: str, target: str) -> Any:
    from docker.types import Mount

    return Mount(target=target, source=source, type="bind", read_only=True)


_WARNED = {
    "memory": "memory-limit",
    "swap": "memory-limit",
    "pids": "pids-limit",
    "cpu": "cpu-limit",
}


def unmet(warnings: Sequence[str]) -> tuple[str, ...]:
    """The guarantees that an engine says it cannot give, from its warnings at creation.

    A warning that no known guarantee explains is kept as its own words.
    """
    found = [
        [name for word, name in _WARNED.items() if word in warning.lower()] or [warning]
        for warning in warnings
    ]
    return tuple(dict.fromkeys(name for names in found for name in names))


class Container:
    """A worker in a container; `channel` speaks to it."""

    def __init__(self, client: Client, container_id: str, stream: _AttachStream, uid: int) -> None:
        self._client = client
        self.container_id = container_id
        self.channel = Channel(stream)
        self._stream = stream
        self.isolation: tuple[str, ...] = ()
        self.python = ""
        self.site = INSIDE
        self.uid = uid

    def close(self) -> None:
        """Shut the socket first, because an attached client that does not read blocks the engine's
        kill.
        """
        self.channel.close()
        _remove(self._client, self.container_id)


def open_container(client: Client, plan: ContainerPlan, hash_seed: int) -> Container:
    """Create, attach, start, and await the worker's greeting.

    Raises SandboxUnavailable when the engine refuses, WorkerDied when the worker does not come up.
    """
    import requests
    from docker.errors import DockerException

    container_id = ""
    try:
        uid = secrets.choice(UIDS)
        container_id, missing = _create(client, plan, hash_seed, uid)
        container = Container(client, container_id, _attach(client, container_id), uid)
        client.start(container_id)
        hello = container.channel.greet(_GREETING_TIMEOUT_S)
    except WorkerDied as exc:
        said = container._stream.stderr.decode("utf-8", "replace").strip()
        container.close()
        last = said.splitlines()[-1] if said else ""
        raise WorkerDied(f"{exc}; {last}" if last else str(exc)) from exc
    except (DockerException, requests.exceptions.RequestException, OSError) as exc:
        if container_id:
            _remove(client, container_id)
        gone = isinstance(exc, (requests.exceptions.ConnectionError, ConnectionError))
        why = "it stopped answering" if gone else one_line(exc)
        mend = "`atlas doctor` looks for the cause"
        if plan.runtime is not None:
            mend = f"is the container runtime {plan.runtime} set up in the engine?"
        raise SandboxUnavailable(f"Docker starts no container: {why}; {mend}") from exc
    own = (f"runtime:{plan.runtime}",) if plan.runtime else ()
    container.isolation = (*_isolation(hello, {*plan.dropped, *missing}), *own)
    container.python = hello.python
    return container


def _isolation(hello: Hello, missing: Set[str]) -> tuple[str, ...]:
    known = (*_ALWAYS, *OPTIONAL)
    other = [f"without:{name}" for name in sorted(missing - set(known))]
    stated = [f"without:{name}" if name in missing else name for name in known]
    return (*stated, *other, *hello.isolation)


def _create(
    client: Client, plan: ContainerPlan, hash_seed: int, uid: int
) -> tuple[str, tuple[str, ...]]:
    """The container's id, and the guarantees that this engine cannot give."""
    made = client.create_container(
        plan.image,
        command=["--uid", str(uid), "--lease", str(plan.lease_s)],
        environment={"PYTHONHASHSEED": str(hash_seed % (1 << 32))},
        stdin_open=True,
        detach=False,
        working_dir="/tmp",
        hostname=f"{secrets.choice(_HOSTS)}-{secrets.token_hex(2)}",
        user="0:0",
        labels=dict(plan.labels),
        host_config=host_config(client, plan),
    )
    return str(made["Id"]), unmet(made.get("Warnings") or ())


def _attach(client: Client, container_id: str) -> _AttachStream:
    params = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
    attached = client.attach_socket(container_id, params=params)
    raw: socket.socket = getattr(attached, "_sock", attached)
    raw.settimeout(None)
    return _AttachStream(raw, attached)


def _remove(client: Client, container_id: str) -> None:
    """Make sure that it goes; it may be gone or on its way."""
    import requests
    from docker.errors import DockerException

    with contextlib.suppress(DockerException, requests.exceptions.RequestException):
        client.remove_container(container_id, force=True, v=True)


class _AttachStream:
    """The engine's multiplexed attach stream."""

    def __init__(self, sock: socket.socket, attached: Any) -> None:
        self._sock = sock
        self._attached = attached
        self._raw = bytearray()
        self._open = True
        self.stderr = b""

    def send(self, data: bytes) -> None:
        self._sock.sendall(data)

    def receive(self, deadline: float) -> bytes:
        """Bytes of the worker's stdout; its stderr is kept aside."""
        while True:
            found = self._next_stdout()
            if found is not None:
                return found
            self._sock.settimeout(max(0.001, deadline - time.monotonic()))
            try:
                piece = self._sock.recv(1 << 17)
            finally:
                with contextlib.suppress(OSError):
                    self._sock.settimeout(None)
            if not piece:
                return b""
            self._raw += piece

    def _next_stdout(self) -> bytes | None:
        """The payloads of all complete stdout pieces that were read, None while there is none."""
        out = bytearray()
        while len(self._raw) >= _MULTIPLEX.size:
            kind, n = _MULTIPLEX.unpack_from(self._raw)
            if len(self._raw) < _MULTIPLEX.size + n:
                break
            piece = bytes(self._raw[_MULTIPLEX.size : _MULTIPLEX.size + n])
            del self._raw[: _MULTIPLEX.size + n]
            if kind == _STDERR:
                self.stderr = (self.stderr + piece)[-_MAX_STDERR:]
            else:
                out += piece
        return bytes(out) or None

    def is_quiet(self) -> bool:
        if not self._open or self._raw:
            return False
        try:
            self._sock.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def abort(self) -> None:
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._open = False
        self.abort()
        # docker-py's response and file object hold the descriptor too.
        with contextlib.suppress(OSError):
            for holder in (getattr(self._attached, "_response", None), self._attached, self._sock):
                if holder is not None:
                    holder.close()


def owner_labels() -> dict[str, str]:
    """Who started a container: host, process and its start time, so that a sweep can tell
    orphans.
    """
    pid = os.getpid()
    return {
        LABEL: "worker",
        f"{LABEL}.host": socket.gethostname(),
        f"{LABEL}.pid": str(pid),
        f"{LABEL}.started": start_time(pid) or "",
    }


def sweep(client: Client, *, everything: bool = False) -> int:
    """Remove containers whose owner on this machine is gone, or all of ours; how many there were.

    Raises SandboxUnavailable when the engine does not answer.
    """
    import requests
    from docker.errors import DockerException

    try:
        found = client.containers(all=True, filters={"label": LABEL})
    except (DockerException, requests.exceptions.RequestException) as exc:
        raise SandboxUnavailable(f"the engine lists no containers: {one_line(exc)}") from exc
    gone = [c["Id"] for c in found if everything or _is_orphan(c.get("Labels") or {})]
    for container_id in gone:
        _remove(client, container_id)
    return len(gone)


def _is_orphan(labels: Mapping[str, str]) -> bool:
    """Whether its owner ran on this machine and is provably gone."""
    pid, started = labels.get(f"{LABEL}.pid", ""), labels.get(f"{LABEL}.started", "")
    if labels.get(f"{LABEL}.host") != socket.gethostname() or not (pid.isdigit() and started):
        return False
    return start_time(int(pid)) != started
