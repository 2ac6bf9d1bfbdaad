"""Every diagnostic code this program can print, with what it means and what to do.

Codes are stable: once released, a code keeps its meaning for ever. docs/errors.md is generated from here, and a
test fails when code uses one that is not listed or lists one that nothing uses.
"""

from __future__ import annotations

from typing import Final

CODES: Final[dict[str, tuple[str, str]]] = {
    "error": (
        "Something failed that has no code of its own.",
        "Read the message; it says what to do.",
    ),
    "usage": (
        "The command line asks for something that makes no sense.",
        "See `--help` of the command.",
    ),
    "manifests.invalid": (
        "At least one file is wrong. Nothing was sent anywhere.",
        "Correct what is listed; `reconciler validate` checks without talking to anybody.",
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
    "platform.not-found": (
        "The object, or the path to it, does not exist (404).",
        "Plan again: it may be gone. Check the scope and the region.",
    ),
    "platform.conflict": (
        "Something is in the way: it exists already, or is in use (409).",
        "Plan again: what is in the way is shown.",
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
        "Look for the run on the platform, then say what is true: `reconciler state settle ADDRESS --submitted ID`, "
        "or `--not-submitted`.",
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
    "meaning.duplicate-parameter": (
        "Two parameters of one app have the same name.",
        "Rename one: names are unique over inputs and outputs together.",
    ),
    "meaning.duplicate-task": ("Two tasks have the same name.", "Rename one, or put their settings together."),
    "meaning.duplicate-input": ("A task sets the same input twice.", "Keep one of the two."),
    "meaning.enum-ignored": (
        "An input lists choices, but its type takes any value.",
        "Make it an ENUM, or take the list away.",
    ),
    "meaning.value-type": (
        "A value is not of the type of its parameter.",
        "Write data as `space:/path` and wiring as `${task.output}`.",
    ),
    "meaning.value-not-in-enum": (
        "A value is none of the choices of its parameter.",
        "Take one of those listed under `enum`.",
    ),
    "meaning.several-values": (
        "An input takes one value and gets more.",
        "Give one, or declare the input concurrent to start one instance per value.",
    ),
    "meaning.mixed-values": (
        "An input gets outputs of tasks and plain values together.",
        "Use one or the other: what the mixture means is not documented.",
    ),
    "meaning.output-path": (
        "The place of an output is no path below the output folder.",
        "Write `space:/sub/path` or `/sub/path`.",
    ),
    "meaning.unknown-parameter": (
        "A command refers to something that nearly is a parameter.",
        "Correct the spelling; a variable of the shell is best assigned in the same commands.",
    ),
    "meaning.unknown-input": (
        "A task sets an input that its app does not have.",
        "Correct the spelling, or declare the input in the app.",
    ),
    "meaning.unknown-output": (
        "A task names an output that the app does not have.",
        "Correct the spelling, or declare the output in the app.",
    ),
    "meaning.unknown-task": (
        "A task is named that the workflow does not have.",
        "Correct the spelling, or add the task to the workflow.",
    ),
    "meaning.wired-type": (
        "An output of one type is wired to an input of another.",
        "Wire an output of the same type.",
    ),
    "meaning.task-cycle": (
        "Tasks wait for each other in a circle, so none could start.",
        "Take away one of the `${task.output}` references in the circle.",
    ),
    "meaning.required-input": (
        "A required input has no value anywhere.",
        "Give one in the job, in the workflow, or as default of the app.",
    ),
    "meaning.accelerator-count": (
        "An accelerator of this type cannot be had in this number.",
        "Ask for one of the numbers named.",
    ),
    "meaning.two-accelerations": (
        "Both the job and one of its tasks choose an I/O acceleration.",
        "Choose for the whole job or for single tasks, not both.",
    ),
    "meaning.usage-without-acceleration": (
        "Space on an I/O accelerator is expected, and none is chosen.",
        "Choose an accelerator, or take the expectation away.",
    ),
    "meaning.many-instances": (
        "One task would start very many instances.",
        "Check the values: one instance starts for each combination of them.",
    ),
    "file.missing": ("A file or folder that was named does not exist.", "Check the spelling, or take it off the list."),
    "file.unreadable": ("A file or folder cannot be read.", "Check what it is and that you may read it."),
    "file.too-large": ("A file is too large for a manifest.", "Keep data out of the manifest folders, or split it."),
    "file.too-many-documents": ("A file holds too many documents.", "Split the file."),
    "file.not-utf8": ("A file is not UTF-8 text.", "Save it as UTF-8, or keep it out of the manifest folders."),
    "file.outside": ("A name or a link leads out of the project.", "Copy the file in, or name it on the command line."),
    "file.link": ("A link to a folder is not followed.", "List the folder it leads to under `manifests`."),
    "file.other-project": ("A folder is a project of its own and was left out.", "Run it from its own folder."),
    "file.empty-folder": ("A folder or pattern holds no manifest.", "Check it; nothing is deleted because of it."),
    "yaml.syntax": ("The text is not valid YAML.", "Check the indentation and the quotes around the place."),
    "yaml.character": ("An invisible character stands in the file.", "Delete it, or write it as an escape sequence."),
    "yaml.key": ("A key of a mapping is no text.", "Put it in quotes."),
    "yaml.duplicate-key": ("A key is given twice in one mapping.", "Keep one; other readers silently take the last."),
    "yaml.merge-key": ("A merge key (`<<`) is used.", "Write the merged keys out."),
    "yaml.alias": ("An alias has no anchor, holds itself, or blows the document up.", "Write the value out."),
    "yaml.tag": ("A YAML tag is used.", "Remove it; put quotes around what is meant as text."),
    "yaml.number": ("A number cannot be sent as it is written.", "Quote it if it is text, or write a smaller one."),
    "yaml.depth": ("The document is nested too deeply.", "Flatten it."),
    "schema.required": ("A field that must be there is missing.", "Add it."),
    "schema.unknown-key": ("A key is not known at this place.", "Correct its spelling or indentation, or remove it."),
    "schema.key": ("A name that stands as a key is not written as it must be.", "Rename it."),
    "schema.type": ("A value is of the wrong type.", "Quote what is text, and nothing else."),
    "schema.choice": ("A value is none of those allowed.", "Take one of those named."),
    "schema.pattern": ("A text is not written as it must be.", "Follow the rule in the message."),
    "schema.range": ("A number is too small or too large.", "Stay within the limit in the message."),
    "schema.length": ("A text, list or mapping is too short or too long.", "Stay within the limit in the message."),
    "schema.rule": ("A value breaks a rule of its schema.", "See the rule in the message and the schema of the kind."),
    "manifest.not-a-mapping": ("A document is a list or a scalar.", "Begin with `apiVersion:` or a native key."),
    "manifest.unrecognised": ("A document is no manifest.", "Correct its first keys, or move it elsewhere."),
    "manifest.unknown-platform": ("There is no such platform.", "Correct `apiVersion`, or install the plug-in."),
    "manifest.unknown-version": ("There is no such manifest language.", "Write the version named in the hint."),
    "manifest.unknown-kind": ("The kind is missing or not known.", "Write one of those that `kinds` lists."),
    "manifest.several-kinds": ("One document declares several resources.", "Put each into a document of its own."),
    "manifest.ambiguous": ("Several platforms use this key.", "Name the target with `metadata: {target: ...}`."),
    "manifest.target": ("It is unclear which target is meant.", "Name it with `metadata: {target: ...}`."),
    "manifest.identity": ("A name is missing or contradicts the metadata.", "Write it once, and the version with it."),
    "expression.syntax": ("An expression is malformed.", "Write vars.name, secrets.NAME or ref.Kind/name in it."),
    "expression.unknown-variable": ("A variable has no value.", "Declare it, or give it with --var."),
    "expression.not-here": ("The value must be known when planning.", "Write it, or use a variable."),
    "expression.plain-secret": ("A secret stands in a file.", "Refer to it as $[[ secrets.NAME ]], and change it."),
    "native.ignored": ("A field of a native file has no effect.", "Remove it, or keep it for other tools."),
    "native.conflict": ("Two fields of a native file contradict each other.", "Keep the one named in the hint."),
    "project.documents": ("A project file holds not exactly one document.", "Keep one; manifests have own files."),
    "project.expression": ("An expression stands in the project file.", "Write the value itself."),
    "project.default": ("The default environment is missing or unknown.", "Set `default` to one of the environments."),
    "project.unknown-platform": ("A target belongs to no known platform.", "Rename it, or add `platform:`."),
    "project.unknown-key": ("A target has an unknown key.", "Correct it; credentials belong into the environment."),
    "expression.in-variable": ("A variable holds an expression.", "Give its plain value."),
    "references.duplicate": (
        "Two manifests declare the same resource.",
        "Remove one of the two, or give it another name.",
    ),
    "references.unknown": (
        "A `$[[ ref... ]]` refers to something that nothing declares.",
        "Declare it, correct the spelling, or write the full address `$[[ ref.target/Kind/scope/name ]]`.",
    ),
    "references.ambiguous": (
        "A short `$[[ ref.Kind/name ]]` could mean several resources in different scopes.",
        "Write the full address: `$[[ ref.target/Kind/scope/name ]]`.",
    ),
    "references.undeclared": (
        "A resource refers by name to one of its own scope that no manifest declares.",
        "Declare it, correct the spelling, or make sure that it exists on the platform.",
    ),
    "references.cycle": (
        "Resources refer to each other in a circle, so none of them could come first.",
        "Take out one of the references named.",
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
}
