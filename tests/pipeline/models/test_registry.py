"""Models listed, fetched, linked, removed, recommended and checked."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from benchmarks.random_gguf import TINY, write_random_gguf
from pipeline.models.api import ModelBroken, ModelError, ModelNotFound
from pipeline.models.llama import LlamaModel, open_llama
from pipeline.models.registry import (
    GB,
    KNOWN,
    add_model,
    check_model,
    find_known,
    installed_path,
    list_models,
    recommend,
    remove_model,
)
from pipeline.models.scripted import ScriptedModel

NANO = Path(__file__).parents[3] / "pipeline" / "nano" / "data" / "nano.gguf"


@contextmanager
def hub(data: bytes, *, breaks_at: int | None = None) -> Iterator[tuple[str, list[str]]]:
    """Serves `data` for every path, with ranges; breaks off the first answer at `breaks_at`."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            start = int(self.headers.get("Range", "bytes=0-")[6:-1])
            asked.append(f"{self.path} {start}")
            body = data[start:]
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[:breaks_at] if len(asked) == 1 else body)

        def log_message(self, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_known_model_is_fetched_checked_and_found(tmp_path: Path, tiny_path: Path):
    seen: list[int] = []
    with hub(tiny_path.read_bytes()) as (url, asked):
        path = add_model(
            "qwen3-4b", folder=tmp_path, hub=url, on_progress=lambda n, total: seen.append(n)
        )
        add_model("qwen3-4b", folder=tmp_path, hub=url)
    assert asked == ["/Qwen/Qwen3-4B-GGUF/resolve/main/Qwen3-4B-Q4_K_M.gguf 0"]
    assert installed_path("qwen3-4b", tmp_path) == path
    assert path.read_bytes() == tiny_path.read_bytes()
    assert seen[-1] == path.stat().st_size
    assert [p.name for p in tmp_path.iterdir()] == ["qwen3-4b.gguf"]


def test_a_broken_download_goes_on_where_it_stopped(tmp_path: Path, tiny_path: Path):
    with hub(tiny_path.read_bytes(), breaks_at=5000) as (url, asked):
        with pytest.raises(ModelNotFound, match="say it again"):
            add_model("someone/some-repo:tiny.gguf", folder=tmp_path, hub=url)
        assert installed_path("tiny", tmp_path) is None
        path = add_model("someone/some-repo:tiny.gguf", folder=tmp_path, hub=url)
    assert asked[1].endswith(" 5000")
    assert path.read_bytes() == tiny_path.read_bytes()


def test_what_is_no_gguf_is_not_installed(tmp_path: Path):
    with (
        hub(b"<html>log in first</html>") as (url, _),
        pytest.raises(ModelBroken, match="not a GGUF"),
    ):
        add_model("qwen3-4b", folder=tmp_path, hub=url)
    assert list(tmp_path.iterdir()) == []


def test_nobody_there_says_to_give_a_path(tmp_path: Path):
    with pytest.raises(ModelNotFound, match="give a path"):
        add_model("qwen3-4b", folder=tmp_path, hub="http://127.0.0.1:9")


def test_a_local_file_is_linked_and_only_the_link_removed(tmp_path: Path, tiny_path: Path):
    folder = tmp_path / "models"
    path = add_model(str(tiny_path), folder=folder)
    assert path.is_symlink()
    assert installed_path("tiny", folder) == path
    assert [row.name for row in list_models(folder) if row.path] == ["tiny"]
    with pytest.raises(ModelError, match="remove"):
        add_model(str(tiny_path), folder=folder)
    remove_model("tiny", folder=folder)
    assert tiny_path.exists()
    with pytest.raises(ModelNotFound):
        remove_model("tiny", folder=folder)


@pytest.mark.parametrize(
    "name",
    [
        "gpt-9",
        "../../nowhere/x",
        "a/b",
        "a/b:c",
        "a/b:../c.gguf",
        "../b:c.gguf",
        "",
        "a/b/c:d.gguf",
    ],
)
def test_names_that_mean_nothing_are_refused(tmp_path: Path, name: str):
    with pytest.raises(ModelNotFound, match="qwen3-14b"):
        add_model(name, folder=tmp_path)
    assert installed_path(name, tmp_path) is None


def test_the_table_lists_the_reference_model_first():
    assert KNOWN[0].name == "qwen3-14b"
    assert KNOWN[0].kv_bytes_per_token == 160 * 1024
    assert KNOWN[0].vram_band_gb == 12
    assert all(k.sha256 is None or len(k.sha256) == 64 for k in KNOWN)
    assert find_known("Qwen3-14B") is KNOWN[0]


@pytest.mark.parametrize(
    ("gb", "first"),
    [(1, None), (4, "qwen3-1.7b"), (6, "qwen3-4b"), (16, "qwen3-14b"), (24, "qwen3-coder-30b-a3b")],
)
def test_the_biggest_that_fits_is_recommended(gb: int, first: str | None):
    names = [known.name for known in recommend(gb * GB)]
    assert (names[0] if names else None) == first


async def test_check_measures_and_says_what_works(tiny: LlamaModel):
    seen = await check_model(tiny, n_tokens=24)
    assert seen.single_tokens_per_s > 0
    assert seen.batched_tokens_per_s > 0
    assert seen.batching_gain > 0
    assert (seen.grammar_works, seen.states_work) == (True, True)
    assert seen.thinking_works is not None
    assert seen.sha256 == tiny.info.sha256


@pytest.mark.skipif(not NANO.exists(), reason="the embedded model is not trained yet")
async def test_nano_passes_its_check():
    model = await open_llama(NANO)
    try:
        seen = await check_model(model, n_tokens=32)
    finally:
        await model.aclose()
    assert (seen.thinking_works, seen.grammar_works, seen.states_work) == (True, True, True)
    assert seen.prefill_works
    assert seen.conversation is not None
    assert seen.conversation.count("<|im_start|>user\n") == 2
    assert "<|im_start|>assistant\ndef double(n)" in seen.conversation


async def test_check_refuses_a_template_that_loses_what_the_assistant_said(tmp_path: Path):
    template = (
        "{% for m in messages %}{% if m.role == 'user' %}{{ m.content }}{% endif %}{% endfor %}"
    )
    path = write_random_gguf(tmp_path / "deaf.gguf", replace(TINY, template=template))
    model = await open_llama(path)
    try:
        with pytest.raises(ModelBroken, match="loses 'def double"):
            await check_model(model, n_tokens=8)
    finally:
        await model.aclose()


async def test_check_says_none_for_what_a_backend_has_not():
    seen = await check_model(ScriptedModel(lambda request, n: "word " * 64))
    assert (seen.thinking_works, seen.grammar_works, seen.states_work) == (None, None, None)
    assert seen.single_tokens_per_s > 0
