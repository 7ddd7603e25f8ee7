"""Train the verifier's model: `python -m training.verifier.train [--pairs N] [--out FILE]`.

Everything it learns from is generated, and so is what its threshold is chosen on: questions, ways to put them and
edits that the training pairs never use.
"""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from agents.cache.canonical import canonical
from agents.cache.verifier.model import MODEL, PROBE, Trees
from agents.cache.verifier.words import Words
from agents.embedding import Embedded
from training.verifier import network, trees
from training.verifier.data import Prepared, prepare
from training.verifier.embed import embed
from training.verifier.generate import Generator, Pair

TRAP_RATE = 0.005
"""The share of held-out traps that may be served."""
_VETOED = -99.0


class Config(NamedTuple):
    """How a model is trained; the defaults made the shipped one."""

    pairs: int = 36_000
    turns: int = 12_000
    """Pairs of questions that are reworded as a whole, on top."""
    held_out: int = 8_000
    held_out_turns: int = 3_000
    epochs: int = 3
    networks: int = 4
    rounds: int = 500
    seed: int = 1


class Trained(NamedTuple):
    """A model and how it did on the held-out pairs."""

    networks: list[network.Network]
    trees: Trees
    threshold: float
    report: dict[str, Any]


def generated(config: Config, words: Words) -> tuple[list[Pair], list[Pair]]:
    """The pairs to train on and those to choose the threshold on."""
    train = [
        *Generator(words, held_out=False).pairs(config.pairs, config.seed),
        *Generator(words, held_out=False, turns=True).pairs(config.turns, config.seed),
    ]
    held_out = [
        *Generator(words, held_out=True).pairs(config.held_out, config.seed + 1),
        *Generator(words, held_out=True, turns=True).pairs(config.held_out_turns, config.seed + 1),
    ]
    return train, held_out


def train(
    config: Config, words: Words, pairs: list[Pair], held_out: list[Pair], embedded: Mapping[str, Embedded]
) -> Trained:
    """Train a model; the same for the same config on the same machine."""
    seen, unseen = (prepare([pair[:2] for pair in each], words, embedded) for each in (pairs, held_out))
    same = np.array([pair.same for pair in pairs])
    wood = trees.fit(seen.features, same, rounds=config.rounds, seed=config.seed)
    nets = [
        network.fit(seen.compared, seen.features, same, epochs=config.epochs, seed=config.seed + at)
        for at in range(config.networks)
    ]
    scores = scored(nets, wood, unseen)
    wanted = np.array([pair.same for pair in held_out])
    threshold = chosen(scores[~wanted])
    return Trained(nets, wood, threshold, _report(scores, threshold, held_out, unseen))


def scored(nets: list[network.Network], wood: Trees, pairs: Prepared) -> np.ndarray:
    """The logit of each pair, far below every threshold where it is vetoed."""
    means = np.mean([network.logits(net, pairs.compared, pairs.features) for net in nets], axis=0)
    total = means + np.array([wood.logit(row) for row in pairs.features])
    return np.where(pairs.vetoed, _VETOED, total)


def chosen(traps: np.ndarray) -> float:
    """The least threshold that serves no more than `TRAP_RATE` of the traps."""
    worst = np.sort(traps)[::-1]
    return float(worst[int(TRAP_RATE * len(worst))]) + 1e-4


def save(trained: Trained, path: Path, probe: np.ndarray) -> None:
    """Write the model file that `agents.cache.verifier.model` reads; `probe` is its `PROBE`'s vector."""
    held: dict[str, Any] = {
        "threshold": np.float32(trained.threshold),
        "networks": np.int32(len(trained.networks)),
        "probe": probe.astype(np.float16),
    }
    for at, net in enumerate(trained.networks):
        for name, value in net.state_dict().items():
            held[f"net{at}.{name}"] = value.numpy().astype(np.float32 if value.dim() < 2 else np.float16)
    held |= {f"tree.{name}": value for name, value in trained.trees._asdict().items()}
    np.savez_compressed(path, **held)


def _report(scores: np.ndarray, threshold: float, pairs: list[Pair], seen: Prepared) -> dict[str, Any]:
    accepted = scores >= threshold
    families: dict[str, list[bool]] = {}
    for pair, each in zip(pairs, accepted.tolist(), strict=True):
        families.setdefault(pair.family, []).append(each)
    return {
        "threshold": threshold,
        "accepted": {name: round(sum(each) / len(each), 4) for name, each in sorted(families.items())},
        "pairs": {name: len(each) for name, each in sorted(families.items())},
        "vetoed": round(float(seen.vetoed.mean()), 4),
    }


def questions_of(pairs: list[Pair]) -> set[str]:
    """The canonical texts of the pairs."""
    return {canonical(text) for pair in pairs for text in pair[:2]}


def main() -> None:
    """Train, save, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=Config().pairs, help="pairs to train on")
    parser.add_argument("--out", type=Path, default=MODEL, help="where the model file goes")
    given = parser.parse_args()
    share = given.pairs / Config().pairs
    config = Config(*(max(int(count * share), 100) for count in Config()[:4]))
    words = Words.load()
    pairs, held_out = generated(config, words)
    trained = train(config, words, pairs, held_out, embed(questions_of([*pairs, *held_out])))
    save(trained, given.out, embed([PROBE])[PROBE].vector)
    sys.stdout.write(json.dumps(trained.report, indent=2) + "\n")


if __name__ == "__main__":
    main()
