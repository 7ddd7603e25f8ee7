"""What a worker and the command line are told by their environment: one ``HEADRACE_*`` variable a field.

Nothing here is secret by default. What is (a password, a webhook) is not shown by ``headrace doctor`` or in a message.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from schemas.codec import Framing
from schemas.errors import SetupError

PREFIX = "HEADRACE_"
ELSEWHERE = frozenset({"HEADRACE_CACHE_DIR"})
"""Variables of ours that are no setting of a worker: read where they are used."""

StageName = Literal["cache", "context", "inference", "settlement", "ledger", "knowledge"]
STAGES: tuple[StageName, ...] = ("cache", "context", "inference", "settlement", "ledger", "knowledge")
EMBEDDED = "embedded"
_BEARERS = frozenset({"alert_webhook"})
"""URLs that are secrets by themselves: who knows one needs no password."""
_PAST_THE_HOST = re.compile(r"(https?://)(?:[^/?#]*@)?([^/?#]*).*", re.DOTALL)


def state_home() -> Path:
    """``headrace`` in ``$XDG_STATE_HOME`` or ``~/.local/state``."""
    shared = os.environ.get("XDG_STATE_HOME")
    return (Path(shared) if shared else Path.home() / ".local" / "state") / "headrace"


def _listed(value: object) -> object:
    if not isinstance(value, str):
        return value
    parts = [part.strip() for part in value.split(",") if part.strip()]
    if not parts:
        raise ValueError("must name at least one, with commas between several; leave it out for all")
    return parts


def _absolute(path: Path) -> Path:
    return path.expanduser().absolute()


def _starting(*schemes: str) -> AfterValidator:
    def check(url: str) -> str:
        if not url.startswith(schemes):
            raise ValueError(f"must start with {' or '.join(schemes)}")
        return url

    return AfterValidator(check)


def _beside_the_state(fields: dict[str, Any]) -> str:
    return f"sqlite:///{fields['state_dir'] / 'ledger.db'}"


def _corpus_beside_the_state(fields: dict[str, Any]) -> str:
    return str(fields["state_dir"] / "corpus")


def _located(uri: str) -> str:
    return uri if "://" in uri else str(_absolute(Path(uri)))


Listed = (NoDecode, BeforeValidator(_listed))
Location = Annotated[Path, AfterValidator(_absolute)]
Positive = Annotated[int, Field(ge=1)]


class Settings(BaseSettings):
    """Where everything is, and how much of it a worker takes on. Made by :func:`load`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, env_ignore_empty=True)

    kafka: Annotated[str, Field(min_length=1)] = Field(
        "127.0.0.1:9092", description="Kafka's bootstrap servers: host:port, several with commas."
    )
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="How to speak to Kafka."
    )
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "PLAIN", description="How to log in, where the protocol is a SASL one."
    )
    kafka_sasl_username: str | None = Field(None, description="The user who logs in.")
    kafka_sasl_password: SecretStr | None = Field(None, description="That user's password.")
    kafka_ssl_cafile: Location | None = Field(
        None, description="PEM file of the authority that signed Kafka's certificate; the system's where unset."
    )
    kafka_idempotence: bool = Field(
        True,
        description="Whether producers ask Kafka to drop what a retry sends twice. Off only where it cannot: Tansu.",
    )
    redis: Annotated[str, _starting("redis://", "rediss://", "unix://")] = Field(
        "redis://127.0.0.1:6379/0", description="Redis or Valkey: redis://, or rediss:// for TLS."
    )
    state_dir: Location = Field(
        default_factory=state_home, description="A directory on a local disk for claims, tables and the ledger file."
    )
    ledger_url: Annotated[str, _starting("sqlite:///", "postgresql")] = Field(
        default_factory=_beside_the_state,
        description="SQLAlchemy URL of the finance tables; ledger.db in the state directory where unset.",
    )
    corpus: Annotated[str, Field(min_length=1), AfterValidator(_located)] = Field(
        default_factory=_corpus_beside_the_state,
        description="The indexed knowledge: a directory, or s3://, gs:// or az:// for workers on several machines; "
        "corpus in the state directory where unset.",
    )
    raw_entry_days: Positive | None = Field(
        None, description="How long the ledger keeps raw entries; for ever where unset. Roll-ups stay in any case."
    )
    invoiced: bool = Field(
        False, description="Whether tenants are invoiced what the ledger bills: else BilledCost is 0 in FOCUS exports."
    )
    policy: Location | None = Field(None, description="The policy file: models, prices, tenants, tasks.")
    stages: Annotated[frozenset[StageName], *Listed] = Field(
        frozenset(STAGES), description="The stages that this worker runs, with commas."
    )
    models: Annotated[frozenset[str], *Listed] = Field(
        frozenset(), description="The models whose tasks this worker's inference takes; all the policy's where unset."
    )
    embedder: Annotated[str, Field(min_length=1)] = Field(
        EMBEDDED, description="The sentence embedder: embedded, or a directory or name for sentence-transformers."
    )
    partitions: Positive = Field(8, description="Partitions of every topic that is created.")
    replication: Positive = Field(1, description="Copies of every topic that is created: 3 on a cluster.")
    framing: Framing = Field("single-object", description="How records are written: single-object or confluent.")
    schema_registry: Annotated[str, _starting("http://", "https://")] | None = Field(
        None, description="A Confluent-compatible schema registry; the schemas folder where unset."
    )
    app_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+$")] = Field(
        "headrace", description="Prefix of the consumer groups: workers that share it share the work."
    )
    claim_horizon_hours: Positive = Field(
        24, description="How long a request id stays answered: a publish after that is a new request."
    )
    in_flight: Positive = Field(256, description="Records that one stage works on at once.")
    in_flight_bytes: Positive = Field(32 * 1024 * 1024, description="Bytes of those records.")
    unacknowledged: Positive = Field(
        4096, description="Records that one stage may have received and not acknowledged: redone after a crash."
    )
    drain_seconds: Annotated[float, Field(gt=0)] = Field(
        30.0, description="How long a worker that is told to stop may finish what it has begun."
    )
    metrics_host: Annotated[str, Field(min_length=1)] = Field(
        "127.0.0.1", description="Address that metrics and health are served on: 0.0.0.0 in a container."
    )
    metrics_port: Annotated[int, Field(ge=1, le=65535)] | None = Field(
        None, description="Port of /metrics, /readyz and /livez; none where unset."
    )
    otlp_endpoint: Annotated[str, _starting("http://", "https://")] | None = Field(
        None,
        description="OpenTelemetry collector (OTLP over HTTP) that spans are sent to; none are made where unset.",
    )
    alert_webhook: Annotated[str, _starting("http://", "https://")] | None = Field(
        None, description="Where workers that run the ledger stage post what budgets have to say; nowhere where unset."
    )
    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR"],
        BeforeValidator(lambda value: value.upper() if isinstance(value, str) else value),
    ] = Field("INFO", description="The least that is logged.")

    @model_validator(mode="after")
    def _login_is_complete(self) -> Self:
        if self.kafka_security_protocol.startswith("SASL"):
            for name in ("kafka_sasl_username", "kafka_sasl_password"):
                if getattr(self, name) is None:
                    raise ValueError(f"{variable(name)} is not set, and {self.kafka_security_protocol} needs it")
        return self

    def policy_file(self) -> Path:
        """The policy's path.

        Raises:
            SetupError: none is set.
        """
        if self.policy is None:
            raise SetupError("there is no policy: set HEADRACE_POLICY to a TOML file of models, prices and tenants")
        return self.policy

    def kafka_options(self) -> dict[str, Any]:
        """Keyword arguments that every aiokafka client of ours is made with.

        Raises:
            SetupError: the authority's file cannot be read.
        """
        options: dict[str, Any] = {
            "bootstrap_servers": self.kafka,
            "security_protocol": self.kafka_security_protocol,
        }
        if self.kafka_security_protocol.endswith("SSL"):
            import ssl  # noqa: PLC0415

            try:
                options["ssl_context"] = ssl.create_default_context(cafile=self.kafka_ssl_cafile)
            except OSError as error:
                raise SetupError(f"{variable('kafka_ssl_cafile')}={self.kafka_ssl_cafile}: {error}") from error
        if self.kafka_security_protocol.startswith("SASL"):
            password = self.kafka_sasl_password
            options["sasl_mechanism"] = self.kafka_sasl_mechanism
            options["sasl_plain_username"] = self.kafka_sasl_username
            options["sasl_plain_password"] = password.get_secret_value() if password else None
        return options

    def producer_options(self) -> dict[str, Any]:
        """Keyword arguments that every aiokafka producer of ours is made with: acknowledged by all replicas."""
        return {**self.kafka_options(), "acks": "all", "enable_idempotence": self.kafka_idempotence}


def load(**given: Any) -> Settings:
    """The settings of this process: what is given here, else the environment, else the defaults.

    Raises:
        SetupError: a value is wrong; the message names each variable and what it must be.
    """
    try:
        return Settings(**given)
    except ValidationError as error:
        raise SetupError("; ".join(_complaints(error))) from None


def variable(field: str) -> str:
    """The environment variable of a field: ``HEADRACE_REDIS`` of ``redis``."""
    return PREFIX + field.upper()


class Setting(NamedTuple):
    """One setting, as a person is told of it."""

    variable: str
    value: str
    description: str


def described(settings: Settings) -> list[Setting]:
    """Every setting with its value in force, in the order of the class. No secret is shown."""
    return [
        Setting(variable(name), _shown(name, _written(getattr(settings, name))), field.description or "")
        for name, field in Settings.model_fields.items()
    ]


def environment(settings: Settings) -> dict[str, str]:
    """The variables that give a process of ours the same settings. A secret is left out."""
    return {
        variable(name): _written(value)
        for name in Settings.model_fields
        if not isinstance(value := getattr(settings, name), SecretStr)
    }


def masked(value: str) -> str:
    """A URL without its password; anything else as it is."""
    head, at, tail = value.rpartition("@")
    scheme, slashes, login = head.partition("://")
    user, colon, _ = login.partition(":")
    return f"{scheme}{slashes}{user}{colon}{'…' if colon else ''}{at}{tail}" if at and slashes else value


def _shown(name: str, value: str) -> str:
    return _PAST_THE_HOST.sub(r"\1\2/…", value) if name in _BEARERS else masked(value)


def unknown(environment: Mapping[str, str]) -> list[str]:
    """Variables with our prefix that no setting has: most likely a typing mistake."""
    known = {variable(name) for name in Settings.model_fields} | ELSEWHERE
    return sorted(name for name in environment if name.upper().startswith(PREFIX) and name.upper() not in known)


def _complaints(error: ValidationError) -> Iterator[str]:
    for problem in error.errors():
        if problem["type"] == "default_factory_not_called":
            continue  # a default that another field's value would have made
        said = problem["msg"].removeprefix("Value error, ").removeprefix("Input ")
        if not problem["loc"]:
            yield said
            continue
        name = str(problem["loc"][0])
        hidden = name in _BEARERS or Settings.model_fields[name].annotation == SecretStr | None
        value = "…" if hidden else masked(repr(problem["input"]))
        yield f"{variable(name)}={value}: {said}"


def _written(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, frozenset):
        return ",".join(sorted(value))
    return str(value)
