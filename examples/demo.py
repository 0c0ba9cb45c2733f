"""What `make demo` shows: real functions, the embedded model, Docker, edits with evidence."""

from __future__ import annotations

import shlex
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
ATLAS = Path(sys.executable).with_name("atlas")
JOBS = (
    ("solve", "basics.py::running_total"),
    ("solve", "basics.py::digit_sum"),
    ("solve", "text.py::reverse_words"),
    ("repair", "broken.py::total_positive"),
)


def main() -> int:
    began = time.monotonic()
    n_verified = 0
    for verb, target in JOBS:
        words = [verb, f"examples/{target}", *sys.argv[1:]]
        print("$", shlex.join(["atlas", *words]), flush=True)
        command = [str(ATLAS), *words]
        n_verified += subprocess.run(command, cwd=HERE.parent, check=False).returncode == 0
        print(flush=True)
    took = time.monotonic() - began
    print(f"{n_verified} of {len(JOBS)} functions verified in {took:.0f} s; no file was changed")
    print("add --apply to write a solution to its file")
    return 0 if n_verified >= 3 else 1


if __name__ == "__main__":
    sys.exit(main())
