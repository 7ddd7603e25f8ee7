"""``headrace doctor``: what it finds, and what it never shows."""

from __future__ import annotations

import functools
import json

import httpx
import pytest
from typer.testing import CliRunner, Result

from agents.policy_document import Model
from streams.cli import checks
from streams.cli.main import app
from streams.demo.workload import POLICY
from streams.settings import load

NOWHERE = "127.0.0.1:1"


pytestmark = pytest.mark.usefixtures("home")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def test_doctor_says_what_is_wrong_and_how_to_mend_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_KAFKA", NOWHERE)
    monkeypatch.setenv("HEADRACE_REDIS", f"redis://{NOWHERE}/0")
    monkeypatch.setenv("HEADRACE_POLICY", str(POLICY))
    monkeypatch.setenv("HEADRACE_KAKFA", "typed wrongly")
    told = run("doctor", "--format", "json")
    assert told.exit_code == 1
    wrong = {finding["name"]: finding for finding in json.loads(told.stdout) if finding["level"] == "wrong"}
    assert {"Kafka", "Redis", "settings"} <= set(wrong)
    assert "HEADRACE_KAFKA" in wrong["Kafka"]["found"]
    assert "HEADRACE_REDIS" in wrong["Redis"]["mend"]
    assert "HEADRACE_KAKFA" in wrong["settings"]["found"]
    assert "policy" not in wrong


def test_doctor_lists_the_settings_in_force(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_PARTITIONS", "3")
    rows = {row["variable"]: row for row in json.loads(run("doctor", "--settings", "--format", "json").stdout)}
    assert rows["HEADRACE_PARTITIONS"]["value"] == "3"
    assert all(row["description"] for row in rows.values())


@pytest.mark.parametrize("content", [b"<html>", b"{}", b"[1]", b'["\xff"]'])
async def test_what_answers_no_list_of_subjects_is_no_registry(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    answers = httpx.MockTransport(lambda _: httpx.Response(200, content=content))
    monkeypatch.setattr(checks.httpx, "AsyncClient", functools.partial(httpx.AsyncClient, transport=answers))
    (finding,) = await checks._registry(load(schema_registry="https://registry:8081"))
    assert (finding.level, "no list of subjects" in finding.found) == (checks.Level.WRONG, True)


async def test_a_registrys_url_that_is_none_is_told() -> None:
    (finding,) = await checks._registry(load(schema_registry="http://[::1"))
    assert finding.level is checks.Level.WRONG


@pytest.mark.parametrize("status", [200, 401])
async def test_no_password_of_a_registry_or_a_model_is_shown(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    answers = httpx.MockTransport(lambda _: httpx.Response(status, json=[]))
    monkeypatch.setattr(checks.httpx, "AsyncClient", functools.partial(httpx.AsyncClient, transport=answers))
    findings = [
        *await checks._registry(load(schema_registry="https://reader:s3cret@registry:8081")),
        await checks._model("theirs", Model(engine="openai", window=64, url="https://reader:s3cret@model/v1")),
    ]
    for finding, where in zip(findings, ["https://reader:…@registry:8081", "https://reader:…@model/v1"], strict=True):
        assert where in finding.found
        assert "s3cret" not in str(finding)
        assert ("401" in finding.found) == (status == 401)
