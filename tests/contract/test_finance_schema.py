"""The finance API against its own document: whatever a client sends, nothing breaks and nothing leaks."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance
from sqlalchemy import create_engine

from streams.web.service import service
from tests.fakes.finance import finance


class Served(NamedTuple):
    schema: Any
    token: str


def operations() -> list[tuple[str, str]]:
    document = service(create_engine("sqlite://"), lambda: 0).openapi()
    return [(path, method) for path, item in document["paths"].items() for method in item]


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with finance() as made:
        # Of the tenant "lab", with every right that it can have. What is the tenant bank's says so.
        _, token = made.asking("lab", write=True)
        made.tokens.create("the bank's", ["bank"])
        yield Served(schemathesis.openapi.from_asgi("/openapi.json", made.client.app), token.token)


@pytest.mark.parametrize(("path", "method"), operations())
@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_nothing_breaks_and_nothing_of_another_tenant_is_read(
    data: st.DataObject, path: str, method: str, served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.clear()
    caplog.set_level(logging.DEBUG)
    case = data.draw(served.schema[path][method].as_strategy())
    # That statuses, content types and bodies are as the document says, and that no status is a server error.
    response = case.call_and_validate(
        headers={"Authorization": f"Bearer {served.token}"},
        # No schema can say how long a period may be; that a token is needed has a test of its own.
        excluded_checks=[positive_data_acceptance, ignored_auth],
    )
    sent = f"{case.path_parameters}{case.query}{case.body}"
    for name in ("bank-desk", "bank-m", "bank-1", "the bank's"):
        assert name in sent or name.encode() not in response.content
    assert served.token not in "".join(one.getMessage() for one in caplog.records)
