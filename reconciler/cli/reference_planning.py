"""docs/planning.md: the decisions of the tool, asked of the tool itself."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any, Final

from reconciler.model.kind import Ability, Life, OnFieldChange
from reconciler.model.manifest import Lifecycle, OnChange, OnFailure, OnRemove
from reconciler.model.resource import Phase
from reconciler.planning.decide import MAX_ATTEMPTS, Case, Ownership, Presence, decide
from reconciler.planning.guard import UNASKED_COUNT, UNASKED_PERCENT
from reconciler.rendering.words import SIGNS

if TYPE_CHECKING:
    from collections.abc import Iterable

_ALL: Final = frozenset(Ability)
_BASE: Final = Case(
    Life.STANDING,
    desired=True,
    recorded=True,
    presence=Presence.PRESENT,
    ownership=Ownership.OURS,
    phase=Phase.READY,
    can=_ALL,
)
_RUN: Final = replace(_BASE, life=Life.RUN, phase=Phase.RUNNING)
_NEW: Final[dict[str, Any]] = {"recorded": False}
_GONE: Final[dict[str, Any]] = {"desired": False}

_STANDING: Final = (
    ("declared, nowhere yet", replace(_BASE, recorded=False, presence=Presence.ABSENT)),
    ("declared, exists, our mark", replace(_BASE, **_NEW)),
    ("declared, exists, no mark", replace(_BASE, **_NEW, ownership=Ownership.NONE)),
    ("the same, adoption declared", replace(_BASE, **_NEW, ownership=Ownership.NONE, adopt=True)),
    ("declared, exists, another owner's mark", replace(_BASE, **_NEW, ownership=Ownership.FOREIGN)),
    ("as declared", _BASE),
    ("differs, can be changed in place", replace(_BASE, forces=OnFieldChange.UPDATE)),
    ("differs, cannot be changed in place", replace(_BASE, forces=OnFieldChange.REPLACE)),
    (
        "the same, protected",
        replace(_BASE, forces=OnFieldChange.REPLACE, lifecycle=Lifecycle(protect=True)),
    ),
    ("recorded, missing on the platform", replace(_BASE, presence=Presence.ABSENT)),
    ("recorded, could not be read", replace(_BASE, presence=Presence.UNREADABLE)),
    ("no longer declared", replace(_BASE, **_GONE)),
    ("no longer declared, `onRemove: keep`", replace(_BASE, **_GONE, lifecycle=Lifecycle(on_remove=OnRemove.KEEP))),
    ("no longer declared, protected", replace(_BASE, **_GONE, lifecycle=Lifecycle(protect=True))),
    ("no longer declared, a manifest refers to it", replace(_BASE, **_GONE, in_use=True)),
    ("no longer declared, could not be read", replace(_BASE, **_GONE, presence=Presence.UNREADABLE)),
    ("no longer declared, gone from the platform", replace(_BASE, **_GONE, presence=Presence.ABSENT)),
    ("our mark, neither declared nor recorded", replace(_BASE, **_GONE, **_NEW)),
)
_EVENTS: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("new", {"recorded": False, "presence": Presence.ABSENT}),
    ("unchanged, running", {}),
    ("unchanged, succeeded", {"phase": Phase.SUCCEEDED}),
    ("unchanged, forgotten by the platform", {"presence": Presence.ABSENT, "phase": Phase.SUCCEEDED}),
    ("unchanged, failed", {"phase": Phase.FAILED}),
    ("unchanged, cancelled by a person", {"phase": Phase.CANCELLED}),
    ("edited where it means nothing", {"forces": OnFieldChange.UPDATE}),
    ("edited where it means something, ended", {"forces": OnFieldChange.NEW_RUN, "phase": Phase.SUCCEEDED}),
    ("edited where it means something, active", {"forces": OnFieldChange.NEW_RUN}),
    ("`attempt` raised, ended", {"lifecycle": Lifecycle(attempt=2), "phase": Phase.FAILED}),
    ("no longer declared, ended", {**_GONE, "phase": Phase.SUCCEEDED}),
    ("no longer declared, active", dict(_GONE)),
    ("could not be read", {"presence": Presence.UNREADABLE}),
)
_ON_CHANGE: Final = tuple(
    (f"`onChange: {policy}`", replace(_RUN, forces=OnFieldChange.NEW_RUN, lifecycle=Lifecycle(on_change=policy)))
    for policy in OnChange
)
_ON_REMOVE: Final = tuple(
    (f"{'`onRemove: ' + policy + '`' if policy else 'nothing said'}, {phase}",
     replace(_RUN, **_GONE, phase=phase, lifecycle=Lifecycle(on_remove=policy)))
    for policy, phase in product((None, *OnRemove), (Phase.RUNNING, Phase.SUCCEEDED))
)  # fmt: skip
_ON_FAILURE: Final = tuple(
    (
        f"`onFailure: {policy}`, attempt {attempt}",
        replace(_RUN, phase=Phase.FAILED, attempt=attempt, lifecycle=Lifecycle(on_failure=policy)),
    )
    for policy, attempt in product(OnFailure, (1, MAX_ATTEMPTS))
)


def planning_page(generated: str) -> str:
    """docs/planning.md. `generated` is the notice that it is."""
    events = ((words, replace(_RUN, **changed)) for words, changed in _EVENTS)
    return "\n".join(
        [
            "# Planning",
            "",
            generated,
            "",
            _INTRODUCTION,
            "## What exists until it is removed",
            "",
            *_table(_STANDING),
            "## Runs",
            "",
            _RUNS,
            *_table(events),
            "A run that is edited while it is active:",
            "",
            *_table(_ON_CHANGE),
            "A run whose manifest goes away:",
            "",
            *_table(_ON_REMOVE),
            "A run that failed:",
            "",
            *_table(_ON_FAILURE),
            _RESULTS,
            _EXCEPTIONS.format(count=UNASKED_COUNT, percent=f"{UNASKED_PERCENT:.0f}"),
        ]
    )


def _table(rows: Iterable[tuple[str, Case]]) -> list[str]:
    lines = ["| when | action | calls | because |", "|---|---|---|---|"]
    for words, case in rows:
        verdict = decide(case)
        calls = ", ".join(verb.value for verb in verdict.verbs)
        action = f"`{SIGNS[verdict.action].strip()}` {verdict.action}".removeprefix("`` ")
        code = f" (`{verdict.code}`)" if verdict.code else ""
        lines.append(f"| {words} | {action} | {calls} | {verdict.why}{code} |")
    return [*lines, ""]


_INTRODUCTION: Final = """\
A plan compares three sides, address by address: **desired** (the manifests), **recorded** (what was last done) and
**live** (what the platform has now). What it decides is one function of these three and of the policy in the manifest;
the tables below are that function, asked. `reconciler why ADDRESS` gives the answer for one address, with the line and
the author behind it.

By default, and without any setting:

- what is declared and missing is made; what differs is changed in place where the platform can, else replaced
- what is no longer declared is removed, when two witnesses say so: we recorded it, and no manifest declares it
- what carries no mark, or another owner's, is never taken, changed or removed
- a run happens once for each meaning and attempt, and is never started again because somebody forgot it
- fields that no manifest names are the platform's business; defaults that it fills in are no difference
- nothing is decided about what could not be read
"""
_RUNS: Final = """\
What is desired of a run is not that it exists, but that *a run of this meaning and attempt has been submitted*. Names,
descriptions, labels, comments and the order of keys are not part of what a run means.
"""
_RESULTS: Final = """\
## Runs that work on other runs

A run that refers to an output of another one (`$[[ ref.DataJob/fetch.folder ]]`) works on its result: it is submitted
when that one has succeeded, and the plan says so, `waits for ... to succeed`. It does not matter whether the value of
the output is known before.

- one that is new, or goes on, is waited for; everything else goes on meanwhile
- one that succeeded, or was forgotten by its platform and nobody saw it fail, is not
- one that failed or was cancelled is why this one is held, and what needs it in turn (`decide.no-result`)
- one that fails while it is waited for is why this one is skipped (`execution.no-result`)
- one that goes on for longer than an hour (`RECONCILER_RESULTS`, in seconds) leaves this one to the next apply
  (`execution.awaiting`)

Who it is (`$[[ ref.Job/train ]]`, or its output `id`) is no result: such a reference follows the submission. So does a
standing thing whatever it refers to, as soon as the value is told: a board on a training is made while that goes on.
Asked to stop while it waits, an apply ends at once; what waited was never begun.
"""

_EXCEPTIONS: Final = """\
## Exceptions, in the manifest

```yaml
lifecycle:
  onFailure: hold            # hold | retry
  onChange: refuseIfRunning  # refuseIfRunning | replace | queue | parallel
  onRemove: keep             # keep | cancel | delete; left out: see the tables
  protect: false             # true: never deleted or replaced, even after this file is gone
  attempt: 1                 # raise it to run once more
```

The policy that was last applied counts when a file is gone. The key goes into native files too, beside their own.

## Exceptions, in the project file

Each is reviewed like everything else, and there is no flag for any of them.

```yaml
moved:                       # a rename: nothing is removed, nothing is made anew
  - {{ from: lab/App/space/old@1.0.0, to: lab/App/space/new@1.0.0 }}
adopt: [lab/App/space/made-by-hand@1.0.0]   # may be taken over when it is declared
ignore:                      # left to others: not compared, not undone, kept as it is by updates
  - {{ path: /resources/cpu, kind: App, reason: the operators tune it }}
allow:                       # past a limit, for exactly these, until the end of a day (UTC)
  - {{ what: delete, addresses: [lab/App/space/old@1.0.0], until: '2026-07-31', reason: retired }}
policy: {{ max_deletes: 5, max_delete_percent: 30, max_gpu_hours: 500 }}
```

- **Renames.** The object keeps its id, its mark and, where the platform cannot rename, its name there. What refers to
  it is compared and sent under that name. A removal beside a creation that means the same is refused, with the entry to
  write; `allow` with `what: rename` says that it is meant. Another version in place of the old one is no rename. An
  entry may be taken out when every environment has been applied. `reconciler move` does the same in one memory.
- **Left to others.** Rules hold for standing things that exist; a new one is made as declared, and a run is what was
  submitted. Paths and addresses may hold `*`.
- **Allowed.** `delete`: these removals count towards no limit. `cancel`: these active runs may be stopped when they are
  no longer declared. `gpu_hours`: these runs count towards no budget. `rename`: see above. An entry that has ended lets
  nothing through and is told in every plan; a saved plan goes stale when an entry in it ends.

## Limits and guards

- `max_deletes` and `max_delete_percent` count objects deleted and replaced and runs cancelled, `max_gpu_hours` the most
  accelerator hours of all runs that are submitted. Beyond a limit the plan is blocked (exit 3). The room that is left
  is told in every plan. A run whose hours nobody can tell is not taken for zero: it blocks as well, where the others of
  its plan can be told; one without a time limit is without bound.
- Without any limit, a plan that removes more than {count} resources and more than {percent}% of what is recorded is
  blocked all the same.
- A folder that is listed and missing is an error (exit 65). A folder without manifests is a warning, and nothing is
  removed. Files that declare nothing while something is recorded block the plan (exit 3). A selector that means nothing
  is an error (exit 64), and no selection ever removes.
- `destroy` means everything: shares do not bind it, `max_deletes` and `protect` do.

## Drift

`reconciler drift`, and `plan --refresh-only`, compare live with recorded and tell what moved, by the very rules by
which a plan would find a difference. A field that an author wrote (`declared`) is told apart from one that the platform
fills in (`default`). What it filled in is noted after each write of ours; when that changes later it is drift too,
though no plan would touch it. Runs do not drift. Exit code 2 says that something moved.

- to undo it: `reconciler apply`
- to accept it: `reconciler adopt --write` edits the manifests, value by value; comments and layout stay. The next apply
  changes the memory alone. A default that nobody declares is noted as it is now
- to leave it to others: `ignore`

## Taking over what exists

`reconciler import` writes one manifest for each standing object of the project's spaces and records it as ours; the
platform is only read, and the next plan is empty. Runs, and what belongs to the whole account, are imported when
their kind is named (`--kind`). What another owner marked is left alone. `reconciler adopt ADDRESS` takes over what is
declared already, with `--id` the very run that is meant; `reconciler forget` lets go. An object that was taken over
carries no mark until something changes it: if the memory is lost before that, it has to be adopted again.

## Selections

`--only`, `--except`, `--kind`, `--label`, paths and `--since REV` limit a plan to some addresses and what they need.
`--since` takes what changed after a git revision, and what depends on it. What was left out is said.
"""
