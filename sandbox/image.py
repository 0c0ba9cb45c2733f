"""The sandbox's image: found again by a hash of all that goes into it, built when it is missing.

On top of `python:3.12-slim` where a registry answers; else from this machine's own CPython.
"""

from __future__ import annotations

import hashlib
import io
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

from sandbox import rootfs
from sandbox.api import SandboxUnavailable
from sandbox.engine import Client, one_line

DEFAULT_BASE = "python:3.12-slim"
LABEL = "org.atlas.sandbox"
_REPOSITORY = "atlas-sandbox"
_HOME = "/opt/atlas"
_INSIDE = (
    *("codec.py", "wire.py", "processes.py", "seccomp.py", "child.py"),
    *("remote.py", "confine.py", "run.py", "worker.py"),
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
    return files


def recipe(base: str, packages: tuple[str, ...]) -> str:
    """What makes two images the same: our code, the base, the packages, for a local base this
    Python.
    """
    digest = hashlib.sha256()
    parts = [base, *sorted(packages), sys.version if base == LOCAL_BASE else ""]
    parts += [f"{path}\0{content.decode()}" for path, (content, _mode) in worker_files().items()]
    for part in [*parts, *_ENTRY, *_ENVIRONMENT.values()]:
        digest.update(part.encode() + b"\0")
    return digest.hexdigest()[:16]


LOCAL_BASE = "local"


def ensure_image(
    client: Client, *, packages: tuple[str, ...] = (), base: str = DEFAULT_BASE
) -> Image:
    """The image, from the engine's store or built now. Raises SandboxUnavailable when it cannot be
    built.
    """
    wanted = [_image(base, packages), _image(LOCAL_BASE, packages)]
    for image in wanted:
        if _exists(client, image.tag):
            return image
    if base != LOCAL_BASE and _fetch(client, base):
        return _build_on(client, wanted[0], packages)
    if packages:
        raise SandboxUnavailable(
            f"no registry answers, so there is no {base} to put {', '.join(packages)} into; "
            "give a wheel folder with `atlas sandbox build --wheels DIR`"
        )
    return build_from_local(client)


def _image(base: str, packages: tuple[str, ...]) -> Image:
    name = recipe(base, packages)
    return Image(tag=f"{_REPOSITORY}:{name}", recipe=name, base=base)


def _exists(client: Client, tag: str) -> bool:
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

    if _exists(client, base):
        return True
    kept, client.timeout = client.timeout, _PULL_TIMEOUT_S
    try:
        repository, _, tag = base.partition(":")
        client.pull(repository, tag=tag or "latest")
    except (APIError, requests.exceptions.RequestException):
        return False
    finally:
        client.timeout = kept
    return _exists(client, base)


def build_from_local(client: Client) -> Image:
    """An image of this machine's CPython; takes seconds and no network."""
    image = _image(LOCAL_BASE, ())
    files = rootfs.base_files()
    changes = [f"ENV {k}={v}" for k, v in _ENVIRONMENT.items()]
    changes.append(f"ENV LD_LIBRARY_PATH={rootfs.library_path(files)}")
    changes += [f"LABEL {LABEL}={image.recipe}", f"ENTRYPOINT {_json(_ENTRY)}"]
    for path, (content, mode) in worker_files().items():
        files[path] = (content, mode)
    _import(client, rootfs.tar(files), image, changes)
    return image


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
    if not _exists(client, image.tag):
        raise SandboxUnavailable(
            "the engine took the image and does not show it; is its disk full?"
        )


def _json(words: list[str]) -> str:
    return "[" + ",".join(f'"{word}"' for word in words) + "]"


def _build_on(client: Client, image: Image, packages: tuple[str, ...]) -> Image:
    """An image on top of a Python image, with packages from its index."""
    from docker.errors import APIError, BuildError

    context = _context(_dockerfile(image, packages))
    kept, client.timeout = client.timeout, _BUILD_TIMEOUT_S
    lines: list[str] = []
    try:
        for line in client.build(
            fileobj=context, custom_context=True, tag=image.tag, rm=True, pull=False, decode=True
        ):
            lines.append(str(line.get("error") or line.get("stream") or "").strip())
    except (APIError, BuildError) as exc:
        raise SandboxUnavailable(f"building on {image.base} failed: {one_line(exc)}") from exc
    finally:
        client.timeout = kept
    if not _exists(client, image.tag):
        last = next((line for line in reversed(lines) if line), "no message")
        raise SandboxUnavailable(f"building on {image.base} failed: {last}")
    return image


def _dockerfile(image: Image, packages: tuple[str, ...]) -> str:
    environment = [f"ENV {name}={value}" for name, value in _ENVIRONMENT.items()]
    install = [f"RUN pip install --no-cache-dir {' '.join(sorted(packages))}"] if packages else []
    compile_all = (
        "RUN python3 -m compileall -q --invalidation-mode unchecked-hash "
        f"/usr/local/lib {_HOME} || true"
    )
    return "\n".join(
        [
            f"FROM {image.base}",
            *install,
            f"COPY {_HOME[1:]} {_HOME}",
            compile_all,
            *environment,
            f"LABEL {LABEL}={image.recipe}",
            f"ENTRYPOINT {_json(_ENTRY)}",
        ]
    )


def _context(dockerfile: str) -> io.BytesIO:
    buffer = io.BytesIO()
    files = {**worker_files(), "Dockerfile": (dockerfile.encode(), 0o644)}
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path, (content, mode) in sorted(files.items()):
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(content), mode
            archive.addfile(entry, io.BytesIO(content))
    buffer.seek(0)
    return buffer
