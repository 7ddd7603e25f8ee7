"""Boosted trees: trained by scikit-learn, written down as the arrays that the verifier walks."""

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier  # type: ignore[import-untyped]

from agents.cache.verifier.model import Trees
from agents.cache.verifier.reading import Floats


def fit(features: Floats, same: np.ndarray, *, rounds: int, seed: int) -> Trees:
    """Train trees; the same for the same seed."""
    model = HistGradientBoostingClassifier(
        max_iter=rounds, learning_rate=0.06, max_leaf_nodes=24, min_samples_leaf=40, l2_regularization=2.0,
        random_state=seed, early_stopping=False,
    )  # fmt: skip
    return arrays(model.fit(features, same))


def arrays(model: HistGradientBoostingClassifier) -> Trees:
    """The model's trees, laid end to end."""
    each = [stage[0].nodes for stage in model._predictors]  # no public way leads to the nodes
    roots = np.cumsum([0, *(len(nodes) for nodes in each[:-1])]).astype(np.int32)
    nodes = np.concatenate(each)
    start = np.concatenate([np.full(len(tree), root) for tree, root in zip(each, roots, strict=True)])
    itself, leaf = np.arange(len(nodes)), nodes["is_leaf"].astype(bool)
    return Trees(
        roots,
        np.where(leaf, 0, nodes["feature_idx"]).astype(np.int32),
        # Rounded down, so that a feature on the threshold goes where it went in training.
        np.where(leaf, 0, nodes["num_threshold"]).astype(np.float32),
        np.concatenate([np.where(leaf, itself, start + nodes[side]) for side in ("left", "right")]).astype(np.int32),
        np.where(leaf, nodes["value"], 0).astype(np.float32),
        float(model._baseline_prediction.ravel()[0]),
    )
