"""Findings of planning, applying and talking to platforms."""

from __future__ import annotations

from typing import Final

ACTING: Final[dict[str, tuple[str, str]]] = {
    "error": (
        "Something failed that has no code of its own.",
        "Read the message; it says what to do.",
    ),
    "usage": (
        "The command line asks for something that makes no sense.",
        "See `--help` of the command.",
    ),
    "plan.blocked": (
        "Policy, a budget or a guard forbids the plan.",
        "Each finding says how to allow it by a reviewed line.",
    ),
    "plan.refused": (
        "A change must not be made as things are.",
        "The reason says what to change; `reconciler show ADDRESS` shows more.",
    ),
    "plan.stale": (
        "The world, the files or the memory are not what the plan saw. Nothing was written.",
        "Plan again, review, apply.",
    ),
    "plan.unreadable": (
        "A saved plan is damaged, was edited, or comes from another version. Nothing was written.",
        "Make a new one with `reconciler plan -o FILE`.",
    ),
    "local": (
        "The embedded local platform could not be started, stopped or reached.",
        "Read .reconciler/local/server.log; `reconciler local status` and `local stop` help.",
    ),
    "platform": (
        "An exchange with a platform went wrong.",
        "The message names the platform's own reason and its request id.",
    ),
    "platform.credentials-missing": (
        "There are no usable credentials for a target, or a secret has no value. Nothing was sent.",
        "Set the environment variables that the hint names.",
    ),
    "platform.refused": (
        "The platform answered no. The call had no effect.",
        "The message names the platform's own reason.",
    ),
    "platform.unauthenticated": (
        "The platform does not accept the credentials (401).",
        "Check that the keys belong together, are not expired, and that the clock is right.",
    ),
    "platform.forbidden": (
        "The platform knows the caller and says no (403).",
        "Ask whoever grants rights on that account.",
    ),
    "platform.no-such-scope": (
        "What the object would stand in does not exist.",
        "Correct the scope, or declare it as a resource of its own.",
    ),
    "platform.not-found": (
        "The object, or the path to it, does not exist (404).",
        "Plan again: it may be gone. Check the scope and the region.",
    ),
    "platform.conflict": (
        "Something is in the way: it exists already, or is in use (409).",
        "Plan again: what is in the way is shown.",
    ),
    "platform.busy": (
        "The object is still on its way to another state, for longer than an apply waits.",
        "Apply again when it has arrived there.",
    ),
    "platform.throttled": (
        "Too many calls (429). The call had no effect.",
        "Apply again later, or with a smaller `--parallelism`.",
    ),
    "platform.unreachable": (
        "No request reached the platform. The call had no effect.",
        "Check endpoint, region, network and proxy.",
    ),
    "platform.unanswered": (
        "A call was sent and no trustworthy answer came back: it may have had its effect.",
        "Apply again: it is searched for before anything else happens at that address.",
    ),
    "submission.ambiguous": (
        "A create may have happened, and neither the journal nor the platform can tell.",
        (
            "Look for the run on the platform, then say what is true: "
            "`reconciler state settle ADDRESS --submitted ID`, or `--not-submitted`."
        ),
    ),
    "state.locked": (
        "Another apply holds the lease of this environment, or took it over from this one.",
        "Wait for it to end. If it is gone for good, `reconciler state unlock`.",
    ),
    "state.unreadable": (
        "The memory is damaged, or written by a newer release.",
        "Use the release that wrote it; else restore it from a backup, or `reconciler state rebuild`.",
    ),
    "state.unwritable": (
        "The memory cannot be written: the disk is full, or the folder is read-only.",
        "Make room or give the right to write, then apply again: nothing is half done.",
    ),
    "execution.stale": (
        "The object moved after it was planned, so it was left alone.",
        "Plan again, look at what moved, and apply.",
    ),
    "execution.blocked": (
        "A step that this one needs was not done.",
        "Resolve what stopped that step, then apply again.",
    ),
    "execution.queued": (
        "The run is queued behind one that has not ended (`onChange: queue`).",
        "Apply again when that one has ended, or apply with `--wait`.",
    ),
    "execution.unfinished": (
        "A stop or a delete was accepted, but has not taken effect in time.",
        "Wait for the platform to finish it, then apply again.",
    ),
    "execution.unresolved": (
        "A reference or a secret has no value at the moment of the call.",
        "Apply what the reference names first, or provide the secret.",
    ),
    "execution.impossible": (
        "The step cannot be done: the platform has no such call, or no connection to the target is open.",
        "Plan again; when the plan stays the same, report it with the plan.",
    ),
    "execution.unexpected": (
        "A step failed in a way nobody foresaw. What may have been sent is settled by the next apply.",
        "Apply again; report it with the trace when it happens again.",
    ),
    "execution.not-sent": (
        "The call was never sent.",
        "Apply again.",
    ),
    "execution.planned-again": (
        "An earlier process ended before the answer to a call that may be repeated.",
        "Nothing to do: it is planned again from what is live.",
    ),
    "interrupted": (
        "It was asked to stop before this step began.",
        "Apply again: what was done is remembered.",
    ),
    "decide.conflict": (
        "Where something would be created, something else stands already.",
        "Give it another name, or adopt the one that exists.",
    ),
    "decide.foreign": (
        "The live object carries the mark of another project or environment.",
        "Decide who owns it: the other one forgets it, or this one does.",
    ),
    "decide.unreadable": (
        "An object could not be read, so nothing is done to it.",
        "Plan again when the platform answers.",
    ),
    "decide.protected": (
        "Something protected would be deleted, replaced or stopped.",
        "Put the manifest back; to go on, set `protect: false`, apply that, and then repeat the change.",
    ),
    "decide.active-removed": (
        "The manifest of an active run is gone.",
        "Put it back, cancel the run, or apply `onRemove: cancel` before removing the manifest.",
    ),
    "decide.active-changed": (
        "The meaning of a run changed while it is active.",
        "Wait for it, cancel it, or say `onChange: replace`, `queue` or `parallel`.",
    ),
    "decide.cannot-stop": (
        "An active run would have to be stopped, and this platform cannot.",
        "Wait for it to end.",
    ),
    "decide.cannot-delete": (
        "Something is no longer declared, and this platform cannot delete it.",
        "Remove it by hand if it should not stay; it is forgotten here.",
    ),
    "decide.cannot-replace": (
        "A field that cannot be changed in place differs, and the object cannot be replaced.",
        "Undo the change, or declare it under another name or version.",
    ),
    "decide.deleting": (
        "Something is declared that the platform is deleting.",
        "Plan again when it is gone: it will be created.",
    ),
    "decide.still-used": (
        "Something would be deleted that a manifest still refers to.",
        "Take out the reference too, or put the manifest back.",
    ),
    "plan.unknown-kind": (
        "A resource is of a kind that this installation does not know.",
        "Install what knows it, or forget the resource.",
    ),
    "plan.orphan": (
        "A live object carries our mark, but is neither declared nor recorded.",
        "Declare and adopt it, or delete it by hand.",
    ),
    "plan.selection": (
        "Only a selection was planned, with what it needs. A selection removes nothing.",
        "Plan without a selection to see everything.",
    ),
    "plan.selection-destroys": (
        "A selection and a destroy were asked for together.",
        "To remove some resources, take out their manifests and apply.",
    ),
    "guard.nothing-declared": (
        "No manifest was found, while the memory holds resources.",
        "Check the folder, the project file and its `manifests`; to remove everything on purpose, destroy.",
    ),
    "guard.max-deletes": (
        "The plan removes more than `policy.max_deletes` allows.",
        "If all of it is meant, raise the limit in a reviewed change.",
    ),
    "guard.max-delete-percent": (
        "The plan removes a larger share than `policy.max_delete_percent` allows.",
        "If all of it is meant, raise the limit in a reviewed change.",
    ),
    "guard.max-gpu-hours": (
        "The plan submits runs that take more than `policy.max_gpu_hours` allows.",
        "If they are meant, raise the limit in a reviewed change.",
    ),
    "guard.gpu-hours-unknown": (
        "There is a limit on GPU-hours, and how many a run would take is not known.",
        "Give the run a time limit and resources; what is not known is never taken for zero.",
    ),
    "guard.headroom": (
        "How much room the limits of the policy leave.",
        "Nothing to do.",
    ),
    "guard.mass-removal": (
        "No limit is set, and the plan removes most of what is recorded at once.",
        "Check that no folder is missing. If it is meant, name it under `allow`, or set a limit, in a reviewed change.",
    ),
    "guard.allowance-expired": (
        "An entry under `allow` in the project file has expired and lets nothing through any more.",
        "Take it out, or renew it in a reviewed change.",
    ),
    "moved.still-declared": (
        "An entry under `moved` says that a resource has another address now, but both addresses are declared.",
        "Take one of the two manifests out, or the entry.",
    ),
    "plan.likely-rename": (
        "A resource that is no longer declared and a new one mean the same: it was most likely renamed.",
        "Add the entry that the hint spells to `moved`, or name one of the two under `allow` (`what: rename`).",
    ),
}
