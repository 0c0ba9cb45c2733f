"""A root file system made of this machine's own CPython, as a byte-reproducible tar; no network,
no root.

It has the interpreter, the standard library with its .pyc files, the shared libraries, and /bin/sh.
It does not have pip, tests, tkinter or IDLE, and it carries the faults of this machine's CPython.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import marshal
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from types import CodeType

from sandbox.api import SandboxUnavailable

_LEFT_OUT = frozenset(
    {
        *("test", "tests", "idlelib", "tkinter", "turtledemo", "ensurepip", "lib2to3", "distutils"),
        *("__pycache__", "site-packages", "dist-packages", "pydoc_data", "turtle.py", "venv"),
    }
)
_FOLDERS = (
    *("tmp", "proc", "sys", "dev", "etc", "home", "opt", "root", "run", "var", "usr/local/bin"),
)
HOME = "/home/user"
"""A link to /tmp, where a test can write."""
_NAMES = {
    "etc/group": "root:x:0:\nnogroup:x:65534:\n",
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    "etc/services": "ssh 22/tcp\ndomain 53/tcp\ndomain 53/udp\nhttp 80/tcp\nhttps 443/tcp\n",
    "etc/protocols": "ip 0 IP\nicmp 1 ICMP\ntcp 6 TCP\nudp 17 UDP\n",
}
_UNCHECKED_HASH = 0b01
Files = dict[str, tuple[bytes, int]]
"""Path inside to (content, mode)."""


def base_files() -> Files:
    """Everything but our own code. Raises SandboxUnavailable where this machine's Python cannot be
    copied.
    """
    if sys.platform != "linux":
        raise SandboxUnavailable(
            "an image from local files needs Linux; load one with `atlas sandbox build --from-tar`"
        )
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    python = _base_python()
    stdlib = Path(sysconfig.get_path("stdlib"))
    files: Files = {f"usr/local/bin/python{version}": (python.read_bytes(), 0o755)}
    binaries = [python]
    for path in _stdlib_files(stdlib):
        inside = f"usr/local/lib/python{version}/{path.relative_to(stdlib).as_posix()}"
        files[inside] = (path.read_bytes(), 0o644)
        if path.suffix == ".py":
            files[_cached_name(inside)] = (compiled(path, "/" + inside), 0o644)
        elif path.suffix == ".so":
            binaries.append(path)
    shell = Path("/bin/sh").resolve()
    if shell.exists():
        files["bin/sh"] = (shell.read_bytes(), 0o755)
        binaries.append(shell)
    on_every_linux = _platform_libraries()
    binaries += map(Path, on_every_linux.values())
    files.update(_placed(on_every_linux))
    files.update(_libraries(binaries))
    files.update(_places())
    files.update({name: (text.encode(), 0o644) for name, text in _NAMES.items()})
    return files


_ON_EVERY_LINUX = (
    *("libanl.so.1", "libatomic.so.1", "libc.so.6", "libdl.so.2", "libexpat.so.1"),
    *("libgcc_s.so.1", "libm.so.6", "libmvec.so.1", "libnsl.so.1", "libpthread.so.0"),
    *("libresolv.so.2", "librt.so.1", "libstdc++.so.6", "libutil.so.1", "libz.so.1"),
)
"""What a manylinux wheel may expect (PEP 600), but for what draws on a screen."""


def _platform_libraries() -> Mapping[str, str]:
    """By name, as the loader of this machine finds them."""
    loader = shutil.which("ldconfig", path="/sbin:/usr/sbin:/bin:/usr/bin")
    if loader is None:
        return {}
    done = subprocess.run([loader, "-p"], capture_output=True, text=True, check=False)
    kind = {"x86_64": "x86-64", "aarch64": "AArch64"}.get(platform.machine(), "")
    rows = re.findall(r"^\s+(\S+) \(([^)]*)\) => (/\S+)", done.stdout, re.MULTILINE)
    found = {name: path for name, about, path in reversed(rows) if kind in about}
    return {name: found[name] for name in _ON_EVERY_LINUX if name in found}


_LOCALE = Path("/usr/lib/locale/C.utf8")
_ZONES = Path("/usr/share/zoneinfo")
_NOT_ZONES = frozenset({"posix", "right", "localtime", "posixrules", "leap-seconds.list"})


def _places() -> Files:
    """The C.UTF-8 locale and the time zones, as far as this machine has them."""
    locale = [path for path in sorted(_LOCALE.rglob("*")) if path.is_file()]
    zones = [
        path
        for path in sorted(_zone_folder().rglob("*"))
        if path.is_file() and not _NOT_ZONES & set(path.relative_to(_zone_folder()).parts)
    ]
    return {
        **{str(path)[1:]: (path.read_bytes(), 0o644) for path in locale},
        **{
            f"{_ZONES}/{path.relative_to(_zone_folder())}"[1:]: (path.read_bytes(), 0o644)
            for path in zones
            if path.suffix not in (".py", ".pyc")
        },
    }


def _zone_folder() -> Path:
    """The system's, or else that of the tzdata package where it is installed."""
    if _ZONES.is_dir():
        return _ZONES
    found = importlib.util.find_spec("tzdata")
    return Path(found.origin).parent / "zoneinfo" if found and found.origin else _ZONES


def _stdlib_files(stdlib: Path) -> Iterator[Path]:
    for path in sorted(stdlib.rglob("*")):
        parts = path.relative_to(stdlib).parts
        skipped = any(p in _LEFT_OUT or p.startswith("config-") for p in parts)
        if not skipped and path.is_file() and path.suffix in (".py", ".so"):
            yield path


def _cached_name(inside: str) -> str:
    path = PurePosixPath(inside)
    return str(path.parent / "__pycache__" / f"{path.stem}.{sys.implementation.cache_tag}.pyc")


def compiled(path: Path, inside: str) -> bytes:
    """A .pyc that is never checked against its source, which lies on a read-only root."""
    source = path.read_bytes()
    flags = _UNCHECKED_HASH.to_bytes(4, "little")
    head = importlib.util.MAGIC_NUMBER + flags + importlib.util.source_hash(source)
    return head + (_cached_code(path) or marshal.dumps(_compile(source, inside)))


def _compile(source: bytes, inside: str) -> CodeType:
    return compile(source, inside, "exec", dont_inherit=True, optimize=0)


def _cached_code(path: Path) -> bytes | None:
    """The code in this interpreter's own .pyc while that is fresh: fast, and the same bytes each
    time.
    """
    try:
        data = Path(importlib.util.cache_from_source(str(path))).read_bytes()
    except OSError:
        return None
    stat = path.stat()
    times = (int(stat.st_mtime) & 0xFFFFFFFF).to_bytes(4, "little")
    size = (stat.st_size & 0xFFFFFFFF).to_bytes(4, "little")
    is_fresh = data[:16] == importlib.util.MAGIC_NUMBER + bytes(4) + times + size
    return data[16:] if is_fresh else None


def _libraries(binaries: list[Path]) -> Files:
    """The shared libraries that `ldd` names, at their own paths; others than the system's in
    /usr/local/lib.
    """
    return _placed(_needed(binaries))


def _placed(needed: Mapping[str, str]) -> Files:
    files: Files = {}
    for name, path in sorted(needed.items()):
        is_system = path.startswith(("/lib", "/usr/lib")) or name.startswith("/")
        inside = path if is_system else f"/usr/local/lib/{name}"
        files[inside.lstrip("/")] = (Path(path).read_bytes(), 0o755)
    return files


def download_wheels(packages: tuple[str, ...], folder: Path) -> None:
    """Fetch wheels for this Python with pip; raises SandboxUnavailable when it cannot."""
    command = [sys.executable, "-m", "pip", "download", "--only-binary=:all:", "--dest"]
    done = subprocess.run(
        [*command, str(folder), *sorted(packages)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise SandboxUnavailable(
            f"pip cannot fetch {', '.join(packages)}: {last}; give wheels with --wheels DIR"
        )


def wheel_files(folder: Path) -> Files:
    """All wheels of the folder, unpacked where this Python looks; raises SandboxUnavailable."""
    wheels = sorted(folder.glob("*.whl"))
    if not wheels:
        raise SandboxUnavailable(f"no wheels in {folder}; `pip download --dest` puts some there")
    with tempfile.TemporaryDirectory() as unpacked:
        for wheel in wheels:
            zipfile.ZipFile(wheel).extractall(unpacked)
        return _unpacked_files(Path(unpacked), _site_folder())


def _site_folder() -> str:
    """Where the copied Python will look for packages; Debian's looks elsewhere than others."""
    look = "import site; print(site.getsitepackages(['/usr/local'])[-1])"
    done = subprocess.run([_base_python(), "-c", look], capture_output=True, text=True, check=True)
    return done.stdout.strip().lstrip("/")


def _base_python() -> Path:
    """The interpreter itself, not a link in an environment."""
    return Path(getattr(sys, "_base_executable", sys.executable)).resolve()


def _unpacked_files(root: Path, site: str) -> Files:
    files: Files = {}
    binaries = []
    for path in sorted(p for p in root.rglob("*") if p.is_file()):
        parts = path.relative_to(root).parts
        if parts[0].endswith(".data"):
            parts = parts[2:] if parts[1] in ("purelib", "platlib") else ()
        if not parts or "tests" in parts:
            continue
        inside = f"{site}/{'/'.join(parts)}"
        files[inside] = (path.read_bytes(), 0o644)
        if path.suffix == ".py":
            with contextlib.suppress(SyntaxError):
                files[_cached_name(inside)] = (compiled(path, "/" + inside), 0o644)
        elif ".so" in path.suffixes:
            binaries.append(path)
    bundled = str(root)
    needed = {n: p for n, p in _needed(binaries).items() if not p.startswith(bundled)}
    return {**files, **_placed(needed)}


def _needed(binaries: list[Path]) -> Mapping[str, str]:
    if not binaries:
        return {}
    try:
        done = subprocess.run(
            ["ldd", *map(str, binaries)], capture_output=True, text=True, check=False, timeout=60
        )
    except (FileNotFoundError, subprocess.TimeoutExpired) as exc:
        raise SandboxUnavailable("cannot list shared libraries: `ldd` is missing or hangs") from exc
    found = dict(re.findall(r"^\s+(\S+) => (/\S+)", done.stdout, re.MULTILINE))
    loaders = re.findall(r"^\s+(/\S+) \(0x", done.stdout, re.MULTILINE)
    return {**found, **{path: path for path in loaders}}


def library_path(files: Files) -> str:
    """LD_LIBRARY_PATH for an image that has no ld.so.cache."""
    folders = {"/" + str(PurePosixPath(p).parent) for p in files if ".so" in PurePosixPath(p).name}
    return ":".join(sorted(f for f in folders if "lib-dynload" not in f and "-packages" not in f))


def tar(files: Files, *, bare: bool = False) -> bytes:
    """The same bytes for the same files: sorted, no times, no owners.

    A root file system also gets its empty folders and the names of python3, unless `bare`.
    """
    folders = set() if bare else _folders(files)
    python = f"python3.{sys.version_info.minor}"
    links = {} if bare else {"usr/local/bin/python": python, "usr/local/bin/python3": python}
    if not bare:
        links[HOME[1:]] = "/tmp"
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for folder in sorted(folders):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if folder == "tmp" else 0o755
            archive.addfile(entry)
        for path, (content, mode) in sorted(files.items()):
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(content), mode
            archive.addfile(entry, io.BytesIO(content))
        for name, target in links.items():
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = tarfile.SYMTYPE, target
            archive.addfile(entry)
    return buffer.getvalue()


def _folders(files: Files) -> set[str]:
    folders = set(_FOLDERS)
    for path in files:
        folders |= {str(p) for p in PurePosixPath(path).parents}
    for folder in tuple(folders):
        folders |= {str(p) for p in PurePosixPath(folder).parents}
    return folders - {"."}
