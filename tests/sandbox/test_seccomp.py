"""The filter's program, run by a small BPF machine here and by the kernel in a container."""

from __future__ import annotations

import struct

import pytest

from sandbox.api import Call, Job
from sandbox.seccomp import REFUSED, program

ALLOW, KILL, EPERM, NO_FAMILY = 0x7FFF0000, 0x80000000, 0x50001, 0x50000 + 97
ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
HARMLESS = {
    "x86_64": {"read": 0, "write": 1, "mmap": 9, "clone": 56, "execve": 59, "socketpair": 53},
    "aarch64": {
        "read": 63,
        "write": 64,
        "mmap": 222,
        "clone": 220,
        "execve": 221,
        "socketpair": 199,
    },
}
SOCKET = {"x86_64": 41, "aarch64": 198}


def decision(machine: str, number: int, *arguments: int, arch: int | None = None) -> int:
    """What the program returns for one system call."""
    given = (*arguments, 0, 0, 0)[:3]
    data = struct.pack("=IIQ3Q", number, arch or ARCH[machine], 0, *given)
    lines = list(struct.iter_unpack("=HBBI", program(machine)))
    at = loaded = 0
    while True:
        code, when_true, when_false, value = lines[at]
        at += 1
        if code == 0x06:
            return int(value)
        if code == 0x20:
            (loaded,) = struct.unpack_from("=I", data, value)
        elif code == 0x54:
            loaded &= value
        elif code in (0x15, 0x35):
            holds = loaded == value if code == 0x15 else loaded >= value
            at += when_true if holds else when_false
        else:
            raise AssertionError(f"unknown instruction {code:#x}")


@pytest.mark.parametrize("machine", sorted(REFUSED))
def test_listed_calls_are_refused_and_usual_ones_allowed(machine):
    assert {decision(machine, n) for n in REFUSED[machine].values()} == {EPERM}
    assert {decision(machine, n) for n in HARMLESS[machine].values()} == {ALLOW}


@pytest.mark.parametrize("machine", sorted(REFUSED))
def test_only_plain_sockets_can_be_made(machine):
    close_on_exec = 0o2000000
    plain = [(1, 1, 0), (1, 5, 0), (2, 1, 0), (2, 1 | close_on_exec, 6), (10, 2, 17), (10, 1, 0)]
    assert {decision(machine, SOCKET[machine], *given) for given in plain} == {ALLOW}
    families = [(n, 1, 0) for n in range(50) if n not in (1, 2, 10)]
    raw, ping, sctp, multipath = (2, 3, 1), (2, 2, 1), (2, 1, 132), (2, 1, 262)
    refused = [*families, raw, ping, sctp, multipath, (10, 3, 0), (2, 5, 0), (2, 2, 136)]
    assert {decision(machine, SOCKET[machine], *given) for given in refused} == {NO_FAMILY}


@pytest.mark.parametrize("machine", sorted(REFUSED))
def test_foreign_call_tables_are_refused_whole(machine):
    assert decision(machine, 0, arch=0x40000003) == KILL
    assert decision(machine, 0x40000000 + 1) == KILL


def test_both_tables_name_the_same_calls():
    assert set(REFUSED["x86_64"]) == set(REFUSED["aarch64"])


@pytest.mark.docker
async def test_the_kernel_refuses_what_the_table_says(docker_box):
    code = (
        "import ctypes, errno\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "def f(numbers):\n"
        "    told = []\n"
        "    for number in numbers:\n"
        "        result = libc.syscall(number, 0, 0, 0, 0, 0, 0)\n"
        "        told.append(errno.errorcode.get(ctypes.get_errno()) if result < 0 else result)\n"
        "    return told\n"
    )
    import os

    numbers = sorted(REFUSED[os.uname().machine].values())
    job = Job(code=code, form=Call(entry="f", args=(numbers,)))
    (seen,) = await docker_box.run([job])
    assert seen.value == ["EPERM"] * len(numbers)
