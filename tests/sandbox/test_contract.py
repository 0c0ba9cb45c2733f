# ruff: noqa: E501 - a program in one line reads better than in five
"""What every Sandbox does, whatever confines it."""

from __future__ import annotations

import asyncio
import os
import re
import time

import pytest

from sandbox.api import (
    Batch,
    Call,
    Completes,
    Doctest,
    DoctestExample,
    DoctestWants,
    Expression,
    Form,
    Job,
    Limits,
    Observation,
    Opaque,
    Outcome,
    Policy,
    Prints,
    Program,
    Proof,
    Raises,
    Returns,
    Sandbox,
    Test,
    TestCode,
    VerdictKind,
)
from sandbox.verdicts import run_tests, run_twice

USUAL = Limits()
QUICK = Limits(cpu_s=0.2, wall_s=2.0)


async def observe(
    box: Sandbox, code: str, form: Form, limits: Limits = USUAL, **job: object
) -> Observation:
    (seen,) = await box.run([Job(code=code, form=form, limits=limits, **job)])  # type: ignore[arg-type]
    return seen


async def check_value(box: Sandbox, code: str, form: Form, value: object) -> None:
    seen = await observe(box, code, form)
    assert (seen.outcome, seen.value) == (Outcome.RETURNED, value), seen


async def check_outcome(
    box: Sandbox, code: str, outcome: Outcome, limits: Limits = USUAL
) -> Observation:
    seen = await observe(box, code, Call(entry="f"), limits)
    assert seen.outcome is outcome, seen
    return seen


# the forms


async def test_a_call_gives_its_value_and_what_it_printed(any_box):
    code = "def f(a, *, b):\n    print('hello')\n    return {a: (b, [None, 1.5])}\n"
    seen = await observe(any_box, code, Call(entry="f", args=(1,), kwargs={"b": {2}}))
    assert seen.value == {1: ({2}, [None, 1.5])}
    assert seen.stdout == b"hello\n"
    assert seen.cpu_s > 0
    assert seen.max_rss_kb > 0


async def test_a_method_gets_a_fresh_instance(any_box):
    code = (
        "class Solution:\n  def __init__(self): self.n = 2\n  def f(self, x): return x * self.n\n"
    )
    await check_value(any_box, code, Call(entry="Solution.f", args=(4,)), 8)
    static = (
        "class S:\n  @staticmethod\n  def f(x): return x\n  @classmethod\n  def g(cls): return 1\n"
    )
    await check_value(any_box, static, Call(entry="S.f", args=(4,)), 4)
    await check_value(any_box, static, Call(entry="S.g"), 1)


async def test_a_coroutine_is_awaited(any_box):
    code = "import asyncio\nasync def f():\n    await asyncio.sleep(0)\n    return 3\n"
    await check_value(any_box, code, Call(entry="f"), 3)


async def test_an_expression_may_have_statements_before_it(any_box):
    source = "x = f(2)\nfor _ in range(3):\n    x += 1\nx"
    await check_value(any_box, "def f(n): return n", Expression(source=source), 5)
    await check_value(any_box, "", Expression(source="x = 1"), None)


async def test_code_of_a_function_is_no_main_program(any_box):
    code = (
        "name = __name__\nif __name__ == '__main__':\n    raise SystemExit(1)\ndef f(): return name"
    )
    seen = await observe(any_box, code, Call(entry="f"))
    assert seen.value not in (None, "__main__")


async def test_a_program_has_real_streams_arguments_and_a_main_name(any_box):
    code = (
        "import os, sys\n"
        "assert __name__ == '__main__'\n"
        "data = open(0).read()\n"
        "sys.stdout.buffer.write(b'\\xff' + data.encode())\n"
        "sys.stdout.flush()\n"
        "os.write(1, sys.argv[1].encode())\n"
    )
    seen = await observe(any_box, code, Program(stdin=b"abc", args=("x",)))
    assert (seen.outcome, seen.stdout) == (Outcome.RETURNED, b"\xffabcx")


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("raise SystemExit", Outcome.RETURNED),
        ("import os; os._exit(0)", Outcome.RETURNED),
        ("import sys; sys.exit(3)", Outcome.RAISED),
        ("import os; os._exit(3)", Outcome.RAISED),
        ("1/0", Outcome.RAISED),
        ("input()", Outcome.RAISED),
    ],
)
async def test_the_exit_status_of_a_program_counts(any_box, code, outcome):
    seen = await observe(any_box, code, Program())
    assert seen.outcome is outcome


async def test_a_program_ends_as_python_does(any_box):
    code = (
        "import atexit, threading, time\n"
        "atexit.register(print, 'exit')\n"
        "class C:\n    def __del__(self): print('del')\n"
        "c = C()\n"
        "threading.Thread(target=lambda: (time.sleep(0.05), print('thread'))).start()\n"
    )
    seen = await observe(any_box, code, Program())
    assert seen.stdout == b"thread\nexit\ndel\n"


async def test_the_traceback_of_a_program_is_its_own(any_box):
    seen = await observe(any_box, "def g():\n    1/0\ng()\n", Program())
    first = rb'Traceback \(most recent call last\):\n  File "(/.*/)?solution.py", line 3'
    assert re.match(first, seen.stderr)
    assert seen.exception is not None
    assert (seen.exception.type, seen.exception.lineno) == ("ZeroDivisionError", 2)


async def test_each_part_of_a_batch_has_its_observation(any_box):
    code = "def f(n):\n    if n < 0: raise ValueError(n)\n    while n == 7: pass\n    return n\n"
    parts = tuple(Call(entry="f", args=(n,)) for n in (1, -1, 7, 2, 7, 3))
    seen = await observe(any_box, code, Batch(parts=parts), QUICK)
    returned, raised, late = Outcome.RETURNED, Outcome.RAISED, Outcome.TIMEOUT_CPU
    assert [p.outcome for p in seen.parts] == [returned, raised, late, returned, late, returned]
    assert [p.value for p in seen.parts] == [1, None, None, 2, None, 3]


async def test_a_batch_whose_code_does_not_load_says_so_for_each_part(any_box):
    parts = (Call(entry="f"),) * 3
    seen = await observe(any_box, "import nothing_like_this", Batch(parts=parts))
    assert [p.outcome for p in seen.parts] == [Outcome.MISSING_MODULE] * 3
    assert seen.outcome is Outcome.MISSING_MODULE


async def test_the_limits_of_a_batch_are_those_of_each_part(any_box):
    code = "import time\ndef f():\n    t = time.process_time()\n    while time.process_time() < t + 0.1: pass\n"
    parts = (Call(entry="f"),) * 8
    seen = await observe(any_box, code, Batch(parts=parts), Limits(cpu_s=0.4, wall_s=20))
    assert {p.outcome for p in seen.parts} == {Outcome.RETURNED}


async def test_lines_that_ran_are_reported_when_asked_for(any_box):
    code = "def f(x):\n    if x:\n        return 1\n    return 2\n"
    seen = await observe(any_box, code, Call(entry="f", args=(0,)), trace_lines=True)
    assert seen.lines == {1, 2, 4}
    assert (await observe(any_box, code, Call(entry="f", args=(0,)))).lines is None


# doctests


def doctest_of(*pairs: tuple[str, str], options: tuple[int, ...] = ()) -> Test:
    examples = tuple(
        DoctestExample(source=source, lineno=10 + n) for n, (source, _) in enumerate(pairs)
    )
    wants = DoctestWants(wants=tuple(want for _, want in pairs), options=options)
    return Test(test_id="d", form=Doctest(examples=examples), expect=wants)


async def test_doctests_run_inside_and_are_compared_outside(any_box):
    code = "class E(Exception): pass\ndef f(x):\n    print('in', x)\n    return [x]\ndef g(): raise E('no')\n"
    test = doctest_of(
        ("f(1)\n", "in 1\n[1]\n"),
        ("y = f(2)\n", "in 2\n"),
        ("y, _\n", "([2], [1])\n"),
        ("g()\n", "Traceback (most recent call last):\n  ...\nE: no\n"),
        ("g()\n", "Traceback (most recent call last):\n  ...\n__main__.E: no\n"),
        ("None\n", ""),
    )
    (verdict,) = await run_tests(any_box, code, [test])
    assert verdict.passed, verdict.detail
    assert (verdict.passed_examples, verdict.n_examples, verdict.proof) == (6, 6, Proof.VALUES)


async def test_a_failing_example_names_its_line_and_both_texts(any_box):
    test = doctest_of(("f(1)\n", "1\n"), ("f(2)\n", "3\n"), ("f(4)\n", "4\n"))
    (verdict,) = await run_tests(any_box, "def f(x): return x", [test])
    assert verdict.kind is VerdictKind.WRONG_ANSWER
    assert (verdict.failing_line, verdict.passed_examples) == (11, 2)
    assert verdict.detail == "`f(2)` gave '2', expected '3'"


async def test_examples_before_a_hanging_one_still_count(any_box):
    test = doctest_of(("f(1)\n", "1\n"), ("f(0)\n", "0\n"), ("f(2)\n", "2\n"))
    code = "def f(x):\n    while not x: pass\n    return x\n"
    quick = Test(test_id="d", form=test.form, expect=test.expect, limits=QUICK)
    (verdict,) = await run_tests(any_box, code, [quick])
    assert verdict.kind is VerdictKind.TIMEOUT_CPU
    assert (verdict.passed_examples, verdict.failing_line) == (1, 11)


async def test_a_printed_traceback_is_no_exception(any_box):
    text = "Traceback (most recent call last):\\nValueError: x"
    test = doctest_of(("f()\n", "Traceback (most recent call last):\nValueError: x\n"))
    (verdict,) = await run_tests(any_box, f"def f(): print('{text}')", [test])
    assert not verdict.passed


# test code


async def check_test_code(box: Sandbox, code: str, source: str, kind: VerdictKind) -> str:
    form = TestCode(source=source, entry="f", check="check" if "def check" in source else None)
    test = Test(test_id="t", form=form, expect=Completes())
    (verdict,) = await run_tests(box, code, [test])
    assert verdict.kind is kind, verdict
    assert verdict.proof is Proof.SEPARATE
    return verdict.detail


async def test_test_code_calls_the_candidate_from_another_process(any_box):
    source = (
        "def check(c):\n    l = [2]\n    assert c(l) == 2 and l == [2, 1]\n    assert f([]) == 1\n"
    )
    code = "def f(x):\n    x.append(1)\n    return len(x)\n"
    await check_test_code(any_box, code, source, VerdictKind.PASS)
    wrong = "def f(x):\n    return 2\n"
    await check_test_code(any_box, wrong, source, VerdictKind.WRONG_ANSWER)


async def test_test_code_sees_exceptions_by_their_names(any_box):
    source = "try:\n    f()\nexcept KeyError:\n    pass\nelse:\n    assert False\n"
    await check_test_code(any_box, "def f(): raise KeyError(1)", source, VerdictKind.PASS)
    await check_test_code(any_box, "def f(): return 1", source, VerdictKind.WRONG_ANSWER)
    await check_test_code(any_box, "def f(): 1/0", source, VerdictKind.RUNTIME_ERROR)


async def test_an_object_that_equals_everything_does_not_pass_test_code(any_box):
    code = "class E:\n    def __eq__(self, o): return True\ndef f(): return E()\n"
    await check_test_code(any_box, code, "assert f() == 5", VerdictKind.WRONG_ANSWER)


async def test_a_candidate_that_dies_fails_its_test_code(any_box):
    code = "import os\ndef f(): os._exit(0)\n"
    await check_test_code(any_box, code, "f()\n", VerdictKind.CRASH)
    await check_test_code(any_box, "def f(:", "f()\n", VerdictKind.SYNTAX_ERROR)


async def test_a_test_that_passes_functions_is_at_fault_itself(any_box):
    detail = await check_test_code(
        any_box, "def f(g): return g(1)", "f(lambda x: x)", VerdictKind.INVALID_TEST
    )
    assert "plain data" in detail


# limits and ends


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("def f():\n  while True: pass", Outcome.TIMEOUT_CPU),
        (
            "import signal\ndef f():\n  signal.pthread_sigmask(0, range(1, 65))\n  while 1: pass",
            Outcome.TIMEOUT_CPU,
        ),
        ("import re\ndef f(): return re.match('(a+)+$', 'a' * 64 + 'b')", Outcome.TIMEOUT_CPU),
        ("def f(): return 9 ** 9 ** 9", Outcome.TIMEOUT_CPU),
        ("import time\ndef f(): time.sleep(99)", Outcome.TIMEOUT_WALL),
        ("import os, signal\ndef f(): os.kill(os.getpid(), signal.SIGSTOP)", Outcome.TIMEOUT_WALL),
        ("def f(): return [0] * 10 ** 9", Outcome.MEMORY),
        ("def f():\n  x = []\n  while True: x.append('x' * 10 ** 6)", Outcome.MEMORY),
        ("def f():\n  while True: print('x' * 999)", Outcome.OUTPUT_LIMIT),
        ("def f(): return 'x' * (3 << 20)", Outcome.OUTPUT_LIMIT),
        ("def f():\n  x = []\n  for _ in range(9999): x = [x]\n  return x", Outcome.BAD_RESULT),
        ("import os\ndef f(): os._exit(0)", Outcome.NO_RESULT),
        ("import ctypes\ndef f(): ctypes.string_at(0)", Outcome.CRASH),
        ("import os, signal\ndef f(): os.kill(os.getpid(), signal.SIGTERM)", Outcome.CRASH),
        ("def f(): return f()", Outcome.RAISED),
        ("def f(): input()", Outcome.RAISED),
        ("def f(:", Outcome.SYNTAX_ERROR),
        ("def f(): return '\\0'.decode()\n\0", Outcome.SYNTAX_ERROR),
        ("import numpyy", Outcome.MISSING_MODULE),
        ("def f(): import numpyy", Outcome.MISSING_MODULE),
        ("x = int('a')", Outcome.RAISED),
        ("import sys\ndef f(): sys.exit(0)", Outcome.RAISED),
        ("def g(): pass", Outcome.RAISED),
    ],
)
async def test_each_end_has_its_outcome(any_box, code, outcome):
    is_cpu = outcome is Outcome.TIMEOUT_CPU
    await check_outcome(any_box, code, outcome, Limits(cpu_s=0.2 if is_cpu else 5.0, wall_s=2.0))


async def test_a_foreign_object_is_opaque(any_box):
    seen = await check_outcome(any_box, "class P: pass\ndef f(): return [P()]", Outcome.RETURNED)
    assert seen.value == [Opaque("P")]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("return (i * n for i in range(3))", "generator of [0, 2, 4]"),
        ("return map(str, [n])", "map of ['2']"),
        ("return iter([object()])", "list_iterator of [a object]"),
        ("import itertools\n    return itertools.count(n)", "count of [2, 3, 4, "),
    ],
)
async def test_an_iterator_is_told_by_what_it_gives(any_box, body, told):
    form = Call(entry="f", args=(2,))
    (seen,) = await any_box.run([Job(code=f"def f(n):\n    {body}\n", form=form)])
    assert isinstance(seen.value, Opaque)
    assert seen.value.type.startswith(told)
    assert len(seen.value.type) <= 200


async def test_an_iterator_passes_for_no_list_and_raises_what_it_raises(any_box):
    wanted = Test(test_id="t", form=Call(entry="f", args=()), expect=Returns(value=[1]))
    (verdict,) = await run_tests(any_box, "def f():\n    yield 1\n", [wanted])
    assert not verdict.passed
    code = "def f():\n    yield 1\n    raise KeyError(2)\n"
    await check_outcome(any_box, code, Outcome.RAISED)


async def test_an_exception_is_described(any_box):
    code = "class Odd(ValueError): pass\n\ndef f():\n    raise Odd('why')\n"
    seen = await check_outcome(any_box, code, Outcome.RAISED)
    assert seen.exception is not None
    shown = (seen.exception.type, seen.exception.message, seen.exception.lineno)
    assert shown == ("Odd", "why", 4)


async def test_an_exception_whose_text_raises_is_described_too(any_box):
    code = "class E(Exception):\n  def __str__(self): raise self\ndef f(): raise E\n"
    seen = await check_outcome(any_box, code, Outcome.RAISED)
    assert seen.exception is not None
    assert seen.exception.type == "E"


async def test_a_daemon_does_not_outlive_its_test(any_box):
    code = (
        "import os, time\n"
        "def f():\n"
        "    if os.fork() == 0:\n"
        "        os.setsid()\n"
        "        if os.fork() == 0:\n"
        "            while True: time.sleep(1)\n"
        "        os._exit(0)\n"
        "    return 1\n"
        "def count():\n"
        "    return sum(p.isdigit() for p in os.listdir('/proc'))\n"
    )
    start = time.monotonic()
    seen = await check_outcome(any_box, code, Outcome.RETURNED)
    assert (seen.value, time.monotonic() - start < 5) == (1, True)
    if any_box.kind == "docker":
        await check_value(any_box, code, Call(entry="count"), 2)


async def test_a_fork_bomb_ends(any_box):
    if any_box.kind != "docker":
        pytest.skip("unsafe-local has no limit on processes")
    code = "import os\ndef f():\n  while True:\n    try: os.fork()\n    except OSError: pass\n"
    seen = await check_outcome(any_box, code, Outcome.TIMEOUT_CPU, Limits(cpu_s=0.5))
    assert seen.cpu_s < 5


# state


async def test_no_test_sees_what_another_left(any_box):
    write = "import builtins\nbuiltins.left = 1\nopen('left', 'w').write('x')\ndef f(): pass"
    await check_outcome(any_box, write, Outcome.RETURNED)
    code = "import builtins, os\ndef f(): return hasattr(builtins, 'left'), os.listdir('.')"
    for _ in range(3):
        await check_value(any_box, code, Call(entry="f"), (False, []))


async def test_files_that_resist_removal_are_removed(any_box):
    code = (
        "import os\n"
        "def f():\n"
        "    os.makedirs('a/b/c')\n"
        "    open('a/b/c/file', 'w').close()\n"
        "    os.symlink('/etc', 'a/link')\n"
        "    os.chmod('a/b', 0)\n"
        "    os.chmod('a', 0)\n"
    )
    await check_outcome(any_box, code, Outcome.RETURNED)
    left = "import os\ndef f(): return os.listdir('.')"
    for _ in range(3):
        await check_value(any_box, left, Call(entry="f"), [])


async def test_the_hash_seed_decides_the_order_of_sets(any_box):
    code = "def f(): return [hash('abc'), list({'a', 'b', 'c', 'd', 'e'})]"
    job = Job(code=code, form=Call(entry="f"), hash_seed=0)
    other = Job(code=code, form=Call(entry="f"), hash_seed=1)
    zero, again, one = await any_box.run([job, job, other])
    assert zero.value == again.value
    assert zero.value != one.value


async def test_a_result_that_depends_on_the_hash_seed_is_flaky(any_box):
    code = "def f(): return list({'a', 'b', 'c', 'd', 'e'})\ndef g(): return 1"
    tests = [
        Test(test_id="f", form=Call(entry="f"), expect=Returns(value=["a", "b", "c", "d", "e"])),
        Test(test_id="g", form=Call(entry="g"), expect=Returns(value=1)),
    ]
    flaky, steady = await run_twice(any_box, code, tests)
    assert steady.passed
    assert flaky.kind in (VerdictKind.FLAKY, VerdictKind.WRONG_ANSWER)


async def test_random_numbers_repeat_under_one_seed(any_box):
    job = Job(code="import random\ndef f(): return random.random()", form=Call(entry="f"))
    first, second = await any_box.run([job, job])
    assert first.value == second.value


# many jobs


async def test_observations_come_in_the_order_of_the_jobs(any_box):
    code = "import time\ndef f(n):\n    time.sleep(0.02 * (n % 3))\n    return n\n"
    jobs = [Job(code=code, form=Call(entry="f", args=(n,))) for n in range(30)]
    assert [seen.value for seen in await any_box.run(jobs)] == list(range(30))


async def test_nothing_to_do_is_done_at_once(any_box):
    assert await any_box.run([]) == ()


async def test_an_argument_that_cannot_travel_is_no_evidence(any_box):
    seen = await observe(any_box, "def f(x): return x", Call(entry="f", args=(object(),)))
    assert seen.outcome is Outcome.NOT_RUN
    assert "travel" in seen.detail


async def test_a_long_group_does_not_starve_a_short_one(any_box):
    slow = Job(code="import time\ndef f(): time.sleep(0.05)", form=Call(entry="f"))
    quick = Job(code="def f(): return 1", form=Call(entry="f"))
    long = asyncio.create_task(any_box.run([slow] * 200, group="long"))
    await asyncio.sleep(0.1)
    (seen,) = await any_box.run([quick], group="short")
    assert seen.value == 1
    assert not long.done()
    long.cancel()
    with pytest.raises(asyncio.CancelledError):
        await long


async def test_cancelling_one_run_kills_its_tests_and_no_others(any_box):
    endless = Job(code="while True: pass", form=Program(), limits=Limits(cpu_s=60))
    mine = asyncio.create_task(any_box.run([endless] * 6, group="mine"))
    await asyncio.sleep(0.3)
    quick = Job(code="def f(): return 1", form=Call(entry="f"))
    others = asyncio.create_task(any_box.run([quick] * 5, group="others"))
    start = time.monotonic()
    mine.cancel()
    with pytest.raises(asyncio.CancelledError):
        await mine
    assert time.monotonic() - start < 1
    assert [seen.value for seen in await others] == [1] * 5


async def test_every_observation_names_its_guarantees(any_box):
    seen = await observe(any_box, "def f(): pass", Call(entry="f"))
    assert seen.isolation == any_box.isolation
    assert ("unsandboxed" in seen.isolation) == (any_box.kind == "unsafe-local")
    assert ("container" in seen.isolation) == (any_box.kind == "docker")


# verdicts end to end


@pytest.mark.parametrize(
    ("code", "test", "kind"),
    [
        ("def f(): return 3", Returns(value=3), VerdictKind.PASS),
        ("def f(): return True", Returns(value=1), VerdictKind.PASS),
        ("def f(): return True", Returns(value=1, policy=Policy.EXACT), VerdictKind.WRONG_ANSWER),
        ("def f(): raise KeyError", Raises(type="KeyError"), VerdictKind.PASS),
        ("def f(): return 1", Raises(type="KeyError"), VerdictKind.WRONG_ANSWER),
        ("def f(): print(1)", Prints(stdout="1"), VerdictKind.PASS),
        (
            "class E:\n  __eq__ = lambda s, o: True\ndef f(): return E()",
            Returns(value=3),
            VerdictKind.WRONG_ANSWER,
        ),
    ],
)
async def test_a_verdict_is_made_of_the_observation(any_box, code, test, kind):
    (verdict,) = await run_tests(
        any_box, code, [Test(test_id="t", form=Call(entry="f"), expect=test)]
    )
    assert verdict.kind is kind, verdict


@pytest.mark.docker
async def test_nothing_a_program_does_reaches_the_host(docker_box, tmp_path):
    mark = tmp_path / "mark"
    code = (
        "import os, socket\n"
        "def f(path, pid):\n"
        "    told = []\n"
        "    for act in (lambda: open(path, 'w'), lambda: os.kill(pid, 9), lambda: socket.socket(2, 3),\n"
        "                lambda: socket.create_connection(('127.0.0.1', 80)), lambda: open('/x', 'w'),\n"
        "                lambda: socket.create_connection(('192.0.2.1', 80))):\n"
        "        try:\n"
        "            act()\n"
        "            told.append('done')\n"
        "        except OSError as exc:\n"
        "            told.append(type(exc).__name__)\n"
        "    return told\n"
    )
    seen = await observe(docker_box, code, Call(entry="f", args=(str(mark), os.getpid())))
    assert isinstance(seen.value, list)
    assert "done" not in seen.value
    assert not mark.exists()


# as doctest does, and where it does more


NOTES = """
def f(n, *notes):
    exc = ValueError("too few") if n else KeyError
    if n:
        for note in notes:
            exc.add_note(note)
    raise exc
class Odd(Exception):
    __notes__ = "one text"
def odd(): raise Odd("x")
class Bad(str):
    def __str__(self): raise RuntimeError
def bad():
    exc = ValueError("x")
    exc.__notes__ = [Bad("y")]
    raise exc
"""
HEAD = "Traceback (most recent call last):\n    ...\n"


async def test_the_notes_of_an_exception_belong_to_its_message(each_box):
    test = doctest_of(
        ("f(1, 'give at least zero')\n", HEAD + "ValueError: too few\ngive at least zero\n"),
        ("f(1, 'a', 'b\\nc')\n", HEAD + "ValueError: too few\na\nb\nc\n"),
        ("f(0)\n", HEAD + "KeyError\n"),
        ("odd()\n", HEAD + "Odd: x\n'one text'\n"),
        ("bad()\n", HEAD + "ValueError: x\n<note str() failed>\n"),
    )
    (verdict,) = await run_tests(each_box, NOTES, [test])
    assert verdict.passed, verdict
    without = doctest_of(("f(1, 'note')\n", HEAD + "ValueError: too few\n"))
    (verdict,) = await run_tests(each_box, NOTES, [without])
    assert verdict.kind is VerdictKind.WRONG_ANSWER


async def test_an_example_may_await(each_box):
    code = (
        "import asyncio\n"
        "async def later(n):\n    await asyncio.sleep(0)\n    return n + 1\n"
        "async def each(n):\n    for i in range(n):\n        yield i\n"
        "async def bad(): raise ValueError('no')\n"
    )
    test = doctest_of(
        ("await later(1)\n", "2\n"),
        ("x = await later(await later(1))\n", ""),
        ("x\n", "3\n"),
        ("async for i in each(2):\n    print(i)\n", "0\n1\n"),
        ("await bad()\n", HEAD + "ValueError: no\n"),
        ("asyncio.run(later(1))\n", "2\n"),
    )
    (verdict,) = await run_tests(each_box, code, [test])
    assert verdict.passed, verdict
