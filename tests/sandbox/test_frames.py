"""Whatever a worker or a test sends, the host gives an Observation or calls the worker broken."""

from __future__ import annotations

import struct
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox import codec
from sandbox.api import (
    Call,
    Doctest,
    DoctestExample,
    Job,
    Observation,
    Outcome,
    Program,
    Returns,
    Test,
)
from sandbox.observe import observation, understand
from sandbox.verdicts import judge
from sandbox.wire import (
    FRAME,
    REPLY_HEAD_BYTES,
    Ask,
    Reason,
    Reply,
    Say,
    WireError,
    WireRequest,
    join_reply,
    split_frames,
    unpack_reply_head,
)

CALL = Job(code="", form=Call(entry="f"))
DOCTEST = Job(code="", form=Doctest(examples=(DoctestExample(source="1"),) * 3))
PROGRAM = Job(code="", form=Program())


def seen(result: bytes, job: Job = CALL, n: int = 1, **fields: object) -> Observation:
    reply = Reply(say=Say.DONE, nonce=b"12345678", result=result, **fields)  # type: ignore[arg-type]
    return observation(job, understand(job, reply, n))


def frame(report: object) -> bytes:
    data = codec.encode(report)
    return FRAME.pack(len(data)) + data


def test_a_request_comes_back_as_it_was():
    request = WireRequest(
        ask=Ask.RUN, nonce=b"abcdefgh", request_id=7, body_bytes=9, n_frames=3, renew=1
    )
    assert WireRequest.unpack(request.pack()) == request


def test_a_reply_comes_back_as_it_was():
    reply = Reply(say=Say.DONE, nonce=b"abcdefgh", reason=Reason.CPU, result=b"r", stdout=b"out")
    data = reply.pack()
    head = unpack_reply_head(data[:REPLY_HEAD_BYTES])
    assert join_reply(head, data[REPLY_HEAD_BYTES:]) == reply


@pytest.mark.parametrize(
    "data", [b"", b"x" * REPLY_HEAD_BYTES, b"aR" + bytes(REPLY_HEAD_BYTES - 2)]
)
def test_a_head_that_is_not_ours_is_refused(data):
    with pytest.raises(WireError):
        unpack_reply_head(data)


def test_a_reply_that_announces_too_much_is_refused():
    data = bytearray(Reply(say=Say.DONE, nonce=b"abcdefgh").pack())
    data[-4:] = b"\xff" * 4
    with pytest.raises(WireError):
        unpack_reply_head(bytes(data))


def test_a_second_result_makes_the_first_worthless():
    one = frame({"outcome": "returned", "value": 1})
    assert seen(one).value == 1
    assert seen(one + one).outcome is Outcome.BAD_RESULT
    assert seen(one + b"x").outcome is Outcome.BAD_RESULT
    assert seen(one + one).value is None


@pytest.mark.parametrize(
    "report",
    [
        *(None, 7, [], {"outcome": "pass"}, {"outcome": []}, {"outcome": {"a": 1}}, {"value": 1}),
        *({"outcome": "sandbox_error"}, {"outcome": "not_run"}, {"outcome": "timeout_cpu"}),
    ],
)
def test_a_report_cannot_claim_what_only_the_worker_can_know(report):
    assert seen(frame(report)).outcome is Outcome.BAD_RESULT


def test_no_result_is_no_pass_but_for_programs():
    assert seen(b"").outcome is Outcome.NO_RESULT
    assert seen(b"", PROGRAM).outcome is Outcome.RETURNED
    assert seen(b"", PROGRAM, exit_code=3).outcome is Outcome.RAISED


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        ({"reason": Reason.CPU}, Outcome.TIMEOUT_CPU),
        ({"reason": Reason.WALL}, Outcome.TIMEOUT_WALL),
        ({"reason": Reason.OUTPUT}, Outcome.OUTPUT_LIMIT),
        ({"reason": Reason.RESULT}, Outcome.OUTPUT_LIMIT),
        ({"reason": Reason.CANCELLED}, Outcome.NOT_RUN),
        ({"reason": Reason.FORK}, Outcome.SANDBOX_ERROR),
        ({"signal": 9, "oom_kills": 1}, Outcome.MEMORY),
        ({"signal": 11}, Outcome.CRASH),
        ({"signal": 24}, Outcome.TIMEOUT_CPU),
        ({"signal": 99}, Outcome.CRASH),
    ],
)
def test_what_the_worker_saw_outweighs_what_the_test_wrote(fields, outcome):
    forged = frame({"outcome": "returned", "value": 42})
    observed = seen(forged, **fields)
    assert observed.outcome is outcome
    assert observed.value is None


reports = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary()),
    lambda inner: st.one_of(
        *(st.lists(inner, max_size=4), st.tuples(inner, inner, inner)),
        st.dictionaries(
            st.sampled_from(
                ["outcome", "value", "exception", "got", "printed", "lines", "detail", "load"]
            ),
            st.one_of(inner, st.sampled_from(["returned", "raised", "memory", "crash"])),
            max_size=6,
        ),
    ),
    max_leaves=12,
)
results = st.one_of(
    st.binary(max_size=200),
    st.lists(reports.map(frame), max_size=4).map(b"".join),
    st.tuples(st.lists(reports.map(frame), max_size=4).map(b"".join), st.binary(max_size=5)).map(
        b"".join
    ),
)


def check_never_raises(result: bytes, job: Job, signal: int) -> None:
    n = 3 if job is DOCTEST else 1
    observed = seen(result, job, n, signal=signal)
    test = Test(test_id="t", form=job.form, expect=Returns(value=object))
    assert not judge(test, observed).passed


@given(results, st.sampled_from([CALL, DOCTEST, PROGRAM]), st.integers(0, 64))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_result_bytes_make_the_host_fail(result, job, signal):
    check_never_raises(result, job, signal)


@pytest.mark.slow
@given(st.integers(0))
@settings(max_examples=200, deadline=None)
def test_a_hundred_thousand_mutated_replies_do_not_make_the_host_fail(seed):
    random = Random(seed)
    for _ in range(500):
        data = bytearray(random.choice(HONEST))
        for _ in range(random.randrange(1, 5)):
            data[random.randrange(len(data))] = random.randrange(256)
        job = random.choice((CALL, DOCTEST, PROGRAM))
        check_never_raises(bytes(data[: random.randrange(len(data) + 9)]), job, 0)


HONEST = [
    frame({"outcome": "returned", "value": {1: [2.5, (None, b"x")]}, "lines": [1, 2]}),
    frame({"outcome": "raised", "exception": ("E", "why", 3), "printed": "a", "got": "b"}) * 3,
    frame({"outcome": "syntax_error", "exception": ("SyntaxError", "x", None), "load": True}),
]


@given(st.binary(max_size=100))
def test_splitting_loses_no_byte(data):
    frames, left = split_frames(data)
    assert sum(len(f) + struct.calcsize("!I") for f in frames) + left == len(data)
