"""The llama backend seen from outside its process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_opening_prints_nothing_and_importing_is_light(tiny_path: Path):
    code = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "import pipeline.models.llama as m\n"
        "assert 'numpy' not in sys.modules and 'llama_cpp' not in sys.modules\n"
        "async def main():\n"
        "    model = await m.open_llama(Path(sys.argv[1]))\n"
        "    await model.aclose()\n"
        "    try:\n"
        "        await m.open_llama(Path(sys.argv[0]))\n"
        "    except m.ModelError:\n"
        "        pass\n"
        "asyncio.run(main())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tiny_path)],
        capture_output=True,
        check=False,
        cwd=Path(__file__).parents[3],
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
