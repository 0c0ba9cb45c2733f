"""`python -m pipeline.training.nano STEP`, or `all` of them: from nothing to the embedded model."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pipeline.nano

DATA = Path(pipeline.nano.__file__).parent / "data"


def main() -> None:
    asked = _arguments()
    steps = {"corpus": corpus, "train": train, "export": export, "bench": bench}
    for name in ("corpus", "train", "export", "bench") if asked.step == "all" else (asked.step,):
        steps[name](asked)


def corpus(asked: argparse.Namespace) -> None:
    from pipeline.training.nano.dataset import build_corpus

    facts = build_corpus(
        asked.folder, n=asked.examples, seed=asked.seed, vocab=asked.vocab, workers=asked.workers
    )
    print(json.dumps(facts))


def train(asked: argparse.Namespace) -> None:
    from pipeline.training.nano.model import ModelShape
    from pipeline.training.nano.train import TrainingPlan
    from pipeline.training.nano.train import train as run

    shape = ModelShape(vocab=asked.vocab)
    run(TrainingPlan(folder=asked.folder, minutes=asked.minutes, seed=asked.seed, shape=shape))


def export(asked: argparse.Namespace) -> None:
    from pipeline.training.nano.export import export as write

    print(json.dumps(write(asked.folder, asked.out, seed=asked.seed), indent=2))


def bench(asked: argparse.Namespace) -> None:
    from pipeline.training.nano.make_bench import write_bench

    print(json.dumps(write_bench(asked.out.parent, seed=asked.bench_seed)))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m pipeline.training.nano", description=__doc__)
    parser.add_argument("step", choices=("corpus", "train", "export", "bench", "all"))
    parser.add_argument("--folder", type=Path, default=Path("runs/nano"), help="work folder")
    parser.add_argument("--examples", type=int, default=160_000)
    parser.add_argument("--minutes", type=float, default=90.0, help="wall time of the training")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bench-seed", type=int, default=2024)
    parser.add_argument("--vocab", type=int, default=4096)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path, default=DATA / "nano.gguf")
    return parser.parse_args()


if __name__ == "__main__":
    main()
