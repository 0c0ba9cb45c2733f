"""Runs many versions of one module in one process: text that is sent into the sandbox, never run here.

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
import types

Late = type("Late", (BaseException,), {})
inf, nan = float("inf"), float("nan")


def attempt(program, tests, limit_s):
    """One result per test: ("v", value), ("x", type, message), ("p", [(text, type), ...]), ("t",)."""
    kept, hook, results = (sys.stdin, sys.stdout, sys.argv), sys.displayhook, []
    sys.displayhook = sys.__displayhook__
    try:
        code = compile(program, "solution.py", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as exc:
        return [("x", type(exc).__name__, "") for _ in tests]
    module = None
    try:
        for test in tests:
            sys.stdout = io.StringIO()
            signal.signal(signal.SIGVTALRM, _late)
            signal.setitimer(signal.ITIMER_VIRTUAL, limit_s, limit_s)
            try:
                if module is None and test[0] != "program":
                    module = _module(code, "solution")
                results.append(_TESTS[test[0]](module, code, *test[1:]))
            except Late:
                results.append(("t",))
                break
            except BaseException as exc:
                results.append(("x", type(exc).__qualname__, _text(exc)))
            finally:
                signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    except Late:
        results.append(("t",))
    finally:
        sys.stdin, sys.stdout, sys.argv = kept
        sys.displayhook = hook
    return results


def _late(_number, _frame):
    raise Late


def _text(exc):
    with contextlib.suppress(Exception):
        return str(exc)[:500]
    return ""


def _module(code, name):
    module = types.ModuleType(name)
    module.__file__ = "solution.py"
    sys.modules[name] = module
    exec(code, module.__dict__)
    return module


def _call(module, _code, entry, args, kwargs):
    value = _resolve(module, entry)(*eval(args), **eval(kwargs))
    if inspect.iscoroutine(value):
        import asyncio

        value = asyncio.run(value)
    return ("v", value)


def _resolve(module, entry):
    at = module
    for name in entry.split("."):
        is_method = isinstance(at, type) and isinstance(
            inspect.getattr_static(at, name, None), types.FunctionType
        )
        at = getattr(at() if is_method else at, name)
    return at


def _expression(module, _code, source):
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "<expression>", "exec", dont_inherit=True), module.__dict__)
    if last is None:
        return ("v", None)
    return ("v", eval(compile(ast.Expression(last.value), "<expression>", "eval"), module.__dict__))


def _doctest(module, _code, examples):
    namespace, shown = dict(module.__dict__), []
    for source in examples:
        sys.stdout = io.StringIO()
        name = ""
        try:
            exec(compile(source, "<doctest>", "single", dont_inherit=True), namespace)
        except Late:
            raise
        except BaseException as exc:
            name = type(exc).__qualname__
            head = "Traceback (most recent call last):\n"
            sys.stdout.write(f"{head}{name}: {_text(exc)}\n" if _text(exc) else f"{head}{name}\n")
        shown.append((sys.stdout.getvalue()[:100000], name))
    return ("p", shown)


def _program(_module_, code, stdin, args):
    sys.stdin = io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8")
    sys.stdout = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    sys.argv = ["solution.py", *args]
    try:
        _module(code, "__main__")
    except SystemExit as exc:
        if exc.code not in (None, 0):
            return ("x", "SystemExit", str(exc.code))
    return ("v", sys.stdout.buffer.getvalue())


_TESTS = {"call": _call, "expression": _expression, "doctest": _doctest, "program": _program}
