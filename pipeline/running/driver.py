"""Runs many versions of one module in one process: text for the sandbox, never run here.

It sorts versions out at about a millisecond each; what survives is judged again in a process of
its own. A version can disturb those after it in the same process, never the verdict on itself.
Standard library only; `attempt` is what `screen` calls.
"""

import __future__

import ast
import contextlib
import copy
import importlib
import inspect
import io
import os
import signal
import sys
import time
import tokenize
import types
from collections.abc import Callable, Iterator, Sequence
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
    try:
        code = compile(program, "solution.py", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as exc:
        return 0.0, [("x", type(exc).__name__, "") for _ in tests]
    return _all(lambda: _module(code, "solution"), code, tests, limit_s, patience)


def attempt_in(
    name: str, program: str, tests: Sequence[Any], limit_s: float, patience: int
) -> tuple[float, list[Result]]:
    """As `attempt`, with the program as another version of the project's module `name`.

    The module is imported once. Where only one function differs, that function is exchanged, also
    where other modules have it; else the whole text is run in the module's place.
    """
    try:
        module = importlib.import_module(name)
        with _in_place(module, program) as version:
            return _all(lambda: version, None, tests, limit_s, patience)
    except BaseException as exc:  # noqa: BLE001 - a candidate may raise anything
        return 0.0, [("x", type(exc).__qualname__, _text(exc)) for _ in tests]


def attempt_as_it_is(name: str, tests: Sequence[Any], limit_s: float) -> tuple[float, list[Result]]:
    """The tests on the project's module `name`, none of which takes longer than the limit;
    ("i", type, message) for each where it cannot be imported.
    """
    try:
        module = importlib.import_module(name)
    except BaseException as exc:  # noqa: BLE001 - a module may raise anything
        return 0.0, [("i", type(exc).__qualname__, _text(exc)) for _ in tests]
    return _all(lambda: module, None, tests, limit_s, len(tests))


def _all(
    load: Callable[[], types.ModuleType],
    code: types.CodeType | None,
    tests: Sequence[Any],
    limit_s: float,
    patience: int,
) -> tuple[float, list[Result]]:
    kept, hook = (sys.stdin, sys.stdout, sys.argv), sys.displayhook
    results: list[Result] = []
    sys.displayhook = sys.__displayhook__
    if "await" in repr(tests):
        # It takes longer to import than a test may run.
        importlib.import_module("asyncio")
    module, began = None, time.process_time()
    try:
        for test in tests:
            sys.stdout = printed = io.StringIO()
            signal.signal(signal.SIGVTALRM, _late)
            signal.signal(signal.SIGALRM, _late)
            signal.setitimer(signal.ITIMER_VIRTUAL, limit_s, limit_s)
            # For sleepers, who use no CPU; long enough for a busy machine.
            asleep_s = max(0.5, 10 * limit_s)
            signal.setitimer(signal.ITIMER_REAL, asleep_s, asleep_s)
            try:
                if module is None and test[0] != "program":
                    module = load()
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
                signal.setitimer(signal.ITIMER_REAL, 0)
    except Late:
        results.append(("t",))
    finally:
        sys.stdin, sys.stdout, sys.argv = kept
        sys.displayhook = hook
    return time.process_time() - began, results


# --- another version of a module of a project -----------------------------------------------------


@contextlib.contextmanager
def _in_place(module: types.ModuleType, program: str) -> Iterator[types.ModuleType]:
    base = _base(module)
    base.restore()
    undo: list[tuple[Any, str, Any]] = []
    try:
        changed = base.changed(program)
        if changed is None or not _exchange(module, changed, undo):
            module = _replace(module, program, undo)
        yield module
    finally:
        for owner, name, old in reversed(undo):
            _put(owner, name, old)


class _Base:
    """The module as it was imported: its text, where its functions are, its state."""

    def __init__(self, module: types.ModuleType) -> None:
        with tokenize.open(str(module.__file__)) as file:
            self.lines = file.read().splitlines(keepends=True)
        self.functions = list(_functions(ast.parse("".join(self.lines)).body, ()))
        self.state = [
            (value, copy.copy(value))
            for name, value in vars(module).items()
            if type(value) in (dict, list, set) and not name.startswith("__")
            if value is not sys.modules
        ]
        self.caches = [v for v in vars(module).values() if callable(getattr(v, "cache_clear", 0))]

    def restore(self) -> None:
        """Forget what an earlier version left in the module's own tables."""
        for value, before in self.state:
            if value != before:
                value.clear()
                value.extend(before) if type(value) is list else value.update(before)
        for cached in self.caches:
            cached.cache_clear()

    def changed(self, program: str) -> tuple[tuple[str, ...], Any, str] | None:
        """Class path, old node and new text of the only function that differs; None for more."""
        new = program.splitlines(keepends=True)
        first = _n_same(self.lines, new)
        left = min(len(self.lines), len(new)) - first
        last = min(_n_same(self.lines[::-1], new[::-1]), left)
        for owners, node in self.functions:
            start = min([node.lineno, *(d.lineno for d in node.decorator_list)]) - 1
            if start <= first and node.end_lineno >= len(self.lines) - last:
                end = len(new) - (len(self.lines) - node.end_lineno)
                return owners, node, "".join(new[start:end])
        return None


_bases: dict[str, _Base] = {}


def _base(module: types.ModuleType) -> _Base:
    if module.__name__ not in _bases:
        _bases[module.__name__] = _Base(module)
    return _bases[module.__name__]


def _functions(
    body: Sequence[ast.stmt], owners: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Any]]:
    for stmt in body:
        if isinstance(stmt, ast.FunctionDef | ast.AsyncFunctionDef):
            yield owners, stmt
        elif isinstance(stmt, ast.ClassDef):
            yield from _functions(stmt.body, (*owners, stmt.name))


def _n_same(a: Sequence[str], b: Sequence[str]) -> int:
    n = 0
    for x, y in zip(a, b, strict=False):
        if x != y:
            break
        n += 1
    return n


def _exchange(
    module: types.ModuleType, changed: tuple[tuple[str, ...], Any, str], undo: list[Any]
) -> bool:
    """Put the new function where the old one is; False where that cannot be done by itself."""
    owners, node, text = changed
    flags = _future_flags(vars(module))
    if not owners:
        if node.decorator_list or node.name not in vars(module):
            return False
        made: dict[str, Any] = {}
        exec(compile(text, str(module.__file__), "exec", flags, True), vars(module), made)
        _spread({id(vars(module)[node.name]): made.get(node.name)}, undo)
        return node.name in made
    owner: Any = module
    for name in owners:
        owner = vars(owner).get(name)
        if not isinstance(owner, type):
            return False
    if node.name not in vars(owner):
        return False
    head = f"class {owners[-1]}(metaclass=__meta__):\n"
    found: dict[str, Any] = {"__meta__": _borrowing(owner)}
    code = compile(head + text, str(module.__file__), "exec", flags, True)
    exec(code, vars(module), found)
    body = found[owners[-1]]
    if "__classcell__" in body:
        body["__classcell__"].cell_contents = owner
    new = body[node.name]
    undo.append((owner, node.name, vars(owner)[node.name]))
    setattr(owner, node.name, new)
    if hasattr(type(new), "__set_name__"):
        new.__set_name__(owner, node.name)
    return True


def _borrowing(owner: type) -> Any:
    """A metaclass whose class body sees what `owner` has, and which makes only a dict."""

    class Meta(type):
        @classmethod
        def __prepare__(mcs, _name: str, _bases: Any, /, **_: Any) -> dict[str, object]:
            return dict(vars(owner))

        def __new__(mcs, _name: str, _bases: Any, body: dict[str, object]) -> Any:
            return body

    return Meta


def _replace(module: types.ModuleType, program: str, undo: list[Any]) -> types.ModuleType:
    """Run the whole text as a fresh module in the place of the old one."""
    name, old = module.__name__, vars(module)
    code = compile(program, str(module.__file__), "exec", dont_inherit=True)
    fresh = types.ModuleType(name)
    kept = ("__file__", "__package__", "__path__", "__spec__", "__loader__", "__builtins__")
    vars(fresh).update({k: old[k] for k in kept if k in old})
    undo.append((sys.modules, name, module))
    sys.modules[name] = fresh
    parent, _, last = name.rpartition(".")
    if parent in sys.modules:
        undo.append((sys.modules[parent], last, module))
        setattr(sys.modules[parent], last, fresh)
    exec(code, vars(fresh))
    same = {
        id(value): vars(fresh)[key]
        for key, value in old.items()
        if key in vars(fresh) and getattr(value, "__module__", None) == name
    }
    _spread(same, undo)
    return fresh


def _spread(new_of: dict[int, Any], undo: list[Any]) -> None:
    """Exchange what other modules have imported by name."""
    for other in list(sys.modules.values()):
        space = getattr(other, "__dict__", None)
        if not isinstance(space, dict) or not str(space.get("__file__")).startswith(TOP):
            continue
        for key, value in list(space.items()):
            if id(value) in new_of:
                undo.append((space, key, value))
                space[key] = new_of[id(value)]


def _put(owner: Any, name: str, value: object) -> None:
    if isinstance(owner, dict):
        owner[name] = value
    else:
        setattr(owner, name, value)


TOP = os.path.dirname(os.path.abspath(__file__)) + os.sep  # noqa: PTH100, PTH120
"""Where the project lies: this text is a module at its top."""


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
    return ("v", _run(value) if inspect.iscoroutine(value) else value)


def _run(coroutine: Any) -> Any:
    import asyncio

    # An earlier version that was too late may have left its loop running.
    asyncio._set_running_loop(None)
    return asyncio.run(coroutine)


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


def _doctest(module: Any, _code: object, examples: Sequence[str], setup: str) -> Result:
    namespace, shown = dict(module.__dict__), []
    flags = _future_flags(namespace)
    exec(compile(setup, "<setup>", "exec", dont_inherit=True), namespace)
    for source in examples:
        sys.stdout = out = io.StringIO()
        name = ""
        try:
            value = eval(_compiled(source, flags), namespace)
            if inspect.iscoroutine(value):
                _run(value)
        except Late:
            raise
        except BaseException as exc:  # noqa: BLE001 - a candidate may raise anything
            name = type(exc).__qualname__
            head = "Traceback (most recent call last):\n"
            out.write(f"{head}{name}: {_text(exc)}\n" if _text(exc) else f"{head}{name}\n")
            out.write("".join(f"{note}\n" for note in getattr(exc, "__notes__", ())))
        shown.append((out.getvalue()[:100000], name))
    return ("p", shown)


def _compiled(source: str, flags: int) -> Any:
    """As at the prompt; an `await` at its top level as at asyncio's prompt."""
    with contextlib.suppress(SyntaxError):
        return compile(source, "<doctest>", "single", flags, dont_inherit=True)
    flags |= ast.PyCF_ALLOW_TOP_LEVEL_AWAIT if "await" in source or "async" in source else 0
    return compile(source, "<doctest>", "single", flags, dont_inherit=True)


def _future_flags(namespace: dict[str, Any]) -> int:
    """As doctest finds them: those features that the module has imported under their own name."""
    features: dict[str, Any] = vars(__future__)
    names = [n for n in __future__.all_feature_names if namespace.get(n) is features[n]]
    return sum(features[name].compiler_flag for name in names)


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
