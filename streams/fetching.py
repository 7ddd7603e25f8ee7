"""How long a Kafka client lets its broker wait for a first record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PATIENT_MS = 500
"""How long a fetch that keeps nobody waiting may last: what Kafka's own clients take."""


def wait_as_asked(fetcher: Any, *, brief_ms: int, awaited: Callable[[Any], bool] = lambda _: True) -> None:
    """Let each fetch of an aiokafka fetcher wait for a first record as long as it may without keeping any waiting.

    A fetch in progress keeps the other partitions of its broker waiting: those that were just read, or paused, when it
    was sent. With Faust's 1500 ms, for which it has no setting, half of that is added to every hop at a trickle. A
    fetch of all partitions keeps none waiting, for it is answered at the first record of any; asked again and again,
    it is most of what an idle worker costs (``bench/idle.py``).

    Args:
        fetcher: of a consumer that was started. It is changed.
        brief_ms: how long a fetch of some partitions waits. One of all of them waits :data:`PATIENT_MS`.
        awaited: whether anybody waits for a topic and partition; by others no fetch is hurried.

    Raises:
        TypeError: this release of aiokafka keeps what is needed elsewhere.
    """
    held, decide = getattr(fetcher, "_records", None), getattr(fetcher, "_get_actions_per_node", None)
    if decide is None or held is None or not isinstance(getattr(fetcher, "_fetch_max_wait_ms", None), int):
        raise TypeError("aiokafka's fetcher is not as it was: adapt streams.fetching")

    def actions(assignment: Any) -> Any:
        def asked(tp: Any) -> bool:
            state = assignment.state_value(tp)
            return tp not in held and state.has_valid_position and not state.paused

        everything = all(asked(tp) for tp in assignment.tps if awaited(tp))
        fetcher._fetch_max_wait_ms = PATIENT_MS if everything else brief_ms
        return decide(assignment)

    fetcher._get_actions_per_node = actions
