"""The shipped model, evaluated in numpy: a small network over the words of both questions, and boosted trees.

The network is decomposable attention (Parikh et al. 2016, arXiv:1606.01933); `training.verifier.network` trains it, the
trees are scikit-learn's. Both see `features`; their logits are added.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, Self
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from agents.cache.verifier.features import FEATURES
from agents.cache.verifier.reading import Floats, Reading
from schemas.errors import SetupError

MODEL = Path(__file__).with_name("model.npz")
PROBE = "How many days does it take until my new card arrives by post?"
"""Its vector tells the embedder that the model was trained on from any other."""
DIMENSIONS = 384
_CLIP = 4.0
_DEEPEST = 64


class Trees(NamedTuple):
    """Decision trees laid end to end; a leaf's children are the leaf itself."""

    roots: npt.NDArray[np.int32]
    feature: npt.NDArray[np.int32]
    threshold: npt.NDArray[np.float32]
    left: npt.NDArray[np.int32]
    right: npt.NDArray[np.int32]
    value: npt.NDArray[np.float32]
    base: float

    def logit(self, features: Floats) -> float:
        """The sum of the leaves that the features lead to; all trees are walked at once."""
        at = self.roots
        for _ in range(_DEEPEST):
            below = np.where(features[self.feature[at]] <= self.threshold[at], self.left[at], self.right[at])
            if np.array_equal(below, at):
                break
            at = below
        return self.base + float(self.value[at].sum())


class Model:
    """Says how likely the same answer will do. Immutable, so that threads may share it."""

    def __init__(self, networks: list["Network"], trees: Trees, threshold: float, probe: Floats) -> None:
        self._networks = networks
        self._trees = trees
        self.threshold = threshold
        """The logit from which on a pair is accepted; chosen on generated pairs that were kept from training."""
        self.probe = probe
        """(DIMENSIONS,): the vector of :data:`PROBE` by the embedder that it was trained on."""

    @classmethod
    def load(cls, path: Path = MODEL) -> Self:
        """Read a model file.

        Raises:
            SetupError: it is missing or broken.
        """
        try:
            with np.load(path, allow_pickle=False) as held:
                networks = [Network(_weights(held, f"net{at}.")) for at in range(int(held["networks"]))]
                trees = Trees(
                    roots=held["tree.roots"], feature=held["tree.feature"], threshold=held["tree.threshold"],
                    left=held["tree.left"], right=held["tree.right"], value=held["tree.value"],
                    base=float(held["tree.base"]),
                )  # fmt: skip
                threshold = float(held["threshold"])
                probe = held["probe"].astype(np.float32)
            if not networks or any(network.features != FEATURES for network in networks):
                raise ValueError("it was trained for other features")
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
            raise SetupError(f"the verifier's model {path} cannot be used: {error}; reinstall headrace") from error
        return cls(networks, trees, threshold, probe)

    def logit(self, one: Reading, other: Reading, related: Floats, features: Floats) -> float:
        """The logit of "the same answer will do"; the same whichever question comes first."""
        each = [network.logit(one, other, related, features) for network in self._networks]
        return sum(each) / len(each) + self._trees.logit(features)


class Network:
    """One trained network."""

    def __init__(self, weights: Mapping[str, Floats]) -> None:
        self._w = weights
        self.features = len(weights["mean"])

    def logit(self, one: Reading, other: Reading, related: Floats, features: Floats) -> float:
        """The logit of "the same answer will do", as this network sees it."""
        w = self._w
        mine, theirs = one.states @ w["project.weight"].T, other.states @ w["project.weight"].T
        scores = w["sharpness"] * (_unit(mine) @ _unit(theirs).T) + related @ w["attend.weight"][0]
        likeness = one.states @ other.states.T
        forth = self._side(mine, one.flags, theirs, other.flags, scores=scores, likeness=likeness, related=related)
        back = self._side(
            theirs, other.flags, mine, one.flags,
            scores=scores.T, likeness=likeness.T, related=related.transpose(1, 0, 2),
        )  # fmt: skip
        scaled = np.clip((features - w["mean"]) / w["scale"], -_CLIP, _CLIP)
        read = np.concatenate([forth + back, np.abs(forth - back), scaled])
        hidden = np.maximum(w["read.weight"] @ read + w["read.bias"], 0)
        return float((w["judge.weight"] @ hidden + w["judge.bias"])[0])

    def _side(
        self, mine: Floats, flags: Floats, theirs: Floats, their_flags: Floats, *, scores: Floats, likeness: Floats,
        related: Floats,
    ) -> Floats:  # fmt: skip
        """One question's words compared with what they are aligned to, pooled."""
        w = self._w
        weights = np.exp(scores - scores.max(axis=1, keepdims=True))
        weights /= weights.sum(axis=1, keepdims=True)
        aligned = weights @ theirs
        compared = np.concatenate(
            [
                mine, aligned, np.abs(mine - aligned), mine * aligned,
                np.matmul(weights[:, None, :], related)[:, 0], related.max(axis=1), flags, weights @ their_flags,
                (weights * likeness).sum(axis=1, keepdims=True), likeness.max(axis=1, keepdims=True),
            ],
            axis=1,
        )  # fmt: skip
        hidden = np.maximum(compared @ w["compare.weight"].T + w["compare.bias"], 0)
        words = np.maximum(hidden @ w["pool.weight"].T + w["pool.bias"], 0)
        return np.concatenate([words.max(axis=0), words.mean(axis=0)])


def _weights(held: Mapping[str, npt.NDArray[np.floating]], prefix: str) -> dict[str, Floats]:
    return {name.removeprefix(prefix): held[name].astype(np.float32) for name in held if name.startswith(prefix)}


def _unit(rows: Floats) -> Floats:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12), np.float32)
