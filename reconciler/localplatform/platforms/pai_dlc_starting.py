"""What comes before and after the command in a pod: waiting for other roles, and Python packages.

The platform starts all pods of a job, and a role with `StartupDependencies` begins when enough pods of the others have
reached a phase. Here each pod that somebody waits for leaves a mark in a folder of the job; those who wait look there.

Packages are taken from what this machine has and from a folder of wheels; nothing is fetched from a network. What
cannot be had is said in the log of the pod, and its command runs without it.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any, NamedTuple

from reconciler.localplatform.work import Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_ENDED_WELL = frozenset({"succeeded", "completed"})
"""Phases that mean the end of a pod; any other is that it has begun."""
_BEGUN = frozenset({Status.RUNNING, Status.STOPPING, Status.SUCCEEDED})
_PACKAGES = ".packages"


class Wait(NamedTuple):
    """So many pods of the role at `role` (a position in `JobSpecs`) must have begun, or succeeded."""

    role: int
    pods: int
    succeeded: bool


def waits(body: Mapping[str, Any], role: int) -> tuple[Wait, ...]:
    """What a role waits for. Raises ValueError for a role that is none."""
    roles = body["JobSpecs"]
    names = [str(each.get("Type") or "Worker") for each in roles]
    found = []
    for dependency in roles[role].get("StartupDependencies") or ():
        name = str(dependency.get("Type"))
        if name not in names or names.index(name) == role:
            message = f"StartupDependencies: {name!r} is no other role of the job"
            raise ValueError(message)
        there = names.index(name)
        most = int(roles[there].get("PodCount") or 1)
        least = str(dependency.get("MinReplicas") or most)
        wanted = min(int(least), most) if least.isascii() and least.isdecimal() else most
        found.append(Wait(there, wanted, str(dependency.get("OnPhase") or "").lower() in _ENDED_WELL))
    return tuple(found)


def check_waits(body: Mapping[str, Any]) -> None:
    """Raises ValueError where roles wait for none, or for each other."""
    needs = {role: {wait.role for wait in waits(body, role)} for role in range(len(body["JobSpecs"]))}
    while free := {role for role, wanted in needs.items() if not wanted & needs.keys()}:
        needs = {role: wanted for role, wanted in needs.items() if role not in free}
    if needs:
        message = "StartupDependencies: roles wait for each other"
        raise ValueError(message)


def begun(body: Mapping[str, Any], role: int, statuses: Mapping[int, Sequence[Status]]) -> bool:
    """Whether the commands of a role have begun, by the statuses of the pods of each."""
    return all(_reached(body, wait, statuses) for wait in waits(body, role))


def _reached(body: Mapping[str, Any], wait: Wait, statuses: Mapping[int, Sequence[Status]]) -> bool:
    there = statuses.get(wait.role, ())
    if wait.succeeded:
        return sum(status is Status.SUCCEEDED for status in there) >= wait.pods
    return begun(body, wait.role, statuses) and sum(status in _BEGUN for status in there) >= wait.pods


def told(body: Mapping[str, Any], role: int) -> str:
    """What a role waits for, as a sentence; "" for one that does not wait."""
    roles = body["JobSpecs"]
    words = [
        f"{wait.pods} of {roles[wait.role].get('Type') or 'Worker'} {'succeeded' if wait.succeeded else 'running'}"
        for wait in waits(body, role)
    ]
    return f"waits for {', '.join(words)}" if words else ""


def surrounded(command: str, body: Mapping[str, Any], place: tuple[int, int], folder: str) -> list[str]:
    """The lines of a pod's script: it waits, leaves its marks around the command, and ends as that does. `place` is
    its role and its number within; marks are kept apart by attempt, since all pods start again together.
    """
    role, number = place
    waited = [wait for each in range(len(body["JobSpecs"])) for wait in waits(body, each) if wait.role == role]
    mark = f"{shlex.quote(folder)}/{role}.{number}"
    lines = [_line(wait, folder) for wait in waits(body, role)]
    if waited:
        lines.append(f': > {mark}.begun."$RECONCILER_ATTEMPT"')
    if not any(wait.succeeded for wait in waited):
        return [*lines, command]
    ending = f'[ "$code" -ne 0 ] || : > {mark}.ended."$RECONCILER_ATTEMPT"'
    return [*lines, "(", command, ")", "code=$?", ending, 'exit "$code"']


def _line(wait: Wait, folder: str) -> str:
    suffix = "ended" if wait.succeeded else "begun"
    pattern = rf'"^{wait.role}\.[0-9]*\.{suffix}\.$RECONCILER_ATTEMPT\$"'
    return f"until [ $(ls {shlex.quote(folder)} | grep -c {pattern}) -ge {wait.pods} ]; do sleep 0.1; done"


def packages(requirements: Iterable[str], folder: str) -> list[str]:
    """Lines that get Python packages without a network: `requirements` lines, and those of a file in `folder`, where
    wheels may lie, too. "" is no folder.
    """
    wanted = "\n".join(requirements)
    if not wanted and not folder:
        return []
    lines = [f"mkdir -p {_PACKAGES}", f"printf '%s\\n' {shlex.quote(wanted)} > {_PACKAGES}/asked"]
    if folder:
        lines.append(f"cat {shlex.quote(folder)}/requirements.txt >> {_PACKAGES}/asked")
    quiet = "python3 -m pip --isolated --quiet --disable-pip-version-check --no-input install --no-index"
    wheels = f" --find-links {shlex.quote(folder)}" if folder else ""
    kept = f"{_PACKAGES}/wanted"
    return [
        *lines,
        # Options and addresses would lead to a network.
        f"grep -vE '^[[:space:]]*(-|#|$)|://' {_PACKAGES}/asked > {kept}",
        f"if ! {quiet} --dry-run -r {kept} > {_PACKAGES}/log 2>&1; then",
        f"  if {quiet}{wheels} --target {_PACKAGES}/site -r {kept} > {_PACKAGES}/log 2>&1; then",
        f'    export PYTHONPATH="$PWD/{_PACKAGES}/site${{PYTHONPATH:+:$PYTHONPATH}}"',
        "  else",
        '    echo "local platform: not installed, since nothing is fetched here:" $(cat ' + kept + ")",
        "  fi",
        "fi",
        f"left=$(grep -E '^[[:space:]]*-|://' {_PACKAGES}/asked)",
        '[ -z "$left" ] || echo "local platform: left out, since nothing is fetched here:" $left',
    ]
