"""The verifier's network as it is trained; `agents.cache.verifier.model` evaluates it.

Decomposable attention (Parikh et al. 2016, arXiv:1606.01933) over the embedder's token states, with what is known of
each pair of words beside their likeness: each word is compared with what it is aligned to in the other question, the
comparisons of both questions are pooled and read together with the features of the pair.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from agents.cache.verifier.features import FEATURES
from agents.cache.verifier.reading import DIMENSIONS, FLAGS, RELATIONS, Compared, Floats

PROJECTED, COMPARED, POOLED, HIDDEN = 64, 96, 48, 64
_FAR = -1e4


class Batch(NamedTuple):
    """Pairs, padded to the longest: words of one and other, which of them are words, how they stand to each other."""

    one: Tensor
    one_flags: Tensor
    one_mask: Tensor
    other: Tensor
    other_flags: Tensor
    other_mask: Tensor
    related: Tensor
    features: Tensor


def batch(pairs: list[Compared], features: Floats) -> Batch:
    """Pad and stack pairs."""
    n, m = max(len(pair.one.keys) for pair in pairs), max(len(pair.other.keys) for pair in pairs)
    sides = []
    for readings, length in (([pair.one for pair in pairs], n), ([pair.other for pair in pairs], m)):
        states = np.zeros((len(pairs), length, DIMENSIONS), np.float32)
        flags = np.zeros((len(pairs), length, FLAGS), np.float32)
        mask = np.zeros((len(pairs), length), np.float32)
        for at, reading in enumerate(readings):
            count = len(reading.keys)
            states[at, :count], flags[at, :count], mask[at, :count] = reading.states, reading.flags, 1
        sides += [states, flags, mask]
    table = np.zeros((len(pairs), n, m, RELATIONS), np.float32)
    for at, pair in enumerate(pairs):
        table[at, : pair.related.shape[0], : pair.related.shape[1]] = pair.related
    return Batch(*(torch.from_numpy(array) for array in (*sides, table, features)))


class Network(nn.Module):
    """Returns the logit of "the same answer will do"."""

    mean: Tensor
    scale: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(FEATURES))
        self.register_buffer("scale", torch.ones(FEATURES))
        self.project = nn.Linear(DIMENSIONS, PROJECTED, bias=False)
        self.sharpness = nn.Parameter(torch.tensor(8.0))
        self.attend = nn.Linear(RELATIONS, 1, bias=False)
        self.compare = nn.Linear(4 * PROJECTED + 2 * RELATIONS + 2 * FLAGS + 2, COMPARED)
        self.pool = nn.Linear(COMPARED, POOLED)
        self.read = nn.Linear(4 * POOLED + FEATURES, HIDDEN)
        self.judge = nn.Linear(HIDDEN, 1)
        self.drop = nn.Dropout(0.2)
        self.drop_more = nn.Dropout(0.4)
        with torch.no_grad():
            self.attend.weight.copy_(torch.tensor([[6.0, 3.0, 3.0, 1.0, 1.0, 2.0, 3.0, 2.0]]))

    def forward(self, pairs: Batch) -> Tensor:
        """One logit a pair."""
        one, other = (self.project(self.drop_more(states)) for states in (pairs.one, pairs.other))
        likeness = pairs.one @ pairs.other.transpose(1, 2)
        near = nn.functional.normalize(one, dim=-1) @ nn.functional.normalize(other, dim=-1).transpose(1, 2)
        scores = self.sharpness * near + self.attend(pairs.related).squeeze(-1)
        forth = self._side(one, pairs.one_flags, pairs.one_mask, (other, pairs.other_flags, pairs.other_mask),
                           (scores, likeness, pairs.related))  # fmt: skip
        back = self._side(other, pairs.other_flags, pairs.other_mask, (one, pairs.one_flags, pairs.one_mask),
                          tuple(table.transpose(1, 2) for table in (scores, likeness, pairs.related)))  # fmt: skip
        features = ((pairs.features - self.mean) / self.scale).clamp(-4, 4)
        read = torch.cat([forth + back, (forth - back).abs(), self.drop(features)], -1)
        judged: Tensor = self.judge(self.drop_more(torch.relu(self.read(read))))
        return judged.squeeze(-1)

    def _side(
        self, mine: Tensor, flags: Tensor, mask: Tensor, opposite: tuple[Tensor, ...], tables: tuple[Tensor, ...]
    ) -> Tensor:
        theirs, their_flags, their_mask = opposite
        scores, likeness, related = tables
        weights = torch.softmax(scores + (1 - their_mask)[:, None, :] * _FAR, -1)
        aligned = weights @ theirs
        compared = torch.cat(
            [
                mine, aligned, (mine - aligned).abs(), mine * aligned,
                torch.einsum("bij,bijr->bir", weights, related), related.amax(2), flags, weights @ their_flags,
                (weights * likeness).sum(-1, keepdim=True), likeness.amax(-1, keepdim=True),
            ],
            -1,
        )  # fmt: skip
        words = torch.relu(self.pool(self.drop(torch.relu(self.compare(compared))))) * mask[..., None]
        return torch.cat([words.amax(1), words.sum(1) / mask.sum(1, keepdim=True).clamp(min=1)], -1)


def fit(pairs: list[Compared], features: Floats, same: np.ndarray, *, epochs: int, seed: int) -> Network:
    """Train a network; the same for the same seed on the same machine."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    network = Network()
    network.mean.copy_(torch.from_numpy(features.mean(axis=0)))
    network.scale.copy_(torch.from_numpy(features.std(axis=0) + 1e-3))
    optimizer = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=0.05)
    size = 64
    steps = epochs * (len(pairs) // size + 1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=steps, pct_start=0.1)
    lengths = np.array([len(pair.one.keys) + len(pair.other.keys) for pair in pairs])
    for _ in range(epochs):
        order = np.argsort(lengths + rng.uniform(0, 6, len(pairs)))
        chunks = [order[start : start + size] for start in range(0, len(order), size)]
        network.train()
        for at in rng.permutation(len(chunks)):
            chunk = chunks[at]
            logits = network(batch([pairs[i] for i in chunk], features[chunk]))
            target = torch.from_numpy(same[chunk].astype(np.float32))
            loss = nn.functional.binary_cross_entropy_with_logits(logits, target)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
    return network.eval()


def logits(network: Network, pairs: list[Compared], features: Floats) -> Floats:
    """One logit a pair."""
    found = []
    with torch.inference_mode():
        for start in range(0, len(pairs), 128):
            end = start + 128
            found.append(network(batch(pairs[start:end], features[start:end])).numpy())
    return np.concatenate(found)
