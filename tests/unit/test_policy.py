"""The policy says what may be done with a request, and refuses a file or a request with one clear message."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from agents.policy import Policy, load
from schemas.errors import DeadlinePassedError, InvalidRequestError, PolicyError, UnknownNameError
from schemas.records import Message, PredictionRequest, Sampling

GOOD = """
embedder = "minilm"

[models.small]
engine = "vllm"
path = "embedded"
window = 2048

[[prices]]
model = "small"
version = "2026-01"
effective_from = 2026-01-01T00:00:00Z
input = "0.15"
cached_input = "0.0375"
output = "0.60"
batch_percent = 50

[[prices]]
model = "minilm"
version = "2026-01"
effective_from = 2026-01-01T00:00:00Z
input = "0.01"
output = "0"

[tenants.bank]
cost_center = "desk"
tasks = ["faq"]

[tasks.faq]
models = ["small"]
baseline = "small"

[tasks.secret]
models = ["small"]
baseline = "small"
"""

GPU = """
[[gpu_prices]]
model = "small"
version = "h100"
effective_from = 2026-01-01T00:00:00Z
gpu_hour = "2.49"
gpus = 4

"""


@pytest.fixture
def policy(tmp_path: Path) -> Policy:
    return written(tmp_path, GOOD)


def written(folder: Path, text: str) -> Policy:
    path = folder / "policy.toml"
    path.write_text(text)
    return load(path)


def request(**fields: Any) -> PredictionRequest:
    given = {
        "request_id": "r-1",
        "tenant": "bank",
        "task": "faq",
        "messages": [Message(role="user", content="why?")],
        **fields,
    }
    return PredictionRequest(**given)


def test_a_good_request_has_its_task(policy: Policy) -> None:
    assert policy.task(request(), received_at=1) == policy.document.tasks["faq"]
    typed = Sampling(json_schema='{"type": "object"}')
    assert policy.task(request(sampling=typed), received_at=1) == policy.document.tasks["faq"]


def test_prices_are_read_exactly(policy: Policy) -> None:
    card = policy.prices.card("small", 1_790_000_000_000)
    assert (card.input_rate, card.cached_input_rate, card.output_rate) == (150_000_000, 37_500_000, 600_000_000)
    assert card.batch_percent == 50
    assert policy.prices.card("minilm", 1_790_000_000_000).cached_input_rate == 10_000_000


def test_the_version_follows_what_the_file_says_and_not_how(tmp_path: Path, policy: Policy) -> None:
    assert written(tmp_path, "# a remark\n" + GOOD).version == policy.version
    assert written(tmp_path, GOOD.replace("2048", "4096")).version != policy.version


def test_a_cost_centre_is_the_requests_or_its_tenants(policy: Policy) -> None:
    assert policy.cost_center(request()) == "desk"
    assert policy.cost_center(request(cost_center="branch-7")) == "branch-7"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"tenant": "nobody"}, "tenant 'nobody' is not in the policy"),
        ({"task": "secret"}, "task 'secret' is not open to tenant 'bank'"),
        ({"task": "nothing"}, "task 'nothing' is not open to tenant 'bank'"),
        ({"model": "large"}, "model 'large' is not open to task 'faq'"),
    ],
)
def test_an_unknown_name_is_refused(policy: Policy, fields: dict[str, Any], message: str) -> None:
    with pytest.raises(UnknownNameError, match=re.escape(message)):
        policy.task(request(**fields), received_at=1)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"request_id": ""}, "request_id has 0 characters"),
        ({"request_id": "x" * 257}, "request_id has 257 characters: it must have 1 to 256"),
        ({"cost_center": "x" * 257}, "cost_center has over 256 characters, which is the policy's limit"),
        ({"cost_center": "é" * 256}, "cost_center has over 512 bytes as JSON"),
        ({"messages": []}, "messages is empty"),
        ({"messages": [Message(role="user", content="x")] * 257}, "messages holds 257"),
        ({"messages": [Message(role="assistant", content="x")]}, "the last message must be the user's"),
        ({"messages": [Message(role="user", content=" \n")]}, "and not blank"),
        (
            {"messages": [Message(role="tool", content="x"), Message(role="user", content="x")]},
            "role 'tool' is unknown",
        ),
        ({"messages": [Message(role="user", content="é" * 262_145)]}, "messages and passages hold 524290 bytes"),
        ({"sampling": Sampling(max_tokens=0)}, "sampling.max_tokens is 0"),
        ({"sampling": Sampling(max_tokens=8193)}, "sampling.max_tokens is 8193"),
        ({"sampling": Sampling(temperature=-0.1)}, "sampling.temperature is -0.1"),
        ({"sampling": Sampling(temperature=float("nan"))}, "sampling.temperature is nan"),
        ({"sampling": Sampling(top_p=0.0)}, "sampling.top_p is 0.0"),
        ({"sampling": Sampling(top_p=float("nan"))}, "sampling.top_p is nan"),
        ({"sampling": Sampling(json_schema="{")}, "sampling.json_schema is no JSON"),
        ({"sampling": Sampling(json_schema="[]")}, "sampling.json_schema must be a JSON object"),
        ({"sampling": Sampling(json_schema='{"type": 7}')}, "sampling.json_schema is no JSON schema: 7 is not valid"),
        ({"sampling": Sampling(json_schema='{"$schema": 5}')}, "sampling.json_schema is no JSON schema: its $schema"),
        (
            {"sampling": Sampling(json_schema='{"pattern": "(?=a)"}')},
            "json_schema holds the pattern '(?=a)', which RE2",
        ),
        ({"sampling": Sampling(json_schema='{"x": "%s"}' % ("x" * 70_000))}, "json_schema has over 65536 bytes"),
    ],
)
def test_a_field_out_of_its_limits_is_refused(policy: Policy, fields: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidRequestError, match=re.escape(message)):
        policy.task(request(**fields), received_at=1)


def test_a_deadline_that_had_passed_is_refused(policy: Policy) -> None:
    with pytest.raises(DeadlinePassedError, match="lies 500 ms before the request reached its topic"):
        policy.task(request(deadline=1000), received_at=1500)
    assert policy.task(request(deadline=1501), received_at=1500)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('tasks = ["faq"]', 'tasks = ["fax"]', "[tenants.bank] names task 'fax', which is not in [tasks]"),
        ('models = ["small"]', 'models = ["large"]', "[tasks.faq] names model 'large', which is not in [models]"),
        ('models = ["small"]', "models = []", "[tasks.faq] models is empty"),
        ('"desk"', f'"{"é" * 256}"', f"the name '{'é' * 40}…' has over 512 bytes as JSON: shorten it"),
        ("[tasks.secret]", f"[tasks.{'x' * 512}]", "has over 512 bytes as JSON: shorten it"),
        ('baseline = "small"', 'baseline = "gpt"', "[tasks.faq] uses model 'gpt', which has no card in [[prices]]"),
        ('embedder = "minilm"', 'embedder = "other"', "embedder 'other' has no card in [[prices]]"),
        ('input = "0.15"', "input = 0.15", "Expected `str`, got `float`"),
        ('input = "0.15"', 'input = "-0.15"', "a rate is negative"),
        ('input = "0.15"', 'input = "0.1234567891"', "is not a whole number of nano-dollars"),
        ("batch_percent = 50", "batch_percent = 101", "batch_percent must be 0 to 100"),
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00", "effective_from needs a time zone"),
        ("window = 2048", "windows = 2048", "unknown field `windows`"),
        ("window = 2048", "window = 2048\nwidth = 1", "unknown field `width`"),
        ("window = 2048", "window = 0", "[models.small] window is 0: it must be at least 1"),
        ("window = 2048", "window = 2048\nbatch_share = 0.0", "batch_share is 0.0: it must be above 0, and 1 at most"),
        ("[models.small]", "[models.a.b]", "unknown field `b`"),
        ("[models.small]", '[models."a/b"]\nengine="vllm"\nwindow=1\n[models.small]', "[models.a/b] cannot be part"),
        ("[models.small]", '[models."s.batch"]\nengine="vllm"\nwindow=1\n[models.small]', "cannot be part of a topic"),
        ("[tasks.faq]", "[tasks.faq]\nthreshold = 1.5", "threshold is 1.5: it must be over 0 and at most 1"),
        ("[tasks.faq]", "[tasks.faq]\nttl_seconds = 0", "[tasks.faq] ttl_seconds is 0: it must be at least 1"),
        ("[tasks.faq]", "[tasks.faq]\ndeadline_seconds = 0", "deadline_seconds is 0: it must be at least 1"),
        (
            "[tenants.bank]",
            '[[prices]]\nmodel = "small"\nversion = "b"\neffective_from = 2026-01-01T00:00:00Z\ninput = "1"\n'
            'output = "1"\n\n[tenants.bank]',
            "two prices of 'small' take effect at the same instant",
        ),
        (
            "[tasks.faq]",
            GPU.replace("small", "own") + '[models.own]\nengine = "vllm"\nwindow = 9\n'
            '[tasks.faq.compression]\nmethod = "llmlingua"\nmodel = "own"\n[tasks.faq]',
            "[tasks.faq.compression] 'own' has no card in [[prices]]",
        ),
        ("[tenants.bank]", "[tenants.platform]", "platform is 'platform', which is in [tenants] as well"),
        ("[tenants.bank]", GPU.replace('"2.49"', '"-1"') + "[tenants.bank]", "gpu_hour is negative"),
        ("[tenants.bank]", GPU.replace("gpus = 4", "gpus = 0") + "[tenants.bank]", "gpus is 0: it must be at least 1"),
        ("[tenants.bank]", GPU + GPU + "[tenants.bank]", "two prices of 'small' take effect at the same instant"),
        (
            "[tenants.bank]",
            '[[budgets]]\nname = "all"\namount = "1"\nperiod = "week"\n[tenants.bank]',
            "Invalid enum value 'week'",
        ),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in GOOD
    with pytest.raises(PolicyError, match=re.escape(message)) as raised:
        written(tmp_path, GOOD.replace(old, new, 1))
    assert str(tmp_path / "policy.toml") in str(raised.value)


CATALOGUE = GOOD[GOOD.index("[models.small]") : GOOD.index("[[prices]]", GOOD.index("[[prices]]") + 1)]
APART = 'models = "models.toml"\n' + GOOD.replace(CATALOGUE, "")


def test_models_may_be_in_a_catalogue_of_their_own(tmp_path: Path, policy: Policy) -> None:
    (tmp_path / "models.toml").write_text(CATALOGUE)
    apart = written(tmp_path, APART)
    assert (apart.document, apart.version) == (policy.document, policy.version)


@pytest.mark.parametrize(
    ("catalogue", "message"),
    [
        (None, "the catalogue {} cannot be read (No such file or directory): name a readable"),
        ("[models", "{}: "),
        (CATALOGUE + "[tasks.x]", "{}: 'tasks' is not for a catalogue, which has [models.NAME] and [[prices]]"),
        (CATALOGUE.replace("window", "windows"), "unknown field `windows`"),
    ],
)
def test_a_wrong_catalogue_is_refused(tmp_path: Path, catalogue: str | None, message: str) -> None:
    file = tmp_path / "models.toml"
    if catalogue is not None:
        file.write_text(catalogue)
    with pytest.raises(PolicyError, match=re.escape(message.format(file))):
        written(tmp_path, APART)


def test_a_file_that_cannot_be_read_and_one_that_is_no_toml_say_so(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"none\.toml cannot be read \(No such file.*set HEADRACE_POLICY"):
        load(tmp_path / "none.toml")
    with pytest.raises(PolicyError, match=rf"{tmp_path} cannot be read \(Is a directory\): set HEADRACE_POLICY"):
        load(tmp_path)
    with pytest.raises(PolicyError, match=r"policy\.toml: "):
        written(tmp_path, "models = [")


def test_a_policy_or_a_catalogue_that_is_not_utf_8_says_in_which_line(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_bytes(f"{GOOD}# Zürich".encode("latin-1"))
    said = f"line {GOOD.count(chr(10)) + 1} is not UTF-8: save the file as UTF-8"
    with pytest.raises(PolicyError, match=rf"{file}: {said}"):
        load(file)
    (tmp_path / "models.toml").write_bytes("\n# Zürich".encode("latin-1"))
    with pytest.raises(PolicyError, match=rf"{file}: {tmp_path}/models\.toml: line 2 is not UTF-8"):
        written(tmp_path, APART)


def test_a_model_with_a_gpu_hour_card_needs_no_price_of_its_tokens_unless_list_cost_is_counted_at_it(
    tmp_path: Path,
) -> None:
    served = GOOD.replace('models = ["small"]\nbaseline', 'models = ["own"]\nbaseline')
    served = served.replace("[models.small]", '[models.own]\nengine = "vllm"\nwindow = 64\n\n[models.small]', 1)
    policy = written(tmp_path, served + GPU.replace("small", "own"))
    assert policy.gpus.bill("own", 1_800_000_000_000_000, 1_800_003_600_000_000) == 4 * 2_490_000_000
    assert policy.weight("own", policy.document.tasks["faq"], 1_800_000_000_000).model == "small"
    with pytest.raises(PolicyError, match="uses model 'own', which has no card in"):
        written(tmp_path, served.replace('baseline = "small"', 'baseline = "own"') + GPU.replace("small", "own"))


@pytest.mark.parametrize("others", ["", GPU.replace("2026-01", "2026-05").replace("h100", "h200")])
def test_a_policy_is_not_worked_by_before_its_first_gpu_hour_card_holds(tmp_path: Path, others: str) -> None:
    start = 1_767_225_600_000
    policy = written(tmp_path, GOOD + GPU + others)
    assert load(tmp_path / "policy.toml", at=start).version == policy.version
    said = r"policy\.toml: GPU price 'h100' of 'small' takes effect at 2026-01-01 00:00:00 UTC only, .*leave it out"
    with pytest.raises(PolicyError, match=said):
        load(tmp_path / "policy.toml", at=start - 1)


def test_budgets_are_read_with_their_defaults(tmp_path: Path) -> None:
    written_down = '[[budgets]]\nname = "bank-a-day"\ntenant = "bank"\namount = "25.00"\nperiod = "day"\n\n'
    (budget,) = written(tmp_path, GOOD.replace("[tenants.bank]", written_down + "[tenants.bank]")).document.budgets
    assert (budget.limit, budget.when_short, budget.alert_at) == (25_000_000_000, "reject", (80, 100))
