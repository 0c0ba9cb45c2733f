"""The rules of one sequence, watched token by token: what is fed and what is counted."""

from __future__ import annotations

import pytest

from pipeline.models.api import Completion, Message, Request
from pipeline.models.chat_template import Tags
from pipeline.models.sequence import Fed, Phase, Sequence, ThinkingTokens

EOG, OPEN, CLOSE, NEWLINE = 1, 2, 3, 10
THINKING = ThinkingTokens(
    tags=Tags("<think>", "</think>"), close=CLOSE, end=(NEWLINE, CLOSE, NEWLINE)
)
PIECES = {EOG: b"<eog>", OPEN: b"<think>", CLOSE: b"</think>"}


def run(
    tokens: list[int | bytes], thinking: ThinkingTokens | None = THINKING, **request: object
) -> tuple[Completion, list[int]]:
    """Play the tokens that a model samples; give the completion and everything that was fed."""
    sequence = Sequence(
        index=0,
        request=Request(messages=(Message(role="user", content="?"),), **request),  # type: ignore[arg-type]
        prompt=(5, 6, 7),
        thinking_tokens=thinking,
        emit=lambda index, piece: None,
    )
    fed, sampled = [], iter(tokens)
    while not sequence.is_done:
        fed.append(sequence.next_token)
        if not sequence.wants_sample:
            sequence.feed_forced()
            continue
        token = next(sampled, EOG)
        piece = token if isinstance(token, bytes) else PIECES.get(token, bytes([token]))
        number = token[0] + 1000 if isinstance(token, bytes) else token
        sequence.take(number, piece, is_eog=token == EOG, logprob=-1.0)
    return sequence.completion(None), fed


def letters(text: str) -> list[int | bytes]:
    return list(text.encode())


def test_the_end_is_forced_once_at_the_cap_and_the_answer_follows():
    done, fed = run(letters("abcdefgh"), thinking_tokens=5, max_tokens=3)
    assert fed == [7, *b"abcde", NEWLINE, CLOSE, NEWLINE, *b"fg"]
    assert (done.thinking, done.text) == ("abcde", "fgh")
    assert (done.thinking_tokens, done.answer_tokens) == (5, 3)
    assert done.thinking_forced
    assert done.finish == "length"


def test_an_end_by_the_model_itself_is_not_forced():
    done, fed = run([*letters("ab"), CLOSE, *letters("xy"), EOG], thinking_tokens=50)
    assert fed == [7, *b"ab", CLOSE, *b"xy"]
    assert (done.thinking, done.text, done.finish) == ("ab", "xy", "stop")
    assert not done.thinking_forced
    assert fed.count(CLOSE) == 1


def test_a_model_that_stops_inside_its_thinking_still_answers():
    done, fed = run([*letters("ab"), EOG, *letters("xy")], thinking_tokens=50)
    assert fed == [7, *b"ab", NEWLINE, CLOSE, NEWLINE, *b"xy"]
    assert done.text == "xy"
    assert "stopped inside" in done.detail


def test_a_closing_tag_of_several_tokens_is_found_in_the_text():
    tags = ThinkingTokens(tags=Tags("<think>", "</think>"), close=None, end=(9,))
    sampled = [*letters("ab"), b"</thi", b"nk>xy", *letters("z")]
    done, _ = run(sampled, tags, thinking_tokens=50)
    assert (done.thinking, done.text) == ("ab", "xyz")


def test_thinking_in_circles_is_ended_and_answered():
    done, _ = run(letters("ab" * 60 + "xy"), thinking_tokens=500, max_tokens=2)
    assert done.thinking_forced
    assert done.thinking_tokens < 100
    assert "circles" in done.detail
    assert done.answer_tokens == 2


def test_an_answer_in_circles_is_a_runaway():
    done, _ = run(letters("0, " * 500), max_tokens=1000)
    assert done.finish == "runaway"
    assert done.answer_tokens < 200


def test_a_thinking_block_inside_the_answer_is_taken_out():
    done, _ = run([OPEN, *letters("hm"), CLOSE, *letters("\n\nxy")])
    assert (done.thinking, done.text) == ("hm", "xy")


@pytest.mark.parametrize("stop", ["END", "D", "the END"])
def test_stop_strings_over_token_borders_are_cut(stop: str):
    done, _ = run([*letters("a"), b" the E", b"ND of it"], stop=(stop,))
    assert done.text == "a the END"[: "a the END".index(stop)]
    assert done.finish == "stop"


def test_characters_cut_in_two_tokens_come_out_whole():
    done, _ = run([b"\xe2\x82", b"\xac", *letters("!")])
    assert done.text == "€!"


def test_the_lowest_window_is_found():
    sequence_logprobs = [-0.1] * 30 + [-3.0] * 16 + [-0.1] * 30
    values = iter(sequence_logprobs)
    sequence = Sequence(
        index=0,
        request=Request(messages=(), max_tokens=76),
        prompt=(1,),
        thinking_tokens=None,
        emit=lambda index, piece: None,
    )
    while not sequence.is_done:
        sequence.take(len(sequence.logprobs), b"x", is_eog=False, logprob=next(values))
    done = sequence.completion(None)
    assert done.min_window_logprob == pytest.approx(-3.0)
    assert done.mean_logprob == pytest.approx(sum(sequence_logprobs) / 76)


def test_code_tokens_are_told_from_the_words_around_them():
    sequence = Sequence(
        index=0,
        request=Request(messages=()),
        prompt=(1,),
        thinking_tokens=None,
        emit=lambda index, piece: None,
    )
    seen = []
    for n, piece in enumerate([b"Here: ", b"```", b"python\n", b"x = 1", b"\n", b"```", b" ok"]):
        sequence.take(100 + n, piece, is_eog=False, logprob=0.0)
        seen.append(sequence.fed is Fed.CODE)
    assert seen == [False, False, True, True, True, False, False]
    assert sequence.phase is Phase.ANSWER
