"""The service's OpenAPI document. Answers are msgspec structs: it is made of their own schemas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

REF = "#/components/schemas/{name}"
_COMPONENTS = "x-components"
"""Where a response keeps the schemas that its own refers to, until they are put where the document has them."""


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Why there is no answer."""

    code: str
    """Stable, and safe to match on."""
    message: str
    """What was wrong, where, and what to do."""


PROBLEMS = {
    401: "No token, or none that holds.",
    422: "A parameter is wrong.",
    429: "Too many requests.",
    503: "The ledger cannot be read.",
}


TABLES = {"text/csv": {"schema": {"type": "string"}}, "application/vnd.apache.parquet": {"schema": {"type": "string"}}}


def answers_with(
    kind: Any, status: int = 200, *, tables: bool = False, problems: Mapping[int, str] | None = None
) -> dict[int | str, dict[str, Any]]:
    """What an endpoint may answer, for its ``responses``.

    Args:
        kind: the struct of a good answer, or a list of it; None where it comes as a table only.
        status: of a good answer.
        tables: whether it may come as a table too.
        problems: what else may be wrong, by status.
    """
    kinds = [Problem] if kind is None else [Problem, kind]
    (problem, *good), components = msgspec.json.schema_components(kinds, ref_template=REF)
    content: dict[str, Any] = dict(TABLES) if tables else {}
    if good:
        content["application/json"] = {"schema": good[0]}
    wrong: dict[int | str, dict[str, Any]] = {
        code: {"description": said, "content": {"application/json": {"schema": problem}}}
        for code, said in {**PROBLEMS, **(problems or {})}.items()
    }
    return {status: {"description": "The answer.", "content": content, _COMPONENTS: components}, **wrong}


def described(app: FastAPI) -> dict[str, Any]:
    """The document, with the schemas of all answers in its components."""
    document = get_openapi(
        title=app.title, version=app.version, summary=app.summary, description=app.description, routes=app.routes
    )
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for path in document["paths"].values():
        for operation in path.values():
            for response in operation["responses"].values():
                schemas.update(response.pop(_COMPONENTS, {}))
    return document
