"""A lane: in order, a batch at a time, and every parcel is settled once, whatever happens to it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from aiokafka.errors import KafkaError, KafkaTimeoutError, ProducerClosed
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.stage import Emit
from schemas.records import Message
from streams.lane import Lane, Parcel, Receipt

MESSAGE = Message(role="user", content="x")


class Shipper:
    """Ships when it is told to, and settles what its plan does not lose, leave or stumble over."""

    def __init__(self, plan: dict[int, str] | None = None) -> None:
        self.plan = plan or {}
        self.shipped: list[list[int]] = []
        self.gate = asyncio.Event()
        self.at_once = 0
        self.most_at_once = 0
        self.lane = Lane(self.ship, linger_s=0)

    async def ship(self, parcels: Sequence[Parcel]) -> None:
        self.shipped.append([int(parcel.key) for parcel in parcels])
        self.at_once += 1
        self.most_at_once = max(self.at_once, self.most_at_once)
        await self.gate.wait()
        self.at_once -= 1
        for parcel in parcels:
            match self.plan.get(int(parcel.key)):
                case "lost":
                    parcel.settle(KafkaTimeoutError())
                case "raises":
                    raise ValueError("a bug")
                case _:
                    parcel.settle()

    def put(self, receipt: Receipt, *numbers: int) -> None:
        for number in numbers:
            self.lane.put(parcel(receipt, number))


def parcel(receipt: Receipt, number: int) -> Parcel:
    key = b"%d" % number
    return Parcel(receipt, Emit("out", key, MESSAGE), key, b"v", [])


async def settle() -> None:
    for _ in range(8):
        await asyncio.sleep(0)


async def test_what_comes_while_a_batch_is_on_its_way_makes_up_the_next_one() -> None:
    shipper, receipt = Shipper(), Receipt(4)
    shipper.put(receipt, 0)
    await settle()
    shipper.put(receipt, 1, 2, 3)
    await settle()
    assert shipper.shipped == [[0]]
    shipper.gate.set()
    await receipt.settled
    assert shipper.shipped == [[0], [1, 2, 3]]
    assert shipper.lane.shipping is None


async def test_a_receipt_is_settled_by_the_last_record_and_names_those_that_were_lost() -> None:
    left, right, receipt = Shipper(), Shipper({1: "lost"}), Receipt(2)
    left.put(receipt, 0)
    right.put(receipt, 1)
    right.gate.set()
    await settle()
    assert not receipt.settled.done()
    left.gate.set()
    await receipt.settled
    assert [emit.key for emit in receipt.lost] == [b"1"]
    assert isinstance(receipt.error, KafkaTimeoutError)


async def test_whoever_stops_waiting_for_a_receipt_takes_nobody_with_it() -> None:
    shipper, gone, stays = Shipper(), Receipt(1), Receipt(1)
    shipper.put(gone, 0)
    shipper.put(stays, 1)
    gone.settled.cancel()
    shipper.gate.set()
    await stays.settled
    assert stays.error is None


async def test_an_error_that_nobody_foresaw_reaches_those_who_wait_and_the_lane_goes_on() -> None:
    shipper, first, second = Shipper({0: "raises"}), Receipt(1), Receipt(1)
    shipper.gate.set()
    shipper.put(first, 0)
    await first.settled
    assert isinstance(first.error, ValueError)
    shipper.put(second, 1)
    await second.settled
    assert second.error is None


async def test_a_lane_that_is_given_up_loses_what_is_on_its_way_and_what_waits() -> None:
    shipper, receipt = Shipper(), Receipt(2)
    shipper.put(receipt, 0)
    await settle()
    shipper.put(receipt, 1)
    assert shipper.lane.shipping is not None
    shipper.lane.shipping.cancel()
    await receipt.settled
    assert [emit.key for emit in receipt.lost] == [b"0", b"1"]
    assert isinstance(receipt.error, ProducerClosed)


async def test_a_parcel_is_settled_by_the_first_who_says_so() -> None:
    receipt = Receipt(2)
    first = parcel(receipt, 0)
    first.settle()
    first.settle(KafkaError())
    assert (receipt.error, receipt.lost, receipt.settled.done()) == (None, [], False)


@settings(max_examples=200)
@given(
    sends=st.lists(st.integers(1, 4), min_size=1, max_size=15),
    fates=st.lists(st.sampled_from(["", "", "", "lost", "raises"]), min_size=60, max_size=60),
    cancelled=st.one_of(st.none(), st.integers(0, 20)),
)
def test_every_receipt_is_settled_in_order_and_loses_nothing_that_it_does_not_name(
    sends: list[int], fates: list[str], cancelled: int | None
) -> None:
    async def run() -> None:
        shipper = Shipper(dict(enumerate(fates)))
        shipper.gate.set()
        receipts: list[tuple[Receipt, set[int]]] = []
        number = 0
        for turn, count in enumerate(sends):
            receipt = Receipt(count)
            receipts.append((receipt, set(range(number, number + count))))
            shipper.put(receipt, *range(number, number + count))
            number += count
            await asyncio.sleep(0)
            if turn == cancelled and shipper.lane.shipping is not None:
                shipper.lane.shipping.cancel()
        async with asyncio.timeout(5):
            for receipt, _ in receipts:
                await receipt.settled
        order = [one for batch in shipper.shipped for one in batch]
        assert order == sorted(set(order))
        assert shipper.most_at_once <= 1
        for receipt, numbers in receipts:
            lost = {int(emit.key) for emit in receipt.lost}
            assert lost <= numbers
            assert bool(lost) is (receipt.error is not None)
            assert {one for one in numbers if fates[one] == "lost" or one not in order} <= lost
            assert not any(fates[one] == "" and one in lost for one in numbers) or cancelled is not None or _bugs(fates)

    asyncio.run(run())


def _bugs(fates: list[str]) -> bool:
    return "raises" in fates
