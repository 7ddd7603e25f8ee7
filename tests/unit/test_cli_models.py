"""``headrace models``: the catalogue as people see it, and a model that does not run here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from streams.cli.main import app
from tests.unit.test_policy import GOOD, GPU

SERVED = """
[models.served]
engine = "openai"
url = "http://127.0.0.1:1/v1"
window = 4096
lora = "adapters/desk"
tuned_for = ["faq"]
"""


@pytest.fixture(autouse=True)
def policy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    path = tmp_path / "policy.toml"
    path.write_text(GOOD.replace('path = "embedded"', f'path = "{tmp_path}"\nquantization = "awq"') + SERVED)
    monkeypatch.setenv("HEADRACE_POLICY", str(path))
    return path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["models", *arguments, "--format", "json"])


def test_the_catalogue_is_listed_with_what_each_model_costs(tmp_path: Path) -> None:
    ran = run("list")
    assert ran.exit_code == 0
    served, small = json.loads(ran.stdout)
    assert small == {
        "model": "small",
        "engine": "vllm",
        "where": str(tmp_path),
        "window": 2048,
        "at_once": 32,
        "weights": "awq",
        "tuned_for": "",
        "price_in_dollars": "0.15 / 0.6 a million (2026-01)",
    }
    assert (served["where"], served["weights"]) == ("http://127.0.0.1:1/v1", "as they are + adapters/desk")
    assert (served["tuned_for"], served["price_in_dollars"]) == ("faq", "none in force")


def test_a_model_on_gpus_is_listed_with_its_hours(policy: Path) -> None:
    policy.write_text(policy.read_text() + GPU.replace("small", "served"))
    served, _ = json.loads(run("list").stdout)
    assert served["price_in_dollars"] == "4 × 2.49 an hour (h100)"


def test_a_model_that_does_not_run_here_is_told_and_is_a_failure(tmp_path: Path) -> None:
    ran = run("check", "small")
    assert ran.exit_code == 1
    (row,) = json.loads(ran.stdout)
    assert (row["model"], row["holds_tokens"]) == ("small", None)
    assert row["state"] == f"no tokenizer at '{tmp_path}': give a model folder, or download the model first " + (
        f"(hf download {tmp_path})"
    )
    assert "1 of 1 models do not run here" in ran.stderr


def test_a_model_that_is_not_in_the_catalogue_is_named() -> None:
    ran = run("check", "large")
    assert ran.exit_code == 1
    said = ran.stderr.replace("\n", "")
    assert "model 'large' is not in the policy's [models], which has ['served', 'small']" in said
