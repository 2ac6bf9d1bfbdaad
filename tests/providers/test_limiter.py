"""One limiter per target: up by one a round, down by half at a refusal, and a gate for Retry-After."""

from __future__ import annotations

import threading
import time

from hypothesis import given
from hypothesis import strategies as st

from reconciler.providers.limiter import Limiter


class Clock:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """The time now."""
        return self.now


def test_refusal_halves_and_good_answers_raise_again() -> None:
    """Multiplicative decrease, additive increase, and never above the start."""
    clock = Clock()
    limiter = Limiter(8, clock)
    limiter.throttled(0)
    assert limiter.limit == 4
    for _ in range(4):
        limiter.answered()
    assert limiter.limit == 4
    limiter.answered()
    assert limiter.limit == 5
    for _ in range(1000):
        limiter.answered()
    assert limiter.limit == 8


def test_burst_of_refusals_counts_once() -> None:
    """Calls that were in flight together are told off together."""
    clock = Clock()
    limiter = Limiter(8, clock)
    for _ in range(5):
        limiter.throttled(0)
    assert limiter.limit == 4
    clock.now += 1.5
    limiter.throttled(0)
    assert limiter.limit == 2


@given(st.lists(st.sampled_from(["good", "busy", "later"]), max_size=200), st.integers(1, 64))
def test_limit_stays_between_one_and_the_most(happenings: list[str], most: int) -> None:
    """Whatever happens, somebody may go on, and never more than were asked for."""
    clock = Clock()
    limiter = Limiter(most, clock)
    for happening in happenings:
        match happening:
            case "good":
                limiter.answered()
            case "busy":
                limiter.throttled(0)
            case _:
                clock.now += 10
        assert 1 <= limiter.limit <= most


def test_no_turn_before_the_wait_is_over() -> None:
    """Retry-After holds for every thread of the target, and a wait beyond the deadline is not begun."""
    limiter = Limiter(8)
    limiter.throttled(0.15)
    started = time.monotonic()
    with limiter.turn(started + 0.05) as granted:
        assert not granted
    assert time.monotonic() - started < 0.05
    with limiter.turn(started + 5) as granted:
        assert granted
    assert time.monotonic() - started >= 0.15


def test_as_many_in_flight_as_allowed() -> None:
    """Twenty threads, three at a time."""
    limiter = Limiter(3)
    lock, running, most = threading.Lock(), 0, 0

    def work() -> None:
        nonlocal running, most
        with limiter.turn(time.monotonic() + 10) as granted:
            assert granted
            with lock:
                running += 1
                most = max(most, running)
            time.sleep(0.005)
            with lock:
                running -= 1

    threads = [threading.Thread(target=work) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (most, running) == (3, 0)


def test_full_house_gives_up_at_the_deadline() -> None:
    """Who gets no turn in time is told so instead of waiting for ever."""
    limiter = Limiter(1)
    with limiter.turn(time.monotonic() + 1), limiter.turn(time.monotonic() + 0.02) as granted:
        assert not granted
    with limiter.turn(time.monotonic() + 1) as granted:
        assert granted


def test_nobody_waits_for_a_turn_once_asked_to_stop() -> None:
    """Whoever waits out a long Retry-After gives up soon after."""
    stop = threading.Event()
    limiter = Limiter(1, stop=stop)
    limiter.throttled(60)
    threading.Timer(0.1, stop.set).start()
    begun = time.monotonic()
    with limiter.turn(begun + 120) as granted:
        assert not granted
    assert time.monotonic() - begun < 5
