"""The kernel's own counts, as each version of cgroups writes them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sandbox.cgroup import cpu_clock, oom_kills

FILES = {
    "v1": ("cpuacct/cpuacct.usage", "1500000000\n", "memory/memory.oom_control"),
    "v1 joined": ("cpu,cpuacct/cpuacct.usage", "1500000000\n", "memory/memory.oom_control"),
    "v2": ("cpu.stat", "usage_usec 1500000\nuser_usec 1000000\n", "memory.events"),
}
OOM = {
    "memory/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n",
    "memory.events": "low 0\nhigh 0\nmax 9\noom 4\noom_kill 3\n",
}


@pytest.mark.parametrize("version", FILES)
def test_each_version_is_read(tmp_path: Path, version: str):
    cpu, text, oom = FILES[version]
    for name, content in ((cpu, text), (oom, OOM[oom])):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_text(content)
    clock, kills = cpu_clock(tmp_path), oom_kills(tmp_path)
    assert clock is not None
    assert kills is not None
    try:
        assert clock.read() == pytest.approx(1.5)
        assert kills.read() == 3
        (tmp_path / cpu).write_text(text.replace("15", "25"))
        assert clock.read() == pytest.approx(2.5)
    finally:
        os.close(clock.fd)
        os.close(kills.fd)


def test_where_nothing_counts_there_is_no_clock(tmp_path: Path):
    assert cpu_clock(tmp_path) is None
    assert oom_kills(tmp_path) is None


def test_the_files_of_this_very_machine_are_read(tmp_path: Path):
    """Its own cgroup of version 2, where one is mounted: other files than a container's."""
    found = [p for p in map(Path, ("/sys/fs/cgroup", "/sys/fs/cgroup/unified")) if has_v2(p)]
    if not found or os.geteuid() != 0:
        pytest.skip("no cgroup of version 2 here, or not root")
    folder = found[0] / f"atlas-test-{os.getpid()}"
    folder.mkdir()
    try:
        clock = cpu_clock(folder)
        assert clock is not None
        assert (clock.key, clock.read()) == (b"usage_usec", 0.0)
        os.close(clock.fd)
    finally:
        folder.rmdir()


def has_v2(folder: Path) -> bool:
    return (folder / "cgroup.controllers").exists()
