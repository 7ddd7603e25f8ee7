"""The dialects of JSON Schema as ``jsonschema`` has them, with an end to the work: RE2 for patterns, counted steps.

A schema and the answer it is held against are both somebody else's. A backtracking pattern, or references that fan out,
can keep a check busy for ever, and everything else on the worker waits for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextvars import ContextVar
from functools import lru_cache
from importlib.util import module_from_spec
from types import ModuleType, SimpleNamespace
from typing import Any

import attrs
import msgspec
import re2
from jsonschema import Draft202012Validator, _keywords, _legacy_keywords, _utils
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend, validator_for

STEPS = 500_000
"""What a check may take. A step is a keyword or a subschema that is applied, or what is read for it: some 2 µs."""
_READ = 100
"""Characters of JSON that are read in a step."""
_MATCHED = 2_000
"""Instructions of a pattern, times characters that it is held against, in a step."""
_LARGEST = 2 << 20
"""Bytes for a pattern and what is remembered of matching it."""
_COMPILED = 5
"""Instructions of a pattern that are made in a step."""


class OverlongCheckError(Exception):
    """A check has used up its steps."""


class Steps:
    """What a check may still take. The same check takes the same number, whenever and wherever it is made."""

    def __init__(self, left: int = STEPS) -> None:
        self.left = left
        self._pattern = lru_cache(maxsize=64)(self._compiled)

    def take(self, steps: int) -> None:
        """Raises OverlongCheckError where there are not as many left."""
        self.left -= steps
        if self.left < 0:
            raise OverlongCheckError

    def search(self, written: str, text: str) -> object:
        """What of a text a pattern matches, as ``re.search``. Raises OverlongCheckError and re2.error."""
        compiled = self._pattern(written)
        self.take(compiled.programsize * len(text) // _MATCHED)
        return compiled.search(text)

    def _compiled(self, written: str) -> Any:
        compiled = pattern(written)
        self.take(1 + compiled.programsize // _COMPILED)
        return compiled


_steps: ContextVar[Steps] = ContextVar("steps")
"""Those of the check under way: jsonschema hands nothing of the kind down to its keywords."""


def first_error(validator: Any, instance: object, steps: Steps) -> ValidationError | None:
    """What is wrong with an instance first; None where it is valid.

    Raises:
        OverlongCheckError: there were not steps enough to tell.
        Exception: anything else, where the validator's schema is not one throughout.
    """
    token = _steps.set(steps)
    try:
        return next(validator.iter_errors(instance), None)
    finally:
        _steps.reset(token)


@lru_cache(maxsize=128)
def pattern(written: str) -> Any:
    """A pattern that is matched in time linear in the text. Raises re2.error where RE2 cannot express it."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _LARGEST
    # ECMA-262 writes a character as \uXXXX, and RE2 as \x{XXXX}.
    return re2.compile(re.sub(r"(\\\\)|\\u([0-9a-fA-F]{4})", _character, written), options)


def dialect(schema: object) -> Any:
    """The bounded validator class of a schema: that of its ``$schema``, or else of draft 2020-12.

    It is that of all subschemas, whatever they name themselves.
    """
    return _bounded(validator_for(schema, default=Draft202012Validator))


def _character(escape: re.Match[str]) -> str:
    return escape[1] or rf"\x{{{escape[2]}}}"


@lru_cache
def _bounded(kind: Any) -> Any:
    keywords = {name: _counted(_linear(keyword)) for name, keyword in kind.VALIDATORS.items()}
    bounded = extend(kind, {**keywords, "uniqueItems": _counted(_unique)})
    # jsonschema's own goes over to the class of whatever ``$schema`` a subschema names, which nothing bounds.
    bounded.evolve = _evolve
    return bounded


_FIELDS = [(field.name, field.alias) for field in attrs.fields(Draft202012Validator) if field.init]


def _evolve(validator: Any, **changes: Any) -> Any:
    _steps.get().take(2)
    kept = {given: getattr(validator, held) for held, given in _FIELDS if given not in changes}
    return type(validator)(**kept, **changes)


def _counted(keyword: Any) -> Any:
    def counted(validator: Any, value: object, instance: object, schema: object) -> Any:
        _steps.get().take(1 + len(msgspec.json.encode((value, instance))) // _READ)
        return keyword(validator, value, instance, schema)

    return counted


def _unique(validator: Any, wanted: bool, instance: Any, _: object) -> Iterator[ValidationError]:
    # jsonschema's own compares each with each.
    if wanted and validator.is_type(instance, "array") and len(set(map(_hashable, instance))) < len(instance):
        yield ValidationError(f"{instance!r} has non-unique elements")


def _hashable(value: object) -> object:
    """Equal for what JSON Schema calls equal: 1 is 1.0, and not true."""
    if isinstance(value, bool):
        return bool, value
    if isinstance(value, list):
        return tuple(map(_hashable, value))
    if isinstance(value, dict):
        return frozenset((key, _hashable(inner)) for key, inner in value.items())
    return value


def _again(module: Any, **instead: object) -> ModuleType:
    """A module once more, with something else in the place of what it imports."""
    again = module_from_spec(module.__spec__)
    module.__spec__.loader.exec_module(again)
    vars(again).update(instead)
    return again


# jsonschema takes no other engine for its patterns.
_RE2 = SimpleNamespace(search=lambda written, text: _steps.get().search(written, text))
_finders = {name: found for name, found in vars(_again(_utils, re=_RE2)).items() if name.startswith("find_")}
_now = _again(_keywords, re=_RE2, **_finders)
_legacy = _again(_legacy_keywords, re=_RE2)


def _linear(keyword: Any) -> Any:
    module = _now if keyword.__module__ == _keywords.__name__ else _legacy
    return getattr(module, keyword.__name__)
