"""The FinOps Foundation's validator of FOCUS files, in an environment of its own: its Python is newer than ours."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from streams.embedded.cache import cache_dir, filled

VERSION = "2.2.1"
PACKAGES = (f"focus-validator=={VERSION}", "pyarrow<22")
SUPPORTED = (
    "ACCOUNT_NAMING_SUPPORTED",
    "BILLING_BASED_ON_PROVISIONED_RESOURCES_SUPPORTED",
    "RESOURCE_TYPE_ASSIGNMENT_SUPPORTED",
    "SUB_ACCOUNT_SUPPORTED",
    "TAGGING_SUPPORTED",
    "USAGE_MEASUREMENT_SUPPORTED",
)
"""Of what the specification makes conditional, all that the export has columns for."""


class MissingError(Exception):
    """It cannot be had on this machine; the message says why."""


class Report(NamedTuple):
    """What it found. It ends with status 0 whatever that is, so only the report counts."""

    passed: int
    failed: frozenset[str]
    """The rules that failed, or could not be checked."""


def validator() -> Path:
    """Its environment, made once.

    Raises:
        MissingError: there is no Python for it here, or it could not be installed.
    """
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(__file__).parents[2] / ".uv" / "bin"))
    if uv is None:
        raise MissingError("focus-validator needs uv to be installed: make setup")

    def make(into: Path) -> None:
        for command in (
            [uv, "venv", "--quiet", "--clear", "--python", _python(), str(into)],
            [uv, "pip", "install", "--quiet", "--python", str(into / "bin" / "python"), *PACKAGES],
        ):
            ran = subprocess.run(command, capture_output=True, text=True, check=False)
            if ran.returncode != 0:
                raise MissingError(f"focus-validator could not be installed: {ran.stderr.strip()}")

    return filled(cache_dir() / f"focus-validator-{VERSION}", make)


def _python() -> str:
    # On PATH, or beside the one that runs this, as version managers keep them.
    beside = sorted(Path(sys.base_prefix).parent.glob("*3.1[2-4]*/bin/python3"))
    for candidate in ("python3.12", "python3.13", "python3.14", *map(str, beside)):
        # Asked, not only looked for: a version manager leaves names on PATH that do not run.
        asked = [candidate, "-c", "import sys; sys.exit(sys.version_info < (3, 12))"]
        if shutil.which(candidate) and subprocess.run(asked, capture_output=True, check=False).returncode == 0:
            return candidate
    raise MissingError(
        "focus-validator needs Python 3.12 or newer beside ours: apt install python3.12, or uv python install"
    )


def validated(file: Path, report: Path) -> Report:
    """What it finds in a file of FOCUS 1.2.

    Raises:
        MissingError: see :func:`validator`.
    """
    environment = validator()
    (rules,) = environment.glob("lib/python*/site-packages/focus_validator")
    ran = subprocess.run(
        [
            str(environment / "bin" / "python"),
            *("-m", "focus_validator.main", "--data-file", str(file), "--validate-version", "1.2"),
            *("--focus-dataset", "CostAndUsage", "--block-download", "--applicability-criteria", ",".join(SUPPORTED)),
            *("--output-type", "unittest", "--output-destination", str(report)),
        ],
        cwd=rules.parent,  # it looks for its rules below the working directory
        capture_output=True,
        text=True,
        check=False,
    )
    assert report.exists(), ran.stderr[-2000:]
    cases = {
        case: case.get("name", "").partition(" ")[0] for case in ElementTree.parse(report).getroot().iter("testcase")
    }
    failed = {
        name for case, name in cases.items() if case.find("failure") is not None or case.find("error") is not None
    }
    passed = [name for case, name in cases.items() if len(case) == 0]
    return Report(len(passed), frozenset(failed))
