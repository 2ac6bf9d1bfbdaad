"""A plan with one of everything, for renderings to be looked at."""

from __future__ import annotations

from reconciler.model.address import Address
from reconciler.model.change import ABSENT, Action, Change, FieldChange
from reconciler.model.diagnostic import Diagnostic, Severity, Source
from reconciler.model.kind import Life, OnFieldChange
from reconciler.model.manifest import Lifecycle
from reconciler.model.mark import Mark
from reconciler.model.plan import Base, Plan, Step, Verb
from reconciler.model.resource import Phase

BASE = Base("genomics", "dev", "1.2.3", "0" * 40, "lineage-1", 3, "v1:policy")
MARK = Mark("0" * 8, "1" * 20)


def address(kind: str, name: str) -> Address:
    """An address in the space `demo` of target `local`."""
    return Address("local", kind, "demo", name)


def field(
    path: str, recorded: object, desired: object, live: object, *, why: str = "", secret: bool = False
) -> FieldChange:
    """A field change with its three sides."""
    return FieldChange(path, recorded, desired, live, OnFieldChange.UPDATE, why, secret)


def sample_plan(*, diagnostics: tuple[Diagnostic, ...] = ()) -> Plan:
    """One change of every action, in address order, and the steps of two of them."""
    fields = (
        field("/resources/memory", "8G", "16G", "8G"),
        field("/summary", ABSENT, "Quality control", None),
        field("/resources/cpu", "1C", "2C", "4C"),
        field("/commands/0", "fastqc a\nls\n", "fastqc b\nls\n", "fastqc a\nls\n"),
        field("/env/[TOKEN]/value", "v1:digest", "$[[ secrets.token ]]", ABSENT, secret=True),
    )
    changes = (
        Change(
            address("App", "align@1.0.0"), "p", Life.STANDING, Action.CREATE, "new", source=Source("apps/align.yaml", 1)
        ),
        Change(
            address("App", "fastqc@1.0.0"),
            "p",
            Life.STANDING,
            Action.UPDATE,
            "edited",
            fields,
            source=Source("a.yaml", 1),
        ),
        Change(address("App", "gone@1.0.0"), "p", Life.STANDING, Action.DELETE, "not declared any more"),
        Change(address("App", "kept@1.0.0"), "p", Life.STANDING, Action.NO_OP, "same"),
        Change(address("Job", "again"), "p", Life.RUN, Action.REPLACE, "edited", phase=Phase.RUNNING),
        Change(address("Job", "failed"), "p", Life.RUN, Action.HOLD, "unchanged", phase=Phase.FAILED),
        Change(address("Job", "forgotten"), "p", Life.RUN, Action.FORGET, "ended and not declared any more"),
        Change(address("Job", "mine"), "p", Life.RUN, Action.ADOPT, "carries our mark"),
    )
    steps = (
        Step(
            1,
            address("App", "align@1.0.0"),
            "p",
            Verb.CREATE,
            (),
            {"name": "align"},
            "v1:a",
            MARK,
            lifecycle=Lifecycle(),
        ),
        Step(2, address("Job", "again"), "p", Verb.STOP, (1,), remote_id="r-1", seen="f-1"),
    )
    return Plan(BASE, changes, steps, diagnostics)


def refusal() -> Diagnostic:
    """A guard's finding that blocks a plan."""
    return Diagnostic(
        Severity.ERROR, "policy.max-deletes", "1 delete is more than the limit of 0", hint="raise policy.max_deletes"
    )
