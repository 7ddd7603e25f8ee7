"""The Grafana dashboard asks for what a worker exports, and shows all of it."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from agents.inference.gate import Level
from agents.inference.stage import Load
from agents.stage import Emit
from agents.waterfall import avoided, with_spending
from schemas.enums import Source, Verdict
from schemas.ledger import Timings, Usage
from schemas.records import PredictionResponse
from streams.metrics import CacheQuality, Metrics
from tests.fakes.ledger import check
from tests.fakes.records import AT, answer, entry, predicted, spent

DASHBOARD = Path(__file__).parents[2] / "deploy/grafana/dashboards/headrace.json"
PANELS = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
QUERIES = [(panel["title"], target) for panel in PANELS if panel["type"] != "row" for target in panel["targets"]]
SCRAPED = {"instance", "job"}
"""Labels that Prometheus adds to whatever it scrapes."""
WATCHED: dict[str, tuple[Any, ...]] = {
    "watch": ("headrace.requests", lambda: 1, lambda: 2),
    "watch_cache": (lambda: [CacheQuality("bank", "faq", 4, 1, 0.1, 0.5, 0)], Counter({"negation": 1}), lambda: 0),
    "watch_engines": (lambda: {"m": Load(Level(3, 5, 700, 12.5, 30.0), capacity=4, preemptions=2, alive=True)},),
}
"""What to give to everything by which a worker watches itself."""
_METRIC = re.compile(r"\b(?:headrace|gen_ai|process)_\w+\b(?!\s*[,)]\s*\()")
_GROUPS = re.compile(r"\bby\s*\(([^)]*)\)")
_OTHER = {"process_virtual_memory_bytes", "process_start_time_seconds", "process_open_fds", "process_max_fds"}


def exported() -> dict[str, set[str]]:
    """Every sample that a worker shows once it has done something, with its labels."""
    metrics = Metrics()
    for name in [name for name in vars(Metrics) if name.startswith("watch")]:
        getattr(metrics, name)(*WATCHED[name])
    metrics.seconds.labels("cache").observe(1)
    metrics.failures.labels("cache", "X").inc()
    metrics.dead_letters.labels("cache", "X").inc()
    response = PredictionResponse(
        **{name: getattr(answer(), name) for name in ("status", "source", "text", "finish_reason", "model")},
        **{name: getattr(answer(), name) for name in ("cached_from", "error_code", "error_message", "usage")},
        response_id="1",
        request_id="r",
        tenant="bank",
        task="faq",
        timings=Timings(),
        waterfall=predicted(1),
        received_at=AT,
        answered_at=AT + 1500,
    )
    cached = with_spending(avoided(predicted(9), "exact_cache"), [spent(1, "exact_cache")])
    for record in (
        answer(source=Source.ENGINE, timings=Timings(queue=1, prefill=2, decode=9), usage=Usage(completion_tokens=3)),
        response,
        entry("e-1", waterfall=cached),
        entry("e-2"),
        check("c-1", Verdict.SAME),
    ):
        metrics.count("settlement", Emit("t", b"k", record))
    found: dict[str, set[str]] = {}
    for family in metrics.registry.collect():
        assert family.samples, f"{family.name} is never counted here, so that nothing below sees it"
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


@pytest.fixture(scope="module")
def known() -> dict[str, set[str]]:
    return exported()


def metrics_in(expression: str) -> list[str]:
    return _METRIC.findall(_GROUPS.sub("", expression))


def family_of(name: str) -> str:
    return re.sub(r"_(bucket|sum|count)$", "", name)


@pytest.mark.parametrize(("title", "target"), QUERIES, ids=[f"{title} {t['refId']}" for title, t in QUERIES])
def test_a_query_asks_for_what_is_exported(title: str, target: dict[str, Any], known: dict[str, set[str]]) -> None:
    expression = target["expr"]
    asked = metrics_in(expression)
    assert asked, "it asks for no metric"
    assert set(asked) <= known.keys()
    labels = set.union(*(known[name] for name in asked)) | SCRAPED
    groups = {name.strip() for group in _GROUPS.findall(expression) for name in group.split(",")}
    assert groups <= labels
    shown = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
    assert shown <= (groups or SCRAPED)
    if "histogram_quantile" in expression:
        assert "le" in groups
    for name in asked:
        grows = name.endswith(("_total", "_bucket"))
        rated = re.search(rf"\b(?:rate|increase)\({name}\[\w+\]\)", expression) is not None
        assert grows == rated, f"{name}: what only grows is shown by its rate, and nothing else is"


def test_every_metric_is_on_the_dashboard(known: dict[str, set[str]]) -> None:
    shown = {family_of(name) for _, target in QUERIES for name in metrics_in(target["expr"])}
    assert {family_of(name) for name in known if not name.endswith("_created")} - shown <= _OTHER


def test_panels_have_their_own_places() -> None:
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in PANELS]
    assert len(set(places)) == len(places)
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)
