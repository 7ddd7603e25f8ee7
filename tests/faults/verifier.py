"""Counts everything that came of what was published, and says what is wrong with it. Pure; it trusts nobody's sums."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from agents.waterfall import holds
from schemas.enums import EntryKind, Source, Status
from schemas.ledger import LedgerEntry, RollUp
from schemas.records import Answer, DeadLetter, PredictionResponse
from streams.client import Received
from tests.faults.accounts import Row, Stored, Sums, row_of, spent, sum_of, sum_of_rollups, sum_of_rows, waterfall_of
from tests.faults.checks import but_for_comparing, comparing, faults_of_checks
from tests.faults.traffic import Due, Request, plain
from tests.faults.witness import Execution

MOST_SHOWN = 5
"""Examples of one kind of fault that a report names."""


class History(NamedTuple):
    """All that is left behind: what was published, and every record of every topic."""

    due: Mapping[Request, Due]
    malformed: Collection[bytes]
    published: Mapping[str, bytes]
    """What lies on the requests topics, by ``topic/partition@offset``."""
    answers: Sequence[Received[Answer]]
    responses: Sequence[Received[PredictionResponse]]
    entries: Sequence[Received[LedgerEntry]]
    letters: Sequence[Received[DeadLetter]]
    rollups: Sequence[Received[RollUp]]
    stored: Stored
    executions: Sequence[Execution]


class Counts(NamedTuple):
    """The one line."""

    requests: int
    responses: int
    copies: int
    """Deliveries of a response beyond its first."""
    failed: int
    """Responses that are FAILED."""
    entries: int
    reexecutions: int
    reexecutions_paid: int
    """Re-executions that an engine was paid for."""
    duplicates: int
    near: int
    """Responses that the semantic cache gave."""
    checks: int
    rejudged: int
    """Checks whose second delivery was compared otherwise than the first, which counts."""
    executions: int
    interrupted: int
    """Executions that never ended: their process was killed."""
    differing: int
    """Requests to which different texts were made, of which one was chosen."""
    dead_letters: int
    lost: int
    twice: int
    billed_twice: int
    difference_nano_usd: int

    def __str__(self) -> str:
        return " ".join(f"{name}={value}" for name, value in self._asdict().items())


class Verdict(NamedTuple):
    """What was counted, and what is wrong."""

    counts: Counts
    faults: Mapping[str, Sequence[str]]
    """By kind of fault, what it was found in."""

    def report(self) -> str:
        """The line, and below it some of each kind of fault."""
        shown = [
            f"  {kind} ({len(found)}): {example}"
            for kind, found in self.faults.items()
            for example in found[:MOST_SHOWN]
        ]
        return "\n".join([str(self.counts), *shown])


class _Faults:
    def __init__(self) -> None:
        self.found: defaultdict[str, list[str]] = defaultdict(list)

    def note(self, kind: str, what: object) -> None:
        self.found[kind].append(str(what))

    def count(self, kind: str) -> int:
        return len(self.found.get(kind, ()))


def verify(history: History) -> Verdict:
    """Hold everything against everything."""
    faults = _Faults()
    outcomes = _outcomes((one for one in history.answers if not one.record.ticket.check), faults)
    checks = _outcomes((one for one in history.answers if one.record.ticket.check), faults)
    responses = _responses(history, faults)
    entries = _distinct_entries(history.entries, faults)
    bills = _bills(history, responses, entries, faults)
    _chosen(outcomes, responses, faults)
    _texts(history, [*outcomes.values(), *checks.values()], responses, faults)
    _losers([outcomes, checks], entries, faults)
    for kind, what in faults_of_checks(checks, entries):
        faults.note(kind, what)
    _letters(history, faults)
    difference = _sums(history, [*outcomes.values(), *checks.values()], responses, bills, entries, faults)
    kinds = Counter(entry.kind for entry in entries)
    counts = Counts(
        requests=len(history.due),
        responses=len(responses),
        copies=len(history.responses) - len(responses),
        failed=sum(response.status is Status.FAILED for response in responses.values()),
        entries=len(entries),
        reexecutions=kinds[EntryKind.REEXECUTION],
        reexecutions_paid=sum(e.kind is EntryKind.REEXECUTION and e.unbilled_cost > 0 for e in entries),
        duplicates=kinds[EntryKind.DUPLICATE],
        near=sum(response.source is Source.SEMANTIC_CACHE for response in responses.values()),
        checks=kinds[EntryKind.CHECK],
        rejudged=len({received.raw for received in history.entries}) - len(entries),
        executions=len(history.executions),
        interrupted=sum(not execution.ended for execution in history.executions),
        differing=sum(len({answer.text for answer in some}) > 1 for some in outcomes.values()),
        dead_letters=len(history.letters),
        lost=faults.count("lost"),
        twice=faults.count("answered twice"),
        billed_twice=faults.count("billed twice"),
        difference_nano_usd=difference,
    )
    return Verdict(counts, dict(faults.found))


def _outcomes(answers: Iterable[Received[Answer]], faults: _Faults) -> dict[Request, list[Answer]]:
    """The different answers to each request, the first of the log first."""
    ordered = sorted(answers, key=lambda received: (received.partition, received.offset))
    outcomes: defaultdict[Request, dict[str, Answer]] = defaultdict(dict)
    partitions: dict[Request, int] = {}
    for received in ordered:
        answer = received.record
        request = Request(answer.ticket.tenant, answer.ticket.request_id)
        if partitions.setdefault(request, received.partition) != received.partition:
            faults.note("answers on several partitions", request)
        if not holds(answer.waterfall):
            faults.note("an answer's waterfall does not hold", answer)
        known = outcomes[request].setdefault(answer.answer_id, answer)
        if known != answer:
            faults.note("one answer id, two answers", request)
    return {request: list(some.values()) for request, some in outcomes.items()}


def _responses(history: History, faults: _Faults) -> dict[Request, PredictionResponse]:
    """The response to each request."""
    responses: dict[Request, PredictionResponse] = {}
    delivered: defaultdict[Request, set[bytes]] = defaultdict(set)
    for received in history.responses:
        response = received.record
        request = Request(response.tenant, response.request_id)
        responses.setdefault(request, response)
        delivered[request].add(received.raw)
    for request, raws in delivered.items():
        if request not in history.due:
            faults.note("a response that nobody asked for", request)
        if len(raws) > 1:
            faults.note("answered twice", request)
    for request, due in history.due.items():
        given = responses.get(request)
        if given is None:
            faults.note("lost", request)
        elif given.status is Status.FAILED and given.error_code not in due.errors:
            faults.note("failed for no reason", f"{request}: {given.error_code} {given.error_message}")
        elif given.status is Status.COMPLETED and due.must_fail:
            faults.note("answered, though it must fail", request)
    return responses


def _distinct_entries(entries: Iterable[Received[LedgerEntry]], faults: _Faults) -> list[LedgerEntry]:
    """Every entry once: the first of its id in the log, which is the one that the ledger must keep."""
    distinct: dict[str, LedgerEntry] = {}
    partitions: dict[str, int] = {}
    for received in sorted(entries, key=lambda one: (one.partition, one.offset)):
        entry = received.record
        first = distinct.setdefault(entry.entry_id, entry)
        if but_for_comparing(first) != but_for_comparing(entry):
            faults.note("one entry id, two entries", entry.entry_id)
        if partitions.setdefault(entry.entry_id, received.partition) != received.partition:
            faults.note("an entry on several partitions", entry.entry_id)
    found = list(distinct.values())
    for entry in found:
        if not holds(entry.waterfall):
            faults.note("an entry's waterfall does not hold", entry)
        billed = entry.kind in {EntryKind.RESPONSE, EntryKind.CHECK}
        if not billed and (entry.waterfall.effective_cost or entry.waterfall.costs):
            faults.note("billed, though it is no response", entry)
        if entry.unbilled_cost < 0:
            faults.note("a negative cost", entry)
    return found


def _bills(
    history: History,
    responses: Mapping[Request, PredictionResponse],
    entries: Iterable[LedgerEntry],
    faults: _Faults,
) -> dict[Request, LedgerEntry]:
    """The one entry that bills each request; the ledger's topic and SQL must both have exactly one."""
    billing: defaultdict[Request, list[LedgerEntry]] = defaultdict(list)
    for entry in entries:
        if entry.kind is EntryKind.RESPONSE:
            billing[Request(entry.tenant, entry.request_id)].append(entry)
    in_sql: defaultdict[Request, list[str]] = defaultdict(list)
    for row in history.stored.entries:
        if row.kind == EntryKind.RESPONSE:
            in_sql[Request(row.tenant, row.request_id)].append(row.entry_id)
    for request, some in billing.items():
        if len(some) > 1 or len(in_sql[request]) > 1:
            faults.note("billed twice", f"{request}: {[entry.entry_id for entry in some]}, SQL {in_sql[request]}")
        if request not in responses:
            faults.note("billed without a response", request)
        elif in_sql[request] != [entry.entry_id for entry in some]:
            faults.note("SQL and topic bill differently", f"{request}: {some}, SQL {in_sql[request]}")
    for request, response in responses.items():
        if request not in billing:
            faults.note("not billed", request)
            continue
        entry = billing[request][0]
        if entry.waterfall != response.waterfall or not holds(response.waterfall):
            faults.note("the costs differ", f"{request}: {response.waterfall} against {entry.waterfall}")
        if (entry.entry_id, entry.source, entry.status) != (response.response_id, response.source, response.status):
            faults.note("response and entry are not of one answer", request)
        if response.status is Status.FAILED and entry.waterfall.effective_cost:
            faults.note("a failure was billed", request)
    return {request: some[0] for request, some in billing.items()}


def _chosen(
    outcomes: Mapping[Request, Sequence[Answer]], responses: Mapping[Request, PredictionResponse], faults: _Faults
) -> None:
    """Every answered request has a response, which is the first answer in the log."""
    for request, some in outcomes.items():
        first, response = some[0], responses.get(request)
        if response is None:
            continue
        if (response.text, response.status, response.source) != (first.text, first.status, first.source):
            faults.note("not the first answer", f"{request}: {response.text!r} instead of {first.text!r}")
    for request in responses.keys() - outcomes.keys():
        faults.note("a response without an answer", request)


def _texts(
    history: History,
    outcomes: Iterable[Sequence[Answer]],
    responses: Mapping[Request, PredictionResponse],
    faults: _Faults,
) -> None:
    """Every text was made by one execution, of that tenant's question, and is charged to one answer at most."""
    made = {execution.text: execution for execution in history.executions if execution.text is not None}
    charged: Counter[str] = Counter()
    for some in outcomes:
        charged.update(answer.text for answer in some if answer.source is Source.ENGINE and answer.text is not None)
    for text in (text for text, times in charged.items() if times > 1):
        faults.note("one execution, charged to several", text)
    for request, response in responses.items():
        if response.text is None or request not in history.due:
            continue
        execution = made.get(response.text)
        asked = {plain(question) for question in history.due[request].questions}
        if execution is None:
            faults.note("a text from nowhere", f"{request}: {response.text!r}")
        elif execution.tenant != request.tenant:
            faults.note("a text of another tenant", request)
        elif plain(execution.question) not in asked:
            faults.note("an answer to another question", f"{request}: {execution.question!r}, {response.source}")
        if response.source is Source.DUPLICATE:
            faults.note("a duplicate without a first", request)


def _losers(
    groups: Iterable[Mapping[Request, Sequence[Answer]]], entries: Iterable[LedgerEntry], faults: _Faults
) -> None:
    """Every answer that was not chosen has an entry of its own that says what it cost."""
    accounted: defaultdict[Request, Counter[tuple[EntryKind, int]]] = defaultdict(Counter)
    expected: defaultdict[Request, Counter[tuple[EntryKind, int]]] = defaultdict(Counter)
    for entry in entries:
        if entry.kind not in {EntryKind.RESPONSE, EntryKind.CHECK}:
            accounted[Request(entry.tenant, entry.request_id)][entry.kind, entry.unbilled_cost] += 1
    for request, (first, *others) in (pair for outcomes in groups for pair in outcomes.items()):
        for other in others:
            again = other.ticket.origin == first.ticket.origin
            kind = EntryKind.REEXECUTION if again else EntryKind.DUPLICATE
            expected[request][kind, spent(other.waterfall)] += 1
    for request in expected.keys() | accounted.keys():
        for what in (expected[request] - accounted[request]).elements():
            faults.note("not accounted", f"{request}: {what}")
        for what in (accounted[request] - expected[request]).elements():
            faults.note("accounted too often", f"{request}: {what}")


def _letters(history: History, faults: _Faults) -> None:
    """What is malformed is put aside as it was, and nothing else is but what may fail."""
    kept = {received.record.value for received in history.letters}
    for raw in history.malformed:
        if raw not in kept:
            faults.note("malformed, and in no dead letter", raw)
    excused = {code for due in history.due.values() for code in due.errors} | {"UNDECODABLE"}
    for received in history.letters:
        letter = received.record
        if letter.code not in excused:
            faults.note("a dead letter that nothing explains", f"{letter.origin}: {letter.code} {letter.reason}")
        if letter.origin in history.published and history.published[letter.origin] != letter.value:
            faults.note("a dead letter with other bytes than the record it is of", letter.origin)
        if letter.code == "UNDECODABLE" and letter.value not in history.malformed:
            faults.note("well-formed, and called undecodable", letter.origin)


def _rows(rows: Collection[Row], entries: Iterable[LedgerEntry], faults: _Faults) -> None:
    """SQL has every entry of the topic once, as it is there, and no other."""
    for entry_id, times in Counter(row.entry_id for row in rows).items():
        if times > 1:
            faults.note("one entry, several rows", entry_id)
    for row in rows:
        waterfall = waterfall_of(row)
        if (row.list_cost, row.effective_cost) != (waterfall.list_cost, waterfall.effective_cost):
            faults.note("a row contradicts its waterfall", row)
    due, found = ({row.entry_id: _normal(row) for row in some} for some in (map(row_of, entries), rows))
    for entry_id in due.keys() | found.keys():
        if due.get(entry_id) != found.get(entry_id):
            what = f"{found.get(entry_id)} instead of {due.get(entry_id)}"
            faults.note("SQL has another entry than the topic", what)


def _normal(row: Row) -> Row:
    return row._replace(waterfall=repr(waterfall_of(row)))


def _sums(
    history: History,
    outcomes: Iterable[Sequence[Answer]],
    responses: Mapping[Request, PredictionResponse],
    bills: Mapping[Request, LedgerEntry],
    entries: Sequence[LedgerEntry],
    faults: _Faults,
) -> int:
    """By how many nano-dollars all accounts of the same money are apart, each difference taken as positive."""
    from_topic = sum_of((entry.kind, entry.waterfall, entry.unbilled_cost) for entry in entries)
    accounts = {
        "SQL entries": sum_of_rows(history.stored.entries),
        "SQL roll-ups": history.stored.rollups,
        "roll-ups on their topic": sum_of_rollups(history.rollups),
    }
    _rows(history.stored.entries, entries, faults)
    difference = 0
    for name, sums in accounts.items():
        for field, one, other in zip(Sums._fields, from_topic, sums, strict=True):
            if one != other:
                faults.note("the sums differ", f"{field}: {one} in the ledger's topic, {other} in the {name}")
                difference += abs(one - other) if field not in {"entries", "requests"} else 0
    for request in responses.keys() & bills.keys():
        apart = abs(responses[request].waterfall.effective_cost - bills[request].waterfall.effective_cost)
        difference += apart
    # The bill of whoever owns the engines: what all answers cost, billed or not, each of them once, and comparing them.
    incurred = sum(spent(answer.waterfall) for some in outcomes for answer in some) + sum(map(comparing, entries))
    recorded = from_topic.effective_cost + from_topic.unbilled_cost
    if incurred != recorded:
        faults.note("the sums differ", f"all answers and comparisons cost {incurred}, the ledger knows of {recorded}")
        difference += abs(incurred - recorded)
    return difference
