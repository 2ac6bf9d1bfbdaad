"""How much an instance asks the cluster for. Pure.

What the author asked for; where a size of the platform's was chosen and the site says what that is there, that; never
more than the site gives at most.
"""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeGuard

from reconciler.localplatform.work import Limits

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.localplatform.engines.slurm.chain import BatchJob
    from reconciler.localplatform.engines.slurm.site import Site
    from reconciler.localplatform.work import Instance, Task

WHOLE = "node"
"""How a site says that a size is a node of its own."""
_AMOUNTS = ("cpu", "memory", "gpu")
_MEMORY = re.compile(r"(\d+(?:\.\d+)?)([KMGT])")
_POWERS = {"K": 1, "M": 2, "G": 3, "T": 4}
_GIB = 1024**3


def asked_of(instance: Instance, site: Site) -> Limits:
    """What the cluster is asked for."""
    wanted, most = _wanted(instance, site), site.most
    return replace(
        wanted,
        cpu=min(wanted.cpu, most.get("cpu", math.inf)),
        memory=min(wanted.memory, int(most.get("memory", wanted.memory))),
        gpu=min(wanted.gpu, int(most.get("gpu", wanted.gpu))),
    )


def share_of(job: BatchJob, task: Task, site: Site) -> Limits:
    """What each instance of a batch job is given: in an array all ask for the same, in a gang there is enough for the
    greediest.
    """
    indexes = job.indexes if job.gang else job.indexes[:1]
    asked = [asked_of(task.instances[index], site) for index in indexes]
    return Limits(
        cpu=max(one.cpu for one in asked),
        memory=max(one.memory for one in asked),
        gpu=max(one.gpu for one in asked),
        whole=any(one.whole for one in asked),
    )


def processors(limits: Limits) -> int:
    """Slurm gives whole ones."""
    return max(math.ceil(limits.cpu), 1)


def said(limits: Limits) -> str:
    """For people."""
    if limits.whole:
        return "a node of its own"
    parts = [f"{processors(limits)} processor{'s' if processors(limits) > 1 else ''}"]
    parts += [f"{limits.memory / _GIB:.4g} GiB of memory"] if limits.memory else []
    parts += [f"{limits.gpu} accelerator{'s' if limits.gpu > 1 else ''}"] if limits.gpu else []
    return " and ".join([part for part in (", ".join(parts[:-1]), parts[-1]) if part])


def asked_for(job: BatchJob, task: Task, site: Site) -> str:
    """For people: what each instance of a batch job is asked for, and the sizes they chose."""
    names = dict.fromkeys(_named(task.instances[index]) for index in job.indexes if task.instances[index].size)
    each = " each" if len(job.indexes) > 1 else ""
    return f"{said(share_of(job, task, site))}{each}" + (f", for {', '.join(names)}" if names else "")


def shortfalls(instance: Instance, site: Site) -> list[str]:
    """Sentences about what an instance asks for and is not asked of the cluster."""
    found, wanted, given = [], _wanted(instance, site), asked_of(instance, site)
    if instance.size is not None and instance.requested is None and instance.size.name not in site.sizes:
        found.append(f"how large {_named(instance)} is, is not known here: {said(given)} asked for")
    if given != wanted:
        found.append(f"asks for {said(wanted)}, and gets {said(given)}: this site gives no more")
    if given.gpu and not site.gres:
        found.append(f"{given.gpu} accelerator(s) are not asked for: this site has none")
    return found


def read_sizes(table: Mapping[str, Any]) -> dict[str, Limits]:
    """The sizes of a site file in which `sizes_problem` finds nothing wrong."""
    return {
        name: Limits(whole=True) if given == WHOLE else Limits(**{"cpu": 1, **read_amounts(given)})
        for name, given in table.items()
    }


def read_amounts(table: Mapping[str, Any]) -> dict[str, Any]:
    """Cores, bytes and devices, those that are said, of a table in which `amounts_problem` finds nothing wrong."""
    return {name: _bytes(value) if name == "memory" else value for name, value in table.items()}


def sizes_problem(value: object) -> str:
    """What is wrong with the sizes of a site file, "" when nothing is."""
    if not isinstance(value, dict):
        return "is not a table of sizes"
    problems = ((name, "" if given == WHOLE else amounts_problem(given)) for name, given in value.items())
    wrong = [f"{name!r}, which {problem}" for name, problem in problems if problem]
    return f"has {wrong[0]}" if wrong else ""


def amounts_problem(value: object) -> str:
    """What is wrong with `{ cpu = 8, memory = "64G", gpu = 1 }`, "" when nothing is."""
    fine = isinstance(value, dict) and set(value) <= set(_AMOUNTS) and all(_is_amount(*pair) for pair in value.items())
    return "" if fine else 'is not like { cpu = 8, memory = "64G", gpu = 1 }'


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether a value of a TOML file is one; true and false are none, whatever Python says."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_amount(name: str, value: object) -> bool:
    if name == "memory":
        return isinstance(value, str) and _MEMORY.fullmatch(value) is not None
    return is_number(value) and value >= 0 and (name != "gpu" or isinstance(value, int))


def _bytes(text: str) -> int:
    number, unit = text[:-1], text[-1]
    return int(float(number) * 1024 ** _POWERS[unit])


def _wanted(instance: Instance, site: Site) -> Limits:
    size = instance.size
    if size is None or size.name not in site.sizes:
        return instance.requested or instance.limits
    one = site.sizes[size.name]
    return replace(one, cpu=one.cpu * size.count, memory=one.memory * size.count, gpu=one.gpu * size.count)


def _named(instance: Instance) -> str:
    """The size, and how often."""
    size = instance.size
    return "" if size is None else f"{size.count} x {size.name}" if size.count > 1 else size.name
