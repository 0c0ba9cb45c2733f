"""Why there is no sandbox is said with cause and mend; contexts are found as docker finds them."""

from __future__ import annotations

import asyncio
import hashlib
import json
import socket
import subprocess
import sys

import pytest

from sandbox import open_sandbox
from sandbox.admin import doctor
from sandbox.api import SandboxUnavailable
from sandbox.docker_engine import connect, find_endpoint


def check_unavailable(environ: dict[str, str], *words: str) -> None:
    with pytest.raises(SandboxUnavailable) as caught:
        asyncio.run(open_sandbox("docker", environ=environ).start())
    text = str(caught.value)
    assert "\n" not in text
    for word in words:
        assert word in text
    report = doctor(environ)
    assert not report.ok
    assert all(check.mend for check in report.checks if not check.ok)


def test_no_socket(tmp_path):
    check_unavailable({"DOCKER_HOST": f"unix://{tmp_path}/none"}, "no Docker socket", "DOCKER_HOST")


def test_a_file_that_is_no_socket(tmp_path):
    (tmp_path / "file").touch()
    check_unavailable({"DOCKER_HOST": f"unix://{tmp_path}/file"}, "is not a socket")


def test_a_socket_that_nobody_listens_on(tmp_path):
    path = tmp_path / "dead"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
    check_unavailable({"DOCKER_HOST": f"unix://{path}"}, "no Docker engine listens", "start it")


def test_a_context_that_does_not_exist():
    check_unavailable({"DOCKER_CONTEXT": "no-such"}, "no docker context 'no-such'")


def test_an_address_that_is_none():
    check_unavailable({"DOCKER_HOST": "ftp://x"}, "no Docker engine at ftp://x")


@pytest.mark.slow
def test_an_engine_that_hangs(tmp_path):
    path = tmp_path / "hangs"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        check_unavailable({"DOCKER_HOST": f"unix://{path}"}, "does not answer within", "restart it")


def test_docker_host_comes_before_the_context():
    found = find_endpoint({"DOCKER_HOST": "unix:///x", "DOCKER_CONTEXT": "y"})
    assert (found.url, found.source) == ("unix:///x", "DOCKER_HOST")


def test_the_current_context_is_followed(tmp_path):
    """In a process of its own, because docker reads its configuration's place at import."""
    name = hashlib.sha256(b"mine").hexdigest()
    folder = tmp_path / "contexts" / "meta" / name
    folder.mkdir(parents=True)
    meta = {"Name": "mine", "Metadata": {}, "Endpoints": {"docker": {"Host": "unix:///mine.sock"}}}
    (folder / "meta.json").write_text(json.dumps(meta))
    (tmp_path / "config.json").write_text(json.dumps({"currentContext": "mine"}))
    code = (
        "from sandbox.docker_engine import find_endpoint\n"
        "found = find_endpoint({})\nprint(found.url, found.source)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"DOCKER_CONFIG": str(tmp_path), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "unix:///mine.sock docker context mine", done.stderr


def test_nothing_is_imported_before_start():
    code = (
        "import sys; from sandbox import open_sandbox; open_sandbox('docker')\n"
        "print(sorted({'docker', 'requests', 'urllib3'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="docker or unsafe-local"):
        open_sandbox("chroot")  # type: ignore[arg-type]


@pytest.mark.docker
def test_the_doctor_finds_nothing_wrong_with_a_good_engine():
    report = doctor()
    assert report.ok, report
    assert {check.name for check in report.checks} == {"engine", "image", "container", "self-test"}


@pytest.mark.docker
def test_an_image_that_is_not_there_is_named():
    with pytest.raises(SandboxUnavailable, match="no image not-there:1"):
        asyncio.run(open_sandbox("docker", image="not-there:1").start())


@pytest.mark.docker
def test_connecting_gives_a_client_that_answered():
    client = connect(find_endpoint())
    try:
        assert client.ping()
    finally:
        client.close()
