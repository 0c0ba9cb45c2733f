"""For which machine a binary file was built, as its first bytes say."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

_ELF, _N_BYTES = b"\x7fELF", 20
_OTHER_SYSTEMS = {
    b"MZ": "Windows",
    b"\xcf\xfa\xed\xfe": "macOS",
    b"\xca\xfe\xba\xbe": "macOS",
}
_MACHINES = {3: "i386", 40: "arm", 62: "x86_64", 183: "aarch64", 21: "ppc64", 243: "riscv"}
"""`e_machine` of the ELF header (elf(5))."""


def other_machine(path: Path) -> str:
    """What a file was built for, where that is another machine than this one; "" where it fits, is
    no binary, or cannot be told: only ELF systems are known.
    """
    own, head = _own(), _head(path)
    if not own.startswith(_ELF):
        return ""
    for magic, system in _OTHER_SYSTEMS.items():
        if head.startswith(magic):
            return system
    is_other = head.startswith(_ELF) and len(head) == _N_BYTES and _kind(head) != _kind(own)
    return _MACHINES.get(_kind(head)[1], "another machine") if is_other else ""


def _kind(head: bytes) -> tuple[int, int]:
    """Word size class and machine; the byte order is that of the file."""
    return head[4], int.from_bytes(head[18:20], "big" if head[5] == 2 else "little")


@cache
def _own() -> bytes:
    return _head(Path(sys.executable))


def _head(path: Path) -> bytes:
    if not path.is_file():
        return b""
    try:
        with path.open("rb") as file:
            return file.read(_N_BYTES)
    except OSError:
        return b""
