"""docker-compose.yml and the Dockerfile, as far as they can be read without Docker."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from streams.settings import ELSEWHERE, Settings, unknown, variable

ROOT = Path(__file__).parents[2]
COMPOSE = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
SERVICES: dict[str, Any] = yaml.safe_load(COMPOSE)["services"]
OURS = {name: service for name, service in SERVICES.items() if service.get("image") == "headrace"}
_DEFAULTED = re.compile(r"\$\{(\w+):-([^${}]*)\}")


def told(text: str, **environment: str) -> str:
    """A text as compose reads it."""
    while (read := _DEFAULTED.sub(lambda found: environment.get(found[1], found[2]), text)) != text:
        text = read
    return text


def mounts(service: dict[str, Any], **environment: str) -> dict[str, str]:
    """What is mounted, by where."""
    long = [one for one in service["volumes"] if isinstance(one, dict)]
    short = [one.split(":")[:2] for one in service["volumes"] if isinstance(one, str)]
    return {one["target"]: told(one["source"], **environment) for one in long} | {at: what for what, at in short}


def test_every_stage_and_the_console_are_workers_of_one_image() -> None:
    assert set(OURS) == {"cache", "context", "inference", "settlement", "ledger", "knowledge", "finance", "topics"}


def test_what_the_host_says_to_compose_is_no_variable_that_doctor_takes_for_a_mistake() -> None:
    assert unknown(dict.fromkeys(re.findall(r"\$\{(\w+)", COMPOSE), "")) == []


@pytest.mark.parametrize("name", sorted(OURS))
def test_a_worker_is_told_settings_that_there_are(name: str) -> None:
    assert set(OURS[name]["environment"]) <= {variable(field) for field in Settings.model_fields} | ELSEWHERE


@pytest.mark.parametrize("name", sorted(OURS))
def test_what_a_policy_names_is_in_the_container(name: str) -> None:
    service = OURS[name]
    own = {"POLICY_FOLDER": "/srv/headrace", "POLICY_FILE": "policy.toml"}
    for environment in ({}, own, own | {"MODELS_FOLDER": "/srv/models"}):
        mounted = mounts(service, **environment)
        policy = Path(told(service["environment"]["HEADRACE_POLICY"], **environment))
        beside = mounted[str(policy.parent)]
        assert policy.name == environment.get("POLICY_FILE", "bank.toml")
        assert beside == environment.get("POLICY_FOLDER", "./streams/demo")
        assert mounted["/models"] == environment.get("MODELS_FOLDER", beside)
    assert (ROOT / mounts(service)["/etc/headrace"] / "bank.toml").is_file()
    assert service["env_file"] == [{"path": "keys.env", "required": False}]


@pytest.mark.parametrize("name", sorted(OURS))
def test_a_mistyped_folder_is_an_error_and_not_made(name: str) -> None:
    assert not any("$" in one for one in OURS[name]["volumes"] if isinstance(one, str))
    binds = [one for one in OURS[name]["volumes"] if isinstance(one, dict)]
    assert all(one["read_only"] and one["bind"] == {"create_host_path": False} for one in binds)


def test_nothing_needs_a_gpu_that_was_not_given_one() -> None:
    assert not any("deploy" in service for service in SERVICES.values())
    given = yaml.safe_load((ROOT / "deploy/gpu.yml").read_text(encoding="utf-8"))["services"]
    assert set(given) == {"inference"}
    (device,) = given["inference"]["deploy"]["resources"]["reservations"]["devices"]
    assert device["capabilities"] == ["gpu"]
    assert f"AS {given['inference']['build']['target']}\n" in DOCKERFILE


@pytest.mark.parametrize("stage", re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)[1:])
def test_no_image_runs_as_root(stage: str) -> None:
    assert re.findall(r"^USER (\w+)", stage, re.MULTILINE)[-1:] == ["headrace"]


@pytest.mark.parametrize("name", sorted(OURS))
def test_what_a_worker_writes_is_its_users(name: str) -> None:
    owned = set(re.findall(r"install -d -o headrace -g headrace (.*)", DOCKERFILE)[0].split())
    named = {at for at, what in mounts(OURS[name]).items() if "/" not in what}
    environment = OURS[name]["environment"]
    assert {environment["HEADRACE_STATE_DIR"], environment["HEADRACE_CORPUS"], *named} <= owned
    assert re.findall(r"HEADRACE_CACHE_DIR=(\S+)", DOCKERFILE)[0] in named


@pytest.mark.parametrize("ignored", [".dockerignore", ".gitignore"])
def test_keys_are_in_no_image_and_in_no_commit(ignored: str) -> None:
    assert {".env", "keys.env"} <= set((ROOT / ignored).read_text(encoding="utf-8").split())
