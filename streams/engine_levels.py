"""What engines show of themselves at each scrape."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from agents.inference.stage import Load


class EngineLevels(Collector):
    """Levels and counts of each engine, by its model, as they are at the scrape."""

    def __init__(self, loads: Callable[[], Mapping[str, Load]]) -> None:
        self._loads = loads

    def collect(self) -> Iterator[Metric]:
        """What is scraped."""
        loads = self._loads()

        def gauge(name: str, told: str, value: Callable[[Load], float]) -> Metric:
            family = GaugeMetricFamily(f"headrace_engine_{name}", told, labels=["model"])
            for model, load in loads.items():
                family.add_metric([model], value(load))
            return family

        def counter(name: str, told: str, value: Callable[[Load], float]) -> Metric:
            family = CounterMetricFamily(f"headrace_engine_{name}", told, labels=["model"])
            for model, load in loads.items():
                family.add_metric([model], value(load))
            return family

        yield gauge("alive", "Whether the engine can answer.", lambda load: load.alive)
        yield gauge("capacity", "Prompts that the engine works on at once.", lambda load: load.capacity)
        yield gauge("running", "Prompts at the engine.", lambda load: load.level.inside)
        yield gauge("waiting", "Prompts that wait to be let in.", lambda load: load.level.waiting)
        yield gauge("tokens_in_flight", "Tokens that those at the engine may come to.", lambda load: load.level.tokens)
        yield counter("busy_seconds", "Time with at least one prompt at the engine.", lambda load: load.level.busy_s)
        yield counter("occupied_seconds", "Their time at the engine, summed.", lambda load: load.level.occupied_s)
        yield counter("preemptions", "Prompts put aside for want of room.", lambda load: load.preemptions)
