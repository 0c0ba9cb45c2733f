"""The sandbox's image: found again by a hash of all that goes into it, built when it is missing.

On top of `python:3.12-slim` where a registry answers; else from this machine's own CPython.
"""

from __future__ import annotations

import hashlib
import io
import re
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from sandbox import rootfs
from sandbox.api import SandboxUnavailable
from sandbox.docker_engine import Client, one_line

DEFAULT_BASE = "python:3.12-slim"
LABEL = "org.atlas.sandbox"
WORKER_LABEL = f"{LABEL}.worker-code"
PINS_LABEL = f"{LABEL}.pins"
UIDS = tuple(range(20_000, 20_032, 2))
"""Users that tests can run as, far from those of a machine; the test process of TestCode has the
next one.
"""
_REPOSITORY = "atlas-sandbox"
_HOME = "/opt/atlas"
_INSIDE = (
    *("codec.py", "wire.py", "processes.py", "seccomp.py", "cgroup.py", "identity.py"),
    *("guise.py", "landlock.py"),
    *("child.py", "drained.py", "forms.py", "project_tests.py"),
    *("entered.py", "calls_made.py", "versions.py"),
    *("remote.py", "confine.py", "supervisor.py"),
    *("standby.py", "template.py", "worker.py"),
)
_ENTRY = ["python3", "-s", "-P", "-m", "sandbox.worker"]
_ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "PYTHONPATH": _HOME,
    "PYTHONDONTWRITEBYTECODE": "1",
    "LANG": "C.UTF-8",
}
_BUILD_TIMEOUT_S = 300
_PULL_TIMEOUT_S = 30


@dataclass(frozen=True, kw_only=True)
class Image:
    tag: str
    recipe: str
    """Hash of the worker's source, the base and the packages."""
    base: str


def worker_files() -> rootfs.Files:
    """Our own code as it lies in the image, with its compiled form for this Python."""
    here = Path(__file__).parent
    files: rootfs.Files = {f"{_HOME[1:]}/sandbox/__init__.py": (b"", 0o644)}
    for name in _INSIDE:
        files[f"{_HOME[1:]}/sandbox/{name}"] = ((here / name).read_bytes(), 0o644)
    files["etc/passwd"] = (_passwd().encode(), 0o644)
    return files


def _passwd() -> str:
    """The usual system users, and an ordinary one for each uid of a test."""
    system = ("root:x:0:0:root:/root:/bin/sh", "nobody:x:65534:65534:nobody:/:/bin/false")
    users = [f"u{n}:x:{n}:{n}::{rootfs.HOME}:/bin/sh" for uid in UIDS for n in (uid, uid + 1)]
    return "\n".join([*system, *users, ""])


def recipe(base: str, packages: tuple[str, ...], wheels: Path | None = None) -> str:
    """What makes two images the same: our code, the base, the packages and the wheels that they
    come from, for a local base this Python.
    """
    digest = hashlib.sha256()
    of_local = [Path(rootfs.__file__).read_text()] if base.startswith(LOCAL_BASE) else []
    of_local += [sys.version] if base == LOCAL_BASE else []
    parts = [base, *sorted(packages), *of_local]
    parts += [hashlib.sha256(path.read_bytes()).hexdigest() for path in _wheels(wheels)]
    parts += [f"{path}\0{content.decode()}" for path, (content, _mode) in worker_files().items()]
    for part in [*parts, *_ENTRY, *_ENVIRONMENT.values()]:
        digest.update(part.encode() + b"\0")
    return digest.hexdigest()[:16]


def worker_digest() -> str:
    """Equal for images whose worker speaks with this very code."""
    files = sorted((path, content) for path, (content, _mode) in worker_files().items())
    return hashlib.sha256(repr(files).encode()).hexdigest()[:16]


def _wheels(folder: Path | None) -> list[Path]:
    return sorted(folder.glob("*.whl")) if folder else []


LOCAL_BASE = "local"


def ensure_image(client: Client, *, packages: tuple[str, ...] = ()) -> Image:
    """The image, from the engine's store or built now.

    Raises SandboxUnavailable when it cannot be built.
    """
    for base in (DEFAULT_BASE, LOCAL_BASE):
        image = _image(base, packages)
        if exists(client, image.tag):
            return image
    return build(client, packages=packages)


def build(
    client: Client,
    *,
    packages: tuple[str, ...] = (),
    base: str | None = None,
    wheels: Path | None = None,
) -> Image:
    """Build on `base`, or (None) on DEFAULT_BASE where it can be had, else on our Python.

    Packages come from the folder `wheels`, or else from the package index that pip is set up for.
    Raises SandboxUnavailable.
    """
    wanted = base or DEFAULT_BASE
    if wanted != LOCAL_BASE and _fetch(client, wanted):
        return _build_on(client, _image(wanted, packages, wheels), packages, wheels)
    if base not in (LOCAL_BASE, None):
        raise SandboxUnavailable(
            f"no image {base} here and no registry that has it; `atlas sandbox build --from-local`"
        )
    return _build_from_local(client, packages, wheels)


def _image(base: str, packages: tuple[str, ...], wheels: Path | None = None) -> Image:
    name = recipe(base, packages, wheels)
    return Image(tag=f"{_REPOSITORY}:{name}", recipe=name, base=base)


def _labels(image: Image, packages: tuple[str, ...], wheels: Path | None) -> str:
    """What it is, and which packages it surely has in which version."""
    pins = [pin for pin in packages if "==" in pin]
    pins += ["==".join(path.name.split("-")[:2]) for path in _wheels(wheels)]
    shown = f"{LABEL}={image.recipe} {WORKER_LABEL}={worker_digest()}"
    return f'{shown} {PINS_LABEL}="{" ".join(sorted(pins))}"' if pins else shown


def exists(client: Client, tag: str) -> bool:
    """Whether the engine's store has it."""
    from docker.errors import ImageNotFound

    try:
        client.inspect_image(tag)
    except ImageNotFound:
        return False
    return True


def _fetch(client: Client, base: str) -> bool:
    """Whether the base is here or could be pulled."""
    import requests
    from docker.errors import APIError

    if exists(client, base):
        return True
    kept, client.timeout = client.timeout, _PULL_TIMEOUT_S
    try:
        repository, _, tag = base.partition(":")
        client.pull(repository, tag=tag or "latest")
    except (APIError, requests.exceptions.RequestException):
        return False
    finally:
        client.timeout = kept
    return exists(client, base)


def local_image(version: str) -> Image:
    """Of a Python of this machine, by its `sys.version`; our own is what `build` makes."""
    return _image(LOCAL_BASE if version == sys.version else f"{LOCAL_BASE} {version}", ())


def write_local(path: str) -> None:
    """The root file system of the Python that runs this."""
    Path(path).write_bytes(rootfs.tar({**rootfs.base_files(), **worker_files()}))


def import_local(client: Client, tar: bytes, image: Image) -> None:
    """What `write_local` wrote, as an image; raises SandboxUnavailable."""
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        names: rootfs.Files = {name: (b"", 0) for name in archive.getnames()}
    _import(client, tar, image, _local_changes(names, _labels(image, (), None)))


def _local_changes(files: rootfs.Files, labels: str) -> list[str]:
    changes = [f"ENV {k}={v}" for k, v in _ENVIRONMENT.items()]
    changes.append(f"ENV LD_LIBRARY_PATH={rootfs.library_path(files)}")
    return [*changes, f"LABEL {labels}", f"ENTRYPOINT {_json(_ENTRY)}"]


def _build_from_local(client: Client, packages: tuple[str, ...], wheels: Path | None) -> Image:
    """An image of this machine's CPython; takes seconds and no network."""
    image = _image(LOCAL_BASE, packages, wheels)
    files = {**local_files(packages, wheels), **worker_files()}
    changes = _local_changes(files, _labels(image, packages, wheels))
    _import(client, rootfs.tar(files), image, changes)
    return image


def local_files(packages: tuple[str, ...], wheels: Path | None) -> rootfs.Files:
    """Python and its packages, without our own code."""
    files = rootfs.base_files()
    if wheels is not None:
        files.update(rootfs.wheel_files(wheels))
    elif packages:
        with tempfile.TemporaryDirectory() as folder:
            rootfs.download_wheels(packages, Path(folder))
            files.update(rootfs.wheel_files(Path(folder)))
    return files


def load_tar(client: Client, path: Path) -> Image:
    """An image from a tar: one that `docker save` wrote, or a root file system with a python3.

    Raises SandboxUnavailable.
    """
    data = path.read_bytes()
    try:
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            names = archive.getnames()
    except tarfile.TarError as exc:
        raise SandboxUnavailable(
            f"{path} is no tar file; `docker save IMAGE -o FILE` writes one"
        ) from exc
    base = f"{_REPOSITORY}-base:{hashlib.sha256(data).hexdigest()[:16]}"
    if "manifest.json" in names:
        base = _load(client, data)
    else:
        # A root file system has lost what its image said of the environment.
        found = sorted({f"/{PurePosixPath(n).parent}" for n in names if "/libpython" in n})
        changes = [f"LABEL {LABEL}=base", f"ENV LD_LIBRARY_PATH={':'.join(found)}"]
        _import(client, data, Image(tag=base, recipe="", base=""), changes[: 1 + bool(found)])
    return _build_on(client, _image(base, ()), (), None)


def _load(client: Client, data: bytes) -> str:
    """Load a saved image; its name."""
    from docker.errors import APIError

    try:
        said = " ".join(str(line.get("stream", "")) for line in client.load_image(data))
    except APIError as exc:
        raise SandboxUnavailable(f"the engine refused the tar: {one_line(exc)}") from exc
    found = re.search(r"Loaded image(?: ID)?: (\S+)", said)
    if found is None:
        raise SandboxUnavailable(f"the engine found no image in the tar: {said.strip()[:200]}")
    return found.group(1)


def _import(client: Client, tar: bytes, image: Image, changes: list[str]) -> None:
    from docker.errors import APIError

    repository, _, tag = image.tag.partition(":")
    kept, client.timeout = client.timeout, _BUILD_TIMEOUT_S
    try:
        client.import_image_from_data(tar, repository=repository, tag=tag, changes=changes)
    except APIError as exc:
        raise SandboxUnavailable(f"the engine refused the image: {one_line(exc)}") from exc
    finally:
        client.timeout = kept
    if not exists(client, image.tag):
        raise SandboxUnavailable(
            "the engine took the image and does not show it; is its disk full?"
        )


def _json(words: list[str]) -> str:
    return "[" + ",".join(f'"{word}"' for word in words) + "]"


def _build_on(
    client: Client, image: Image, packages: tuple[str, ...], wheels: Path | None
) -> Image:
    """An image on top of a Python image, with packages from wheels or from its index."""
    context = _context(_dockerfile(image, packages, wheels), wheels)
    run_build(client, context, image.tag, image.base, network=bool(packages) and wheels is None)
    return image


def run_build(
    client: Client, context: IO[bytes], tag: str, base: str, *, network: bool = False
) -> None:
    """Have the engine build a tar that has a Dockerfile; raises SandboxUnavailable."""
    from docker.errors import APIError, BuildError

    kept, client.timeout = client.timeout, _BUILD_TIMEOUT_S
    lines: list[str] = []
    try:
        said = client.build(
            fileobj=context,
            custom_context=True,
            tag=tag,
            rm=True,
            pull=False,
            decode=True,
            network_mode="default" if network else "none",
        )
        lines.extend(str(line.get("error") or line.get("stream") or "").strip() for line in said)
    except (APIError, BuildError) as exc:
        raise SandboxUnavailable(f"building on {base} failed: {one_line(exc)}") from exc
    finally:
        client.timeout = kept
    if not exists(client, tag):
        last = next((line for line in reversed(lines) if line), "no message")
        raise SandboxUnavailable(f"building on {base} failed: {last}")


def _dockerfile(image: Image, packages: tuple[str, ...], wheels: Path | None) -> str:
    environment = [f"ENV {name}={value}" for name, value in _ENVIRONMENT.items()]
    compile_all = (
        "python3 -m compileall -q --invalidation-mode unchecked-hash "
        f"$(python3 -c 'import sysconfig; print(sysconfig.get_path(\"stdlib\"))') {_HOME} || true"
    )
    # Not every base has more than Python and a shell.
    link = (
        f"python3 -c \"import os; os.makedirs('/home', exist_ok=True); "
        f"os.path.lexists('{rootfs.HOME}') or os.symlink('/tmp', '{rootfs.HOME}')\""
    )
    return "\n".join(
        [
            f"FROM {image.base}",
            *_install(packages, wheels),
            f"COPY {_HOME[1:]} {_HOME}",
            "COPY etc/passwd /etc/passwd",
            f"RUN {link}",
            f"RUN {compile_all}",
            *environment,
            f"LABEL {_labels(image, packages, wheels)}",
            f"ENTRYPOINT {_json(_ENTRY)}",
        ]
    )


def _install(packages: tuple[str, ...], wheels: Path | None) -> list[str]:
    if wheels is not None:
        pip = "RUN python3 -m pip install --no-cache-dir --no-index --no-deps /wheels/*.whl"
        return ["COPY wheels /wheels", pip]
    if packages:
        return [f"RUN python3 -m pip install --no-cache-dir {' '.join(sorted(packages))}"]
    return []


def _context(dockerfile: str, wheels: Path | None) -> io.BytesIO:
    files = {**worker_files(), "Dockerfile": (dockerfile.encode(), 0o644)}
    for path in sorted(wheels.glob("*.whl")) if wheels else ():
        files[f"wheels/{path.name}"] = (path.read_bytes(), 0o644)
    return io.BytesIO(rootfs.tar(files, bare=True))
