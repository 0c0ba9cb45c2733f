"""How a job on the worker thread is told to stop, in Python and inside llama.cpp."""

from __future__ import annotations

import ctypes
import os


class Aborted(Exception):
    """The running job was cancelled; never leaves this package."""


class AbortFlag:
    r"""A flag that llama.cpp reads between graph nodes without entering Python.

    The callback is `strlen`: of the text "\1" it gives 1, of the empty text 0.
    A Python callback would take the GIL hundreds of times per decode step.
    """

    def __init__(self) -> None:
        self._text = ctypes.create_string_buffer(2)
        libc = ctypes.cdll.msvcrt if os.name == "nt" else ctypes.CDLL(None)
        self.callback = ctypes.cast(libc.strlen, ctypes.CFUNCTYPE(ctypes.c_bool, ctypes.c_void_p))
        self.data = ctypes.cast(self._text, ctypes.c_void_p)

    def set(self) -> None:
        self._text[0] = b"\1"

    def clear(self) -> None:
        self._text[0] = b"\0"

    @property
    def is_set(self) -> bool:
        return self._text[0] != b"\0"
