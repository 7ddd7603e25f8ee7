"""Markdown files, with front matter in YAML or TOML."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import yaml

from schemas.errors import InvalidRequestError
from streams.ingest.metadata import typed
from streams.ingest.reading import Read, decoded

_HEADING = re.compile(r"\s*#[ \t]+(?P<text>[^\n]*?)[ \t#]*(?:\n|$)")


class _Form(NamedTuple):
    """A way of writing front matter."""

    name: str
    ends: tuple[str, ...]
    load: Callable[[str], Any]


class _Yaml(yaml.SafeLoader):  # type: ignore[misc]
    """Safe, and of our own: vLLM's libraries teach the one that all share to leave dates as they are written."""


_Yaml.add_constructor("tag:yaml.org,2002:timestamp", _Yaml.construct_yaml_timestamp)
_FORMS = {
    "---": _Form("YAML", ("---", "..."), partial(yaml.load, Loader=_Yaml)),
    "+++": _Form("TOML", ("+++",), tomllib.loads),
}
"""By the line that begins it."""


def markdown(raw: bytes) -> Read:
    """Markdown. Its title is the front matter's, or else a heading of the first level that it begins with.

    Raises:
        InvalidRequestError: it is not UTF-8, or its front matter is broken.
    """
    fields, text = _parted(decoded(raw))
    title = fields.pop("title", None)
    if title is None and (heading := _HEADING.match(text)):
        title = heading["text"]
    metadata, left_out = typed(fields)
    notes = (f"left out of the metadata, being lists or tables: {', '.join(left_out)}",) if left_out else ()
    return Read(str(title or ""), text, metadata, notes)


def _parted(text: str) -> tuple[dict[Any, Any], str]:
    """Front matter and the text after it. What only looks like front matter belongs to the text."""
    first, *lines = text.splitlines(keepends=True) or [""]
    form = _FORMS.get(first.rstrip())
    end = next((n for n, line in enumerate(lines) if form is not None and line.rstrip() in form.ends), None)
    if form is None or end is None:
        return {}, text
    try:
        fields = form.load("".join(lines[:end]))
    except Exception as error:  # of a date that does not exist, or a number that is none, it can raise anything
        why = "it is nested too deeply" if isinstance(error, RecursionError) else " ".join(str(error).split())
        raise InvalidRequestError(f"its front matter is no {form.name}: {why}") from error
    if fields is not None and not isinstance(fields, dict):
        return {}, text  # two rules with text between them
    return fields or {}, "".join(lines[end + 1 :])
