"""What a forked child does: load the candidate, run one form, write plain results. Standard
library only.

Nothing here decides anything: the candidate can overwrite every function below and gains only the
right
to claim another value. Expectations never enter this process.
"""

from __future__ import annotations
import __future__

import ast
import contextlib
import inspect
import io
import os
import random
import sys
import traceback
import types
from collections.abc import Callable, Iterator
from typing import Any

from sandbox import codec
from sandbox.drained import drained
from sandbox.identity import Identity, NotTheProject, identity_of, load
from sandbox.wire import FRAME

RESULT_FD = 3
TRACEBACK = "Traceback (most recent call last):\n"
_MAX_TEXT = 4000
Report = dict[str, Any]
identity = Identity()
"""Of the one candidate that this process will ever run."""


def begin(job: Any) -> None:
    """What comes before anything of the job is run."""
    global identity
    random.seed(job["hash_seed"])
    identity = identity_of(job)


Write = Callable[[Report], None]


def writer(max_bytes: int) -> Write:
    encode, pack, put, leader = codec.encode, FRAME.pack, os.write, os.getpid()

    def write(report: Report) -> None:
        _flush()
        if os.getpid() != leader:
            os._exit(0)
        try:
            data = encode(report, max_bytes=max_bytes)
        except codec.TooLarge as exc:
            data = encode({"outcome": "output_limit", "detail": str(exc)})
        except codec.CodecError as exc:
            data = encode({"outcome": "bad_result", "detail": str(exc)})
        except MemoryError:
            data = encode({"outcome": "memory", "detail": "no memory to encode the result"})
        data = pack(len(data)) + data
        while data:
            data = data[put(RESULT_FD, data) :]

    return write


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError, TypeError):
            stream.flush()


@contextlib.contextmanager
def traced(lines: set[int] | None) -> Iterator[None]:
    if lines is not None:
        sys.settrace(_tracer(lines))
    try:
        yield
    finally:
        sys.settrace(None)


def _tracer(lines: set[int]) -> Any:
    def local(frame: types.FrameType, event: str, _arg: object) -> Any:
        if event == "line":
            lines.add(frame.f_lineno)
        return local

    def enter(frame: types.FrameType, _event: str, _arg: object) -> Any:
        return local if frame.f_code.co_filename == identity.filename else None

    return enter


def _load_or_report(job: Any, write: Write, lines: set[int] | None) -> types.ModuleType | None:
    try:
        return load(identity, job["code"])
    except BaseException as exc:  # noqa: BLE001 - a candidate may raise anything
        write({**exception_report(exc, loading=True), "load": True, **_lines(lines)})
        return None


def exception_report(exc: BaseException, *, loading: bool = False) -> Report:
    lack = lacked(exc)
    detail = {} if lack is None else {"detail": lack}
    return {"outcome": outcome_of(exc, loading), "exception": _describe(exc), **detail}


def outcome_of(exc: BaseException, loading: bool = False) -> str:
    if isinstance(exc, MemoryError):
        return "memory"
    if lacked(exc) is not None:
        return "missing_module"
    if loading and _is_compile_error(exc):
        return "syntax_error"
    return "raised"


def lacked(exc: BaseException) -> str | None:
    """What is not there to be imported, also where the code says so in other words; None where
    the exception is about something else.
    """
    # A candidate's class may have a `__cause__` or a `path` that raises.
    with contextlib.suppress(Exception):
        for seen in _chain(exc):
            if isinstance(seen, _LACKS) or _is_unloadable(seen):
                return str(getattr(seen, "name", None) or "")[:200]
    return None


_LACKS = (ModuleNotFoundError, NotTheProject)


def _is_unloadable(exc: BaseException) -> bool:
    """What dlopen refuses lacks a system library, or is made for another machine."""
    return isinstance(exc, ImportError) and ".so" in str(exc.path or "")


def _chain(exc: BaseException | None) -> Iterator[BaseException]:
    """The exception, what caused it, and so on."""
    for _ in range(20):
        if exc is None:
            return
        yield exc
        exc = exc.__context__ if exc.__cause__ is None else exc.__cause__


def _is_compile_error(exc: BaseException) -> bool:
    """Whether the text itself is no program: the error came from compile(), not from a running
    line.
    """
    if isinstance(exc, SyntaxError) and exc.filename not in (None, identity.filename):
        return False
    is_refused_text = isinstance(exc, SyntaxError | ValueError)
    return is_refused_text and not any(True for _ in _candidate_lines(exc))


def _describe(exc: BaseException) -> tuple[str, str, int | None]:
    lineno = None
    with contextlib.suppress(Exception):
        if isinstance(exc, SyntaxError) and exc.filename == identity.filename:
            lineno = exc.lineno
        for seen in _candidate_lines(exc):
            lineno = seen
    return printed_name(type(exc)), _message(exc), lineno


def _candidate_lines(exc: BaseException) -> Iterator[int]:
    tb = exc.__traceback__
    while tb is not None:
        if tb.tb_frame.f_code.co_filename == identity.filename and tb.tb_lineno is not None:
            yield tb.tb_lineno
        tb = tb.tb_next


def printed_name(kind: type) -> str:
    """The class as a traceback's last line names it, the candidate's own classes without their
    module.
    """
    name, module = str(kind.__qualname__)[:200], str(kind.__module__)[:200]
    return name if module in ("builtins", "__main__", identity.module) else f"{module}.{name}"


def _message(exc: BaseException) -> str:
    try:
        return str(exc)[:_MAX_TEXT]
    except Exception:  # noqa: BLE001 - __str__ is the candidate's
        return "<exception str() failed>"


def _lines(lines: set[int] | None) -> Report:
    return {} if lines is None else {"lines": sorted(lines)}


def _run_call(job: Any, write: Write, lines: set[int] | None) -> None:
    module = _load_or_report(job, write, lines)
    if module is not None:
        write({**_part(module, job["form"]), **_lines(lines)})


def _run_batch(job: Any, write: Write, lines: set[int] | None) -> None:
    module = _load_or_report(job, write, lines)
    for part in job["form"]["parts"] if module is not None else ():
        assert module is not None
        write({**_part(module, part), **_lines(lines)})


def _part(module: types.ModuleType, form: Any) -> Report:
    try:
        return {"outcome": "returned", "value": drained(settled(_ask(module, form)))}
    except BaseException as exc:  # noqa: BLE001 - a candidate may raise anything
        return exception_report(exc)


def _ask(module: types.ModuleType, form: Any) -> object:
    if form["kind"] == "call":
        return resolve(module, form["entry"])(*form["args"], **form["kwargs"])
    return evaluate(form["source"], module.__dict__)


def settled(value: object) -> object:
    """A coroutine's result; every other value itself."""
    if type(value) is not types.CoroutineType:
        return value
    import asyncio

    return asyncio.run(value)


def resolve(module: types.ModuleType, entry: str) -> Callable[..., object]:
    """The dotted name; a plain method gets a fresh instance made without arguments."""
    at: Any = module
    for name in entry.split("."):
        is_method = isinstance(at, type) and isinstance(
            inspect.getattr_static(at, name, None), types.FunctionType
        )
        at = getattr(at() if is_method else at, name)
    return at  # type: ignore[no-any-return]


def evaluate(source: str, namespace: dict[str, Any]) -> object:
    """Run the statements; the value of the last one if it is an expression, else None."""
    tree = ast.parse(source, "<expression>")
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "<expression>", "exec", dont_inherit=True), namespace)
    if not isinstance(last, ast.Expr):
        return None
    code = compile(ast.Expression(last.value), "<expression>", "eval", dont_inherit=True)
    return eval(code, namespace)


def _run_doctest(job: Any, write: Write, lines: set[int] | None) -> None:
    module = _load_or_report(job, write, lines)
    if module is None:
        return
    namespace = dict(module.__dict__)
    flags = _future_flags(namespace)
    try:
        exec(compile(job["form"]["setup"], "<setup>", "exec", dont_inherit=True), namespace)
    except BaseException as exc:  # noqa: BLE001 - a project may raise anything
        write({**exception_report(exc, loading=True), "load": True, **_lines(lines)})
        return
    for number, source in enumerate(job["form"]["examples"]):
        write({**_run_example(source, number, namespace, flags), **_lines(lines)})


def _future_flags(namespace: dict[str, Any]) -> int:
    """As doctest finds them: those features that the module has imported under their own name."""
    flags = 0
    for name in __future__.all_feature_names:
        feature, bound = getattr(__future__, name), namespace.get(name, name)
        if bound is feature:
            flags |= feature.compiler_flag
    return flags


def _run_example(source: str, number: int, namespace: dict[str, Any], flags: int) -> Report:
    """As doctest does: compiled as at the prompt, what is printed is caught, an exception ends it.

    More than doctest: an example may await.
    """
    screen, kept, shown = io.StringIO(), sys.stdout, sys.displayhook
    sys.stdout, sys.displayhook = screen, sys.__displayhook__
    try:
        flags |= ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        code = compile(source, f"<doctest {number}>", "single", flags, dont_inherit=True)
        _run_at_the_prompt(code, namespace)
        report: Report = {"outcome": "returned"}
    except BaseException as exc:  # noqa: BLE001 - a candidate may raise anything
        report = {**exception_report(exc), "got": TRACEBACK + _printed_exception(exc)}
    finally:
        sys.stdout, sys.displayhook = kept, shown
    return {**report, "printed": screen.getvalue()}


_loops: list[Any] = []
"""The event loop of the examples that await something: one for all of them."""


def _run_at_the_prompt(code: types.CodeType, namespace: dict[str, Any]) -> None:
    if not code.co_flags & inspect.CO_COROUTINE:
        exec(code, namespace)
        return
    if not _loops:
        import asyncio

        _loops.append(asyncio.new_event_loop())
    _loops[0].run_until_complete(eval(code, namespace))


def _printed_exception(exc: BaseException) -> str:
    """The last lines of the traceback as doctest compares them (message and notes, no carets)."""
    kind = printed_name(type(exc))
    if not isinstance(exc, SyntaxError):
        message = _message(exc)
        return (f"{kind}: {message}\n" if message else f"{kind}\n") + _notes(exc)
    printed = traceback.format_exception_only(type(exc), exc)
    return "".join(printed[_first_of(printed, kind) :])


def _notes(exc: BaseException) -> str:
    """What `add_note` gave (PEP 678), as the traceback module prints it."""
    try:
        notes = exc.__notes__ if hasattr(exc, "__notes__") else ()
        texts = map(str, notes) if isinstance(notes, list | tuple) else [repr(notes)]
        return "".join(f"{line}\n" for text in texts for line in text.split("\n"))[:_MAX_TEXT]
    except Exception:  # noqa: BLE001 - a note's __str__ is the candidate's
        return "<note str() failed>\n"


def _first_of(printed: list[str], kind: str) -> int:
    return next((i for i, line in enumerate(printed) if line.startswith(kind)), -1)


def _run_program(job: Any, write: Write, lines: set[int] | None) -> None:
    sys.argv = [identity.filename, *job["form"]["args"]]
    report = _finish(_main(job["code"]))
    write({**report, **_lines(lines)})


def _main(code: str) -> Report:
    try:
        load(identity, code, "__main__")
    except SystemExit as exc:
        return _exit_report(exc.code)
    except BaseException as exc:  # noqa: BLE001 - a candidate may raise anything
        traceback.print_exception(type(exc), exc, _candidate_traceback(exc))
        return exception_report(exc, loading=True)
    return {"outcome": "returned"}


def _candidate_traceback(exc: BaseException) -> types.TracebackType | None:
    """The traceback from the candidate's first frame on."""
    tb = exc.__traceback__
    while tb is not None and tb.tb_frame.f_code.co_filename != identity.filename:
        tb = tb.tb_next
    return tb


def _exit_report(code: object) -> Report:
    if code is None or (type(code) is int and code == 0):
        return {"outcome": "returned"}
    if type(code) is not int:
        print(code, file=sys.stderr)
    return {"outcome": "raised", "exception": ("SystemExit", str(code)[:_MAX_TEXT], None)}


def _finish(report: Report) -> Report:
    """What a normal exit does: threads are awaited, atexit runs, globals are dropped."""
    try:
        if "threading" in sys.modules:
            sys.modules["threading"]._shutdown()
        if "atexit" in sys.modules:
            sys.modules["atexit"]._run_exitfuncs()
        sys.modules["__main__"].__dict__.clear()
    except BaseException as exc:  # noqa: BLE001 - a candidate may raise anything
        return exception_report(exc)
    return report


FORMS: dict[str, Callable[[Any, Write, set[int] | None], None]] = {
    "call": _run_call,
    "expression": _run_call,
    "batch": _run_batch,
    "doctest": _run_doctest,
    "program": _run_program,
}
