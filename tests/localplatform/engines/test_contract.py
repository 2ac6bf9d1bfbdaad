"""What every engine promises (engines/protocol.py). A new engine joins by one more parameter of `bench`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reconciler.localplatform.engines.ledger import Ledger
from reconciler.localplatform.engines.protocol import (
    EventType,
    InvalidRun,
    RunActive,
    Suspends,
    UnknownRun,
)
from reconciler.localplatform.work import Cause, Instance, Limits, Program, Restart, Run, Status, Task, Together
from tests.localplatform.engines.conftest import failing_at_first, hanging, shell

if TYPE_CHECKING:
    from tests.localplatform.engines.conftest import Bench


def one(*lines: str, **more: object) -> Run:
    """A run of one command."""
    return Run("run-1", (Task("only", (shell(*lines),)),), **more)  # type: ignore[arg-type]


def test_a_command_that_exits_with_0_succeeds(bench: Bench) -> None:
    """Run, task and instance say succeeded, with times in order."""
    snapshot = bench.run(one("echo hello"))
    task = snapshot.task("only")
    instance = task.instances[0]
    assert [snapshot.status, task.status, instance.status] == [Status.SUCCEEDED] * 3
    assert (instance.exit_code, instance.signal, instance.cause, instance.attempt) == (0, None, Cause.NONE, 1)
    assert snapshot.submitted <= instance.started <= instance.finished <= snapshot.finished
    assert bench.output("run-1", "only") == "hello\n"


def test_an_exit_code_is_reported(bench: Bench) -> None:
    """Exit 3 fails the run, and says 3 at the instance and in words at the run."""
    snapshot = bench.run(one("echo before", "exit 3", "echo after"))
    instance = snapshot.task("only").instances[0]
    assert (snapshot.status, snapshot.cause, instance.exit_code) == (Status.FAILED, Cause.EXIT_CODE, 3)
    assert snapshot.message == "task only: exit code 3"
    assert bench.output("run-1", "only") == "before\n"


def test_the_first_failing_line_ends_a_script(bench: Bench) -> None:
    """Lines after a failing one are not run."""
    snapshot = bench.run(one("false", "echo after"))
    assert snapshot.task("only").instances[0].exit_code == 1
    assert bench.output("run-1", "only") == ""


def test_a_signal_is_reported(bench: Bench) -> None:
    """A command killed by a signal says which, and has no exit code."""
    instance = bench.run(one("kill -9 $$")).task("only").instances[0]
    assert (instance.status, instance.cause) == (Status.FAILED, Cause.SIGNAL)
    assert (instance.exit_code, instance.signal) == (None, 9)


def test_a_program_needs_no_shell(bench: Bench) -> None:
    """Arguments arrive as they are, blanks and dollars included."""
    instance = Instance(Program(("echo", "a  b", "'")), limits=Limits(cpu=0.1))
    bench.run(Run("run-1", (Task("only", (instance,)),)))
    assert bench.output("run-1", "only") == "a  b '\n"


def test_tasks_start_after_all_they_need(bench: Bench) -> None:
    """In a diamond listed bottom up, no task starts before the last that it needs has ended."""
    needs = {"join": ("left", "right"), "left": ("top",), "right": ("top",), "top": ()}
    tasks = tuple(Task(name, (shell(f"echo {name}"),), needs=wanted) for name, wanted in needs.items())
    assert bench.run(Run("run-1", tasks)).status is Status.SUCCEEDED
    at = {
        (event.task, event.type): event.sequence
        for event in bench.engine.events("run-1")
        if event.task and event.index is None
    }
    for name, wanted in needs.items():
        assert all(at[name, EventType.STARTED] > at[need, EventType.ENDED] for need in wanted)


def test_a_fan_out_runs_every_instance_as_itself(bench: Bench) -> None:
    """Each instance has its own index, environment and output."""
    instances = tuple(
        shell("echo $RECONCILER_INDEX of $RECONCILER_COUNT: $COLOUR", environment={"COLOUR": colour})
        for colour in ("red", "green", "blue")
    )
    snapshot = bench.run(Run("run-1", (Task("paint", instances),)))
    assert snapshot.task("paint").status is Status.SUCCEEDED
    written = [bench.output("run-1", "paint", index) for index in range(3)]
    assert written == ["0 of 3: red\n", "1 of 3: green\n", "2 of 3: blue\n"]


def test_a_failure_skips_what_needs_it_and_nothing_else(bench: Bench) -> None:
    """Dependants, near and far, are skipped; another branch goes on."""
    run = Run(
        "run-1",
        (
            Task("bad", (shell("exit 1"),)),
            Task("near", (shell("echo near"),), needs=("bad",)),
            Task("far", (shell("echo far"),), needs=("near",)),
            Task("other", (shell("echo other"),)),
            Task("later", (shell("echo later"),), needs=("other",)),
        ),
    )
    snapshot = bench.run(run)
    assert snapshot.status is Status.FAILED
    assert {task.name: task.status for task in snapshot.tasks} == {
        "bad": Status.FAILED,
        "near": Status.SKIPPED,
        "far": Status.SKIPPED,
        "other": Status.SUCCEEDED,
        "later": Status.SUCCEEDED,
    }
    assert snapshot.task("far").instances[0].status is Status.SKIPPED
    assert snapshot.task("far").instances[0].cause is Cause.DEPENDENCY


def test_one_failure_in_a_fan_out_leaves_the_others_alone(bench: Bench) -> None:
    """All instances run; the task fails and names the one that failed."""
    task = Task("sweep", (shell("echo 0"), shell("exit 7"), shell("echo 2")))
    snapshot = bench.run(Run("run-1", (task,)))
    statuses = [instance.status for instance in snapshot.task("sweep").instances]
    assert statuses == [Status.SUCCEEDED, Status.FAILED, Status.SUCCEEDED]
    assert snapshot.task("sweep").message == "instance 1: exit code 7"


def test_submitting_an_id_again_does_nothing(bench: Bench) -> None:
    """Neither while it runs nor after, nor with other content."""
    bench.engine.submit(Run("run-1", (Task("only", (hanging(),)),)))
    bench.running("run-1", "only")
    bench.engine.submit(one("exit 1"))
    bench.engine.cancel("run-1", force=True)
    before = bench.ended("run-1")
    bench.engine.submit(one("exit 1"))
    assert bench.engine.observe("run-1") == before
    assert before.task("only").instances[0].attempt == 1


def test_a_run_that_makes_no_sense_is_refused_with_every_finding(bench: Bench) -> None:
    """All problems in one message, and the engine does not know the run."""
    run = Run("run-1", (Task("a", (shell("true"),), needs=("ghost",)), Task("a", ())), priority=10)
    with pytest.raises(InvalidRun, match=r"(?s)priority 10.*'a' stands 2 times.*'ghost'"):
        bench.engine.submit(run)
    with pytest.raises(UnknownRun):
        bench.engine.observe("run-1")


def test_runs_nobody_submitted_are_unknown(bench: Bench) -> None:
    """Every question about them raises, forgetting them does not."""
    engine = bench.engine
    for ask in (engine.observe, engine.events, engine.cancel, engine.retry, engine.suspend, engine.resume):
        with pytest.raises(UnknownRun):
            ask("nobody")
    with pytest.raises(UnknownRun):
        engine.logs("nobody", "only")
    engine.forget("nobody")


def test_tasks_and_instances_that_do_not_exist_are_unknown(bench: Bench) -> None:
    """Logs of them raise."""
    bench.run(one("true"))
    for task, index in (("other", 0), ("only", 1), ("only", -1)):
        with pytest.raises(UnknownRun):
            bench.engine.logs("run-1", task, index)


def test_cancelling_stops_what_runs_and_starts_nothing_more(bench: Bench) -> None:
    """Running and waiting tasks are cancelled; the run says so once all is over; doing it again changes nothing."""
    run = Run("run-1", (Task("first", (hanging(),)), Task("second", (shell("echo second"),), needs=("first",))))
    bench.engine.submit(run)
    bench.running("run-1", "first")
    bench.engine.cancel("run-1")
    bench.engine.cancel("run-1")
    snapshot = bench.ended("run-1")
    assert (snapshot.status, snapshot.cause) == (Status.CANCELLED, Cause.CANCELLED)
    assert [task.status for task in snapshot.tasks] == [Status.CANCELLED, Status.CANCELLED]
    assert [task.instances[0].status for task in snapshot.tasks] == [Status.CANCELLED, Status.CANCELLED]
    bench.engine.cancel("run-1")
    assert bench.engine.observe("run-1") == snapshot


def test_cancelling_what_has_ended_changes_nothing(bench: Bench) -> None:
    """A succeeded run stays succeeded."""
    before = bench.run(one("true"))
    bench.engine.cancel("run-1", force=True)
    assert bench.engine.observe("run-1") == before


def test_what_ignores_a_gentle_stop_is_killed(bench: Bench) -> None:
    """A command that ignores SIGTERM is gone after the grace."""
    bench.engine.submit(Run("run-1", (Task("only", (hanging("trap '' TERM", "echo ready"),)),)))
    bench.until("run-1", lambda _: bench.output("run-1", "only") == "ready\n")
    bench.engine.cancel("run-1")
    assert bench.ended("run-1").status is Status.CANCELLED


def test_force_kills_at_once(bench: Bench) -> None:
    """Also after a gentle stop was asked for."""
    bench.engine.submit(Run("run-1", (Task("only", (hanging("trap '' TERM"),)),)))
    bench.running("run-1", "only")
    bench.engine.cancel("run-1")
    bench.engine.cancel("run-1", force=True)
    assert bench.ended("run-1").status is Status.CANCELLED


def test_retrying_runs_only_what_has_not_succeeded(bench: Bench) -> None:
    """The failed instance and the skipped task run again; what had succeeded keeps its first attempt and its times."""
    run = Run(
        "run-1",
        (
            Task("fine", (shell("echo fine"),)),
            Task("sweep", (shell("echo 0"), failing_at_first(1)), needs=("fine",)),
            Task("last", (shell("echo last"),), needs=("sweep",)),
        ),
    )
    first = bench.run(run)
    assert first.status is Status.FAILED
    assert bench.engine.retry("run-1") == ("sweep", "last")
    second = bench.ended("run-1")
    assert second.status is Status.SUCCEEDED
    assert second.task("fine") == first.task("fine")
    assert second.task("sweep").instances[0] == first.task("sweep").instances[0]
    assert [instance.attempt for instance in second.task("sweep").instances] == [1, 2]
    assert second.task("last").instances[0].attempt == 1


def test_a_cancelled_run_can_be_retried(bench: Bench) -> None:
    """It runs again from the top of what was cancelled."""
    bench.engine.submit(Run("run-1", (Task("only", (hanging(),)),)))
    bench.running("run-1", "only")
    bench.engine.cancel("run-1", force=True)
    bench.ended("run-1")
    assert bench.engine.retry("run-1") == ("only",)
    assert bench.running("run-1", "only").status is Status.RUNNING
    assert bench.engine.observe("run-1").task("only").instances[0].attempt == 2


def test_retrying_success_does_nothing(bench: Bench) -> None:
    """No task is put back, and the run stays ended."""
    before = bench.run(one("true"))
    assert bench.engine.retry("run-1") == ()
    assert bench.engine.observe("run-1") == before


def test_active_runs_can_be_neither_retried_nor_forgotten(bench: Bench) -> None:
    """Both raise, and the run goes on."""
    bench.engine.submit(Run("run-1", (Task("only", (hanging(),)),)))
    bench.running("run-1", "only")
    with pytest.raises(RunActive):
        bench.engine.retry("run-1")
    with pytest.raises(RunActive):
        bench.engine.forget("run-1")
    assert bench.engine.observe("run-1").status is Status.RUNNING


def test_an_amended_retry_runs_the_new_commands(bench: Bench) -> None:
    """A changed task runs whole, in its new shape; a succeeded one stays as it ran, whatever the amendment says."""
    run = Run("run-1", (Task("a", (shell("echo a"),)), Task("b", (shell("echo b"), shell("exit 1")), needs=("a",))))
    bench.run(run)
    tasks = (Task("a", (shell("exit 9"),)), Task("b", tuple(shell(f"echo new{i}") for i in range(3)), needs=("a",)))
    assert bench.engine.retry("run-1", amended=replace(run, tasks=tasks)) == ("b",)
    snapshot = bench.ended("run-1")
    assert snapshot.status is Status.SUCCEEDED
    assert [instance.status for instance in snapshot.task("b").instances] == [Status.SUCCEEDED] * 3
    assert bench.output("run-1", "a") == "a\n"
    assert bench.output("run-1", "b", 0).endswith("new0\n")
    assert bench.output("run-1", "b", 2) == "new2\n"


def test_an_amendment_with_other_tasks_is_refused(bench: Bench) -> None:
    """Nothing changes."""
    before = bench.run(one("exit 1"))
    with pytest.raises(InvalidRun):
        bench.engine.retry("run-1", amended=Run("run-1", (Task("other", ()),)))
    assert bench.engine.observe("run-1") == before


def test_failures_are_restarted_up_to_the_limit(bench: Bench) -> None:
    """Two failures and a limit of two end well, three do not."""
    run = Run(
        "run-1",
        (
            Task("enough", (failing_at_first(2),), restart=Restart(2)),
            Task("too-few", (failing_at_first(3),), restart=Restart(2)),
        ),
    )
    snapshot = bench.run(run)
    enough, too_few = (snapshot.task(name).instances[0] for name in ("enough", "too-few"))
    assert (enough.status, enough.restarts, enough.attempt) == (Status.SUCCEEDED, 2, 3)
    assert (too_few.status, too_few.restarts, too_few.attempt) == (Status.FAILED, 2, 3)


def test_only_the_exit_codes_asked_for_are_restarted(bench: Bench) -> None:
    """A signal counts as 128 + its number."""
    codes = Restart(1, frozenset({4, 137}))
    run = Run(
        "run-1",
        (
            Task("other", (shell("exit 5"),), restart=codes),
            Task("asked", (shell("exit 4"),), restart=codes),
            Task("signal", (shell("kill -9 $$"),), restart=codes),
        ),
    )
    snapshot = bench.run(run)
    assert [task.instances[0].restarts for task in snapshot.tasks] == [0, 1, 1]


def test_a_gang_ends_together(bench: Bench) -> None:
    """One failing stops the others, and the task fails for the one that failed."""
    task = Task("gang", (hanging(), shell("exit 2"), hanging()), together=Together.GANG)
    snapshot = bench.run(Run("run-1", (task,)))
    shown = snapshot.task("gang")
    assert [instance.status for instance in shown.instances] == [Status.CANCELLED, Status.FAILED, Status.CANCELLED]
    assert [instance.cause for instance in shown.instances] == [Cause.PEER, Cause.EXIT_CODE, Cause.PEER]
    assert (shown.status, shown.message, snapshot.status) == (Status.FAILED, "instance 1: exit code 2", Status.FAILED)


def test_those_who_decide_end_a_gang_well(bench: Bench) -> None:
    """When the chief has succeeded the servers are stopped, and the task has succeeded."""
    task = Task("gang", (shell("echo chief"), hanging()), together=Together.GANG, decided_by=(0,))
    snapshot = bench.run(Run("run-1", (task,)))
    assert snapshot.status is Status.SUCCEEDED
    assert [instance.status for instance in snapshot.task("gang").instances] == [Status.SUCCEEDED] * 2


def test_a_gang_restarts_whole(bench: Bench) -> None:
    """The one that did not fail starts again too."""
    task = Task("gang", (hanging(), failing_at_first(1)), together=Together.GANG, restart=Restart(1), decided_by=(1,))
    snapshot = bench.run(Run("run-1", (task,)))
    assert snapshot.status is Status.SUCCEEDED
    assert [instance.attempt for instance in snapshot.task("gang").instances] == [2, 2]


def test_a_task_that_takes_too_long_fails(bench: Bench) -> None:
    """Its time limit ends it, and is not a reason to restart."""
    task = Task("slow", (hanging(),), timeout=0.2, restart=Restart(5))
    instance = bench.run(Run("run-1", (task,))).task("slow").instances[0]
    assert (instance.status, instance.cause, instance.attempt) == (Status.FAILED, Cause.TIMEOUT, 1)


def test_restarts_do_not_lengthen_the_time(bench: Bench) -> None:
    """The limit counts from the first start, whatever number of restarts is left."""
    task = Task("again", (shell("sleep 0.15", "exit 1"),), timeout=0.4, restart=Restart(50))
    instance = bench.run(Run("run-1", (task,))).task("again").instances[0]
    assert instance.cause is Cause.TIMEOUT
    assert instance.attempt <= 3


def test_a_run_that_takes_too_long_fails(bench: Bench) -> None:
    """What runs fails, what waits never starts."""
    run = Run("run-1", (Task("slow", (hanging(),)), Task("next", (shell("true"),), needs=("slow",))), timeout=0.2)
    snapshot = bench.run(run)
    assert (snapshot.status, snapshot.cause) == (Status.FAILED, Cause.RUN_TIMEOUT)
    assert snapshot.task("slow").instances[0].cause is Cause.RUN_TIMEOUT
    assert snapshot.task("next").instances[0].attempt == 0


def test_a_suspended_run_stands_still_until_resumed(bench: Bench) -> None:
    """It says suspended, starts nothing, goes on when resumed; asking twice changes nothing."""
    engine = bench.engine
    assert isinstance(engine, Suspends)
    engine.submit(Run("run-1", (Task("only", (hanging(),)),)))
    bench.running("run-1", "only")
    engine.suspend("run-1")
    engine.suspend("run-1")
    assert engine.observe("run-1").status is Status.SUSPENDED
    engine.resume("run-1")
    engine.resume("run-1")
    assert engine.observe("run-1").status is Status.RUNNING
    engine.suspend("run-1")
    engine.cancel("run-1")
    assert bench.ended("run-1").status is Status.CANCELLED


def test_a_run_without_work_succeeds(bench: Bench) -> None:
    """No tasks, and tasks without instances, are done at once; what needs them runs."""
    assert bench.run(Run("empty", ())).status is Status.SUCCEEDED
    run = Run("run-1", (Task("none", ()), Task("after", (shell("echo after"),), needs=("none",))))
    assert bench.run(run).status is Status.SUCCEEDED
    assert bench.output("run-1", "after") == "after\n"


def test_news_is_complete_and_in_order(bench: Bench) -> None:
    """The listener hears each event once, numbered without gaps, and the same can be read again."""
    bench.run(Run("run-1", (Task("sweep", (shell("echo 0"), shell("exit 1"))),)))
    events = bench.engine.events("run-1")
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    assert bench.engine.events("run-1", after=3) == events[3:]
    assert bench.engine.events("run-1", after=len(events)) == ()
    bench.wait_for(lambda: tuple(bench.news) == events)
    assert events[0].type is EventType.SUBMITTED
    assert (events[-1].type, events[-1].task, events[-1].status) == (EventType.ENDED, "", Status.FAILED)


def test_a_snapshot_is_the_fold_of_the_events(bench: Bench) -> None:
    """Whoever folds the events knows what the engine knows."""
    run = Run("run-1", (Task("sweep", (shell("echo 0"), failing_at_first(1))), Task("b", (shell(),), needs=("sweep",))))
    bench.run(run)
    bench.engine.retry("run-1")
    snapshot = bench.ended("run-1")
    ledger = Ledger(run)
    for event in bench.engine.events("run-1"):
        ledger.apply(event)
    assert ledger.snapshot() == snapshot


def test_a_listener_may_ask_the_engine(bench: Bench) -> None:
    """It is called without a lock, so asking from within answers."""
    seen: list[Status] = []
    bench.news.clear()
    outbox = bench.engine._outbox
    outbox._listener = lambda events: seen.append(bench.engine.observe(events[-1].run_id).status)
    bench.run(one("echo hello"))
    bench.wait_for(lambda: bool(seen) and seen[-1] is Status.SUCCEEDED)


def test_output_is_read_in_pieces(bench: Bench) -> None:
    """Offsets from the start and from the end, limits, and the end are kept exactly."""
    bench.run(one("echo 0123456789"))
    logs = bench.engine.logs
    first = logs("run-1", "only", limit=4)
    assert (first.content, first.next, first.ended) == (b"0123", 4, False)
    rest = logs("run-1", "only", offset=first.next)
    assert (rest.content, rest.next, rest.ended) == (b"456789\n", 11, True)
    assert logs("run-1", "only", offset=-3).content == b"89\n"
    assert logs("run-1", "only", offset=99).content == b""
    assert logs("run-1", "only", offset=-99).content == b"0123456789\n"
    assert logs("run-1", "only").marks[0].offset == 0


def test_output_is_empty_before_the_start(bench: Bench) -> None:
    """A task that waits has no output, and has not reached its end."""
    bench.engine.submit(Run("run-1", (Task("a", (hanging(),)), Task("b", (shell("echo b"),), needs=("a",)))))
    chunk = bench.engine.logs("run-1", "b")
    assert (chunk.content, chunk.ended) == (b"", False)


def test_unicode_comes_through(bench: Bench) -> None:
    """Names, environment and output of any script."""
    task = Task("测序 task/1", (shell("echo 基因 $NAME", environment={"NAME": "ß 🧬"}),))
    bench.run(Run("run-1", (task,)))
    assert bench.output("run-1", "测序 task/1") == "基因 ß 🧬\n"


def test_a_forgotten_run_is_unknown_and_may_come_again(bench: Bench) -> None:
    """Its output is gone; the id is free."""
    bench.run(one("echo old"))
    bench.engine.forget("run-1")
    bench.news.clear()
    with pytest.raises(UnknownRun):
        bench.engine.observe("run-1")
    bench.run(one("echo new"))
    assert bench.output("run-1", "only") == "new\n"


def test_closing_twice_is_fine(bench: Bench) -> None:
    """The second does nothing."""
    bench.run(one("true"))
    bench.news.clear()
    bench.engine.close()
    bench.engine.close()
