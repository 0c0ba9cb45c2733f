"""The process inside the sandbox: reads heads, forks once per test, reports. Standard library only.

In a container it is PID 1 with uid 0 and three capabilities; a test runs under another uid.
As `--local` it is a plain child of the host and confines next to nothing.
It never reads a request's body and never decodes a result, so that no test finds another's here.
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import signal
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

from sandbox import cgroup, child, codec, landlock, seccomp
from sandbox.confine import (
    PR_SET_CHILD_SUBREAPER,
    PR_SET_DUMPABLE,
    PR_SET_NO_NEW_PRIVS,
    Confinement,
    drop,
    give_room_for_stacks,
    in_child,
    prctl,
    prepare_streams,
)
from sandbox.guise import Ages, Title, use_up_pids
from sandbox.landlock import Fence
from sandbox.standby import Standby
from sandbox.supervisor import Run
from sandbox.template import Template
from sandbox.wire import (
    IN,
    NONCE_BYTES,
    OUT,
    Ask,
    Reason,
    Reply,
    Say,
    WireRequest,
    read_exact,
    read_head,
)

_PRELOADED = (
    *("array", "bisect", "cmath", "collections", "copy", "dataclasses", "datetime", "decimal"),
    *("enum", "fractions", "functools", "heapq", "io", "itertools", "json", "math", "operator"),
    *("random", "re", "statistics", "string", "textwrap", "typing", "time", "atexit"),
)


def main() -> None:
    setting = _setting()
    nonce = read_exact(NONCE_BYTES)
    guarantees = _harden(setting)
    ages = _disguise(setting)
    _warm(setting)
    hello = codec.encode({"python": sys.version.split()[0], "isolation": guarantees})
    _say(Reply(say=Say.HELLO, nonce=nonce, result=hello))
    try:
        template = Template(setting)
        standby = Standby(setting)
        while (request := _next_request(setting)) is not None:
            if request.ask is Ask.WORLD:
                standby.drop()
                _say(template.take(request))
            else:
                _serve(setting, request, standby)
            ages.restore()
            standby = Standby(setting)
    finally:
        if setting.local:
            _remove(setting.tmp)


def _setting() -> Confinement:
    """From `--local FOLDER` or `--uid N --lease S`; by hand: each import makes forks dearer."""
    words = sys.argv[1:]
    given = dict(zip(words[::2], words[1::2], strict=True))
    if "--local" in given:
        tmp = Path(given["--local"])
        return Confinement(local=True, uid=None, lease_s=30.0, cpu=None, oom=None, tmp=tmp)
    uid = int(given["--uid"]) if os.geteuid() == 0 else None
    lease_s = float(given["--lease"])
    return Confinement(
        local=False,
        uid=uid,
        lease_s=lease_s,
        cpu=cgroup.cpu_clock(),
        oom=cgroup.oom_kills(),
        tmp=Path("/tmp"),
        shm=_SHM if _SHM.is_dir() else None,
        fence=Fence() if landlock.is_available() else None,
        title=Title(),
    )


_SHM = Path("/dev/shm")


def _harden(setting: Confinement) -> tuple[str, ...]:
    """Make the worker itself hard to reach; the guarantees that this gives, one word each."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    if setting.local:
        return ("fork-per-test", "rlimits")
    prctl(PR_SET_DUMPABLE, 0)
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    extra = {
        "separate-uid": setting.uid is not None,
        "own-seccomp": seccomp.install(),
        "cpu-by-cgroup": setting.cpu is not None,
        "hidden-counters": setting.fence is not None,
    }
    words = [word if is_on else f"without:{word}" for word, is_on in extra.items()]
    return ("fork-per-test", "rlimits", "pid1", *words)


def _disguise(setting: Confinement) -> Ages:
    """Let no number or name say that this is a sandbox, and how used it is."""
    folders = (setting.tmp, setting.shm) if setting.shm else (setting.tmp,)
    ages = Ages(folders if not setting.local else ())
    if setting.title is not None:
        use_up_pids()
        setting.title.of_init()
    ages.restore()
    return ages


def _warm(setting: Confinement) -> None:
    """Import what tests import, compile once, freeze the heap: a fork then copies little."""
    for name in _PRELOADED:
        __import__(name)
    compile("def f(x):\n    return [y + 1 for y in x]\n", "solution.py", "exec")
    child.evaluate("z = 1\nz", {})
    codec.decode(codec.encode({"a": (1.0, "b", [None, True])}))
    prepare_streams()
    give_room_for_stacks()
    for name in [n for n in sys.modules if n == "sandbox" or n.startswith("sandbox.")]:
        del sys.modules[name]
    own = _first_environment.get("PYTHONPATH")
    if own in sys.path:
        sys.path.remove(own)
    os.environ.clear()
    os.environ.update(_environment(setting))
    gc.collect()
    gc.freeze()
    gc.disable()


_KEPT = ("PATH", "LD_LIBRARY_PATH", "PYTHONHASHSEED", "LANG")
_first_environment = dict(os.environ)


def _environment(setting: Confinement) -> dict[str, str]:
    """What a program of the test's user finds on an ordinary machine."""
    import pwd

    kept = {name: _first_environment[name] for name in _KEPT if name in _first_environment}
    try:
        user = pwd.getpwuid(setting.uid if setting.uid is not None else os.getuid())
    except KeyError:
        return {"HOME": "/tmp", **kept}
    home = user.pw_dir if not setting.local and Path(user.pw_dir).exists() else "/tmp"
    return {"HOME": home, "USER": user.pw_name, "LOGNAME": user.pw_name, **kept}


def _next_request(setting: Confinement) -> WireRequest | None:
    """The next run; answers pings; None when the host is gone or silent for longer than the
    lease.
    """
    while True:
        poll = select.poll()
        poll.register(IN, select.POLLIN)
        if not poll.poll(setting.lease_s * 1000):
            return None
        request = read_head()
        if request is None or request.ask in (Ask.RUN, Ask.WORLD):
            return request
        if request.ask is Ask.PING:
            _say(Reply(say=Say.PONG, nonce=request.nonce, request_id=request.request_id))


def _say(reply: Reply) -> None:
    data = memoryview(reply.pack())
    while data:
        data = data[os.write(OUT, data) :]


def _serve(setting: Confinement, request: WireRequest, standby: Standby) -> None:
    """Run one test and report; leaves no process of it, and no file, or says that it is not
    clean.
    """
    oom_before = _oom_kills(setting)
    run = Run(setting, request, standby)
    try:
        started = run.start()
        if started:
            run.watch()
    finally:
        run.kill()
    clean = _sweep(setting, request, standby.directory)
    if run.host_is_gone or not (started or run.reason is Reason.FORK):
        sys.exit(0)
    _say(replace(run.reply(oom_kills=_oom_kills(setting) - oom_before), clean=clean))
    if not started:
        sys.exit(0)


def _oom_kills(setting: Confinement) -> int:
    return int(setting.oom.read()) if setting.oom else 0


def _sweep(setting: Confinement, request: WireRequest, directory: Path) -> bool:
    """Remove the test's files; False when something could not be removed."""
    if setting.local:
        return _remove(directory)
    folders = [directory, setting.shm] if setting.shm else [directory]
    for offset in (0, 1) if request.test_bytes else (0,):
        left = [folder for folder in folders if _names(folder)]
        if not left:
            return True
        pid = os.fork()
        if pid == 0:
            in_child(partial(_remove_all, setting, offset, left))
        os.waitpid(pid, 0)
    return not any(map(_names, folders))


def _remove(folder: Path) -> bool:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()


def _names(directory: Path) -> list[str]:
    return os.listdir(directory)  # noqa: PTH208 - a quarter of the time of iterdir


def _remove_all(setting: Confinement, offset: int, folders: list[Path]) -> None:
    """The janitor, under the test's own uid: it can do no more than the test could."""
    signal.alarm(5)
    drop(setting, offset)
    for folder in folders:
        _empty(folder)


def _empty(directory: Path) -> None:
    import shutil

    for base, folders, _files in os.walk(directory):
        for path in [Path(base, name) for name in folders]:
            with contextlib.suppress(OSError):
                if not path.is_symlink():
                    path.chmod(0o700)
    for entry in directory.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
