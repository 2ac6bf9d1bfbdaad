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
}
