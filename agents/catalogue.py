"""The model catalogue: models and their prices in a TOML file of their own, which several policies may share.

A policy either holds ``[models]`` itself, or says ``models = "models.toml"``: a file beside it. That file has tables
``[models.NAME]`` and price cards ``[[prices]]``, written as in a policy; cards that only the policy needs, those of
baselines for instance, may stay there.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from schemas.errors import PolicyError

_TABLES = {"models", "prices"}


def with_catalogue(written: dict[str, Any], folder: Path) -> dict[str, Any]:
    """A policy as it is written, with what its catalogue says in place of the catalogue's name.

    Args:
        written: a policy's TOML.
        folder: where the policy lies.

    Raises:
        PolicyError: the catalogue cannot be read, is no TOML, or holds something else as well.
    """
    named = written.get("models")
    if not isinstance(named, str):
        return written
    file = folder / named
    try:
        catalogue = parsed(file.read_bytes())
    except OSError as error:
        why = f"models = {named!r}: the catalogue {file} cannot be read ({error.strerror}): name a readable TOML file"
        raise PolicyError(why) from error
    except PolicyError as error:
        raise PolicyError(f"{file}: {error}") from error
    if stranger := catalogue.keys() - _TABLES:
        raise PolicyError(f"{file}: {min(stranger)!r} is not for a catalogue, which has [models.NAME] and [[prices]]")
    prices = [*catalogue.get("prices", []), *written.get("prices", [])]
    return {**written, "models": catalogue.get("models", {}), "prices": prices}


def parsed(raw: bytes) -> dict[str, Any]:
    """What a policy's or a catalogue's file says.

    Raises:
        PolicyError: it is not UTF-8, or not TOML.
    """
    try:
        return tomllib.loads(raw.decode())
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise PolicyError(f"line {line} is not UTF-8: save the file as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(str(error)) from error
