"""Threads: as many as there are cores, and polite where others want them too."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

from pipeline.models.threads import WAITING, n_cores, spin_less


def machine(folder: Path, siblings: list[str], quota: str | None = None) -> int:
    """Cores of a machine whose logical processors have these siblings."""
    for cpu, text in enumerate(siblings):
        topology = folder / f"cpu{cpu}" / "topology"
        topology.mkdir(parents=True)
        (topology / "thread_siblings_list").write_text(f"{text}\n", encoding="ascii")
    if quota is not None:
        (folder / "cpu.max").write_text(quota, encoding="ascii")
    return n_cores(folder, folder / "cpu.max")


def test_threads_of_one_core_count_once(tmp_path: Path):
    n_allowed = max(os.sched_getaffinity(0)) + 1
    assert machine(tmp_path, [f"0-{n_allowed - 1}"] * n_allowed) == 1


def test_cores_count_each(tmp_path: Path):
    n_allowed = max(os.sched_getaffinity(0)) + 1
    alone = machine(tmp_path, [str(cpu) for cpu in range(n_allowed)])
    assert alone == len(os.sched_getaffinity(0))


def test_a_container_gets_no_more_threads_than_it_may_use(tmp_path: Path):
    n_allowed = max(os.sched_getaffinity(0)) + 1
    assert machine(tmp_path, [str(cpu) for cpu in range(n_allowed)], "50000 100000\n") == 1


def test_what_the_user_has_set_stays():
    environment = {"GOMP_SPINCOUNT": "7"}
    spin_less(environment)
    assert environment == WAITING | {"GOMP_SPINCOUNT": "7"}


def test_openmp_is_told_before_its_library_is_loaded(tiny_path: Path):
    code = (
        "import asyncio, os, sys\n"
        "from pathlib import Path\n"
        "seen = {}\n"
        "def watch(event, args):\n"
        "    if event == 'import' and args[0] in ('numpy', 'llama_cpp'):\n"
        "        seen.setdefault(args[0], os.environ.get('GOMP_SPINCOUNT'))\n"
        "sys.addaudithook(watch)\n"
        "from pipeline.models.llama import open_llama\n"
        "async def main():\n"
        "    await (await open_llama(Path(sys.argv[1]))).aclose()\n"
        "asyncio.run(main())\n"
        "print(seen)\n"
    )
    environment = {k: v for k, v in os.environ.items() if k not in WAITING}
    done = subprocess.run(
        [sys.executable, "-c", code, str(tiny_path)],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
        cwd=Path(__file__).parents[3],
    )
    assert ast.literal_eval(done.stdout) == {"numpy": "3000", "llama_cpp": "3000"}
