"""Admission: never over the room, nobody waits for ever, real time first, tenants alike, prompts that begin alike
together."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.inference.admission import Admission, Room, Rules, Waiting, room_for
from schemas.enums import Lane

REALTIME, BATCH = Lane.REALTIME, Lane.BATCH
LARGEST = 9
ONE = Room(1)

waitings = st.builds(
    Waiting,
    st.sampled_from(Lane),
    st.sampled_from("tuv"),
    st.sampled_from("abc"),
    st.integers(1, LARGEST),
    st.integers(0, 3),
)
rules = st.builds(Rules, st.integers(1, 6), st.integers(1, 6), st.floats(0, 1))
rooms = st.builds(
    Room, st.integers(1, 6), st.none() | st.integers(1, 30), more=st.integers(0, 3), spare=st.integers(0, 6)
)


def lined_up(waiting: Iterable[Waiting], rules: Rules | None = None, room: Room = ONE) -> Admission:
    """An admission where these wait, under their places in the line."""
    admission = Admission(room, rules)
    for number, one in enumerate(waiting):
        admission.arrive(number, one)
    return admission


def order(admission: Admission) -> list[int]:
    """Who is let in, one after the other, where everyone leaves at once."""
    admitted = []
    while admission.waiting:
        (number,) = admission.admit()
        admission.leave(number)
        admitted.append(number)
    return admitted


def realtime(*prefixes: str, tenant: str = "t", tokens: int = 1) -> list[Waiting]:
    return [Waiting(REALTIME, tenant, prefix, tokens) for prefix in prefixes]


def batch(*prefixes: str, tenant: str = "t", tokens: int = 1) -> list[Waiting]:
    return [Waiting(BATCH, tenant, prefix, tokens) for prefix in prefixes]


STEPS = st.lists(st.tuples(st.sampled_from(["arrive", "admit", "leave", "hurry"]), waitings, st.integers(0, 99)))


@given(STEPS, rooms, rules)
def test_it_is_never_over_its_room_and_lets_everyone_in_once(
    steps: Sequence[tuple[str, Waiting, int]], room: Room, rules: Rules
) -> None:
    admission = Admission(room, rules)
    asked: dict[int, Waiting] = {}
    inside: list[int] = []
    gone: set[int] = set()
    come_in: Counter[int] = Counter()

    def admit() -> None:
        admitted = admission.admit()
        come_in.update(admitted)
        inside.extend(admitted)
        tokens = sum(asked[number].tokens for number in inside)
        assert (admission.inside, admission.tokens) == (len(inside), tokens)
        assert len(inside) <= room.places
        assert room.tokens is None or tokens <= room.tokens or len(inside) == 1

    for what, waiting, which in steps:
        if what == "arrive":
            asked[len(asked)] = waiting
            admission.arrive(len(asked) - 1, waiting)
        elif what == "admit":
            admit()
        elif what == "leave" and (here := [number for number in asked if number not in gone]):
            number = here[which % len(here)]
            admission.leave(number)
            gone.add(number)
            if number in inside:
                inside.remove(number)
        elif what == "hurry" and asked:
            admission.hurry(which % len(asked), waiting.came_at)
        assert admission.waiting == len(asked) - len(come_in | Counter(gone))
    while admission.waiting or inside:
        admit()
        assert inside, "room, and somebody who waits, and nobody is let in"
        admission.leave(inside.pop())
    assert set(come_in.values()) <= {1}
    assert come_in.keys() | gone == asked.keys()


@given(st.lists(waitings, max_size=30), rules, rooms)
def test_how_much_room_falls_free_at_a_time_does_not_change_the_order(
    waiting: list[Waiting], rules: Rules, room: Room
) -> None:
    # Without a share for batch, which is counted in what is inside.
    rules, room = rules._replace(batch_share=1.0), room._replace(more=0, spare=0)
    alone, crowd = lined_up(waiting, rules), lined_up(waiting, rules, room)
    admitted: list[int] = []
    while crowd.waiting:
        here = crowd.admit()
        admitted += here
        for number in here:
            crowd.leave(number)
    assert admitted == order(alone)


@given(
    older=st.lists(waitings, min_size=1, max_size=15),
    newer=st.lists(waitings, min_size=1, max_size=10),
    rules=st.builds(Rules, st.integers(2, 5), st.integers(1, 5), st.floats(0, 1)),
    data=st.data(),
)
def test_nobody_waits_for_ever_whoever_keeps_coming(
    older: list[Waiting], newer: list[Waiting], rules: Rules, data: st.DataObject
) -> None:
    target = data.draw(st.integers(0, len(older) - 1))
    one = older[target]
    ahead = sum(
        (other.lane, other.tenant) == (one.lane, one.tenant) and (other.came_at, at) < (one.came_at, target)
        for at, other in enumerate(older)
    )
    # Its own tenant's, then each other tenant's of its lane: as many tokens, a run more, a prompt at a time.
    own = (ahead + 1) * rules.prefix_run
    bound = 3 * (own + 2 * rules.prefix_run) * LARGEST * rules.batch_turn
    admission = lined_up(older, rules)
    arriving = itertools.cycle(other._replace(came_at=other.came_at + 3) for other in newer)
    for step in range(bound):
        (number,) = admission.admit()
        if number == target:
            return
        admission.leave(number)
        # Two more for each that is let in: the line only ever grows.
        for at in (0, 1):
            admission.arrive(len(older) + 2 * step + at, next(arriving))
    raise AssertionError(f"{one} still waits after {bound} places")


@given(
    st.lists(st.tuples(st.sampled_from("tuv"), st.sampled_from("ab"), st.integers(1, LARGEST)), min_size=1),
    st.integers(1, 5),
    st.integers(1, 60),
)
def test_tenants_that_keep_waiting_are_given_as_many_tokens(
    kinds: list[tuple[str, str, int]], prefix_run: int, turns: int
) -> None:
    admission = Admission(Room(1), Rules(prefix_run=prefix_run))
    arriving: dict[str, itertools.cycle[Waiting]] = {}
    for tenant, prefix, tokens in kinds:
        own = [Waiting(REALTIME, name, p, t) for name, p, t in kinds if name == tenant]
        arriving.setdefault(tenant, itertools.cycle([*own, Waiting(REALTIME, tenant, prefix, tokens)]))
    given: Counter[str] = Counter(dict.fromkeys(arriving, 0))
    serial, whose = itertools.count(), {}
    for line in arriving.values():
        for _ in range(prefix_run + 1):
            whose[number := next(serial)] = asked = next(line)
            admission.arrive(number, asked)
    for _ in range(turns):
        (number,) = admission.admit()
        tenant, tokens = whose[number].tenant, whose[number].tokens
        given[tenant] += tokens
        admission.leave(number)
        whose[number := next(serial)] = asked = next(arriving[tenant])
        admission.arrive(number, asked)
    assert max(given.values()) - min(given.values()) <= 2 * prefix_run * LARGEST


def test_a_tenant_that_was_away_has_saved_up_nothing() -> None:
    admission = lined_up(realtime(*"a" * 50, tenant="t", tokens=10), Rules(prefix_run=1))
    for _ in range(20):
        admission.leave(admission.admit()[0])
    for number in range(100, 120):
        admission.arrive(number, Waiting(REALTIME, "u", "a", 10))
    assert [number >= 100 for number in order(admission)[:8]] == [True, False] * 4


def test_a_tenant_that_asks_for_more_at_a_time_is_let_in_less_often() -> None:
    waiting = realtime(*"a" * 8, tenant="large", tokens=30) + realtime(*"a" * 8, tenant="small", tokens=10)
    first = order(lined_up(waiting, Rules(prefix_run=1)))[:8]
    assert Counter(waiting[number].tenant for number in first) == {"small": 6, "large": 2}


def test_real_time_goes_before_batch_that_came_earlier() -> None:
    assert order(lined_up(batch("a", "a") + realtime("b", "c"))) == [2, 3, 0, 1]


def test_batch_has_its_turn_while_real_time_keeps_coming() -> None:
    waiting = batch("a", "b") + realtime(*"cdefgh")
    assert order(lined_up(waiting, Rules(batch_turn=3))) == [2, 3, 0, 4, 5, 1, 6, 7]


def test_batch_is_all_that_the_engine_runs_but_the_spare_ones_where_no_real_time_comes() -> None:
    assert lined_up(batch(*"abcd"), room=Room(4)).admit() == [0, 1, 2, 3]
    assert lined_up(batch(*"abcd"), room=Room(4, spare=1)).admit() == [0, 1, 2]
    assert lined_up(batch(*"abcd"), room=Room(4, spare=9)).admit() == [0]
    assert lined_up(batch(*"abcd"), room=Room(2, more=2)).admit() == [0, 1]


def test_the_first_of_real_time_finds_a_spare_place() -> None:
    admission = lined_up(batch(*"abcd"), room=Room(4, spare=1))
    admission.admit()
    admission.arrive(50, realtime("a")[0])
    assert admission.admit() == [50]


def test_while_real_time_comes_batch_leaves_places_free_for_it() -> None:
    admission = lined_up(realtime("a") + batch(*"b" * 20), room=Room(8))
    assert admission.admit() == [0, 1, 2]
    admission.arrive(50, realtime("a")[0])
    assert admission.admit() == [50]


def test_batchs_share_is_of_what_the_engine_runs_and_not_of_what_waits_in_it() -> None:
    waiting = realtime(*"a" * 20) + batch(*"b" * 20)
    admitted = lined_up(waiting, Rules(batch_turn=1, batch_share=0.5), Room(8, more=8)).admit()
    assert sum(waiting[number].lane is BATCH for number in admitted) == 4


def test_once_real_time_stays_away_batch_has_all_places_again() -> None:
    admission = lined_up(realtime("a") + batch(*"b" * 20), room=Room(4))
    let_in = []
    for _ in range(4):
        let_in.append(len(numbers := admission.admit()))
        for number in numbers:
            admission.leave(number)
    assert let_in == [2, 1, 1, 4]


def test_prompts_that_begin_alike_go_one_after_another() -> None:
    assert order(lined_up(realtime(*"abcabcabc"))) == [0, 3, 6, 1, 4, 7, 2, 5, 8]


def test_a_run_of_one_is_the_order_of_arrival() -> None:
    assert order(lined_up(realtime(*"abcabcabc"), Rules(prefix_run=1))) == list(range(9))


def test_a_prefix_that_keeps_coming_lets_the_oldest_through() -> None:
    assert order(lined_up(realtime(*"abaaaaaa"), Rules(prefix_run=3))) == [0, 2, 3, 1, 4, 5, 6, 7]


def test_the_other_lane_does_not_end_a_run() -> None:
    waiting = realtime(*"xyxyxy") + batch("a", "b", "a")
    assert order(lined_up(waiting, Rules(batch_turn=2))) == [0, 6, 2, 8, 4, 7, 1, 3, 5]


def test_one_prefix_of_two_tenants_is_two() -> None:
    waiting = realtime("a", tenant="t") + realtime("a", tenant="u") + realtime("a", tenant="t")
    assert order(lined_up(waiting)) == [0, 2, 1]


def test_a_prompt_that_does_not_fit_is_waited_for() -> None:
    admission = lined_up([*realtime("a", tokens=6), *realtime("a", tokens=5), *realtime("a")], room=Room(4, 10))
    assert admission.admit() == [0]
    admission.leave(0)
    assert admission.admit() == [1, 2]


def test_a_prompt_larger_than_the_engine_holds_is_let_in_alone() -> None:
    admission = lined_up([*realtime("a"), *realtime("a", tokens=99), *realtime("a")], room=Room(4, 10))
    assert admission.admit() == [0]
    admission.leave(0)
    assert admission.admit() == [1]
    admission.leave(1)
    assert admission.admit() == [2]


def test_what_is_wanted_in_real_time_after_all_goes_with_it() -> None:
    admission = lined_up(batch(*"abc"))
    admission.hurry(2, 5)
    admission.hurry(77, 5)
    assert order(admission) == [2, 0, 1]


def test_what_is_wanted_in_real_time_after_all_is_as_old_there_as_who_wants_it() -> None:
    admission = lined_up([*batch("a"), *(one._replace(came_at=at) for at, one in enumerate(realtime(*"bcd")))])
    admission.hurry(0, 1)
    assert order(admission) == [1, 0, 2, 3]


@given(st.lists(waitings, max_size=30))
def test_of_a_lane_and_a_tenant_who_came_first_is_first_however_late_it_is_here(waiting: list[Waiting]) -> None:
    admitted = order(lined_up(waiting, Rules(prefix_run=1)))
    for lane, tenant in itertools.product(Lane, "tuv"):
        ages = [
            (waiting[number].came_at, number)
            for number in admitted
            if (waiting[number].lane, waiting[number].tenant) == (lane, tenant)
        ]
        assert ages == sorted(ages)


def test_an_engine_is_given_a_quarter_more_than_it_runs_at_once_and_one_that_it_runs_is_not_for_batch() -> None:
    assert [room_for(capacity).places for capacity in (1, 2, 8, 32, 256)] == [2, 4, 10, 40, 320]
    for capacity in (1, 2, 8, 32, 256):
        admission = lined_up(batch(*"a" * 2 * capacity), room=room_for(capacity))
        assert len(admission.admit()) == max(1, capacity - 1)


@pytest.mark.parametrize("capacity", [1, 8, 32, 256])
def test_an_engines_places_stay_filled_although_who_follows_an_answer_is_late_for_the_next_step(capacity: int) -> None:
    chance, steps = random.Random(capacity), 500
    admission = lined_up(realtime(*["a"] * (capacity * steps // 4)), room=room_for(capacity))
    running: dict[int, int] = {}
    queue, late, filled = admission.admit(), list[int](), 0
    for _ in range(steps):
        while queue and len(running) < capacity:
            running[queue.pop(0)] = max(1, round(chance.expovariate(1 / 8)))
        filled += len(running)
        ended = [number for number, left in running.items() if left == 1]
        running = {number: left - 1 for number, left in running.items() if left > 1}
        for number in ended:
            admission.leave(number)
        queue, late = queue + late, admission.admit()
    assert filled >= 0.98 * capacity * steps
