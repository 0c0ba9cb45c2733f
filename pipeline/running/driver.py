"""Runs many versions of one module in one process: text for the sandbox, never run here.

It sorts versions out at about a millisecond each; what survives is judged again in a process of
its own. A version can disturb those after it in the same process, never the verdict on itself.
Standard library only; `attempt` is what `screen` calls.
"""

import ast
import contextlib
import inspect
import io
import signal
import sys
import time
import types
from collections.abc import Callable, Sequence
from typing import Any


class Late(BaseException):
    """A test took too long; no candidate catches it as an Exception."""


inf, nan = float("inf"), float("nan")
Result = tuple[Any, ...]


def attempt(
    program: str, tests: Sequence[Any], limit_s: float, patience: int
) -> tuple[float, list[Result]]:
    """CPU seconds, and one result per test.

    ("v", value), with what it printed as a third item for calls, ("x", type, message),
    ("p", [(text, type), ...]) of a doctest, ("t",) late.
    """
    kept, hook = (sys.stdin, sys.stdout, sys.argv), sys.displayhook
    results: list[Result] = []
    sys.displayhook = sys.__displayhook__
    try:
        code = compile(program, "solution.py", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as exc:
        return 0.0, [("x", type(exc).__name__, "") for _ in tests]
    module, began = None, time.process_time()
    try:
        for test in tests:
            sys.stdout = printed = io.StringIO()
            signal.signal(signal.SIGVTALRM, _late)
            signal.setitimer(signal.ITIMER_VIRTUAL, limit_s, limit_s)
            try:
                if module is None and test[0] != "program":
                    module = _module(code, "solution")
                    sys.stdout = printed = io.StringIO()
                result = _TESTS[test[0]](module, code, *test[1:])
                results.append((*result, printed.getvalue()[:100]) if test[0] == "call" else result)
            except Late:
                results.append(("t",))
                patience -= 1
                if patience <= 0:
                    break
            except BaseException as exc:  # noqa: BLE001 - a candidate may raise anything
                results.append(("x", type(exc).__qualname__, _text(exc)))
            finally:
                signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    except Late:
        results.append(("t",))
    finally:
        sys.stdin, sys.stdout, sys.argv = kept
        sys.displayhook = hook
    return time.process_time() - began, results


def _late(_number: int, _frame: object) -> None:
    raise Late


def _text(exc: BaseException) -> str:
    with contextlib.suppress(Exception):
        return str(exc)[:500]
    return ""


def _module(code: types.CodeType, name: str) -> types.ModuleType:
    module = types.ModuleType(name)
    module.__file__ = "solution.py"
    sys.modules[name] = module
    exec(code, module.__dict__)
    return module


def _call(module: Any, _code: object, entry: str, args: str, kwargs: str) -> Result:
    value = _resolve(module, entry)(*eval(args), **eval(kwargs))
    if inspect.iscoroutine(value):
        import asyncio

        value = asyncio.run(value)
    return ("v", value)


def _resolve(module: Any, entry: str) -> Any:
    at = module
    for name in entry.split("."):
        is_method = isinstance(at, type) and isinstance(
            inspect.getattr_static(at, name, None), types.FunctionType
        )
        at = getattr(at() if is_method else at, name)
    return at


def _expression(module: Any, _code: object, source: str) -> Result:
    tree = ast.parse(source)
    last = ast.Expression(ast.Constant(None))
    match tree.body:
        case [*others, ast.Expr(value=value)]:
            tree.body, last = others, ast.Expression(value)
    exec(compile(tree, "<expression>", "exec", dont_inherit=True), module.__dict__)
    ast.fix_missing_locations(last)
    return ("v", eval(compile(last, "<expression>", "eval"), module.__dict__))


def _doctest(module: Any, _code: object, examples: Sequence[str]) -> Result:
    namespace, shown = dict(module.__dict__), []
    for source in examples:
        sys.stdout = out = io.StringIO()
        name = ""
        try:
            exec(compile(source, "<doctest>", "single", dont_inherit=True), namespace)
        except Late:
            raise
        except BaseException as exc:  # noqa: BLE001 - a candidate may raise anything
            name = type(exc).__qualname__
            head = "Traceback (most recent call last):\n"
            out.write(f"{head}{name}: {_text(exc)}\n" if _text(exc) else f"{head}{name}\n")
        shown.append((out.getvalue()[:100000], name))
    return ("p", shown)


def _program(_module_: object, code: types.CodeType, stdin: bytes, args: Sequence[str]) -> Result:
    sys.stdin = io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8")
    out = io.BytesIO()
    sys.stdout = io.TextIOWrapper(out, encoding="utf-8", write_through=True)
    sys.argv = ["solution.py", *args]
    try:
        _module(code, "__main__")
    except SystemExit as exc:
        if exc.code not in (None, 0):
            return ("x", "SystemExit", str(exc.code))
    return ("v", out.getvalue())


_TESTS: dict[str, Callable[..., Result]] = {
    "call": _call,
    "expression": _expression,
    "doctest": _doctest,
    "program": _program,
}
