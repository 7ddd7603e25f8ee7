"""What a worker answers to its supervisor."""

from __future__ import annotations

import httpx
import pytest
from prometheus_client import CollectorRegistry, Counter

from schemas.errors import ServiceError
from streams.embedded.service import HOST, free_port
from streams.health import Health, serve


def test_it_is_alive_but_not_ready_until_nothing_keeps_it() -> None:
    health = Health()
    assert (health.not_alive(), health.not_ready()) == ("", "starting")
    health.busy_with = ""
    assert health.not_ready() == ""


def test_with_a_dead_part_it_is_neither() -> None:
    health, well = Health(), [True]
    health.busy_with = ""
    health.watch("model small", lambda: well[0])
    health.watch("model large", lambda: True)
    assert health.not_ready() == ""
    well[0] = False
    assert health.not_alive() == health.not_ready() == "dead: model small"


def test_it_is_asked_over_http() -> None:
    registry, health, port = CollectorRegistry(), Health(), free_port()
    Counter("drops", "Of water.", registry=registry).inc()
    serve(HOST, port, registry, health)

    def ask(path: str) -> tuple[int, str]:
        answer = httpx.get(f"http://{HOST}:{port}{path}", timeout=10)
        return answer.status_code, answer.text

    assert ask("/readyz") == (503, "starting\n")
    assert ask("/livez") == (200, "ok\n")
    health.busy_with = ""
    assert ask("/readyz") == (200, "ok\n")
    health.watch("model small", lambda: False)
    assert ask("/livez") == ask("/readyz") == (503, "dead: model small\n")
    assert "drops_total 1.0" in ask("/metrics")[1]
    assert ask("/elsewhere")[0] == 404
    with pytest.raises(ServiceError, match=f"cannot be served on {HOST}:{port}.*HEADRACE_METRICS_PORT"):
        serve(HOST, port, registry, health)
