"""Between jobs and bytes, on the trusted side: a job becomes request bodies, a reply becomes an
Observation.

Everything in a reply's result was written by an untrusted process; what does not fit becomes
BAD_RESULT.
"""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass, replace

from sandbox import codec
from sandbox.api import (
    Batch,
    Call,
    Doctest,
    ExceptionSeen,
    Expression,
    Form,
    Job,
    Limits,
    Observation,
    Opaque,
    Outcome,
    Program,
    ProjectTests,
    TestCode,
)
from sandbox.tests_seen import is_end, merged_tests
from sandbox.wire import FRAME, MAX_STARVED, Ask, Reason, Reply, WireRequest, split_frames

_FROM_CHILD = frozenset(
    {
        *(Outcome.RETURNED, Outcome.RAISED, Outcome.SYNTAX_ERROR, Outcome.MISSING_MODULE),
        *(Outcome.MEMORY, Outcome.OUTPUT_LIMIT, Outcome.CRASH, Outcome.BAD_RESULT),
    }
)
_OF_REASON = {
    Reason.CPU: Outcome.TIMEOUT_CPU,
    Reason.WALL: Outcome.TIMEOUT_WALL,
    Reason.OUTPUT: Outcome.OUTPUT_LIMIT,
    Reason.RESULT: Outcome.OUTPUT_LIMIT,
    Reason.CANCELLED: Outcome.NOT_RUN,
    Reason.FORK: Outcome.SANDBOX_ERROR,
}
_MAX_TEXT = 20_000
_MAX_FRAMES = 60_000
"""Of the project's tests: two for each, and one for each function that they enter."""


@dataclass(frozen=True, kw_only=True)
class Packed:
    """A request with its bodies, ready to be sent."""

    request: WireRequest
    payload: bytes
    deadline_s: float
    """After this the worker itself must be broken."""


def wall_s(limits: Limits) -> float:
    return limits.wall_s if limits.wall_s is not None else 4 * limits.cpu_s + 2


def pack(job: Job, *, skip: int = 0) -> Packed:
    """The job as a request; `skip` parts of a batch are left out.

    Raises CodecError when an argument is not plain data.
    """
    body, test = _bodies(job, skip)
    n_results = n_frames(job.form) - skip
    limits = job.limits
    request = WireRequest(
        ask=Ask.RUN,
        nonce=b"",
        body_bytes=len(body),
        test_bytes=len(test),
        cpu_ms=int(limits.cpu_s * 1000),
        wall_ms=int(wall_s(limits) * 1000),
        memory_mb=limits.memory_mb,
        output_bytes=limits.output_bytes,
        result_bytes=limits.result_bytes,
        n_frames=n_results,
        renew=int(isinstance(job.form, Batch)),
    )
    n_limits = n_results if request.renew else 1
    return Packed(
        request=request,
        payload=body + test,
        deadline_s=wall_s(limits) * n_limits * MAX_STARVED + 10.0,
    )


def n_frames(form: Form) -> int:
    """How many results the form gives in one process."""
    if isinstance(form, Batch):
        return max(1, len(form.parts))
    if isinstance(form, ProjectTests):
        # A class or a parametrised test is many; one more for the end.
        return _MAX_FRAMES + 1
    return max(1, len(form.examples)) if isinstance(form, Doctest) else 1


def _bodies(job: Job, skip: int) -> tuple[bytes, bytes]:
    form = job.form
    base: dict[str, object] = {"hash_seed": job.hash_seed, "trace_lines": job.trace_lines}
    base["world"] = job.world and {
        **{"module": job.world.module, "path": job.world.path, "roots": list(job.world.roots)}
    }
    if isinstance(form, TestCode):
        asked = {"kind": "testcode", "entry": form.entry}
        test = {**asked, "source": form.source, "check": form.check}
        return _body({**base, "code": job.code, "form": asked}), _body({**base, "form": test})
    stdin = form.stdin if isinstance(form, Program) else b""
    return _body({**base, "code": job.code, "form": _form(form, skip)}, stdin), b""


def _body(job: Mapping[str, object], stdin: bytes = b"") -> bytes:
    data = codec.encode(dict(job), opaque=False)
    return FRAME.pack(len(data)) + data + stdin


def _form(form: Form, skip: int) -> dict[str, object]:
    match form:
        case Call():
            kwargs = dict(form.kwargs)
            return {"kind": "call", "entry": form.entry, "args": form.args, "kwargs": kwargs}
        case Expression():
            return {"kind": "expression", "source": form.source}
        case Batch():
            return {"kind": "batch", "parts": [_form(part, 0) for part in form.parts[skip:]]}
        case Doctest():
            sources = [example.source for example in form.examples]
            return {"kind": "doctest", "examples": sources, "setup": form.setup}
        case Program():
            return {"kind": "program", "args": list(form.args)}
        case ProjectTests():
            asked: dict[str, object] = {"node_ids": list(form.node_ids), "seed": form.seed}
            versions: dict[str, object] = {
                "versions": list(form.versions),
                "exchanged": form.exchanged,
                "version_cpu_s": form.version_cpu_s,
            }
            seen = {"trace": form.is_traced, "recorded": form.recorded}
            return {"kind": "tests", "each_cpu_s": form.each_cpu_s, **asked, **versions, **seen}
        case TestCode():
            raise TypeError("test code travels in two bodies")


def not_run(detail: str) -> Observation:
    return Observation(outcome=Outcome.NOT_RUN, detail=detail)


def sandbox_error(detail: str) -> Observation:
    return Observation(outcome=Outcome.SANDBOX_ERROR, detail=detail)


@dataclass(frozen=True, kw_only=True)
class ReadReply:
    """One reply, understood."""

    frames: tuple[Observation, ...]
    load_failed: bool
    """The first frame says that the code could not be loaded; it stands for all."""
    trouble: Outcome | None
    """Why the run ended early or cannot be trusted; None for a regular end."""
    detail: str
    reply: Reply


def understand(job: Job, reply: Reply, n_results: int) -> ReadReply:
    raw, n_left = split_frames(reply.result)
    reports = [_decoded(data) for data in raw[:n_results]]
    may_blame = isinstance(job.form, TestCode)
    frames = tuple(_from_report(report, may_blame=may_blame) for report in reports)
    load_failed = bool(reports) and isinstance(reports[0], dict) and "load" in reports[0]
    trouble, detail = _trouble(job, reply)
    if trouble is None and (n_left or len(raw) > n_results):
        trouble, detail = Outcome.BAD_RESULT, "more bytes than one result on the result pipe"
        frames = ()
    elif trouble is None and not load_failed and not _is_whole(job, frames, n_results):
        trouble, detail = _missing(job, reply)
    return ReadReply(
        frames=frames, load_failed=load_failed, trouble=trouble, detail=detail, reply=reply
    )


def _is_whole(job: Job, frames: tuple[Observation, ...], n_results: int) -> bool:
    if isinstance(job.form, ProjectTests):
        return bool(frames) and is_end(frames[-1])
    return len(frames) >= n_results


def _trouble(job: Job, reply: Reply) -> tuple[Outcome | None, str]:
    limits = job.limits
    if reply.reason is not Reason.NONE:
        text = {
            Reason.CPU: f"more than {limits.cpu_s:g} s of CPU time",
            Reason.WALL: f"more than {wall_s(limits):g} s by the clock, "
            f"{reply.cpu_us / 1e6:.1f} s of CPU",
            Reason.OUTPUT: f"more than {limits.output_bytes} bytes of output",
            Reason.RESULT: f"more than {limits.result_bytes} bytes of results",
            Reason.CANCELLED: "cancelled",
            Reason.FORK: "the worker could not fork",
        }[reply.reason]
        return _OF_REASON[reply.reason], text
    if reply.oom_kills and reply.signal:
        return Outcome.MEMORY, "killed by the kernel, out of memory"
    # The kernel's own limit ends with SIGKILL; the parts of a batch share the time counted here.
    is_spent = reply.cpu_us >= limits.cpu_s * 1e6 and not isinstance(job.form, Batch)
    if reply.signal == signal.SIGXCPU or (reply.signal == signal.SIGKILL and is_spent):
        return Outcome.TIMEOUT_CPU, f"more than {limits.cpu_s:g} s of CPU time"
    if reply.signal:
        return Outcome.CRASH, f"killed by {_signal_name(reply.signal)}"
    return None, ""


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _missing(job: Job, reply: Reply) -> tuple[Outcome | None, str]:
    """The process ended by itself and wrote too few results."""
    if not isinstance(job.form, Program):
        return Outcome.NO_RESULT, f"ended with status {reply.exit_code} and without a result"
    if reply.exit_code == 0:
        return None, ""
    return Outcome.RAISED, f"ended with status {reply.exit_code}"


def _decoded(data: bytes) -> object:
    try:
        return codec.decode(data, opaque=Opaque)
    except codec.CodecError as exc:
        return {"outcome": "bad_result", "detail": f"not a result: {exc}"}


def _from_report(report: object, *, may_blame: bool) -> Observation:
    """Field by field, because an untrusted process wrote it.

    With `may_blame` it is the test's own process, which alone can say that the test is at fault.
    """
    said = report.get("outcome") if isinstance(report, dict) else None
    if not isinstance(report, dict) or not isinstance(said, str) or said not in _FROM_CHILD:
        return Observation(outcome=Outcome.BAD_RESULT, detail="not a result")
    outcome = Outcome(said)
    printed = _text(report.get("printed", ""))
    detail = _text(report.get("detail", ""))[:500]
    if may_blame and report.get("test_fault") is True:
        detail = TEST_FAULT + detail
    return Observation(
        outcome=outcome,
        value=report.get("value"),
        exception=_exception(report.get("exception")),
        got=(printed + _text(report.get("got", "")),) if "printed" in report else (),
        stdout=printed.encode("utf-8", "surrogatepass"),
        lines=_lines(report.get("lines")),
        detail=detail,
    )


TEST_FAULT = "the test is at fault: "


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _exception(value: object) -> ExceptionSeen | None:
    match value:
        case (str(kind), str(message), None | int() as lineno):
            return ExceptionSeen(type=kind[:300], message=message[:_MAX_TEXT], lineno=lineno)
    return None


def _lines(value: object) -> frozenset[int] | None:
    if not isinstance(value, list):
        return None
    return frozenset(n for n in value if isinstance(n, int))


def observation(job: Job, seen: ReadReply) -> Observation:
    """Of a form that takes one process: everything but a batch."""
    reply = seen.reply
    base = _merged(job, seen)
    if seen.trouble is not None:
        exception = base.exception if seen.trouble in _FROM_CHILD else None
        if seen.trouble is Outcome.RAISED:
            exception = ExceptionSeen(type="SystemExit", message=str(reply.exit_code))
        base = replace(
            base, outcome=seen.trouble, detail=seen.detail, exception=exception, value=None
        )
    return replace(
        base,
        stdout=reply.stdout,
        stderr=reply.stderr,
        cpu_s=reply.cpu_us / 1e6,
        wall_s=reply.wall_us / 1e6,
        max_rss_kb=reply.max_rss_kb,
    )


def _merged(job: Job, seen: ReadReply) -> Observation:
    if not seen.frames:
        return Observation(outcome=Outcome.RETURNED)
    if isinstance(job.form, ProjectTests) and not seen.load_failed:
        return merged_tests(job.form, seen.frames)
    if not isinstance(job.form, Doctest) or seen.load_failed:
        return replace(seen.frames[0], stdout=b"", got=())
    return Observation(
        outcome=_worst(seen.frames),
        got=tuple("".join(part.got) for part in seen.frames),
        parts=seen.frames,
        lines=seen.frames[-1].lines,
    )


def _worst(parts: tuple[Observation, ...]) -> Outcome:
    """What stands for a whole docstring; an exception may be what the example is about."""
    usual = (Outcome.RETURNED, Outcome.RAISED, Outcome.MISSING_MODULE, Outcome.MEMORY)
    return next((p.outcome for p in parts if p.outcome not in usual), Outcome.RETURNED)
