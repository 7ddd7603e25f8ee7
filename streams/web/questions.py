"""The questions that finance asks, one endpoint each."""
# ruff: noqa: PLR0917 - a query parameter is an argument

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, NamedTuple

from fastapi import APIRouter, Depends, Query, Response
from pydantic import AfterValidator, StringConstraints

from agents.ledger import focus, focus_file
from agents.ledger.anomaly import Anomaly
from agents.ledger.expensive import Expensive
from agents.ledger.queries import GROUPINGS, Savings, Spend, StrategySaving, Where
from agents.ledger.questions import (
    MOST_EXPENSIVE,
    Forecast,
    IdleShare,
    Step,
    Trend,
    TrendPoint,
    UnitCost,
    complete_hours,
    whole_days,
)
from schemas.errors import InvalidRequestError, ServiceError, SetupError
from streams.web.access import AccessDep, ReaderDep, reader
from streams.web.answers import Form, answered, file
from streams.web.openapi import answers_with
from streams.web.terms import BudgetState, CacheQuality, quality, running, states

router = APIRouter(prefix="/v1", dependencies=[Depends(reader)], tags=["questions"])

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_LONGEST_FORECAST, _LONGEST_WATCH = timedelta(days=366), timedelta(days=92)
_MOST_LISTED = 200
_MOST_NANO_USD = 2**63 - 1


def _utc(at: datetime) -> datetime:
    known = at.replace(tzinfo=UTC) if at.tzinfo is None else at
    if not _EARLIEST <= known <= _LATEST:
        raise ValueError(f"must lie between {_EARLIEST.year} and {_LATEST.year}")
    return known


Instant = Annotated[datetime, AfterValidator(_utc)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=256, pattern=r"^[^\x00-\x1f\x7f]+$")]
_GROUPING = "|".join(GROUPINGS)
By = Annotated[
    str,
    Query(
        description=f"What to group by, with commas: {', '.join(GROUPINGS)}.",
        # Said here, and not checked here: the ledger's own message is the better one.
        json_schema_extra={"pattern": f"^(({_GROUPING})(,({_GROUPING}))*)?$"},
    ),
]
FocusForm = Literal["csv", "parquet"]
FormQuery = Annotated[Form, Query(alias="format", description="JSON, or a table to take away.")]


class Asked(NamedTuple):
    """Which part of the ledger a question is about."""

    since: int | None
    until: int | None
    where: Where


def asked(
    since: Annotated[Instant | None, Query(description="From this hour on; UTC where no offset is given.")] = None,
    until: Annotated[Instant | None, Query(description="Up to this hour.")] = None,
    tenant: Annotated[list[Name] | None, Query(description="Only these tenants'. Repeatable, as are the next.")] = None,
    cost_center: Annotated[list[Name] | None, Query()] = None,
    task: Annotated[list[Name] | None, Query()] = None,
    model: Annotated[list[Name] | None, Query()] = None,
) -> Asked:
    """What the query string says of it."""
    named = {"tenant": tenant, "cost_center": cost_center, "task": task, "model": model}
    where = {name: values for name, values in named.items() if values}
    return Asked(ms(since) if since else None, ms(until) if until else None, where)


AskedDep = Annotated[Asked, Depends(asked)]


@router.get("/spend", responses=answers_with(list[Spend], tables=True))
def spend(reader: ReaderDep, asked: AskedDep, by: By = "", form: FormQuery = Form.JSON) -> Response:
    """What was spent, by anything that the ledger knows; the dearest first. Ungrouped, one row of everything."""
    found = reader.questions.spend(names(by), *asked)
    return answered(form, "spend", found, kind=Spend, rows=found, by=names(by))


@router.get("/trend", responses=answers_with(list[Trend], tables=True))
def trend(reader: ReaderDep, asked: AskedDep, by: By = "", step: Step = "day", form: FormQuery = Form.JSON) -> Response:
    """Spend over time, by hour or day, and by how much it grows from one to the next."""
    found = reader.questions.trend(step, names(by), *asked)
    points = ({**_fields(point), "by": line.by} for line in found for point in line.points)
    return answered(form, "trend", found, kind=TrendPoint, rows=points, by=names(by))


@router.get("/savings", responses=answers_with(Savings, tables=True))
def savings(reader: ReaderDep, asked: AskedDep, form: FormQuery = Form.JSON) -> Response:
    """The waterfall: from list cost to effective cost, by strategy, net of what each strategy spent on itself.

    As a table, its strategies.
    """
    found = reader.questions.savings(*asked)
    return answered(form, "savings", found, kind=StrategySaving, rows=found.strategies)


@router.get("/cache-quality", responses=answers_with(list[CacheQuality], tables=True))
def cache_quality(reader: ReaderDep, access: AccessDep, asked: AskedDep, form: FormQuery = Form.JSON) -> Response:
    """How often the semantic cache is wrong, by tenant and task: what checks measured, against the tenant's bound."""
    found = quality(reader.questions.checked(*asked), access.terms.bounds)
    return answered(form, "cache-quality", found, kind=CacheQuality, rows=found)


@router.get("/budgets", responses=answers_with(list[BudgetState], tables=True))
def budgets(
    reader: ReaderDep,
    access: AccessDep,
    tenant: Annotated[list[Name] | None, Query(description="Only those that these count for.")] = None,
    form: FormQuery = Form.JSON,
) -> Response:
    """How much of each budget is used in the period that runs now; none where the service knows no policy."""
    mine = [one for one in reader.budgets if tenant is None or one.tenant in {None, *tenant}]
    found = states(mine, reader.questions, access.now())
    return answered(form, "budgets", found, kind=BudgetState, rows=found)


@router.get("/forecast", responses=answers_with(Forecast, tables=True))
def forecast(
    reader: ReaderDep,
    access: AccessDep,
    asked: AskedDep,
    budget: Annotated[
        int | None, Query(ge=0, le=_MOST_NANO_USD, description="For the whole period, in nano-USD.")
    ] = None,
    form: FormQuery = Form.JSON,
) -> Response:
    """What a period will have cost at its end, and when a budget for it is used up.

    Without `since` and `until` it is this month. Both are widened to whole days; at most 366 of them.
    """
    now = access.now()
    since, until = running("month", now)
    since, until = asked.since if asked.since is not None else since, asked.until if asked.until is not None else until
    since, until = whole_days(since, until)
    _not_longer(since, until, _LONGEST_FORECAST)
    found = reader.questions.forecast(since, until, now, budget, asked.where)
    return answered(form, "forecast", found, kind=Forecast, rows=[found])


@router.get("/expensive", responses=answers_with(list[Expensive], tables=True))
def expensive(
    reader: ReaderDep,
    asked: AskedDep,
    limit: Annotated[int, Query(ge=1, le=_MOST_LISTED)] = MOST_EXPENSIVE,
    form: FormQuery = Form.JSON,
) -> Response:
    """The requests that most was spent on, and why. From the raw entries, as far back as they are kept."""
    found = reader.questions.expensive(*asked, limit)
    return answered(form, "expensive", found, kind=Expensive, rows=found)


@router.get("/unit-costs", responses=answers_with(list[UnitCost], tables=True))
def unit_costs(reader: ReaderDep, asked: AskedDep, by: By = "", form: FormQuery = Form.JSON) -> Response:
    """What 1,000 predictions cost, and would have cost."""
    found = reader.questions.unit_costs(names(by), *asked)
    return answered(form, "unit-costs", found, kind=UnitCost, rows=found, by=names(by))


@router.get("/idle", responses=answers_with(list[IdleShare], tables=True))
def idle(reader: ReaderDep, asked: AskedDep, by: By = "model", form: FormQuery = Form.JSON) -> Response:
    """Which share of the GPUs' cost was for nothing."""
    found = reader.questions.idle(names(by), *asked)
    return answered(form, "idle", found, kind=IdleShare, rows=found, by=names(by))


@router.get("/anomalies", responses=answers_with(list[Anomaly], tables=True))
def anomalies(reader: ReaderDep, access: AccessDep, asked: AskedDep, form: FormQuery = Form.JSON) -> Response:
    """Hours in which a tenant's spend was off its own pattern.

    Without `since` and `until` those of the last seven days; at most 92 days. The hour that runs is never among them.
    """
    since, until = complete_hours(asked.since, asked.until, access.now())
    _not_longer(since, until, _LONGEST_WATCH)
    found = reader.questions.anomalies(since, until, asked.where)
    return answered(form, "anomalies", found, kind=Anomaly, rows=found)


@router.get("/focus", responses=answers_with(None, tables=True))
def focus_(
    reader: ReaderDep, access: AccessDep, asked: AskedDep, form: Annotated[FocusForm, Query(alias="format")] = "csv"
) -> Response:
    """Cost and usage as a FOCUS dataset, one row a meter and day, savings in `x_` columns. From the raw entries.

    Without `since` it begins with this month; at most 92 days.
    """
    now = access.now()
    since = asked.since if asked.since is not None else running("month", now)[0]
    _not_longer(since, asked.until if asked.until is not None else max(now, since), _LONGEST_WATCH)
    try:
        booked = reader.questions.booked(since, asked.until)
    except ServiceError:
        raise
    except SetupError as error:  # so far back there are no raw entries any more
        raise InvalidRequestError(str(error)) from error
    wanted = (one for one in booked if all(getattr(one, name) in values for name, values in asked.where.items()))
    rows = focus.rows(focus.charges(wanted), provider="Headrace", invoiced=access.terms.invoiced)
    written = io.BytesIO()
    focus_file.write(rows, focus.COLUMNS, form, written)
    return file(written.getvalue(), Form(form), "focus")


def names(by: str) -> Sequence[str]:
    """The names in a list with commas."""
    return by.split(",") if by else []


def ms(at: datetime) -> int:
    """UTC epoch milliseconds."""
    return (at - _EPOCH) // timedelta(milliseconds=1)


def _not_longer(since: int, until: int, most: timedelta) -> None:
    if not since <= until:
        raise InvalidRequestError("the period ends before it begins: since must not be after until")
    if until - since > most // timedelta(milliseconds=1):
        raise InvalidRequestError(f"the period is longer than {most.days} days: ask for a shorter one")


def _fields(struct: Any) -> dict[str, Any]:
    return {name: getattr(struct, name) for name in struct.__struct_fields__}
