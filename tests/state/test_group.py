"""Many callers, one durable write."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from reconciler.state.group import GroupCommit

if TYPE_CHECKING:
    from collections.abc import Sequence


def together(count: int, work: object) -> list[BaseException]:
    """Runs `work(n)` in as many threads; what they raised."""
    raised: list[BaseException] = []

    def run(number: int) -> None:
        try:
            work(number)  # type: ignore[operator]
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def test_nobody_returns_before_its_part_is_durable_and_no_two_writes_overlap() -> None:
    """And while one is written, the others share the next."""
    durable: set[int] = set()
    batches: list[int] = []
    inside = [0]

    def flush(items: Sequence[int]) -> None:
        inside[0] += 1
        assert inside[0] == 1
        time.sleep(0.01)
        durable.update(items)
        batches.append(len(items))
        inside[0] -= 1

    group = GroupCommit(flush)

    def work(number: int) -> None:
        group.add(number)
        assert number in durable

    assert together(40, work) == []
    assert sum(batches) == 40
    assert len(batches) < 40


def test_a_failure_reaches_everybody_whose_part_it_was_and_nobody_else() -> None:
    """The next batch is a new chance."""
    written: list[int] = []

    def flush(items: Sequence[int]) -> None:
        time.sleep(0.005)
        if any(item < 0 for item in items):
            msg = "disk"
            raise OSError(msg)
        written.extend(items)

    group = GroupCommit(flush)
    raised = together(20, lambda number: group.add(number - 10))
    assert all(isinstance(error, OSError) for error in raised)
    assert len(raised) + len(written) == 20
    assert len(raised) >= 10
    group.add(99)
    assert written[-1] == 99


def test_a_killed_writer_does_not_leave_the_others_waiting() -> None:
    """Whatever ends it."""

    class Gone(BaseException):
        """Not an Exception."""

    def flush(_: Sequence[int]) -> None:
        raise Gone

    group: GroupCommit[int] = GroupCommit(flush)
    assert len(together(8, group.add)) == 8
    with pytest.raises(Gone):
        group.add(1)
