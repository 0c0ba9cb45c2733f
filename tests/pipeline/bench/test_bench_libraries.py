"""BigCodeBench in an image with the libraries of its tasks, made of wheels of the index."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from atlas_lsp.cli import main
from atlas_lsp.exits import BROKEN, OK
from pipeline.bench.formats.bigcodebench import PACKAGES
from pipeline.bench.records import read_object

AGG = "import matplotlib\nmatplotlib.use('Agg')\n"
USES = {
    "numpy": (
        "import numpy as np", "use(xs)", "return float(np.std(xs))",
        "self.assertAlmostEqual(use([1, 3]), 1.0)",
    ),
    "pandas": (
        "import pandas as pd", "use(rows)", "return int(pd.DataFrame(rows)['n'].sum())",
        "self.assertEqual(use([{'n': 1}, {'n': 2}]), 3)",
    ),
    "matplotlib": (
        f"{AGG}import matplotlib.pyplot as plt", "use(xs)", "return plt.plot(xs)",
        "self.assertEqual(list(use([4, 5])[0].get_ydata()), [4, 5])",
    ),
    "scikit-learn": (
        "from sklearn.linear_model import LinearRegression", "use(xs, ys)",
        "return float(LinearRegression().fit([[x] for x in xs], ys).coef_[0])",
        "self.assertAlmostEqual(use([0, 1, 2], [1, 3, 5]), 2.0)",
    ),
    "scipy": (
        "from scipy import stats", "use(xs)", "return float(stats.gmean(xs))",
        "self.assertAlmostEqual(use([1, 4]), 2.0)",
    ),
    "seaborn": (
        f"{AGG}import seaborn as sns", "use(xs)", "return sns.barplot(x=[*range(len(xs))], y=xs)",
        "self.assertEqual(len(use([1, 2, 3]).patches), 3)",
    ),
    "requests": (
        "import requests", "use(url)", "return requests.get(url).status_code",
        "from unittest.mock import Mock, patch\n"
        "        with patch('requests.get', return_value=Mock(status_code=204)):\n"
        "            self.assertEqual(use('http://x'), 204)",
    ),
}  # fmt: skip


def rows() -> list[dict[str, Any]]:
    return [
        {
            "task_id": f"BigCodeBench/{library}",
            "complete_prompt": f'{head}\n\ndef {signature}:\n    """Use {library}."""\n',
            "code_prompt": f"{head}\n\ndef {signature}:\n",
            "canonical_solution": f"    {body}\n",
            "entry_point": "use",
            "libs": f"['{library}']",
            "test": "import unittest\n\nclass TestCases(unittest.TestCase):\n"
            f"    def test_it(self):\n        {check}\n",
        }
        for library, (head, signature, body, check) in USES.items()
    ]


@pytest.mark.slow
@pytest.mark.docker
def test_each_of_its_libraries_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    assert set(USES) == set(PACKAGES)
    monkeypatch.setenv("ATLAS_CACHE", str(tmp_path / "cache"))
    given = tmp_path / "rows.jsonl"
    given.write_text("".join(json.dumps(row) + "\n" for row in rows()))
    assert main(["bench", "fetch", "bigcodebench", "--from", str(given)]) == OK
    answers = [
        {"task_id": row["task_id"], "completion": completion}
        for row in rows()
        for completion in (row["canonical_solution"], "    return None\n")
    ]
    samples, out = tmp_path / "samples.jsonl", tmp_path / "out"
    samples.write_text("".join(json.dumps(one) + "\n" for one in answers))
    code = main(["bench", "score", "bigcodebench", str(samples), "--out", str(out)])
    if code == BROKEN and not (out / "result.json").exists():
        pytest.skip("no image with these packages can be built here; the message is above")
    assert code == OK
    for task_id, (right, wrong) in read_object(out / "result.json")["tasks"].items():
        assert right["passed"], (task_id, right)
        assert wrong["first_failure"] == "wrong_answer", (task_id, wrong)
