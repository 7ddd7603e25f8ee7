"""The eight questions that finance asks of a ledger: spend and savings (see queries.py), and these six."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec
from sqlalchemy import func, tuple_

from agents.ledger.anomaly import WEEK_MS, WEEKS, Anomaly, anomalies
from agents.ledger.expensive import Expensive, explained
from agents.ledger.fold import HOUR_MS
from agents.ledger.forecast import HISTORY_DAYS, Method, day_ahead, days_ahead
from agents.ledger.queries import DAY_MS, EVERYWHERE, Queries, Where, grouped, groups_of, total
from agents.ledger.recorded import Recorded, of_row
from agents.ledger.tables import entries, rollups
from agents.wilson import share
from schemas.enums import EntryKind
from schemas.money import share_of

Step = Literal["hour", "day"]
MOST_EXPENSIVE = 20


class TrendPoint(msgspec.Struct, frozen=True, kw_only=True):
    """One hour or one day. Money is in nano-USD."""

    at: int
    """Its first millisecond, UTC."""
    requests: int
    list_cost: int
    effective_cost: int
    unbilled_cost: int


class Trend(msgspec.Struct, frozen=True, kw_only=True):
    """How the spend of one group went over time."""

    by: dict[str, str | int]
    points: list[TrendPoint]
    """Of every step from the first that has entries to the last, those that have none included."""
    change: int
    """By how much the effective cost grows from one step to the next, in nano-USD: the slope of the line that fits the
    points by least squares, ``Σ (t − t̄)(y − ȳ) / Σ (t − t̄)²``, to the nearest integer."""


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """What a period will have cost at its end. Money is in nano-USD."""

    since: int
    until: int
    spent: int
    """Up to now."""
    expected: int
    """At the end of the period: spent, and what the rest is expected to cost."""
    low: int | None
    high: int | None
    """It lies between the two in 95 of 100 cases; null where there are not two days to judge by."""
    method: Method
    """See agents/ledger/forecast.py; ``none`` where the period is over, or there is no history."""
    budget: int | None
    exhausted_at: int | None
    """The first millisecond of the day on which the budget was used up, or is expected to be; null where it is not."""


class UnitCost(msgspec.Struct, frozen=True, kw_only=True):
    """What 1,000 predictions cost. Money is in nano-USD."""

    by: dict[str, str | int]
    requests: int
    effective_cost: int
    list_per_1000: int
    """What they would have cost."""
    per_1000: int
    """To the nearest nano-dollar."""


class IdleShare(msgspec.Struct, frozen=True, kw_only=True):
    """What GPUs cost while nobody used them. Money is in nano-USD."""

    by: dict[str, str | int]
    idle_cost: int
    used_cost: int
    """Of the rest, billed and unbilled, of the models that have an idle cost."""
    share: float | None
    """``idle / (idle + used)``; null where neither was anything."""


class Questions(Queries):
    """What finance asks. Periods, ``where`` and errors are those of :class:`agents.ledger.queries.Queries`."""

    def trend(
        self,
        step: Step = "day",
        by: Sequence[str] = (),
        since: int | None = None,
        until: int | None = None,
        where: Where = EVERYWHERE,
    ) -> list[Trend]:
        """Spend over time, of each group, the dearest first.

        Raises:
            UnknownNameError: something that cannot be grouped by.
        """
        width = {"hour": HOUR_MS, "day": DAY_MS}[step]
        at = (rollups.c.hour - rollups.c.hour % width).label("at")
        groups = groups_of(by)
        sums = [total(rollups.c[name]) for name in ("requests", "list_cost", "effective_cost", "unbilled_cost")]
        query = self._select(rollups, [*groups, at, *sums], since, until, where).group_by(*groups, at)
        found: dict[tuple[str | int, ...], dict[int, TrendPoint]] = defaultdict(dict)
        for row in self._rows(query):
            group = tuple(row[name] for name in by)
            found[group][row["at"]] = TrendPoint(**{name: row[name] for name in TrendPoint.__struct_fields__})
        trends = [
            Trend(
                by=dict(zip(by, group, strict=True)), points=(line := list(_filled(points, width))), change=_slope(line)
            )
            for group, points in found.items()
        ]
        return sorted(trends, key=lambda one: (-sum(point.effective_cost for point in one.points), *one.by.values()))

    def forecast(
        self, since: int, until: int, now: int, budget: int | None = None, where: Where = EVERYWHERE
    ) -> Forecast:
        """What ``[since, until)`` will have cost, and when a budget for it is used up.

        Args:
            since: the first millisecond of a day, UTC.
            until: the same.
            now: up to which the ledger is taken for complete.
            budget: nano-USD for the period.
            where: whose spend.
        """
        today = now - now % DAY_MS
        oldest = today - HISTORY_DAYS * DAY_MS
        trends = self.trend("day", (), min(since, oldest), until, where)
        days = {point.at: point.effective_cost for one in trends for point in one.points}
        history = [days.get(day, 0) for day in range(max(min(days, default=today), oldest), today, DAY_MS)]
        spent = sum(cost for day, cost in days.items() if since <= day)
        first = max(today, since)
        before, ahead = (first - today) // DAY_MS, max(0, (until - first) // DAY_MS)
        coming = {first + n * DAY_MS: day_ahead(history, before + n + 1) for n in range(ahead)}
        if today in coming:
            coming[today] = max(0, coming[today] - days.get(today, 0))
        # For a period that is still to come, the interval is that of all days until its end: wider than its own.
        _, margin, method = days_ahead(history, before + ahead if ahead else 0)
        expected = spent + sum(coming.values())
        return Forecast(
            since=since,
            until=until,
            spent=spent,
            expected=expected,
            low=None if margin is None else max(spent, expected - margin),
            high=None if margin is None else expected + margin,
            method=method,
            budget=budget,
            exhausted_at=None if budget is None else _exhausted(days, coming, since, until, budget),
        )

    def expensive(
        self,
        since: int | None = None,
        until: int | None = None,
        where: Where = EVERYWHERE,
        limit: int = MOST_EXPENSIVE,
    ) -> list[Expensive]:
        """The requests that most was spent on, billed or not, the dearest first, and why.

        From the raw entries: it reaches as far back as they are kept.
        """
        request = entries.c.tenant, entries.c.request_id
        spent = func.sum(entries.c.effective_cost + entries.c.unbilled_cost)
        query = self._select(entries, [*request], since, until, where).where(entries.c.kind != EntryKind.IDLE.value)
        query = query.group_by(*request)
        dearest = [tuple(row.values()) for row in self._rows(query.order_by(spent.desc(), *request).limit(limit))]
        columns = [entries.c[name] for name in Recorded.__struct_fields__]
        of_them = self._select(entries, columns, since, until, where).where(tuple_(*request).in_(dearest))
        found: dict[tuple[str, str], list[Recorded]] = defaultdict(list)
        for row in self._rows(of_them):
            one = of_row(row)
            found[one.tenant, one.request_id].append(one)
        for recorded in found.values():
            recorded.sort(key=lambda one: (one.kind is not EntryKind.RESPONSE, one.occurred_at, one.entry_id))
        return [explained(found[key]) for key in dearest if key in found]

    def unit_costs(
        self,
        by: Sequence[str] = (),
        since: int | None = None,
        until: int | None = None,
        where: Where = EVERYWHERE,
    ) -> list[UnitCost]:
        """What 1,000 predictions cost, of each group that has any, the dearest first.

        Raises:
            UnknownNameError: something that cannot be grouped by.
        """
        found = [
            UnitCost(
                by=one.by,
                requests=one.requests,
                effective_cost=one.effective_cost,
                list_per_1000=share_of(one.list_cost, 1000, one.requests),
                per_1000=share_of(one.effective_cost, 1000, one.requests),
            )
            for one in self.spend(by, since, until, where)
            if one.requests
        ]
        return sorted(found, key=lambda one: -one.per_1000)

    def idle(
        self,
        by: Sequence[str] = ("model",),
        since: int | None = None,
        until: int | None = None,
        where: Where = EVERYWHERE,
    ) -> list[IdleShare]:
        """Which share of the GPUs' cost was for nothing, of each group, the largest idle cost first.

        Raises:
            UnknownNameError: something that cannot be grouped by.
        """
        models = self._select(rollups, [rollups.c.model], since, until, where).where(rollups.c.idle_cost != 0)
        used = rollups.c.effective_cost + rollups.c.unbilled_cost - rollups.c.idle_cost
        sums = [total(rollups.c.idle_cost), total(used, name="used_cost")]
        groups = groups_of(by)
        query = self._select(rollups, [*groups, *sums], since, until, where).where(rollups.c.model.in_(models))
        rows = [grouped(row, by) for row in self._rows(query.group_by(*groups).order_by(*groups))]
        found = [IdleShare(**row, share=share(row["idle_cost"], row["idle_cost"] + row["used_cost"])) for row in rows]
        return sorted(found, key=lambda one: -one.idle_cost)

    def anomalies(self, since: int, until: int, where: Where = EVERYWHERE) -> list[Anomaly]:
        """Hours of ``[since, until)`` in which a tenant's spend was off its own pattern, the most money first.

        Args:
            since: the first millisecond of an hour.
            until: the same. Of an hour that is not over yet too little would be known.
            where: whose spend.
        """
        columns = rollups.c.tenant, rollups.c.hour
        query = self._select(
            rollups, [*columns, total(rollups.c.effective_cost)], since - WEEKS * WEEK_MS - HOUR_MS, until, where
        )
        spent: dict[str, dict[int, int]] = defaultdict(dict)
        for row in self._rows(query.group_by(*columns).order_by(*columns)):
            spent[row["tenant"]][row["hour"]] = row["effective_cost"]
        found = [one for tenant, hours in spent.items() for one in anomalies(tenant, hours, since, until)]
        return sorted(found, key=lambda one: (-abs(one.effective_cost - one.expected), one.tenant, one.hour))


def whole_days(since: int, until: int) -> tuple[int, int]:
    """A period (UTC epoch milliseconds), widened to whole days: what a forecast is of."""
    return since - since % DAY_MS, until + -until % DAY_MS


def complete_hours(since: int | None, until: int | None, now: int) -> tuple[int, int]:
    """A period (UTC epoch milliseconds), widened to whole hours and cut to those that are over by ``now``.

    Where nothing is named, it is the last seven days.
    """
    over = now - now % HOUR_MS
    end = over if until is None else min(over, until + -until % HOUR_MS)
    begin = end - WEEK_MS if since is None else since
    return begin - begin % HOUR_MS, end


def _filled(points: dict[int, TrendPoint], width: int) -> Iterator[TrendPoint]:
    for at in range(min(points), max(points) + 1, width):
        yield points.get(at) or TrendPoint(at=at, requests=0, list_cost=0, effective_cost=0, unbilled_cost=0)


def _slope(points: Sequence[TrendPoint]) -> int:
    """By least squares. Steps are counted from the middle, twice over so that they are integers."""
    count = len(points)
    offsets = range(1 - count, count, 2)
    squares = sum(offset * offset for offset in offsets)
    slope = sum(offset * point.effective_cost for offset, point in zip(offsets, points, strict=True))
    return (4 * slope + squares) // (2 * squares) if squares else 0


def _exhausted(spent: dict[int, int], coming: dict[int, int], since: int, until: int, budget: int) -> int | None:
    used = 0
    for day in range(since, until, DAY_MS):
        used += spent.get(day, 0) + coming.get(day, 0)
        if used > budget:
            return day
    return None
