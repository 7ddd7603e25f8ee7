from __future__ import annotations

from pathlib import Path

import pytest

from schemas.errors import SetupError
from streams import settings as of
from streams.settings import STAGES, load


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import os

    for name in list(os.environ):
        if name.startswith("HEADRACE_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


def test_with_nothing_set_everything_is_on_this_machine(tmp_path: Path) -> None:
    settings = load()
    assert settings.kafka == "127.0.0.1:9092"
    assert settings.stages == frozenset(STAGES)
    assert settings.state_dir == tmp_path / "headrace"
    assert settings.ledger_url == f"sqlite:///{tmp_path}/headrace/ledger.db"
    assert settings.corpus == f"{tmp_path}/headrace/corpus"


@pytest.mark.parametrize(
    ("set_to", "read"),
    [("s3://bucket/corpus", "s3://bucket/corpus"), ("/data//corpus", "/data/corpus"), ("~/c", f"{Path.home()}/c")],
)
def test_a_corpus_is_a_directory_or_a_bucket(set_to: str, read: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_CORPUS", set_to)
    assert load().corpus == read


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_STAGES", "cache, inference")
    monkeypatch.setenv("HEADRACE_MODELS", "small,large")
    monkeypatch.setenv("HEADRACE_LOG_LEVEL", "debug")
    monkeypatch.setenv("HEADRACE_REDIS", "rediss://cache:6380/1")
    settings = load()
    assert settings.stages == {"cache", "inference"}
    assert settings.models == {"small", "large"}
    assert settings.log_level == "DEBUG"
    assert settings.redis == "rediss://cache:6380/1"


def test_what_is_given_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_KAFKA", "a:9092")
    assert load(kafka="b:9092").kafka == "b:9092"


def test_an_empty_variable_is_an_unset_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("METRICS_PORT", "STAGES", "MODELS"):
        monkeypatch.setenv(f"HEADRACE_{name}", "")
    settings = load()
    assert (settings.metrics_port, settings.stages, settings.models) == (None, frozenset(STAGES), frozenset())


@pytest.mark.parametrize("field", ["stages", "models"])
def test_a_list_that_is_given_names_something(field: str) -> None:
    with pytest.raises(SetupError, match="must name at least one, with commas between several; leave it out for all"):
        load(**{field: ""})


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("HEADRACE_PARTITIONS", "many", "valid integer"),
        ("HEADRACE_PARTITIONS", "0", "greater than or equal to 1"),
        ("HEADRACE_STAGES", "cache,kitchen", "'settlement'"),
        ("HEADRACE_STAGES", " , ", "must name at least one"),
        ("HEADRACE_MODELS", ",", "must name at least one"),
        ("HEADRACE_REDIS", "localhost", "redis://"),
        ("HEADRACE_LEDGER_URL", "ledger.db", "sqlite:///"),
        ("HEADRACE_FRAMING", "json", "single-object"),
        ("HEADRACE_SCHEMA_REGISTRY", "registry:8081", "http://"),
        ("HEADRACE_LOG_LEVEL", "loud", "'WARNING'"),
        ("HEADRACE_METRICS_PORT", "70000", "65535"),
    ],
)
def test_a_wrong_value_is_one_message_that_names_its_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SetupError) as caught:
        load()
    message = str(caught.value)
    assert variable in message
    assert said in message
    assert "\n" not in message


def test_all_that_is_wrong_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_PARTITIONS", "x")
    monkeypatch.setenv("HEADRACE_FRAMING", "y")
    with pytest.raises(SetupError, match=r"PARTITIONS.*FRAMING"):
        load()


def test_a_login_needs_a_name_and_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_KAFKA_SECURITY_PROTOCOL", "SASL_SSL")
    monkeypatch.setenv("HEADRACE_KAFKA_SASL_USERNAME", "river")
    with pytest.raises(SetupError, match="HEADRACE_KAFKA_SASL_PASSWORD is not set"):
        load()
    monkeypatch.setenv("HEADRACE_KAFKA_SASL_PASSWORD", "s3cret")
    options = load().kafka_options()
    assert options["sasl_plain_password"] == "s3cret"
    assert options["ssl_context"].check_hostname


def test_an_authority_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    settings = load(kafka_security_protocol="SSL", kafka_ssl_cafile=tmp_path / "none.pem")
    with pytest.raises(SetupError, match="HEADRACE_KAFKA_SSL_CAFILE"):
        settings.kafka_options()


def test_a_password_is_never_shown() -> None:
    settings = load(kafka_sasl_password="s3cret")
    assert "s3cret" not in repr(settings)
    assert "s3cret" not in str(of.described(settings))
    elsewhere = load(redis="rediss://:s3cret@cache:6380/0", ledger_url="postgresql://finance:s3cret@db:5432/ledger")
    assert "s3cret" not in str(of.described(elsewhere))


def test_only_the_password_of_a_url_is_hidden() -> None:
    assert of.masked("postgresql://finance:s3cret@db:5432/ledger") == "postgresql://finance:…@db:5432/ledger"
    assert of.masked("sqlite:////var/ledger.db") == "sqlite:////var/ledger.db"
    assert of.masked("redis://cache:6379/0") == "redis://cache:6379/0"


@pytest.mark.parametrize(
    "url", ["https://chat.example/s3cret", "https://s3cret@chat.example/a", "https://chat.example?s3cret=https://x/@y"]
)
def test_of_a_webhook_only_the_scheme_and_the_host_are_shown(url: str) -> None:
    (shown,) = [one.value for one in of.described(load(alert_webhook=url)) if one.variable == "HEADRACE_ALERT_WEBHOOK"]
    assert shown == "https://chat.example/…"


@pytest.mark.parametrize(
    ("field", "value"), [("alert_webhook", "chat.example/s3cret"), ("redis", "redsi://:s3cret@cache:6379/0")]
)
def test_no_secret_is_in_the_complaint_about_its_value(field: str, value: str) -> None:
    with pytest.raises(SetupError, match=rf"{of.variable(field)}=.*….*must start with") as raised:
        load(**{field: value})
    assert "s3cret" not in str(raised.value)


def test_a_process_that_is_given_the_environment_has_the_same_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(stages="cache,ledger", redis="redis://:s3cret@cache/0", kafka_idempotence=False, metrics_port=9000)
    for name, value in of.environment(settings).items():
        monkeypatch.setenv(name, value)
    assert load() == settings


def test_every_setting_says_what_it_is() -> None:
    for setting in of.described(load()):
        assert setting.description.endswith(".")
        assert len(setting.description) > 15, setting


def test_a_mistyped_variable_is_found() -> None:
    environment = {"HEADRACE_KAKFA": "x", "HEADRACE_KAFKA": "x", "HEADRACE_CACHE_DIR": "x", "HOME": "x"}
    assert of.unknown(environment) == ["HEADRACE_KAKFA"]


def test_a_worker_without_a_policy_is_told_how_to_set_one(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="HEADRACE_POLICY"):
        load().policy_file()
    assert load(policy=tmp_path / "p.toml").policy_file() == tmp_path / "p.toml"
