from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import cast
from unittest.mock import AsyncMock

import msgspec
import pytest
from typer.testing import CliRunner, Result

from agents.ledger.store import Store
from agents.waterfall import NOTHING
from schemas.enums import EntryKind, Lane, Source, Status
from schemas.errors import PolicyError, SetupError
from schemas.ledger import CostLine, LedgerEntry, RollUp, SavingLine, SavingTotal, Timings, Usage, Waterfall
from schemas.records import Message, PredictionRequest, PredictionResponse
from streams import accounts, topics
from streams.accounts import DEMO, LEDGER, RESPONSES, UP, Topic, located, read_responses, sqlite, write_responses
from streams.app import build
from streams.cli import finance
from streams.cli.dead_letters import topic_of
from streams.cli.main import app
from streams.cli.topics import states
from streams.cli.traffic import requests_in
from streams.client import Admin, Received, TopicState, whole_since
from streams.demo.workload import POLICY
from streams.settings import load

NOWHERE = "127.0.0.1:1"
HOUR = 1_800_000_000_000
WATERFALL = Waterfall(
    list_cost=1000,
    savings=[SavingLine(strategy="routing", tokens=0, gross=900, cost=0)],
    effective_cost=100,
    costs=[CostLine(kind="output", strategy=None, model="small", tokens=10, cost=100, price_version="1")],
)


pytestmark = pytest.mark.usefixtures("home")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def response(number: str = "r-1", cost: Waterfall = WATERFALL) -> PredictionResponse:
    return PredictionResponse(
        response_id=number,
        request_id=f"request of {number}",
        tenant="retail",
        task="desk-faq",
        status=Status.COMPLETED,
        source=Source.ENGINE,
        text="Call us.",
        finish_reason="stop",
        model="small",
        cached_from=None,
        error_code=None,
        error_message=None,
        usage=Usage(),
        timings=Timings(),
        waterfall=cost,
        received_at=HOUR,
        answered_at=HOUR + 5,
    )


def entry(of: PredictionResponse) -> LedgerEntry:
    return LedgerEntry(
        entry_id=of.response_id,
        kind=EntryKind.RESPONSE,
        request_id=of.request_id,
        tenant=of.tenant,
        cost_center="desk",
        task=of.task,
        model=of.model,
        lane=Lane.REALTIME,
        source=of.source,
        status=of.status,
        occurred_at=of.answered_at,
        waterfall=of.waterfall,
        unbilled_cost=0,
        usage=of.usage,
        policy_version="1",
    )


def rollup(requests: int = 1) -> RollUp:
    return RollUp(
        tenant="retail",
        cost_center="desk",
        task="desk-faq",
        model="small",
        lane=Lane.REALTIME,
        source=Source.ENGINE,
        hour=HOUR,
        entries=requests,
        requests=requests,
        list_cost=1000 * requests,
        effective_cost=100 * requests,
        savings={"routing": SavingTotal(tokens=0, gross=900 * requests, cost=0)},
        version=requests,
    )


@pytest.fixture
def demo_left(home: Path) -> Path:
    """What a demo of one request would leave."""
    left = home / DEMO
    left.mkdir()
    store = Store(sqlite(left / LEDGER))
    store.write([entry(response())], [rollup()])
    store.close()
    write_responses(left / RESPONSES, [response()])
    return left


def test_help_names_every_command() -> None:
    shown = run("--help").stdout
    for name in [
        "demo",
        "up",
        "worker",
        "ask",
        "publish",
        "responses",
        "spend",
        "savings",
        "reconcile",
        "explain",
        "topics",
        "dead-letters",
        "cache",
        "doctor",
    ]:
        assert name in shown
    groups = {
        "topics": ("create", "list"),
        "dead-letters": ("list", "replay"),
        "cache": ("inspect", "invalidate"),
    }
    for group, names in groups.items():
        shown = run(group, "--help").stdout
        assert all(name in shown for name in names)


@pytest.mark.parametrize(
    "command",
    [
        ["demo"],
        ["ask"],
        ["responses"],
        ["spend"],
        ["savings"],
        ["reconcile"],
        ["explain"],
        ["topics", "list"],
        ["dead-letters", "list"],
        ["cache", "inspect"],
        ["doctor"],
    ],
)
def test_every_command_that_prints_a_table_can_print_json(command: list[str]) -> None:
    assert "--format" in run(*command, "--help").stdout


def test_help_imports_nothing_that_is_slow() -> None:
    slow = ["torch", "vllm", "faust", "aiokafka", "sqlalchemy", "pydantic", "transformers"]
    script = f"import sys, streams.cli.main; print([name for name in {slow!r} if name in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "[]"


def test_an_error_of_ours_is_one_red_line_and_status_1(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_PARTITIONS", "many")
    told = run("topics", "list")
    assert told.exit_code == 1
    assert "HEADRACE_PARTITIONS" in told.stderr
    assert "Traceback" not in told.output
    assert told.stdout == ""


def test_wrong_usage_is_status_2() -> None:
    assert run("ask").exit_code == 2
    assert run("no-such-command").exit_code == 2
    assert run("dead-letters", "replay").exit_code == 2
    assert run("spend", "--format", "yaml").exit_code == 2


@pytest.mark.parametrize(
    "command", [["ask", "hello"], ["responses"], ["topics", "list"], ["topics", "create"], ["dead-letters", "list"]]
)
def test_a_kafka_that_is_away_is_said_in_one_line(command: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_KAFKA", NOWHERE)
    monkeypatch.setenv("HEADRACE_POLICY", str(POLICY))
    told = run(*command)
    assert told.exit_code == 1
    assert f"Kafka at {NOWHERE} cannot be reached" in told.stderr.replace("\n", " ")


def test_lines_that_are_no_requests_are_told_by_number_and_the_others_read() -> None:
    good = PredictionRequest(
        request_id="1", tenant="retail", task="desk-faq", messages=[Message(role="user", content="Hello")]
    )
    whole = msgspec.json.encode(good).decode()
    lines = [
        whole.replace("Hello", "Hello\u2028you\x85there"),
        "",
        "{not json",
        '{"request_id": "2"}',
        whole.replace('"tenant"', '"tennant"'),
        whole.replace('"max_tokens"', '"max_token"'),
    ]
    read = dict(requests_in("\n".join(lines).encode() + b'\n{"tenant": "Z\xfcrich"}'))
    assert read[1] == msgspec.structs.replace(good, messages=[Message(role="user", content="Hello\u2028you\x85there")])
    assert 2 not in read
    assert "malformed" in str(read[3])
    assert "tenant" in str(read[4])
    assert "tenant" in str(read[5])
    assert read[6] == "unknown field sampling.max_token"
    assert "not UTF-8" in str(read[7])
    assert len(read) == 6


def test_spend_is_read_from_the_ledger_that_is_there(demo_left: Path) -> None:
    told = run("spend", "--by", "tenant,day", "--format", "json")
    assert told.exit_code == 0, told.output
    (row,) = json.loads(told.stdout)
    assert row["tenant"] == "retail"
    assert row["day"] == "2027-01-15T00:00Z"
    assert row["effective_cost_nano_usd"] == 100
    assert str(demo_left / LEDGER) in told.stderr.replace("\n", "")
    assert "0.000000100" in run("spend").stdout


def test_spend_by_something_unknown_names_what_is_known(demo_left: Path) -> None:
    told = run("spend", "--by", "colour")
    assert told.exit_code == 1
    assert "cost_center" in told.stderr


def test_savings_add_up(demo_left: Path) -> None:
    found = json.loads(run("savings", "--format", "json").stdout)
    net = sum(line["net_nano_usd"] for line in found["strategies"])
    assert found["list_cost_nano_usd"] - net == found["effective_cost_nano_usd"] == 100
    assert "routing" in run("savings").stdout


def test_without_a_river_reconcile_looks_at_what_the_demo_left(demo_left: Path) -> None:
    told = run("reconcile", "--format", "json")
    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout)
    assert found["responses"] == found["entries"] == found["rollup_requests"] == 1
    assert found["difference_nano_usd"] == 0
    assert "last demo" in told.stderr.replace("\n", " ")


def test_reconcile_of_files_that_disagree_is_status_1(demo_left: Path, tmp_path: Path) -> None:
    dearer = msgspec.structs.replace(WATERFALL, effective_cost=107)
    file = tmp_path / "other.jsonl"
    write_responses(file, [response(cost=dearer)])
    told = run("reconcile", "--responses", str(file), "--ledger", str(demo_left / LEDGER), "--format", "json")
    assert told.exit_code == 1
    assert json.loads(told.stdout)["difference_nano_usd"] == 7
    shown = run("reconcile", "--responses", str(file), "--ledger", str(demo_left / LEDGER))
    assert shown.exit_code == 1
    assert "they differ by 7" in shown.stderr


def test_reconcile_of_a_period_leaves_out_what_lies_outside(demo_left: Path) -> None:
    later = ["--since", "2027-01-15T12:00:00"]
    told = run("reconcile", "--responses", str(demo_left / RESPONSES), "--format", "json", *later)
    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout)["responses"] == 0


def test_reconcile_says_since_when_the_topic_has_all_responses(
    demo_left: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def emptied(settings: object) -> tuple[list[PredictionResponse], int, Topic]:
        return [], HOUR + 10, Topic([], whole=False)

    monkeypatch.setattr(finance, "_on_the_topics", emptied)
    told = run("reconcile", "--wait", "0", "--ledger", str(demo_left / LEDGER))
    assert told.exit_code == 0, told.output
    assert "All responses are there since 2027-01-15T08:00Z; an older bill without one" in told.stdout


def test_topics_are_whole_since_the_last_of_their_partitions_lost_its_beginning() -> None:
    def received(partition: int, offset: int, at: int) -> Received[PredictionResponse]:
        return Received(response(), b"", "headrace.responses", partition, offset, None, at)

    def begins(*offsets: int) -> dict[tuple[str, int], int]:
        return {("headrace.responses", partition): offset for partition, offset in enumerate(offsets)}

    read = [received(0, 4, 400), received(1, 7, 300), received(0, 5, 500), received(2, 0, 900)]
    assert whole_since(begins(0, 0, 0), read, emptied=1000) is None
    assert whole_since(begins(4, 7, 0), read, emptied=1000) == 400
    assert whole_since(begins(0, 7, 0), read, emptied=1000) == 300
    assert whole_since(begins(4, 7, 0, 3), read, emptied=1000) == 1000
    assert whole_since(begins(4, 7, 0, 0), read, emptied=1000) == 400


def test_a_ledger_that_is_named_must_be_there(tmp_path: Path) -> None:
    told = run("savings", "--ledger", str(tmp_path / "none.db"))
    assert told.exit_code == 1
    assert "none.db" in told.stderr.replace("\n", "")
    assert not (tmp_path / "none.db").exists()


def test_the_ledger_written_last_is_taken_and_one_that_is_named_goes_before(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SetupError, match="headrace demo"):
        located(load(), None)
    for number, name in enumerate((DEMO, UP)):
        (home / name).mkdir()
        (home / name / LEDGER).touch()
        os.utime(home / name / LEDGER, (number, number))
    assert located(load(), None) == (sqlite(home / UP / LEDGER), False)
    monkeypatch.setenv("HEADRACE_LEDGER_URL", sqlite(home / DEMO / LEDGER))
    assert located(load(), None) == (sqlite(home / DEMO / LEDGER), True)
    assert located(load(), str(home / UP / LEDGER)) == (sqlite(home / UP / LEDGER), True)


def test_responses_are_kept_as_they_were(tmp_path: Path) -> None:
    kept = [response("a"), response("b", NOTHING)]
    write_responses(tmp_path / "r.jsonl", kept)
    assert read_responses(tmp_path / "r.jsonl") == kept
    for wrong in (b'{"response_id": 1}\n', b'{"response_id": "\xff"}\n'):
        (tmp_path / "r.jsonl").write_bytes(wrong)
        with pytest.raises(SetupError, match=r"r.jsonl:1"):
            accounts.read_responses(tmp_path / "r.jsonl")


class Found:
    """The topics of a broker that tells of ``d`` and ``e`` whose their times are, and of the others nothing."""

    async def existing(self) -> dict[str, TopicState]:
        return {name: TopicState(name, partitions) for name, partitions in {"a": 8, "b": 4, "d": 8, "e": 8}.items()}

    async def configs(self, names: Iterable[str]) -> dict[str, dict[str, str]]:
        return {"d": {topics.TIMES: "CreateTime"}, "e": {topics.TIMES: "LogAppendTime"}}


async def test_topics_that_are_not_as_they_should_be_are_told() -> None:
    specs = [topics.TopicSpec(name, 8, {}) for name in ("a", "b", "c", "d", "e")]
    found = [str(row["state"]) for row in await states(cast("Admin", Found()), specs)]
    assert (found[0], found[4]) == ("ok", "ok")
    assert "has 4 partitions" in found[1]
    assert "missing" in found[2]
    assert "--add-config message.timestamp.type=LogAppendTime" in found[3]


async def test_a_topic_keeps_records_as_long_as_its_settings_say_where_they_say_it() -> None:
    for config, kept in (
        ({"retention.ms": "7000", "retention.bytes": "-1"}, 7000),
        ({"retention.ms": "-1"}, 0),
        ({"retention.ms": "7000", "retention.bytes": "1"}, 0),
        ({}, 0),
    ):
        stub = cast("Admin", SimpleNamespace(configs=AsyncMock(return_value={"t": config})))
        assert await Admin.kept_ms(stub, "t") == kept


def test_a_letter_goes_back_to_the_topic_it_came_from() -> None:
    assert topic_of("headrace.requests.batch/3@17") == "headrace.requests.batch"


def test_no_worker_is_made_of_a_policy_whose_gpu_hours_have_no_price_yet(tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    later = '[[gpu_prices]]\nmodel = "smollm2-135m-instruct"\nversion = "v"\neffective_from = 9000-01-01T00:00:00Z\n'
    policy.write_text(f'{POLICY.read_text()}\n{later}gpu_hour = "1"\n')
    with pytest.raises(PolicyError, match="GPU price 'v' of 'smollm2-135m-instruct' takes effect at 9000-01-01"):
        build(load(policy=policy))
