"""What a node is told about an instance and about its job. Pure; `step` makes an order of it (supervise.py).

What depends on the node or the attempt is left out and filled in there: the attempt's own folders, deadlines (which
count from the start, and nobody knows it yet), ports, and the variables Slurm sets.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from reconciler.localplatform.engines.sandbox import command_line, identity, script_text, surroundings
from reconciler.localplatform.engines.slurm.script import notes, step_command, wrapper
from reconciler.localplatform.engines.slurm.sizes import asked_of, processors, share_of

if TYPE_CHECKING:
    from reconciler.localplatform.engines.slurm.chain import BatchJob
    from reconciler.localplatform.engines.slurm.site import Site
    from reconciler.localplatform.work import Run, Task

INSIDE = 'shell=$(command -v bash) || shell=sh; exec "$shell" "$@"'
"""Becomes bash, or sh where there is none."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where things are: `task` is the folder of the task's instances, `wake` the engine's named pipe, `search_path`
    what nodes get as PATH.
    """

    task: str
    wake: str
    search_path: str


def order_template(run: Run, task: Task, index: int, attempt: int, site: Site, places: Places) -> dict[str, Any]:
    """Everything about one instance that is known when it is submitted. `attempt` is the number of its next start."""
    instance, asked = task.instances[index], asked_of(task.instances[index], site)
    folder = PurePosixPath(places.task) / str(index)
    own = [instance.directory] if instance.directory else []
    around = wrapper(instance, site, [places.task, str(site.data), "@temporary@", *own, *_absolute(instance.outputs)])
    said = surroundings(search_path=places.search_path, home="", temporary="", cpu=None if asked.whole else asked.cpu)
    text = script_text(instance.command)
    line = command_line(instance.command, "")
    return {
        "attempt": attempt,
        "wrapper": around,
        "argv": _program(line, script=text is not None, wrapped=bool(around)),
        "script": text,
        "around": {**said, **identity(run, task, index, 0)},
        "environment": dict(instance.environment),
        "directory": instance.directory,
        "inputs": list(instance.inputs),
        "outputs": list(instance.outputs),
        "files": [
            {"path": file.path, "content": base64.b64encode(file.content).decode(), "executable": file.executable}
            for file in instance.files
        ],
        "notes": notes(instance, site),
        "signalled_together": True,
        "grace": site.grace,
        "memory": asked.memory,
        "niceness": 0,
        "log": str(folder / "log"),
        "marks": str(folder / "marks"),
        "log_limit": site.log_limit,
        "log_tail": site.log_tail,
        "wake": places.wake,
    }


def job_order(run: Run, task: Task, job: BatchJob, site: Site, places: Places) -> dict[str, Any]:
    """Everything about one batch job that its step must know. `processors`, `devices`: of each member of a gang;
    on nodes of their own all processors, and all devices of the name `all_of`.
    """
    asked = share_of(job, task, site)
    return {
        "folder": places.task,
        "indexes": list(job.indexes),
        "gang": job.gang,
        "news": f"{run.id}\t{quote(task.name, safe='')}",
        "wake": places.wake,
        "restart": {"limit": task.restart.limit, "exit_codes": sorted(task.restart.exit_codes)},
        "timeout": task.timeout,
        "run_timeout": run.timeout,
        "ports": list(task.ports),
        "decided_by": list(task.decided_by),
        "command": step_command(site),
        "processors": 0 if asked.whole else processors(asked),
        "devices": asked.gpu if site.gres else 0,
        "all_of": site.gres.partition(":")[0] if asked.whole else "",
    }


def _program(line: list[str], *, script: bool, wrapped: bool) -> list[str]:
    """What to execute, but for the file that holds a script, which is the attempt's own. Which shells an image has is
    known inside it.
    """
    if not script:
        return line
    return ["/bin/sh", "-c", INSIDE, "sh", *line[1:-1]] if wrapped else line[:-1]


def _absolute(paths: tuple[str, ...]) -> list[str]:
    return [path for path in paths if path.startswith("/")]
