"""Findings about what manifests mean together."""

from __future__ import annotations

from typing import Final

MEANING: Final[dict[str, tuple[str, str]]] = {
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
    "meaning.not-awaited": (
        "A run reads what another one writes, and does not refer to it: both would be submitted together.",
        "Write the path with the output of the other one; then it waits until that has succeeded.",
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
    "meaning.many-tasks": (
        "A workflow has more tasks than some editions of the platform take.",
        "Split it, or try it where nothing depends on it.",
    ),
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
    "meaning.two-sources": (
        "What is run comes from two places at once.",
        "Keep the workspace, or keep the git repository.",
    ),
    "meaning.no-source": (
        "Nothing says where the command is run, or from which repository.",
        "Set `workspace`, or `git_remote_repo`.",
    ),
    "meaning.command-length": (
        "Workspace, entrypoint and parameters together are longer than the platform takes.",
        "Put the parameters into a file of the workspace.",
    ),
    "meaning.shell-value": (
        "The value of an environment variable would not survive the shell script it is pasted into.",
        "Quote it for the shell, inside the quotes of YAML, as the finding shows.",
    ),
    "meaning.given-variable": (
        "An environment variable has a name under which the platform gives one of its own.",
        "Use another name.",
    ),
    "meaning.date-value": (
        "A value reads like a date, which other readers of the same file do not take for text.",
        "Keep it in quotes.",
    ),
    "meaning.service": (
        "A service of a task contradicts itself or another one.",
        "Do what the finding says: ports and names are unique, built-in ones take a name only.",
    ),
    "meaning.group-form": ("A group of nodes is not written as one.", "Write `group`, or `group#zone`."),
    "meaning.image-form": (
        "The address of an image is not written as the platform wants it.",
        "Write registry/project/image:tag, or the name of a built-in image.",
    ),
    "meaning.external-priority": (
        "The priority belongs to external users, whom the platform sets to AUTO anyway.",
        "Use -1, or one of the priorities for everybody.",
    ),
    "meaning.unknown-venv": (
        "The virtual environment is none of the built-in ones.",
        "Check the number; environments of one's own have names.",
    ),
    "meaning.name-taken": (
        "Two manifests want the same name on one account, and only one unfinished task may have it.",
        "Rename one.",
    ),
    "meaning.no-workspace": (
        "The manifest names no workspace, so the platform takes the caller's default one.",
        "Set the workspace of the target, or `metadata.scope`.",
    ),
    "meaning.no-time-limit": (
        "Nothing but its own end ends the job, and the bill for it.",
        "Set `JobMaxRunningTimeMinutes`.",
    ),
    "meaning.too-large": (
        "The job has more bytes than the platform takes for one submission.",
        "Keep scripts in a code source or a data set.",
    ),
    "meaning.unknown-role": (
        "The job type has no such role, or the job has none of that name.",
        "Use a role that the message lists.",
    ),
    "meaning.role-circle": (
        "Roles of a job wait for each other in a circle, so none of them could begin.",
        "Take away one of the dependencies in the circle.",
    ),
    "meaning.role-twice": (
        "One role stands twice in a job.",
        "Put the pods together in one entry.",
    ),
    "meaning.two-chiefs": (
        "More than one role is to decide on the end of the job.",
        "Leave one of them.",
    ),
    "meaning.two-resources": (
        "A role asks for an instance type and for a share of a quota, which exclude each other.",
        "Keep one of the two.",
    ),
    "meaning.no-resources": (
        "A role does not say what its pods run on.",
        "Name an instance type, or a share of a quota.",
    ),
    "meaning.pool-and-quota": (
        "Instance types belong to the public pool, shares to a quota; the job mixes them.",
        "Use `EcsSpec` without `ResourceId`, or `ResourceConfig` with it.",
    ),
    "meaning.two-price-limits": (
        "The price of spot instances is limited in two ways at once.",
        "Keep one of the two.",
    ),
    "meaning.mount-source": (
        "A mount names both a data set and an address, or neither.",
        "Name one of them.",
    ),
    "meaning.mount-place": (
        "Storage that is mounted by its address has no folder of its own.",
        "Say where to mount it.",
    ),
    "meaning.mount-options": (
        "Mount options are JSON inside a text, and these cannot be read.",
        "Write them as a JSON object in quotes.",
    ),
    "meaning.moving-code": (
        "Code is taken from a branch, or a short hash, and may differ from run to run.",
        "Pin the full hash of a commit.",
    ),
    "meaning.no-ranges": (
        "A switch is named without the address ranges that are reached through it.",
        "Name the ranges.",
    ),
    "meaning.nothing-shown": (
        "The TensorBoard shows neither a job nor any storage.",
        "Name a job, or a data source.",
    ),
    "meaning.two-summaries": (
        "The TensorBoard shows a job and storage, which exclude each other.",
        "Keep one of the two.",
    ),
    "meaning.replica-bounds": (
        "The fewest pods of a role are more than its most, or more than there are.",
        "Swap the two, or ask for fewer.",
    ),
    "meaning.algorithm-source": (
        "Nothing says what is run, or several things do, or a part of it is missing.",
        "Name exactly one: an algorithm, code with an engine, or a command with an image.",
    ),
    "meaning.machines": (
        "Nothing says on which machines a job runs, or two things do that exclude each other.",
        "Name a flavor or specification of the public pool, or a dedicated pool.",
    ),
    "meaning.data-source": (
        "A job reads its data from places that exclude each other, or names half of one.",
        "Keep one sort of source; name a data set with its version.",
    ),
}
