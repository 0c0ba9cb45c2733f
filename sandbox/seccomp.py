"""The worker's own system call filter, on top of the engine's default one. Standard library only.

It refuses what lets a test watch another process, outlive its end in kernel objects, or reach past
the container:
ptrace, io_uring, System V IPC, message queues, keys, namespaces, and all sockets but those of
AF_UNIX and plain TCP and UDP, which meet nothing but the container's own loopback.
Tables exist for x86-64 and aarch64 (the latter never ran here); elsewhere nothing is installed.
"""

from __future__ import annotations

import ctypes
import os
import struct

_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 22, 2
_LOAD_WORD, _JUMP_EQUAL, _JUMP_AT_LEAST, _RETURN, _AND = 0x20, 0x15, 0x35, 0x06, 0x54
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_NUMBER_AT, _ARCH_AT, _ARGUMENTS_AT = 0, 4, (16, 24, 32)
_EPERM, _EAFNOSUPPORT = 1, 97
_AF_UNIX, _AF_INET, _AF_INET6 = 1, 2, 10
_TYPE_BITS, _STREAM, _DATAGRAM = 0xF, 1, 2
_ANY_PROTOCOL, _TCP, _UDP = 0, 6, 17
_X32_BIT = 0x40000000

_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_SOCKET = {"x86_64": 41, "aarch64": 198}
_COMMON = {
    **{"open_tree": 428, "move_mount": 429, "fsopen": 430, "fsconfig": 431, "fsmount": 432},
    **{"fspick": 433, "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427},
    **{"pidfd_getfd": 438, "process_madvise": 440, "mount_setattr": 442},
}
REFUSED: dict[str, dict[str, int]] = {
    "x86_64": {
        **_COMMON,
        **{"shmget": 29, "shmat": 30, "shmctl": 31, "shmdt": 67, "semget": 64, "semop": 65},
        **{"semctl": 66, "semtimedop": 220, "msgget": 68, "msgsnd": 69, "msgrcv": 70, "msgctl": 71},
        **{"mq_open": 240, "mq_unlink": 241, "mq_timedsend": 242, "mq_timedreceive": 243},
        **{"mq_notify": 244, "mq_getsetattr": 245, "add_key": 248, "request_key": 249},
        **{"keyctl": 250, "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311},
        **{"kcmp": 312, "unshare": 272, "setns": 308, "mount": 165, "umount2": 166},
        **{"pivot_root": 155, "chroot": 161, "bpf": 321, "perf_event_open": 298},
        **{"userfaultfd": 323, "personality": 135, "name_to_handle_at": 303},
        **{"open_by_handle_at": 304, "init_module": 175, "finit_module": 313},
        **{"delete_module": 176, "kexec_load": 246, "quotactl": 179, "syslog": 103},
        **{"sethostname": 170, "setdomainname": 171, "swapon": 167, "swapoff": 168},
        **{"reboot": 169, "acct": 163},
    },
    "aarch64": {
        **_COMMON,
        **{"shmget": 194, "shmctl": 195, "shmat": 196, "shmdt": 197, "semget": 190, "semctl": 191},
        **{"semtimedop": 192, "semop": 193, "msgget": 186, "msgctl": 187, "msgrcv": 188},
        **{"msgsnd": 189, "mq_open": 180, "mq_unlink": 181, "mq_timedsend": 182},
        **{"mq_timedreceive": 183, "mq_notify": 184, "mq_getsetattr": 185, "add_key": 217},
        **{"request_key": 218, "keyctl": 219, "ptrace": 117, "process_vm_readv": 270},
        **{"process_vm_writev": 271, "kcmp": 272, "unshare": 97, "setns": 268, "mount": 40},
        **{"umount2": 39, "pivot_root": 41, "chroot": 51, "bpf": 280, "perf_event_open": 241},
        **{"userfaultfd": 282, "personality": 92, "name_to_handle_at": 264},
        **{"open_by_handle_at": 265, "init_module": 105, "finit_module": 273},
        **{"delete_module": 106, "kexec_load": 104, "quotactl": 60, "syslog": 116},
        **{"sethostname": 161, "setdomainname": 162, "swapon": 224, "swapoff": 225},
        **{"reboot": 142, "acct": 89},
    },
}


def program(machine: str) -> bytes:
    """The classic BPF program for the machine; raises KeyError for one without a table."""
    refused = sorted(REFUSED[machine].values())
    lines = [
        _line(_LOAD_WORD, _ARCH_AT),
        _line(_JUMP_EQUAL, _AUDIT_ARCH[machine], when_true=1),
        _line(_RETURN, _KILL),
        _line(_LOAD_WORD, _NUMBER_AT),
        _line(_JUMP_AT_LEAST, _X32_BIT, when_false=1),
        _line(_RETURN, _KILL),
    ]
    for number in refused:
        lines.append(_line(_JUMP_EQUAL, number, when_false=1))
        lines.append(_line(_RETURN, _ERRNO | _EPERM))
    check = _socket_check()
    lines.append(_line(_JUMP_EQUAL, _SOCKET[machine], when_false=len(check) - 1))
    return b"".join([*lines, *check])


def _socket_check() -> list[bytes]:
    """Of the three arguments of socket(); the last line allows."""
    return [
        _line(_LOAD_WORD, _ARGUMENTS_AT[0]),
        _line(_JUMP_EQUAL, _AF_UNIX, when_true=11),
        _line(_JUMP_EQUAL, _AF_INET, when_true=1),
        _line(_JUMP_EQUAL, _AF_INET6, when_false=8),
        _line(_LOAD_WORD, _ARGUMENTS_AT[1]),
        _line(_AND, _TYPE_BITS),
        _line(_JUMP_EQUAL, _STREAM, when_true=1),
        _line(_JUMP_EQUAL, _DATAGRAM, when_false=4),
        _line(_LOAD_WORD, _ARGUMENTS_AT[2]),
        _line(_JUMP_EQUAL, _ANY_PROTOCOL, when_true=3),
        _line(_JUMP_EQUAL, _TCP, when_true=2),
        _line(_JUMP_EQUAL, _UDP, when_true=1),
        _line(_RETURN, _ERRNO | _EAFNOSUPPORT),
        _line(_RETURN, _ALLOW),
    ]


def _line(code: int, value: int, *, when_true: int = 0, when_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, when_true, when_false, value)


def install() -> bool:
    """Bind this process and all that it will start; False where that is not possible.

    Needs no_new_privs or CAP_SYS_ADMIN.
    """
    machine = os.uname().machine
    if machine not in REFUSED:
        return False
    code = program(machine)
    buffer = ctypes.create_string_buffer(code, len(code))
    head = struct.pack("@HP", len(code) // 8, ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    return int(libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, head, 0, 0)) == 0
