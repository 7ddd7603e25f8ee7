"""What a scrape shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import prometheus_client
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import Histogram, generate_latest

from agents.claims import Claim, Claims
from agents.inference.gate import Level
from agents.inference.stage import Load
from agents.settlement.outcome import claimant
from agents.settlement.outcome import settle as settled
from agents.settlement.stage import SettlementStage
from agents.stage import Delivery, Emit, Position
from agents.waterfall import avoided, holds, with_spending
from agents.wilson import interval
from schemas import topics
from schemas.enums import Source, Status, Verdict
from schemas.errors import HeadraceError, WorkFailedError
from schemas.ledger import CostLine, LedgerEntry, SavingLine, Timings, Usage, Waterfall
from schemas.records import Answer, PredictionResponse
from streams.flow import Flow
from streams.metrics import CacheQuality, Metered, Metrics
from tests.fakes.ledger import check, hit
from tests.fakes.log import Log
from tests.fakes.records import AT, answer, delivery, entry, predicted, ticket
from tests.unit.flow_bench import Raw, settle


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


def scraped(metrics: Metrics) -> dict[str, dict[tuple[str, ...], float]]:
    """By name, every sample by the values of its labels, in the order in which they are declared."""
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in metrics.registry.collect():
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sample.labels.values())] = sample.value
    return found


def counted(metrics: Metrics, *entries: LedgerEntry) -> dict[str, dict[tuple[str, ...], float]]:
    for one in entries:
        metrics.count("settlement", Emit("t", b"k", one))
    return scraped(metrics)


def line(kind: str, tokens: int, cost: int, strategy: str | None = None) -> CostLine:
    return CostLine(kind=kind, strategy=strategy, model="m", tokens=tokens, cost=cost, price_version="p1")


def test_checks_are_counted_by_whose_they_are_and_what_they_found(metrics: Metrics) -> None:
    found = counted(
        metrics,
        check("c-1"),
        check("c-2"),
        check("c-3", Verdict.DIFFERENT, tenant="lab"),
        check("c-4", None),
        check("c-5", Verdict.DIFFERENT, source=Source.ENGINE, cost=0),
        hit("e-1"),
    )
    assert found["headrace_cache_checks_total"] == {
        ("bank", "faq", "SEMANTIC_CACHE", "SAME"): 2,
        ("lab", "faq", "SEMANTIC_CACHE", "DIFFERENT"): 1,
        ("bank", "faq", "SEMANTIC_CACHE", "UNKNOWN"): 1,
        ("bank", "faq", "ENGINE", "DIFFERENT"): 1,
    }


def test_what_a_check_costs_is_among_what_requests_cost(metrics: Metrics) -> None:
    found = counted(metrics, entry("e-1"), hit("e-2"), check("c-1", cost=30))
    assert found["headrace_effective_cost_nano_usd_total"] == {(): 70 + 3 + 30}
    assert found["headrace_list_cost_nano_usd_total"] == {(): 200}


def test_tokens_are_those_that_an_engine_made_for_whomever(metrics: Metrics) -> None:
    made = [line("input", 30, 3), line("cached_input", 10, 1), line("output", 5, 5)]
    response = Waterfall(list_cost=9, savings=[], effective_cost=9, costs=[*made, line("embedding", 7, 0, "x")])
    own = [line(one.kind, one.tokens, one.cost, "semantic_cache") for one in made]
    saving = SavingLine(strategy="semantic_cache", tokens=0, gross=0, cost=9)
    checking = Waterfall(list_cost=0, savings=[saving], effective_cost=9, costs=own)
    shared = with_spending(avoided(predicted(9), "single_flight"), [line("embedding", 7, 1, "semantic_cache")])
    found = counted(
        metrics, entry("e-1", waterfall=response), check("c-1", waterfall=checking), entry("e-2", waterfall=shared)
    )
    assert found["gen_ai_client_token_usage_total"] == {("input", "m"): 80, ("output", "m"): 10}


def test_an_answer_is_counted_by_its_source(metrics: Metrics) -> None:
    metrics.count("cache", Emit("t", b"k", answer(source=Source.SEMANTIC_CACHE, waterfall=predicted(0, 9))))
    assert scraped(metrics)["headrace_answers_total"] == {("SEMANTIC_CACHE",): 1}


def test_an_execution_is_timed_and_its_tokens_are_counted_once_by_whoever_led_it(metrics: Metrics) -> None:
    usage = Usage(published_tokens=30, prompt_tokens=30, cached_tokens=16, completion_tokens=4)
    timings = Timings(queue=2_000_000, prefill=300_000, decode=1_500_000)
    metrics.count("inference", Emit("t", b"k", answer(usage=usage, timings=timings)))
    metrics.count("inference", Emit("t", b"k", answer("a-2", usage=usage, source=Source.SINGLE_FLIGHT)))
    found = scraped(metrics)
    assert found["headrace_engine_request_seconds_sum"] == {
        ("m", "queue"): 2.0,
        ("m", "prefill"): 0.3,
        ("m", "decode"): 1.5,
    }
    assert set(found["headrace_engine_request_seconds_count"].values()) == {1}
    assert found["headrace_engine_tokens_total"] == {("m", "prompt"): 30, ("m", "cached"): 16, ("m", "output"): 4}


def test_engines_levels_are_read_at_each_scrape(metrics: Metrics) -> None:
    loads: dict[str, Load] = {}
    metrics.watch_engines(lambda: loads)
    assert "headrace_engine_running" not in scraped(metrics)
    loads["m"] = Load(Level(3, 5, 700, 12.5, 30.0), capacity=4, preemptions=2, alive=True)
    found = scraped(metrics)
    levels = {name: values[("m",)] for name, values in found.items() if name.startswith("headrace_engine_") and values}
    assert levels == {
        "headrace_engine_alive": 1,
        "headrace_engine_capacity": 4,
        "headrace_engine_running": 3,
        "headrace_engine_waiting": 5,
        "headrace_engine_tokens_in_flight": 700,
        "headrace_engine_busy_seconds_total": 12.5,
        "headrace_engine_occupied_seconds_total": 30.0,
        "headrace_engine_preemptions_total": 2,
    }


def test_the_caches_levels_are_read_at_each_scrape(metrics: Metrics) -> None:
    quality: list[CacheQuality] = []
    objections: Counter[str] = Counter()
    outages = [0]
    metrics.watch_cache(lambda: quality, objections, lambda: outages[0])
    first = scraped(metrics)
    assert first["headrace_cache_outages_total"] == {(): 0}
    assert "headrace_cache_wrong_ratio" not in first
    low, high = interval(1, 4)
    quality += [CacheQuality("bank", "faq", 4, 1, low, high, 2), CacheQuality("lab", "news", 0, 0, 0.0, 1.0, 0)]
    objections.update(["negation", "negation", "numbers"])
    outages[0] = 3
    found = scraped(metrics)
    assert found["headrace_cache_wrong_ratio"] == {
        ("bank", "faq", "low"): pytest.approx(low),
        ("bank", "faq", "estimate"): 0.25,
        ("bank", "faq", "high"): pytest.approx(high),
        ("lab", "news", "low"): 0.0,
        ("lab", "news", "high"): 1.0,
    }
    assert found["headrace_cache_tightened"] == {("bank", "faq"): 2, ("lab", "news"): 0}
    assert found["headrace_cache_objections_total"] == {("negation",): 2, ("numbers",): 1}
    assert found["headrace_cache_outages_total"] == {(): 3}
    text = generate_latest(metrics.registry).decode()
    assert 'headrace_cache_wrong_ratio{bound="estimate",task="faq",tenant="bank"} 0.25' in text
    assert 'headrace_cache_objections_total{guard="negation"} 2.0' in text


def test_a_worker_without_a_cache_shows_nothing_of_one(metrics: Metrics) -> None:
    assert not [name for name in scraped(metrics) if "cache" in name]


def test_a_strategy_is_shown_with_what_it_saved_and_what_it_spent(metrics: Metrics) -> None:
    shared = with_spending(avoided(predicted(70, 100), "exact_cache"), [line("embedding", 7, 4, "exact_cache")])
    found = counted(metrics, entry("e-1", waterfall=shared), entry("e-2"))
    assert found["headrace_saving_gross_nano_usd_total"] == {("routing",): 60, ("exact_cache",): 70}
    assert found["headrace_saving_loss_nano_usd_total"] == {("routing",): 0, ("exact_cache",): 0}
    assert found["headrace_saving_cost_nano_usd_total"] == {("routing",): 0, ("exact_cache",): 4}


@st.composite
def waterfalls(draw: st.DrawFn) -> Waterfall:
    """Any that holds, however much dearer its strategies made it."""
    amounts, tokens = st.integers(0, 10**12), st.integers(0, 10**6)
    kinds, strategies = st.sampled_from(["input", "decode", "embedding"]), ["routing", "prefix_cache", "self_hosting"]
    lines = st.builds(line, kinds, tokens, amounts, st.none() | st.sampled_from(strategies))
    costs, list_cost = draw(st.lists(lines, max_size=4)), draw(amounts)
    own = {one: sum(cost.cost for cost in costs if cost.strategy == one) for one in strategies}
    effective = sum(cost.cost for cost in costs)
    gross = [draw(st.integers(-(10**12), 10**12)) for _ in strategies[1:]]
    gross.append(list_cost - effective + sum(own.values()) - sum(gross))
    savings = [
        SavingLine(strategy=one, tokens=0, gross=saved, cost=own[one])
        for one, saved in zip(strategies, gross, strict=True)
    ]
    return Waterfall(list_cost=list_cost, savings=savings, effective_cost=effective, costs=costs)


@given(st.lists(waterfalls(), min_size=1, max_size=3))
def test_whatever_strategies_saved_or_lost_the_counters_add_up_as_the_ledger_does(made: list[Waterfall]) -> None:
    assert all(holds(one) for one in made)
    found = counted(Metrics(), *(entry(f"e-{number}", waterfall=one) for number, one in enumerate(made)))
    gross, loss, cost = (found[f"headrace_saving_{kind}_nano_usd_total"] for kind in ("gross", "loss", "cost"))
    net = Counter[str]()
    for saving in (saving for one in made for saving in one.savings):
        net[saving.strategy] += saving.gross - saving.cost
    assert net == {strategy: gross[strategy,] - loss[strategy,] - cost[strategy,] for (strategy,) in gross}
    listed, paid = (found[f"headrace_{kind}_cost_nano_usd_total"][()] for kind in ("list", "effective"))
    assert listed - net.total() == paid


async def test_an_answer_that_cost_more_than_its_list_cost_is_completed_and_counted(
    tmp_path: Path, metrics: Metrics
) -> None:
    log: Log[Answer] = Log(topics.ANSWERS)
    log.append(answer(waterfall=predicted(100, 70)), AT)
    claims = Claims(tmp_path, horizon_ms=10**9, now=lambda: 2 * AT)
    stage = SettlementStage(claims, log.history(claimant))
    sent: list[Emit] = []

    async def send(emits: Sequence[Emit], _: object) -> None:
        sent.extend(emits)

    flow = Flow(
        Metered("settlement", stage, metrics),
        decode=lambda _: log.delivery(0).record,
        send=send,
        poison=lambda *_: [],
        ack=lambda _: None,
        halt=lambda _: None,
        now=lambda: AT,
        before=stage.before,
    )
    await flow.put(Raw(0, topic=topics.ANSWERS, timestamp=AT), flow.generation)
    await settle()
    claims.close()
    (response,) = [emit.record for emit in sent if isinstance(emit.record, PredictionResponse)]
    assert (response.status, response.waterfall) == (Status.COMPLETED, predicted(100, 70))
    assert flow.unacknowledged == 0
    found = scraped(metrics)
    assert found["headrace_saving_loss_nano_usd_total"] == {("routing",): 30}
    assert found["headrace_saving_gross_nano_usd_total"] == {("routing",): 0}


@given(st.lists(st.integers(-5_000, 60_000), min_size=1, max_size=4))
def test_the_time_to_response_never_falls_whatever_brokers_clocks_say(took: list[int]) -> None:
    metrics = Metrics()
    before = 0.0
    for milliseconds in took:
        asked = answer(ticket=ticket(received_at=AT - milliseconds))
        for emit in settled(asked, Position(topics.ANSWERS, 0, 1), AT, Claim(1, asked.ticket.origin, "a-1")):
            metrics.count("settlement", emit)
        total = scraped(metrics)["headrace_response_seconds_sum"]["ENGINE",]
        assert total == pytest.approx(before + max(0, milliseconds) / 1000)
        before = total


def test_a_prediction_shows_its_first_token_and_the_others(metrics: Metrics) -> None:
    timings = Timings(queue=1_000_000, prefill=500_000, decode=3_000_000)
    for source, tokens in ((Source.ENGINE, 4), (Source.ENGINE, 1), (Source.SINGLE_FLIGHT, 4)):
        made = answer(source=source, timings=timings, usage=Usage(completion_tokens=tokens))
        metrics.count("inference", Emit("t", b"k", made))
    found = scraped(metrics)
    assert found["gen_ai_server_time_to_first_token_seconds_sum"] == {("m",): 3.0}
    assert found["gen_ai_server_time_per_output_token_seconds_sum"] == {("m",): 1.0}
    assert found["gen_ai_server_time_per_output_token_seconds_count"] == {("m",): 1}


class Answering:
    """A stage that always emits the same, and of a failure the last of it."""

    def __init__(self, *emits: LedgerEntry | Answer) -> None:
        self.emits = [Emit("t", b"k", one) for one in emits]

    def deadline(self, _: Delivery[Answer]) -> int:
        return AT

    async def __call__(self, _: Delivery[Answer]) -> Sequence[Emit]:
        return self.emits

    def failed(self, _: Delivery[Answer], error: HeadraceError) -> Sequence[Emit]:
        return self.emits[-1:]


@pytest.mark.parametrize(("kind", "method"), [(prometheus_client.Counter, "inc"), (Histogram, "observe")])
async def test_a_metric_that_raises_is_logged_once_and_takes_nothing_from_a_stage(
    kind: type, method: str, metrics: Metrics, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("no such amount")

    monkeypatch.setattr(kind, method, broken)
    stage = Answering(answer(), entry())
    metered = Metered("cache", stage, metrics)
    for offset in range(3):
        assert await metered(delivery(answer(), offset)) == stage.emits
        assert metered.failed(delivery(answer(), offset), WorkFailedError("no")) == stage.emits[-1:]
    (said,) = caplog.records
    assert "stage cache could not count all of a record" in said.message
    assert "no such amount" in caplog.text


async def test_what_cannot_be_counted_keeps_nothing_else_from_being_counted(metrics: Metrics) -> None:
    wrong = Waterfall(list_cost=-1, savings=[], effective_cost=-1, costs=[])
    await Metered("cache", Answering(entry(waterfall=wrong), entry()), metrics)(delivery(answer(), 0))
    found = scraped(metrics)
    assert found["headrace_effective_cost_nano_usd_total"] == {(): 70}
    assert found["headrace_stage_seconds_count"] == {("cache",): 1}
