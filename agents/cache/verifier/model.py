"""The shipped model, evaluated in numpy: small networks over the words of both questions, and boosted trees.

The networks are decomposable attention (Parikh et al. 2016, arXiv:1606.01933); `training.verifier.network` trains them,
the trees are scikit-learn's. All see `features`; the networks' mean logit and the trees' are added.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Self
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from agents.cache.verifier.features import FEATURES
from agents.cache.verifier.reading import Compared, Floats
from schemas.errors import SetupError

MODEL = Path(__file__).with_name("model.npz")
PROBE = "How many days does it take until my new card arrives by post?"
"""Its vector tells the embedder that the model was trained on from any other."""
_CLIP = 4.0


class Trees(NamedTuple):
    """Decision trees laid end to end: where each begins, and of each node what it asks and where it leads."""

    roots: npt.NDArray[np.integer]
    feature: npt.NDArray[np.integer]
    threshold: npt.NDArray[np.float32]
    children: npt.NDArray[np.integer]
    """Where each node leads up to its threshold, then where each leads above it; a leaf leads to itself."""
    value: npt.NDArray[np.float32]
    base: float

    def logit(self, features: Floats) -> float:
        """The sum of the leaves that the features lead to; all trees are walked at once."""
        at, nodes = self.roots, len(self.feature)
        while True:
            above = features.take(self.feature.take(at)) > self.threshold.take(at)
            below = self.children.take(at + above * nodes)
            if np.array_equal(below, at):
                return self.base + float(self.value.take(at).sum())
            at = below


class Model:
    """Says how likely the same answer will do. Immutable, so that threads may share it."""

    def __init__(self, networks: "Networks", trees: Trees, threshold: float, probe: Floats) -> None:
        self._networks = networks
        self._trees = trees
        self.threshold = threshold
        """The logit from which on a pair is accepted; chosen on generated pairs that were kept from training."""
        self.probe = probe
        """(dimensions,): the vector of :data:`PROBE` by the embedder that it was trained on."""

    @classmethod
    def load(cls, path: Path = MODEL) -> Self:
        """Read a model file.

        Raises:
            SetupError: it is missing or broken.
        """
        try:
            with np.load(path, allow_pickle=False) as held:
                networks = Networks([_weights(held, f"net{at}.") for at in range(int(held["networks"]))])
                trees = Trees(
                    # numpy's own kind of index is what it looks up fastest
                    roots=held["tree.roots"].astype(np.intp), feature=held["tree.feature"].astype(np.intp),
                    threshold=held["tree.threshold"], children=held["tree.children"].astype(np.intp),
                    value=held["tree.value"], base=float(held["tree.base"]),
                )  # fmt: skip
                threshold = float(held["threshold"])
                probe = held["probe"].astype(np.float32)
            if networks.features != FEATURES:
                raise ValueError("it was trained for other features")
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
            raise SetupError(f"the verifier's model {path} cannot be used: {error}; reinstall headrace") from error
        return cls(networks, trees, threshold, probe)

    def logit(self, compared: Compared, features: Floats) -> float:
        """The logit of "the same answer will do"; the same whichever question comes first."""
        return float(self._networks.logits(compared, features).mean()) + self._trees.logit(features)


class Networks:
    """K trained networks of one shape, evaluated together."""

    def __init__(self, each: Sequence[Mapping[str, Floats]]) -> None:
        self._w = w = {name: np.stack([weights[name] for weights in each]) for name in each[0]}
        self.features = w["mean"].shape[1]
        # Every product is of a row of inputs; a bias is added to every row.
        for name in ("compare", "pool", "read", "judge"):
            w[f"{name}.weight"] = w[f"{name}.weight"].transpose(0, 2, 1)
            w[f"{name}.bias"] = w[f"{name}.bias"][:, None, :]

    def logits(self, compared: Compared, features: Floats) -> Floats:
        """The logit of "the same answer will do", as each network sees it: (K,)."""
        w, (one, other, related, likeness) = self._w, compared
        mine, theirs = self._projected(one.states), self._projected(other.states)
        known = related @ w["attend.weight"][:, 0].T
        scores = w["sharpness"][:, None, None] * (_unit(mine) @ _unit(theirs).transpose(0, 2, 1))
        scores += known.transpose(2, 0, 1)
        forth = self._side(mine, one.flags, theirs, other.flags, scores=scores, likeness=likeness, related=related)
        back = self._side(
            theirs, other.flags, mine, one.flags,
            scores=scores.transpose(0, 2, 1), likeness=likeness.T, related=related.transpose(1, 0, 2),
        )  # fmt: skip
        scaled = np.clip((features - w["mean"]) / w["scale"], -_CLIP, _CLIP)
        read = np.concatenate([forth + back, np.abs(forth - back), scaled], axis=1)[:, None, :]
        return self._layer("judge", self._relu("read", read))[:, 0, 0]

    def _side(
        self, mine: Floats, flags: Floats, theirs: Floats, their_flags: Floats, *, scores: Floats, likeness: Floats,
        related: Floats,
    ) -> Floats:  # fmt: skip
        """One question's words compared with what they are aligned to, pooled: (K, 2 * pooled)."""
        weights = np.exp(scores - scores.max(axis=2, keepdims=True))
        weights /= weights.sum(axis=2, keepdims=True)
        aligned = weights @ theirs
        networks, words = weights.shape[:2]
        compared = np.concatenate(
            [
                mine, aligned, np.abs(mine - aligned), mine * aligned,
                (weights.transpose(1, 0, 2) @ related).transpose(1, 0, 2),
                np.broadcast_to(related.max(axis=1), (networks, words, related.shape[2])),
                np.broadcast_to(flags, (networks, *flags.shape)), weights @ their_flags,
                (weights * likeness).sum(axis=2, keepdims=True),
                np.broadcast_to(likeness.max(axis=1)[:, None], (networks, words, 1)),
            ],
            axis=2,
        )  # fmt: skip
        pooled = self._relu("pool", self._relu("compare", compared))
        return np.concatenate([pooled.max(axis=1), pooled.mean(axis=1)], axis=1)

    def _projected(self, states: Floats) -> Floats:
        """(K, n, projected) of (n, dimensions)."""
        return states @ self._w["project.weight"].transpose(0, 2, 1)

    def _relu(self, name: str, rows: Floats) -> Floats:
        return np.maximum(self._layer(name, rows), 0)

    def _layer(self, name: str, rows: Floats) -> Floats:
        return rows @ self._w[f"{name}.weight"] + self._w[f"{name}.bias"]


def _weights(held: Mapping[str, npt.NDArray[np.floating]], prefix: str) -> dict[str, Floats]:
    return {name.removeprefix(prefix): held[name].astype(np.float32) for name in held if name.startswith(prefix)}


def _unit(rows: Floats) -> Floats:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12), np.float32)
