"""Fresh traps and paraphrases for measuring: from contrast sets written apart from the training material."""

import re
from itertools import combinations, permutations, product
from random import Random
from typing import NamedTuple

from training.verifier.contrasts import CONTRASTS
from training.verifier.contrasts_more import MORE_CONTRASTS


class _Set(NamedTuple):
    same: tuple[str, ...]
    others: tuple[str, ...]


def traps(seed: int, count: int = 1200) -> list[tuple[str, str]]:
    """`count` pairs of near questions that want different answers, drawn without repetition."""
    every = [(one, other) for each in _sets() for one, other in product(each.same, each.others)]
    return _drawn(every, seed, count)


def paraphrases(seed: int, count: int = 1200) -> list[tuple[str, str]]:
    """`count` pairs of questions that want the same answer, drawn without repetition."""
    every = [pair for each in _sets() for pair in combinations(each.same, 2)]
    return _drawn(every, seed, count)


def _drawn(pairs: list[tuple[str, str]], seed: int, count: int) -> list[tuple[str, str]]:
    rng = Random(seed)
    distinct = list({frozenset(pair): pair for pair in pairs}.values())
    drawn = rng.sample(distinct, min(count, len(distinct)))
    return [pair if rng.random() < 0.5 else (pair[1], pair[0]) for pair in drawn]


def _sets() -> list[_Set]:
    """Every block with every choice of fillers."""
    found = []
    for block in re.split(r"\n\s*\n", f"{CONTRASTS}\n{MORE_CONTRASTS}".strip()):
        head, *lines = block.splitlines()
        name, _, listed = head.partition(": ")
        for filler, other in permutations(listed.split(", "), 2):

            def filled(line: str, name: str = name, filler: str = filler, other: str = other) -> str:
                text = line[2:].replace("{" + name + "'}", other).replace("{" + name + "}", filler)
                text = re.sub(r"\b([Aa]) (?=[aeio][a-z])", r"\1n ", text)
                return text[:1].upper() + text[1:]

            same = tuple(filled(line) for line in lines if line.startswith("="))
            found.append(_Set(same, tuple(filled(line) for line in lines if line.startswith("!"))))
    return found
