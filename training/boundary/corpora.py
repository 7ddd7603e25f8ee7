"""Questions with their intents, out of checkouts of public repositories; embedded once and kept.

| source | repository | what | licence |
|---|---|---|---|
| clinc | clinc/oos-eval | CLINC150: 150 intents in 10 domains, and questions of no intent | CC BY 3.0 |
| hwu | jianguoz/Few-Shot-Intent-Detection, ``Datasets`` | HWU64: a home assistant's 64 intents | see there |
| snips, atis | the same | SNIPS: 7 intents; ATIS: 26, of which one is three quarters | see there |
| hint3 | hellohaptik/HINT3, ``dataset/v1`` | asked of three shops' bots, half beside any intent | see there |

A question of no intent gets an intent of its own: no other question has its answer.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from agents.local_embedder import BATCH
from agents.sentence_transformers_embedder import SentenceTransformersEncoder
from streams.embedded.model import embedder_dir

LARGEST = 10_000
"""Questions of a corpus, drawn at random where there are more."""
DOUBTED = {"clinc-banking": 0.4, "hwu": 0.4}
"""Those that are used once more with some of the answers made wrong, and the weight of that."""

Question = tuple[str, str]
"""Text and intent."""


class Corpus(NamedTuple):
    """One stream's questions."""

    name: str
    source: str
    """What it was taken from: corpora of one source are not independent."""
    vectors: npt.NDArray[np.float32]
    """(questions, dimensions), of unit length."""
    intents: list[str]
    weight: float
    """Beside the others of its source."""


def read(clinc: Path, few_shot: Path, hint3: Path, cache: Path) -> list[Corpus]:
    """All corpora: the sources whole, in parts as one desk would see them, and with some answers made wrong."""
    drawn = [(name, _some(questions), weight) for name, questions, weight in _named(clinc, few_shot, hint3)]
    texts = sorted({text for _, questions, _ in drawn for text, _ in questions})
    vectors = _embedded(texts, cache)
    place = {text: at for at, text in enumerate(texts)}
    found = []
    for name, questions, weight in drawn:
        mine = vectors[[place[text] for text, _ in questions]]
        intents = [intent for _, intent in questions]
        source = name.split("-")[0]
        found.append(Corpus(name, source, mine, intents, weight))
        if name in DOUBTED:
            found.append(Corpus(f"{name}-doubted", source, mine, _doubted(intents), weight * DOUBTED[name]))
    return found


def _some(questions: list[Question]) -> list[Question]:
    random = np.random.default_rng(len(questions))
    return [questions[at] for at in random.permutation(len(questions))[:LARGEST]]


def _doubted(intents: list[str]) -> list[str]:
    """Every twentieth or so replaced by another question's: a model does not always answer alike."""
    random = np.random.default_rng(len(intents))
    others = random.permutation(len(intents))
    return [intents[others[at]] if random.random() < 0.05 else intent for at, intent in enumerate(intents)]


def _named(clinc: Path, few_shot: Path, hint3: Path) -> Iterator[tuple[str, list[Question], float]]:
    parts = json.loads((clinc / "data" / "data_full.json").read_text())
    domains = json.loads((clinc / "data" / "domains.json").read_text())
    everything = [(text, intent) for part in ("train", "val", "test") for text, intent in parts[part]]
    beside = [text for part in ("oos_train", "oos_val", "oos_test") for text, _ in parts[part]]
    yield "clinc", everything, 1.0
    yield "clinc-beside", [*everything[::2], *_alone(beside)], 1.0
    names = list(domains)
    for one, other in zip(names[::2], names[1::2], strict=True):
        mine = {*domains[one], *domains[other]}
        yield f"clinc-{one}", [(text, intent) for text, intent in everything if intent in mine], 1.0

    hwu = list(_few_shot(few_shot / "HWU64"))
    scenarios = sorted({intent.split("_")[0] for _, intent in hwu})
    yield "hwu", hwu, 1.0
    for third in range(3):
        mine = set(scenarios[third::3])
        yield f"hwu-{third}", [(text, intent) for text, intent in hwu if intent.split("_")[0] in mine], 1.0
    for name in ("SNIPS", "ATIS"):
        yield name.lower(), list(_few_shot(few_shot / name)), 1.0

    for shop in ("curekart", "powerplay11", "sofmattress"):
        asked = list(_shop(hint3 / "dataset" / "v1", shop))
        known = [(text, intent) for text, intent in asked if intent != "NO_NODES_DETECTED"]
        yield f"hint3-{shop}", [*known, *_alone(text for text, intent in asked if intent == "NO_NODES_DETECTED")], 1.0
        yield f"hint3-{shop}-known", known, 1.0


def _alone(texts: Iterable[str]) -> list[Question]:
    return [(text, f"beside {at}") for at, text in enumerate(texts)]


def _few_shot(folder: Path) -> Iterator[Question]:
    for part in ("train", "valid", "test"):
        texts = (folder / part / "seq.in").read_text().splitlines()
        yield from zip(texts, (folder / part / "label").read_text().splitlines(), strict=True)


def _shop(folder: Path, shop: str) -> Iterator[Question]:
    for part in ("train", "test"):
        with (folder / part / f"{shop}_{part}.csv").open(newline="") as file:
            yield from ((row["sentence"], row["label"]) for row in csv.DictReader(file))


def _embedded(texts: list[str], cache: Path) -> npt.NDArray[np.float32]:
    """The vectors of the texts, from the folder where it holds them."""
    digest = hashlib.blake2b("\n".join(texts).encode()).hexdigest()[:16]
    file = cache / f"{digest}.npy"
    if file.exists():
        known: npt.NDArray[np.float32] = np.load(file)
        return known
    encode = _encoder()
    vectors = np.concatenate([encode(texts[at : at + BATCH]) for at in range(0, len(texts), BATCH)])
    cache.mkdir(parents=True, exist_ok=True)
    np.save(file, vectors)
    return vectors


def _encoder() -> Callable[[list[str]], npt.NDArray[np.float32]]:
    encoder = SentenceTransformersEncoder.load(str(embedder_dir()), threads=1)
    return lambda texts: np.stack([embedded.vector for embedded in encoder.encode(texts)]).astype(np.float32)
