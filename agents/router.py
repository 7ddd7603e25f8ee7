"""A router that was trained on outcomes: how likely each model is to answer a question well.

Logistic regression for each model, on the question's embedding, which is paid for already, and on three counts of its
text, which cost nothing: a vector of unit length does not tell how long the text was, nor how many figures it holds.
The file is JSON; :mod:`agents.context.router_training` writes it, and numpy is all that it takes to run it.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from agents.embedding import Vector
from schemas.errors import PolicyError

Array = npt.NDArray[np.float64]

COUNTS = ("words", "numbers", "sentences")
_WORD, _NUMBER, _END = re.compile(r"\w+"), re.compile(r"\d[\d.,]*"), re.compile(r"[.?!](?=\s|$)")


def counts(text: str) -> Array:
    """(3,): ``log(1 + n)`` of each of :data:`COUNTS`."""
    return np.log1p([sum(1 for _ in pattern.finditer(text)) for pattern in (_WORD, _NUMBER, _END)])


class Fitted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The regression of one model: the logit of a good answer is ``weights · [vector, counts] + intercept``."""

    model: str
    weights: list[float]
    intercept: float


class Measured(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What cross-validation found of routing between the cheapest model and a dearer one.

    An area is that under the curve of mean quality against the share of questions sent to the dearer model: the mean
    quality over all shares, as a fraction of 1.
    """

    cheap: str
    strong: str
    quality: tuple[float, float]
    """Of each of the two, where it gets all the questions."""
    area: float
    area_random: float
    """Where the questions to be sent are drawn by lot: the mean of the two qualities."""
    interval: tuple[float, float]
    """95%, of ``area − area_random``."""

    @property
    def better(self) -> bool:
        """Whether it beats drawing lots beyond doubt; everything else is a tie, or worse."""
        return self.interval[0] > 0


class RouterFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file as it is written."""

    embedder: str
    """Whose vectors it understands."""
    dimensions: int
    trained_on: str
    """The day, UTC, as ISO 8601."""
    questions: int
    models: list[Fitted]
    """From the cheapest to the dearest."""
    measured: list[Measured]
    """One for each model but the first."""


class TrainedRouter:
    """Tells of each model that it was trained on how likely its answer is a good one.

    Raises:
        ValueError: the models' weights are not of one length.
    """

    def __init__(self, written: RouterFile) -> None:
        self.written = written
        self.models = [fitted.model for fitted in written.models]
        self._weights = np.array([fitted.weights for fitted in written.models])
        self._intercepts = np.array([fitted.intercept for fitted in written.models])
        expected = written.dimensions + len(COUNTS)
        if self._weights.shape != (len(self.models), expected):
            raise ValueError(f"each model must have {expected} weights: {written.dimensions} dimensions and 3 counts")

    def probabilities(self, vector: Vector, text: str) -> dict[str, float]:
        """The probability of a good answer, by model; about 10 µs.

        Args:
            vector: (dimensions,), of unit length, by the embedder that the file names.
            text: that it is of. White space does not matter.
        """
        logits = self._weights @ np.concatenate([vector, counts(text)]) + self._intercepts
        return dict(zip(self.models, (1 / (1 + np.exp(-logits))).tolist(), strict=True))


def load(path: Path) -> TrainedRouter:
    """Read a router's file.

    Raises:
        PolicyError: it is missing, or not what ``headrace route train`` writes.
    """
    try:
        return TrainedRouter(msgspec.json.decode(_read(path), type=RouterFile))
    except (msgspec.DecodeError, ValueError) as error:
        raise PolicyError(f"{path} is not a router's file: {error}. Make one with headrace route train") from error


def digest(path: Path) -> str:
    """SHA-256 of the file, in hex: of two routers that choose otherwise it differs.

    Raises:
        PolicyError: it is missing.
    """
    return hashlib.sha256(_read(path)).hexdigest()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        why = f"the router's file {path} cannot be read ({error.strerror}): make it with headrace route train"
        raise PolicyError(why) from error
