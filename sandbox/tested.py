"""Whether an image and its engine keep their promises; asked once per image and noted beside it."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.api import Expression, Job, Limits, Observation, Outcome, SandboxUnavailable
from sandbox.channel import WorkerDied
from sandbox.docker_engine import Client
from sandbox.image import exists
from sandbox.lanes import Worker
from sandbox.observe import n_frames, observation, pack, understand

_NOTED = "atlas-sandbox"
_MUST_GIVE: dict[str, tuple[str, object]] = {
    "runs Python": ("sorted([3, 1, 2])", [1, 2, 3]),
    "has the standard library": (
        "import ctypes, decimal, hashlib, json, sqlite3, ssl, zlib, asyncio\nTrue",
        True,
    ),
    "runs tests as another user": ("import os\nos.getuid() != 0", True),
    "has no capabilities": (
        "lines = open('/proc/self/status').read().split('\\n')\n"
        "{int(line.split()[1], 16) for line in lines if line.startswith(('CapEff', 'CapPrm'))}",
        {0},
    ),
    "has no network": ("import os\nsorted(os.listdir('/sys/class/net'))", ["lo"]),
    "can write to /tmp": ("open('x', 'w').write('abc')", 3),
    "keeps no file of another test": ("import os\nos.listdir('.')", []),
}
_MUST_RAISE = {
    "refuses writes to the root": ("open('/x', 'w')", {"OSError", "PermissionError"}),
    "refuses to signal its worker": (
        "import os\nos.kill(1, 9) or open('/proc/1/mem', 'rb')",
        {"PermissionError"},
    ),
}


def complaints(worker: Worker) -> tuple[str, ...]:
    """What the worker does not do as promised, one line each. Raises WorkerDied."""
    found = [
        f"`{name}` fails: {seen.outcome.value} {seen.value!r} {seen.exception or seen.detail}"
        for name, (source, value) in _MUST_GIVE.items()
        if (seen := _ask(worker, source)).value != value
    ]
    for name, (source, kinds) in _MUST_RAISE.items():
        seen = _ask(worker, source)
        if seen.exception is None or seen.exception.type not in kinds:
            found.append(f"`{name}` fails: {seen.outcome.value} {seen.value!r}")
    seen = _ask(worker, "while True: pass", Limits(cpu_s=0.1))
    if seen.outcome is not Outcome.TIMEOUT_CPU:
        found.append(f"`ends loops` fails: {seen.outcome.value}")
    return tuple(found)


def _ask(worker: Worker, source: str, limits: Limits = Limits()) -> Observation:  # noqa: B008 - frozen
    job = Job(code="", form=Expression(source=source), limits=limits)
    return observation(job, understand(job, worker.channel.run(pack(job)), n_frames(job.form)))


def ensure_tested(client: Client, tag: str, open_worker: Callable[[], Worker]) -> None:
    """Test the image unless a note says that it passed before.

    Raises SandboxUnavailable with the first complaint.
    """
    note = f"tested-{_identity(client, tag)}"
    if exists(client, f"{_NOTED}:{note}"):
        return
    try:
        found = _found(open_worker)
    except WorkerDied as exc:
        raise SandboxUnavailable(
            f"image {tag} runs no worker: {exc}; try `atlas sandbox build`"
        ) from exc
    if found:
        raise SandboxUnavailable(f"image {tag} fails its self-test: {found[0]}")
    client.tag(tag, _NOTED, note)


def _found(open_worker: Callable[[], Worker]) -> tuple[str, ...]:
    """Complaints; a worker that ends is tried once more. Raises WorkerDied."""
    for is_last in (False, True):
        try:
            worker = open_worker()
            try:
                return complaints(worker)
            finally:
                worker.close()
        except WorkerDied:
            if is_last:
                raise
    raise AssertionError("unreachable")


def _identity(client: Client, tag: str) -> str:
    from docker.errors import ImageNotFound

    try:
        return str(client.inspect_image(tag)["Id"]).rpartition(":")[2][:16]
    except ImageNotFound as exc:
        raise SandboxUnavailable(
            f"no image {tag} in the engine's store; `atlas sandbox build` makes one"
        ) from exc
