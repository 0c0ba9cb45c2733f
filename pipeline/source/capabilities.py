"""What an edit could do that the function could not before: found in its syntax tree, never run.

Passing every example says nothing of what else a program does, elsewhere or at another time.
A module or `open` that is not called or looked into on the spot counts as used: who holds it can
reach its parts under names that are put together at run time.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence

from pipeline.source.cheats import cheats_in
from pipeline.syntax.text import parse

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
MODULES: Mapping[str, str] = {
    **dict.fromkeys(("subprocess", "multiprocessing", "pty"), "starts processes"),
    **dict.fromkeys(
        ("socket", "ssl", "http", "urllib", "ftplib", "smtplib", "telnetlib", "xmlrpc"),
        "uses the network",
    ),
    **dict.fromkeys(("requests", "httpx", "aiohttp", "urllib3", "websockets"), "uses the network"),
    **dict.fromkeys(("ctypes", "cffi", "mmap"), "reaches into memory"),
    **dict.fromkeys(("threading", "concurrent", "_thread"), "starts threads"),
    "signal": "handles signals",
    **dict.fromkeys(
        ("pytest", "_pytest", "unittest", "doctest", "hypothesis"), "reaches what tests it"
    ),
    **dict.fromkeys(("shutil", "tempfile"), "writes or deletes files"),
    **dict.fromkeys(("importlib", "imp", "runpy", "pkgutil"), "imports what it names itself"),
    **dict.fromkeys(("gc", "inspect", "builtins", "atexit"), "reaches into the interpreter"),
    **dict.fromkeys(("pickle", "marshal", "shelve", "dill"), "runs code that is data"),
    "platform": "asks on which machine it runs",
}
CALLS: Mapping[str, str] = {
    **dict.fromkeys(("eval", "exec", "compile"), "runs code that is data"),
    "__import__": "imports what it names itself",
    **dict.fromkeys(("breakpoint", "input"), "waits for somebody"),
    **dict.fromkeys(("globals", "vars", "locals"), "reaches into the interpreter"),
    **dict.fromkeys(("exit", "quit"), "ends the program"),
}
FILES = "writes or deletes files"
READS = "reads files"
WHEN = "asks what time it is"
HELD = "holds what opens more than it shows"
OF_OS: Sequence[tuple[re.Pattern[str], str]] = (
    (re.compile(r"system|popen|fork|exec|spawn|posix_spawn|startfile"), "starts processes"),
    (re.compile(r"listdir|scandir|walk|stat|lstat|pread|read|sendfile"), "reads files"),
    (
        re.compile(
            r"open|remove|unlink|r(m|emove)dir|rename|replace|truncate|m(k|ake)dir|write|link|chmod"
        ),
        "writes or deletes files",
    ),
    (re.compile(r"environ|getenv|putenv|unsetenv"), "reads the environment"),
    (re.compile(r"path\.(l?exists|is(file|dir|link|mount)|get(size|[amc]time)|samefile)"), READS),
    (re.compile(r"kill|_exit|abort"), "ends processes"),
    (re.compile(r"f?ch(dir|root)|umask|nice|set|sched_"), "changes how this process runs"),
    (
        re.compile(r"uname|getpid|getppid|getlogin|getuid|cpu_count"),
        "asks on which machine it runs",
    ),
)
OF_SYS: Sequence[tuple[re.Pattern[str], str]] = (
    (
        re.compile(
            r"_getframe|_current|settrace|setprofile|gettrace|getprofile|monitoring|modules"
            r"|meta_path|path_hooks|addaudithook|exc_info|last_|excepthook|unraisablehook"
        ),
        "reaches into the interpreter",
    ),
    (re.compile(r"argv|orig_argv"), "asks how it was started"),
    (re.compile(r"exit"), "ends the program"),
)
OF_OTHERS: Mapping[str, Sequence[tuple[re.Pattern[str], str]]] = {
    "os": OF_OS,
    "sys": OF_SYS,
    "io": ((re.compile(r"FileIO|open_code"), FILES),),
    "time": ((re.compile(r"(time|monotonic|perf_counter|process_time|thread_time)(_ns)?$"), WHEN),),
    "datetime": ((re.compile(r"(datetime\.|date\.)?(now|utcnow|today)$"), WHEN),),
    "uuid": ((re.compile(r"getnode|uuid1"), "asks on which machine it runs"),),
    "types": ((re.compile(r"FunctionType|CodeType"), "runs code that is data"),),
    "typing": ((re.compile(r"get_type_hints"), "runs code that is data"),),
    "weakref": ((re.compile(r"finalize"), "reaches into the interpreter"),),
    "asyncio": (
        (re.compile(r"create_subprocess"), "starts processes"),
        (re.compile(r"open_(unix_)?connection|start_(unix_)?server"), "uses the network"),
        (re.compile(r"to_thread"), "starts threads"),
    ),
    "logging": ((re.compile(r"\w*FileHandler|config|basicConfig"), "writes or deletes files"),),
}
"""Of modules of which only some parts matter."""
METHODS: Mapping[str, str] = {
    **dict.fromkeys(
        ("write_text", "write_bytes", "unlink", "rmdir", "touch", "symlink_to", "hardlink_to"),
        "writes or deletes files",
    ),
    **dict.fromkeys(
        ("read_text", "read_bytes", "iterdir", "rglob", "exists", "is_file", "is_dir"),
        "reads files",
    ),
    "run_in_executor": "starts threads",
}


PURE = frozenset(
    (
        *("__future__", "abc", "array", "ast", "asyncio", "base64", "binascii", "bisect"),
        *(
            "calendar",
            "cmath",
            "collections",
            "colorsys",
            "contextlib",
            "copy",
            "csv",
            "dataclasses",
        ),
        *(
            "datetime",
            "decimal",
            "difflib",
            "enum",
            "fractions",
            "functools",
            "graphlib",
            "hashlib",
        ),
        *("heapq", "hmac", "html", "io", "itertools", "json", "keyword", "logging"),
        *("math", "numbers", "operator", "os", "pathlib", "queue", "random", "re"),
        *("reprlib", "secrets", "statistics", "string", "struct", "sys", "textwrap", "time"),
        *(
            "token",
            "tokenize",
            "types",
            "typing",
            "typing_extensions",
            "unicodedata",
            "uuid",
            "warnings",
        ),
        *("weakref", "zlib", "zoneinfo"),
    )
)
"""To import them does nothing; what matters of some (`os`, `sys`) is seen where it is used."""


def new_capabilities(
    before: str, after: str, *, module: str = "", said: str = ""
) -> tuple[str, ...]:
    """What `after` can do and `before` cannot, in words, with where: `starts processes
    (os.system)`.

    Both are the function's text, `module` is its file before, whose imports it may use. What the
    description `said` asks for in plain words is no news.
    """
    around = dict(aliases_of(parse(module)))
    known = {what for what, _ in found_in(whole(before), around)}
    new: dict[str, str] = {}
    for what, where in found_in(after, around):
        if what not in known and not _is_asked_for(what, said):
            new.setdefault(what, where)
    return tuple(f"{what} ({where})" for what, where in new.items())


def whole(function: str) -> str:
    """A stub without a docstring is no Python yet."""
    return function if parse(function) else f"{function.rstrip()} pass\n"


def found_in(code: str, around: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Pairs of a capability and the name that shows it; text that does not parse shows none."""
    tree = parse(code)
    aliases = {**around, **dict(aliases_of(tree))}
    imported = {name.partition(".")[0] for name in around.values()}
    if tree is None:
        return
    own = {node.name for node in tree.body if isinstance(node, FunctionNode)}
    for node in ast.walk(tree):
        yield from _of_import(node, imported)
        yield from _of_use(node, aliases)
        yield from _of_state(node, own)
    yield from _held(tree, aliases)
    yield from cheats_in(tree, aliases)


def aliases_of(tree: ast.AST | None) -> Iterator[tuple[str, str]]:
    """Local names of modules and of what was imported from them: `o` for `import os as o`."""
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Import):
            yield from ((a.asname or a.name.partition(".")[0], a.name) for a in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((a.asname or a.name, f"{node.module}.{a.name}") for a in node.names)


def _of_import(node: ast.AST, imported: set[str]) -> Iterator[tuple[str, str]]:
    names: list[str] = []
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        names = [] if node.level else [node.module or ""]
        if node.module and any(alias.name == "*" for alias in node.names):
            yield HELD, f"from {node.module} import *"
    for name in names:
        root = name.partition(".")[0]
        if what := MODULES.get(root):
            yield what, f"import {name}"
        elif root not in PURE and root not in imported:
            yield f"imports {root}, which the file did not use", f"import {name}"


def _of_use(node: ast.AST, aliases: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.Attribute | ast.Name):
        yield from _of_name(dotted_name(node, aliases))
    if isinstance(node, ast.Attribute) and node.attr in METHODS:
        yield METHODS[node.attr], node.attr
    if isinstance(node, ast.Name) and node.id in CALLS and node.id not in aliases:
        yield CALLS[node.id], node.id
    if isinstance(node, ast.Call) and _last(node.func) == "open":
        yield (FILES, "open") if _writes(node) else (READS, "open")


def _of_state(node: ast.AST, own: set[str]) -> Iterator[tuple[str, str]]:
    """What the next call finds changed; `own` are the functions of the text."""
    match node:
        case ast.Global(names=[name, *_]):
            yield "changes names of its module", f"global {name}"
        case ast.Attribute(value=ast.Name(id=name), attr=attr, ctx=ast.Store()) if name in own:
            yield "counts its own calls", f"{name}.{attr}"


def _held(tree: ast.Module, aliases: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """A module of which some parts matter, or `open`, as a value: `s = os`, `getattr(os, name)`."""
    nodes = list(ast.walk(tree))
    looked_into = {id(node.value) for node in nodes if isinstance(node, ast.Attribute)}
    called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
    shadowed = _bound(tree, nodes) - {name for name, _ in aliases_of(tree)}
    for node in nodes:
        match node:
            case ast.Attribute(attr="__dict__", value=owner):
                if _matters(module := dotted_name(owner, aliases)):
                    yield HELD, f"{module}.__dict__"
            case ast.Name(id="open", ctx=ast.Load()) if "open" not in {*aliases, *shadowed}:
                if id(node) not in called:
                    yield FILES, "open"
            case ast.Name(id=name, ctx=ast.Load()) if name not in shadowed:
                if id(node) not in looked_into and _matters(aliases.get(name, "")):
                    yield HELD, aliases[name]


def _bound(tree: ast.Module, nodes: Sequence[ast.AST]) -> set[str]:
    """Names that are no modules here: parameters of the function, and what is assigned."""
    of_functions = [node.args for node in tree.body if isinstance(node, FunctionNode)]
    given = {arg.arg for one in of_functions for arg in ast.walk(one) if isinstance(arg, ast.arg)}
    stored = (n for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
    return given | {name.id for name in stored}


def _matters(module: str) -> bool:
    return module in OF_OTHERS or module in MODULES


def _of_name(dotted: str) -> Iterator[tuple[str, str]]:
    module, _, rest = dotted.partition(".")
    if rest and module in MODULES:
        yield MODULES[module], dotted
    for pattern, what in OF_OTHERS.get(module, ()):
        if pattern.match(rest):
            yield what, dotted


def dotted_name(node: ast.expr, aliases: Mapping[str, str]) -> str:
    """`os.path.join` as it was imported; "" for what is no name."""
    if isinstance(node, ast.Name):
        return aliases.get(node.id, node.id)
    if isinstance(node, ast.Attribute):
        owner = dotted_name(node.value, aliases)
        return f"{owner}.{node.attr}" if owner else ""
    return ""


def _last(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _writes(call: ast.Call) -> bool:
    """Whether `open` may write: a mode that is not plainly one for reading."""
    modes = [k.value for k in call.keywords if k.arg == "mode"]
    if isinstance(call.func, ast.Name):
        modes += call.args[1:2]
    else:
        modes += call.args[:1]
    if not modes:
        return False
    mode = modes[0]
    is_known = isinstance(mode, ast.Constant) and isinstance(mode.value, str)
    return not is_known or bool(set(str(getattr(mode, "value", ""))) & set("wax+"))


_ASKED = {
    "starts processes": r"\b(process|subprocess|command|shell|run the program|execut)",
    "uses the network": r"\b(url|http|socket|download|fetch|request|server|network|port|host)",
    FILES: r"\b(file|write|save|delet|remov|folder|director|path)",
    READS: r"\b(file|read|load|path)",
    "reads the environment": r"\benvironment|\benv\b|\$[A-Z]",
    "starts threads": r"\b(thread|concurren|parallel)",
    "handles signals": r"\bsignal",
    "runs code that is data": r"\b(eval|exec|pickl|marshal|deseriali|expression)",
    "asks on which machine it runs": r"\b(platform|machine|process id|pid|cpu|operating system)",
    "asks how it was started": r"\b(argument|argv|command.line)",
    "swallows what tests raise": r"\b(assert|swallow|suppress|ignore)",
    "ends the program": r"\b(exit|quit|terminat)",
    "imports what it names itself": r"\b(import|module|plugin)",
    WHEN: r"\b(time|date|now|today|clock|age|year|month|day|hour|second|elapsed|stamp|expire|old)",
    HELD: r"\bmodule",
    "changes names of its module": r"\b(global|module|count|cache|state|regist|remember|memo)",
    "counts its own calls": r"\b(count|call|cache|state|remember|memo|attribute)",
    "waits for somebody": r"\b(ask|prompt|input|stdin)",
}


def _is_asked_for(what: str, said: str) -> bool:
    pattern = _ASKED.get(what)
    return bool(pattern and re.search(pattern, said, re.IGNORECASE))
