"""Finding and reaching a Docker engine as the docker command does, with causes that a person can
mend.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sandbox.api import SandboxUnavailable

Client = Any
"""docker.APIClient, which has no types."""

_DEFAULT_SOCKET = "unix:///var/run/docker.sock"
_CONNECT_TIMEOUT_S = 5


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    url: str
    source: str
    """Where the address came from, for messages."""
    tls: Any = None


def find_endpoint(environ: Mapping[str, str] | None = None) -> Endpoint:
    """DOCKER_HOST, then DOCKER_CONTEXT, then the current context, then the default socket.

    Raises SandboxUnavailable when a context is named that does not exist.
    """
    environ = os.environ if environ is None else environ
    if url := environ.get("DOCKER_HOST"):
        return Endpoint(url=url, source="DOCKER_HOST")
    from docker.context import ContextAPI
    from docker.errors import ContextException

    name = environ.get("DOCKER_CONTEXT")
    try:
        context = ContextAPI.get_context(name) if name else ContextAPI.get_current_context()
    except (ContextException, OSError, ValueError) as exc:
        raise SandboxUnavailable(f"docker context {name or 'in use'} is unusable: {exc}") from exc
    if name and context is None:
        raise SandboxUnavailable(
            f"no docker context {name!r}; `docker context ls` shows them, or unset DOCKER_CONTEXT"
        )
    if context is None or not context.Host or context.name == "default":
        return Endpoint(url=_DEFAULT_SOCKET, source="the default socket")
    return Endpoint(
        url=context.Host, source=f"docker context {context.name}", tls=context.TLSConfig
    )


def connect(endpoint: Endpoint, *, timeout_s: float = 10, version: str | None = None) -> Client:
    """A client whose engine has answered a ping; raises SandboxUnavailable with the cause and the
    mend.
    """
    import docker
    import requests
    from docker.errors import DockerException

    check_socket(endpoint)
    try:
        client = docker.APIClient(
            base_url=_url(endpoint.url),
            version=version or "auto",
            timeout=_CONNECT_TIMEOUT_S,
            tls=endpoint.tls or False,
        )
        if version is None:
            client.ping()
    except requests.exceptions.Timeout as exc:
        raise _hangs(endpoint) from exc
    except (DockerException, requests.exceptions.RequestException, OSError, ValueError) as exc:
        if "timed out" in str(exc).lower():
            raise _hangs(endpoint) from exc
        raise SandboxUnavailable(
            f"no Docker engine at {endpoint.url} (from {endpoint.source}): {one_line(exc)}; "
            "start it, or point DOCKER_HOST at one"
        ) from exc
    client.timeout = timeout_s
    return client


def _hangs(endpoint: Endpoint) -> SandboxUnavailable:
    return SandboxUnavailable(
        f"the Docker engine at {endpoint.url} does not answer within {_CONNECT_TIMEOUT_S} s; "
        "restart it"
    )


def _url(url: str) -> str:
    return url.replace("unix:///", "http+unix:///", 1) if url.startswith("unix:///") else url


def check_socket(endpoint: Endpoint) -> None:
    """Tell apart what the docker library calls by one name, quickly; does nothing but for unix
    sockets.

    Raises SandboxUnavailable.
    """
    if not endpoint.url.startswith("unix://"):
        return
    path = Path(urlsplit(endpoint.url).path)
    where = f"{path} (from {endpoint.source})"
    if not path.exists():
        raise SandboxUnavailable(
            f"no Docker socket at {where}; install and start Docker, or set DOCKER_HOST"
        )
    if not path.is_socket():
        raise SandboxUnavailable(f"{where} is not a socket; set DOCKER_HOST to the engine's own")
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(_CONNECT_TIMEOUT_S)
        try:
            probe.connect(str(path))
        except PermissionError as exc:
            raise SandboxUnavailable(
                f"no permission for {where}; add yourself to the docker group and log in again"
            ) from exc
        except TimeoutError as exc:
            raise _hangs(endpoint) from exc
        except OSError as exc:
            raise SandboxUnavailable(
                f"no Docker engine listens on {where}: {exc.strerror}; start it"
            ) from exc


def one_line(exc: BaseException) -> str:
    """A foreign error for the end of a message: what the system said, where it said something."""
    said = next((text for one in _chain(exc) if (text := _system_error(one))), "")
    said = said or str(getattr(exc, "explanation", None) or "")
    return said or " ".join(str(exc).split())[:300] or type(exc).__name__


def _chain(exc: BaseException) -> Iterator[BaseException]:
    """The error and all that it wraps: requests and urllib3 keep theirs in several places."""
    front, seen = [exc], set[int]()
    while front:
        one = front.pop()
        if id(one) not in seen:
            seen.add(id(one))
            yield one
            inner = (one.__cause__, one.__context__, getattr(one, "reason", None), *one.args)
            front += [part for part in inner if isinstance(part, BaseException)]


def _system_error(exc: BaseException) -> str:
    """The plain words of the operating system, `connection refused`."""
    if isinstance(exc, OSError) and isinstance(exc.strerror, str):
        return exc.strerror.lower()
    return "it broke off the connection" if isinstance(exc, ConnectionError) else ""


def is_broken_off(exc: BaseException) -> bool:
    """Whether the engine, or what lies between, ended a conversation in its midst."""
    return any(isinstance(one, ConnectionError) for one in _chain(exc))
