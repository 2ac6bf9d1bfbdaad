"""From one life of a task to work an engine can run: the entrypoint once on each node.

| on the platform | here |
|---|---|
| `/area/path`, a folder of the shared storage | `<data folder>/area/path` |
| `.py` entrypoint | `python3 -u`; anything else `bash`, unless it is executable by itself |
| environment values, pasted into a script | variables; those that the shell has to read are exported by the script |
| rank, world size, a place to meet | `RANK`, `WORLD_SIZE`, `MASTER_IP`, `MASTER_PORT`, and the `MARSV2_` variables |
| "must I give way?" of the platform's library | whether the file is there that `MARSV2_SUSPEND_FLAG` names |
| a node | a whole machine of a cluster; cores and accelerators where a container says them |
| a suspension | SIGTERM to all of it, and a little later the end; the next life begins from the top |
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.data import OutsideData
from reconciler.localplatform.platforms.hai_words import CHAIN, PLATFORM, run_of
from reconciler.localplatform.work import Instance, Limits, Run, Script, Size, Task, Together

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from reconciler.localplatform.data import DataFolder
    from reconciler.localplatform.services import Services
    from reconciler.localplatform.store import Entity

WORK = "node"
"""Name of the one task in the engine's terms; its instances are the ranks."""
RUNTIME = "marsv2"
"""Area of the data folder that holds what the platform writes for tasks."""
_CPU = 0.1
"""Cores asked of this machine for each node: what they really use is seen to by the machine."""


def translate(services: Services, life: Entity) -> Run:
    """The work of a life, from what is stored alone."""
    chain = services.store.get(PLATFORM, CHAIN, life.body["chain"])
    if chain is None:
        raise OutsideData(f"the task of {life.id} is gone")
    row = next(row for row in chain.body["rows"] if run_of(row["id"]) == life.id)
    return work_of(services, chain, row)


def work_of(services: Services, chain: Entity, row: Mapping[str, Any]) -> Run:
    """The work of one row of a chain."""
    folder = flag_of(services.data, row["id"]).parent
    timeout = chain.body["task"]["options"].get("timeout", -1)
    ranks = range(chain.body["nodes"])
    instances = tuple(_instance(services, chain, row, rank, str(folder)) for rank in ranks)
    return Run(
        id=run_of(row["id"]),
        name=chain.name,
        tasks=(Task(WORK, instances, together=Together.GANG, ports=("MASTER_PORT",)),),
        timeout=float(timeout) if isinstance(timeout, int | float) and timeout > 0 else None,
        labels={"platform": PLATFORM, "chain": chain.id},
    )


def flag_of(data: DataFolder, identifier: int) -> Path:
    """The file that tells a life to give way."""
    return data.locate(RUNTIME, f"log/{identifier}/suspend")


def _instance(services: Services, chain: Entity, row: Mapping[str, Any], rank: int, folder: str) -> Instance:
    words, exports = _environment(chain.body["task"]["spec"].get("environments", {}))
    given = {
        "RANK": str(rank),
        "WORLD_SIZE": str(chain.body["nodes"]),
        "MASTER_IP": "127.0.0.1",
        "CHAIN_ID": chain.id,
        "MARSV2_RANK": str(rank),
        "MARSV2_NODE_NAME": row["nodes"][rank] if rank < len(row["nodes"]) else "",
        "MARSV2_NB_NAME": chain.name,
        "MARSV2_TASK_ID": str(row["id"]),
        "MARSV2_TASK_TYPE": chain.body["task"]["task_type"],
        "MARSV2_WHOLE_LIFE_STATE": str(chain.body["whole_life_state"]),
        "MARSV2_USER": chain.owner,
        "MARSV2_USER_ROLE": "INTERNAL",
        "MARSV2_LOG_DIR": folder,
        "MARSV2_SUSPEND_FLAG": f"{folder}/suspend",
    }
    return Instance(
        command=Script((*exports, *_place(services.data, chain.body["task"]["spec"]), _command(chain))),
        environment={**words, **given},
        outputs=(folder,),
        limits=Limits(cpu=_CPU),
        requested=_requested(chain.body["task"]["resource"]),
        size=Size(f"{PLATFORM}/{chain.body['group']}"),
        name=f"rank {rank}",
        image=chain.body["backend"],
    )


def _requested(resource: Mapping[str, Any]) -> Limits:
    """What a cluster is asked for. In which unit a container says its memory is not documented."""
    cores, cards = resource["cpu"], resource["gpu"]
    return Limits(cpu=cores or _CPU, gpu=cards) if cores or cards else Limits(cpu=_CPU, whole=True)


def _environment(variables: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Values that are one plain word for the shell, and script lines for all others, pasted as the platform does."""
    words, lines = {}, []
    for name, value in variables.items():
        plain = _word(value)
        if plain is None:
            lines.append(f"export {name}={value}")
        else:
            words[name] = plain
    return words, lines


def _word(value: str) -> str | None:
    """What a value without any meaning to the shell but its quotes stands for."""
    try:
        parts = shlex.split(value)
    except ValueError:
        return None
    safe = not any(sign in value for sign in "$`;&|<>()\n\\")
    if not value:
        return ""
    return parts[0] if safe and len(parts) == 1 and not value.startswith("#") else None


def _place(data: DataFolder, spec: Mapping[str, Any]) -> list[str]:
    """Lines that go to where the command runs. What cannot be reached ends the task, not the submission."""
    if repository := spec.get("git_remote_repo"):
        lines = [f"git clone --quiet {shlex.quote(repository)} repository", "cd repository"]
        revision = spec.get("git_target_revision")
        return [*lines, f"git checkout --quiet {shlex.quote(revision)}"] if revision else lines
    workspace = str(spec.get("workspace", ""))
    area, _, path = workspace.strip("/").partition("/")
    try:
        return [f"cd {shlex.quote(str(data.locate(area, path)))}"]
    except OutsideData as error:
        return [f"echo {shlex.quote(str(error))} >&2", "exit 1"]


def _command(chain: Entity) -> str:
    spec = chain.body["task"]["spec"]
    entry = str(spec.get("entrypoint", ""))
    parameters = f" {spec['parameters']}" if spec.get("parameters") else ""
    if spec.get("entrypoint_executable"):
        return f"exec {shlex.quote(entry if entry.startswith('/') else f'./{entry}')}{parameters}"
    interpreter = "python3 -u" if entry.endswith(".py") else "bash"
    return f"exec {interpreter} {shlex.quote(entry)}{parameters}"
