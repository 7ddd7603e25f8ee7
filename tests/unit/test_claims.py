"""The first record of an identity wins, whatever is lost, repeated or read again."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.claims import Claim, Claimant, Claims, Past, cover
from agents.stage import Position
from schemas.errors import FatalError
from schemas.records import Message
from tests.fakes.log import Log

HORIZON = 100
TOPIC = "headrace.answers"
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
"""Where files cost no fsync: what a power cut leaves is not what these tests are about."""


def claims_in(folder: Path, *, now: int = 10**6, gather: int = 3, gather_ms: int = 10**9, reach: int = 100) -> Claims:
    return Claims(folder, horizon_ms=HORIZON, now=lambda: now, gather=gather, gather_ms=gather_ms, reach=reach)


def kill(claims: Claims) -> None:
    """End as a SIGKILL does: nothing that was gathered is written."""
    for book in claims._books.values():
        book.close()


def claimed(claims: Claims, offset: int, identity: str, at: int = 0, partition: int = 0) -> Claim:
    claimant = Claimant(identity.encode(), f"origin-{offset}", f"answer-{offset}")
    return claims.claim(Position(TOPIC, partition, offset), claimant, at)


@pytest.fixture
def claims(tmp_path: Path) -> Iterator[Claims]:
    made = claims_in(tmp_path / "claims")
    made.catch_up(TOPIC, 0, (), 0)
    yield made
    kill(made)


def test_the_first_record_of_an_identity_wins_and_stays_the_winner(claims: Claims) -> None:
    assert claimed(claims, 0, "a") == Claim(0, "origin-0", "answer-0")
    assert claimed(claims, 1, "b").offset == 1
    assert claimed(claims, 2, "a") == Claim(0, "origin-0", "answer-0")
    assert claimed(claims, 3, "a").offset == 0


def test_a_redelivered_record_finds_its_own_claim(claims: Claims) -> None:
    for offset, identity in enumerate("abab"):
        claimed(claims, offset, identity)
    assert [claimed(claims, offset, identity).offset for offset, identity in enumerate("abab")] == [0, 1, 0, 1]


def test_a_later_record_never_wins_over_an_earlier_one_that_comes_again(claims: Claims) -> None:
    assert [claimed(claims, offset, "a").offset for offset in (0, 1, 0, 1)] == [0, 0, 0, 0]


def test_a_copy_of_any_earlier_outcome_is_known_as_one(tmp_path: Path) -> None:
    def told(claims: Claims, offset: int, answer_id: str, identity: bytes = b"a") -> bool:
        return claims.claim(Position(TOPIC, 0, offset), Claimant(identity, "origin", answer_id), 0).told

    answers = ["first", "second", "second", "first", "third", "second"]
    expected = [False, False, True, True, False, True]
    for gather in (1, 3, 100):
        claims = claims_in(tmp_path / str(gather), gather=gather)
        claims.catch_up(TOPIC, 0, (), 0)
        assert [told(claims, *one) for one in enumerate(answers)] == expected
        assert [told(claims, *one) for one in enumerate(answers)] == expected, "and the same when they come again"
        assert not told(claims, len(answers), "second", b"another request")
        kill(claims)


def test_partitions_have_nothing_to_do_with_each_other(claims: Claims) -> None:
    claims.catch_up(TOPIC, 1, (), 0)
    assert claimed(claims, 0, "a", partition=0).offset == 0
    assert claimed(claims, 0, "a", partition=1) == Claim(0, "origin-0", "answer-0")
    assert claims.next_offset(TOPIC, 1) == 1
    assert claims.next_offset(TOPIC, 2) is None


def test_a_claim_beyond_the_horizon_is_forgotten(claims: Claims) -> None:
    claimed(claims, 0, "a", at=0)
    assert claimed(claims, 1, "a", at=HORIZON).offset == 0
    assert claimed(claims, 2, "a", at=HORIZON + 1).offset == 1, "the second is still within the horizon"
    assert claimed(claims, 3, "a", at=3 * HORIZON).offset == 3
    assert claimed(claims, 2, "a", at=HORIZON + 1).offset == 1, "and a redelivery decides as the delivery did"


def test_a_timestamp_from_the_future_makes_nothing_look_old(claims: Claims) -> None:
    claimed(claims, 0, "a", at=10**6 - 1)
    assert claimed(claims, 1, "a", at=10**15).offset == 0
    assert claimed(claims, 2, "a", at=10**6).offset == 0


def test_claims_survive_a_clean_end(tmp_path: Path) -> None:
    first = claims_in(tmp_path, gather=100)
    first.catch_up(TOPIC, 0, (), 0)
    claimed(first, 0, "a")
    first.close()
    second = claims_in(tmp_path)
    assert second.next_offset(TOPIC, 0) == 1
    assert claimed(second, 1, "a") == Claim(0, "origin-0", "answer-0")
    second.close()


def test_a_kill_loses_claims_and_the_offset_together(tmp_path: Path) -> None:
    first = claims_in(tmp_path, gather=2)
    first.catch_up(TOPIC, 0, (), 0)
    for offset, identity in enumerate("abc"):
        claimed(first, offset, identity)
    kill(first)
    second = claims_in(tmp_path)
    assert second.next_offset(TOPIC, 0) == 2
    assert claimed(second, 2, "a").offset == 0
    kill(second)


def test_a_waiting_claim_is_written_with_the_next_one(tmp_path: Path) -> None:
    clock = [0]
    first = Claims(tmp_path, horizon_ms=HORIZON, now=lambda: clock[0], gather=100, gather_ms=500)
    first.catch_up(TOPIC, 0, (), 0)
    claimed(first, 0, "a")
    clock[0] = 500
    claimed(first, 1, "b")
    kill(first)
    second = claims_in(tmp_path)
    assert second.next_offset(TOPIC, 0) == 2
    kill(second)


def test_a_gap_is_an_error_until_it_is_caught_up(claims: Claims) -> None:
    claimed(claims, 0, "a")
    with pytest.raises(FatalError, match=r"headrace\.answers/0@2: claims are known only up to 1: catch up first"):
        claimed(claims, 2, "a")
    claims.catch_up(TOPIC, 0, [Past(1, 0, Claimant(b"b", "o", "x"))], 2)
    assert claimed(claims, 2, "b") == Claim(1, "o", "x")


def test_of_an_unknown_partition_nothing_can_be_claimed(tmp_path: Path) -> None:
    made = claims_in(tmp_path)
    with pytest.raises(FatalError, match="known only up to None"):
        claimed(made, 0, "a")
    kill(made)


def test_what_is_past_the_horizon_leaves_the_file(tmp_path: Path) -> None:
    made = claims_in(tmp_path, gather=10, now=10**9)
    made.catch_up(TOPIC, 0, (), 0)
    for offset in range(2000):
        claimed(made, offset, f"id-{offset}", at=offset)
    (kept,) = made._books[TOPIC, 0]._file.execute("SELECT count(*) FROM claims").fetchone()
    assert 2 * HORIZON <= kept < 2000 // 2
    assert claimed(made, 2000, f"id-{2000 - HORIZON}", at=2000).offset == 2000 - HORIZON
    kill(made)


def test_what_may_come_again_stays_in_the_file_however_old(tmp_path: Path) -> None:
    made = claims_in(tmp_path, gather=10, now=10**9, reach=50)
    made.catch_up(TOPIC, 0, (), 0)
    for offset in range(200):
        claimed(made, offset, f"id-{offset}", at=offset * 10 * HORIZON)
    (oldest,) = made._books[TOPIC, 0]._file.execute("SELECT min(offset) FROM claims").fetchone()
    assert 100 <= oldest <= 150
    kill(made)


@pytest.mark.parametrize("damage", [b"not a database", b""], ids=["overwritten", "emptied"])
def test_a_damaged_file_is_made_anew(tmp_path: Path, damage: bytes) -> None:
    first = claims_in(tmp_path)
    first.catch_up(TOPIC, 0, [Past(n, 0, Claimant(b"%d" % n)) for n in range(500)], 500)
    first.close()
    (path,) = tmp_path.glob("*.sqlite")
    path.write_bytes(damage)
    second = claims_in(tmp_path)
    assert second.next_offset(TOPIC, 0) is None
    second.catch_up(TOPIC, 0, (), 7)
    assert claimed(second, 7, "a").offset == 7
    kill(second)


def test_a_file_with_a_damaged_page_is_made_anew(tmp_path: Path) -> None:
    first = claims_in(tmp_path)
    first.catch_up(TOPIC, 0, [Past(n, 0, Claimant(b"%d" % n)) for n in range(2000)], 2000)
    first.close()
    (path,) = tmp_path.glob("*.sqlite")
    content = bytearray(path.read_bytes())
    content[8192:12288] = b"\xff" * 4096
    path.write_bytes(content)
    second = claims_in(tmp_path)
    assert second.next_offset(TOPIC, 0) is None
    kill(second)


def test_a_file_that_breaks_while_it_is_open_stops_the_worker_and_is_removed(tmp_path: Path) -> None:
    made = claims_in(tmp_path)
    made.catch_up(TOPIC, 0, [Past(n, 0, Claimant(b"%d" % n)) for n in range(5000)], 5000)
    made.close()
    assert made.next_offset(TOPIC, 0) == 5000
    (path,) = tmp_path.glob("*.sqlite")
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (path.stat().st_size - 4096))
    made._books[TOPIC, 0]._file.execute("PRAGMA shrink_memory")

    def claim_all() -> None:
        for offset in range(5000):
            claimed(made, offset, str(offset))

    with pytest.raises(FatalError, match="was damaged and removed; a restart rebuilds it"):
        claim_all()
    assert not path.exists()
    kill(made)


def test_a_folder_that_cannot_be_made_stops_the_worker(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FatalError, match="claims cannot be kept in"):
        claims_in(tmp_path / "file" / "claims").next_offset(TOPIC, 0)


async def test_only_a_gap_is_read_again(claims: Claims) -> None:
    log: Log[Message] = Log()
    for offset in range(5):
        log.append(Message(role="user", content=str(offset)), 0)
    history = log.history(lambda message: Claimant(message.content.encode()))
    for offset in (0, 1, 4, 2, 3):
        await cover(claims, Position(TOPIC, 0, offset), 0, history)
        assert claimed(claims, offset, str(offset)).offset == offset
    assert log.reads == [(2, 4)]


def first_of(log: Log[Message], offset: int) -> int:
    """The rule itself: the lowest offset of the same identity, at most a horizon older."""
    record, at = log.kept[offset]
    before = enumerate(log.kept[: offset + 1])
    return min(earlier for earlier, (other, then) in before if other == record and then >= at - HORIZON)


@st.composite
def logs(draw: st.DrawFn) -> Log[Message]:
    log: Log[Message] = Log(TOPIC)
    at = latest = 1000
    for _ in range(draw(st.integers(1, 25))):
        at = max(at + draw(st.sampled_from([0, 1, 30, HORIZON, HORIZON + 1, -5])), latest - HORIZON // 8)
        latest = max(at, latest)
        poison = draw(st.integers(0, 9)) == 0
        log.append(None if poison else Message(role="user", content=draw(st.sampled_from("abcd"))), at)
    return log


@settings(max_examples=200)
@given(logs(), st.data())
def test_the_winner_is_the_first_under_any_crash_redelivery_and_rebalance(log: Log[Message], data: Any) -> None:
    """Two workers, of which one at a time has the partition; each keeps its own files, and may lose any of them."""

    async def scenario(folder: Path) -> None:
        history = log.history(lambda message: Claimant(message.content.encode()))
        workers = [claims_in(folder / name, gather=data.draw(st.integers(1, 4))) for name in "ab"]
        owner, offset, acknowledged = 0, 0, 0
        for _ in range(80):
            if offset == len(log.kept):
                break
            step = data.draw(st.sampled_from(["work"] * 6 + ["kill", "lose", "rebalance", "acknowledge", "again"]))
            if step == "work":
                if log.kept[offset].record is not None:
                    at, position = log.kept[offset].at, Position(TOPIC, 0, offset)
                    await cover(workers[owner], position, at, history)
                    identity = log.kept[offset].record.content.encode()  # type: ignore[union-attr]
                    assert workers[owner].claim(position, Claimant(identity), at).offset == first_of(log, offset)
                offset += 1
            elif step == "acknowledge":
                acknowledged = offset
            elif step == "again":
                offset = acknowledged
            elif step == "rebalance":
                owner, offset = 1 - owner, acknowledged
            else:
                kill(workers[owner])
                if step == "lose":
                    for path in (folder / "ab"[owner]).glob("*"):
                        path.unlink()
                workers[owner] = claims_in(folder / "ab"[owner], gather=data.draw(st.integers(1, 4)))
                offset = acknowledged
        for worker in workers:
            kill(worker)

    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        asyncio.run(scenario(Path(folder)))


@settings(max_examples=50)
@given(logs(), st.data())
def test_two_workers_on_the_same_files_agree(log: Log[Message], data: Any) -> None:
    """One has lost the partition and does not know it yet."""

    async def scenario(folder: Path) -> None:
        history = log.history(lambda message: Claimant(message.content.encode()))
        workers = [claims_in(folder, gather=data.draw(st.integers(1, 4))) for _ in range(2)]
        offsets = [0, 0]
        while (who := data.draw(st.integers(0, 1))) is not None and offsets[who] < len(log.kept):
            record, at = log.kept[offsets[who]]
            if record is not None:
                position = Position(TOPIC, 0, offsets[who])
                await cover(workers[who], position, at, history)
                first = workers[who].claim(position, Claimant(record.content.encode()), at)
                assert first.offset == first_of(log, offsets[who])
            offsets[who] += 1
        for worker in workers:
            worker.close()

    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        asyncio.run(scenario(Path(folder)))
