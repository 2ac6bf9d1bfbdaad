"""From a job to work an engine can run: `UserCommand` once in each pod, all started together.

| on the platform | here |
|---|---|
| a role with a count | so many instances of one gang, the master's first |
| `MASTER_ADDR`, `MASTER_PORT`, `RANK`, `WORLD_SIZE`, `NPROC_PER_NODE` | the loopback, a free port, the rank |
| `TF_CONFIG` of a TFJob | the same topology with a free port for each pod |
| MPIJob, RayJob | the command runs in the first pod (launcher, head), with a hostfile; the others wait for its end |
| `StartupDependencies`, `ThirdpartyLibs` | waiting, and packages that are here already (`pai_dlc_starting`) |
| `DataSources`, `CodeSource` | a folder of the data folder: bucket and path of the address, else the id |
| a path below a `MountPath` in the command or in `Envs` | the path below that folder: there are no containers |
| `SuccessPolicy`, chief, parameter servers | who decides on the end of the gang |
| `RestartPolicy`, `JobMaxRunningTimeMinutes` | ten restarts of the whole gang; seconds |
"""

from __future__ import annotations

import json
import math
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from reconciler.localplatform.mounts import placed
from reconciler.localplatform.platforms import pai_dlc_starting as starting
from reconciler.localplatform.platforms.pai_dlc_specs import requested_by
from reconciler.localplatform.platforms.pai_dlc_words import PLATFORM
from reconciler.localplatform.work import LOOPBACK, File, Instance, Limits, Restart, Run, Script, Size, Task, Together

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from reconciler.localplatform.data import DataFolder
    from reconciler.localplatform.services import Services
    from reconciler.localplatform.store import Entity

PODS = "pods"
"""Name of the one task in the engine's terms; its instances are the pods."""
RESTARTS = 10
RETRYABLE = frozenset(range(128, 256))
"""Exit codes that `ExitCode` takes for worth another try."""
CODE_PLACE = str(PurePosixPath("/root", "code"))
"""Where a code source is put that names no place."""
_CPU = 0.1
"""Cores asked of this machine for each pod: what they really use is seen to by the machine."""
_HOST = LOOPBACK
_GIB = 1024**3
_LEADERS = {"MPIJob": "Launcher", "RayJob": "Head"}
_FIRST = ("Launcher", "Head", "Master", "Chief")
_WAIT = "exec tail -f /dev/null"


class Pod(NamedTuple):
    """One pod: its role as it was asked for, and its number within it."""

    role: Mapping[str, Any]
    number: int

    @property
    def type(self) -> str:
        """The name of its role."""
        return str(self.role.get("Type") or "Worker")


def pods_of(body: Mapping[str, Any]) -> list[Pod]:
    """The pods in the order of their ranks: the leading role first."""
    roles = sorted(body["JobSpecs"], key=lambda role: role.get("Type") not in _FIRST)
    return [Pod(role, number) for role in roles for number in range(int(role.get("PodCount") or 1))]


def translate(services: Services, job: Entity) -> Run:
    """The work of a job, from what is stored alone. Raises OutsideData."""
    body, pods = job.body, pods_of(job.body)
    mounts = mounts_of(services.data, body)
    ports = (
        ("MASTER_PORT", *(_port(rank) for rank in range(len(pods)))) if body["JobType"] == "TFJob" else ("MASTER_PORT",)
    )
    minutes = body.get("JobMaxRunningTimeMinutes")
    meeting = str(meeting_of(services.data, job.id))
    instances = tuple(_instance(body, pods, rank, mounts, meeting) for rank in range(len(pods)))
    decided = () if len(_deciders(body, pods)) == len(pods) else _deciders(body, pods)
    task = Task(PODS, instances, together=Together.GANG, restart=_restart(body), ports=ports, decided_by=decided)
    return Run(
        id=job.id,
        name=job.name,
        tasks=(task,),
        priority=int(body.get("Priority") or 1),
        timeout=minutes * 60.0 if minutes else None,
        labels={"platform": PLATFORM, "workspace": job.scope},
    )


def meeting_of(data: DataFolder, job: str) -> Path:
    """Where the pods of a job leave marks for each other."""
    return data.root.with_name("meetings") / job


def role_of(body: Mapping[str, Any], pod: Pod) -> int:
    """The position of its role in `JobSpecs`."""
    return next(number for number, role in enumerate(body["JobSpecs"]) if role is pod.role)


def mounts_of(data: DataFolder, body: Mapping[str, Any]) -> dict[str, str]:
    """Folder by mount path, the longest path first. Raises OutsideData."""
    found = {}
    for source in body.get("DataSources") or ():
        if source.get("MountPath"):
            place = place_of(data, str(source.get("Uri") or ""), str(source.get("DataSourceId") or ""))
            found[str(source["MountPath"]).rstrip("/")] = place
    code = body.get("CodeSource") or {}
    if code.get("CodeSourceId"):
        found[str(code.get("MountPath") or CODE_PLACE).rstrip("/")] = str(data.area(code["CodeSourceId"]))
    return {path: found[path] for path in sorted(found, key=len, reverse=True) if path}


def place_of(data: DataFolder, uri: str, identifier: str) -> str:
    """`oss://bucket.endpoint/path` lies in `bucket/path`, a data set under its id. Raises OutsideData."""
    if not uri:
        return str(data.area(identifier))
    parts = urlsplit(uri)
    return str(data.locate(parts.netloc.partition(".")[0], parts.path))


def _instance(body: Mapping[str, Any], pods: list[Pod], rank: int, mounts: Mapping[str, str], meeting: str) -> Instance:
    pod = pods[rank]
    given = {
        **(body.get("Envs") or {}),
        **{each["Key"]: each.get("Value", "") for each in body.get("CustomEnvs") or ()},
    }
    config = pod.role.get("ResourceConfig") or {}
    environment = {
        "WORLD_SIZE": str(len(pods)),
        "RANK": str(rank),
        "MASTER_ADDR": _HOST,
        "NPROC_PER_NODE": str(config.get("GPU") or "1"),
        "PYTHONUNBUFFERED": "1",
        **{name: placed(str(value), mounts) for name, value in given.items()},
    }
    own = pod.role.get("UserCommand")
    works = own or body["JobType"] not in _LEADERS or rank == 0
    command = placed(str(own or body["UserCommand"]), mounts) if works else _WAIT
    folder = placed(str(body.get("ThirdpartyLibDir") or ""), mounts)
    lines = [
        *_topology(body, pods, rank),
        *(starting.packages(body.get("ThirdpartyLibs") or (), folder) if works else ()),
        *starting.surrounded(command, body, (role_of(body, pod), pod.number), meeting),
    ]
    hosts = "".join(f"{_HOST} slots={config.get('GPU') or 1}\n" for _ in pods).encode()
    return Instance(
        command=Script(tuple(lines), stop_at_failure=False),
        environment=environment,
        outputs=(*mounts.values(), *([meeting] if _meets(body) else [])),
        files=(File("hostfile", hosts),) if body["JobType"] == "MPIJob" else (),
        limits=Limits(cpu=_CPU),
        requested=_requested(pod.role),
        size=Size(pod.role["EcsSpec"]) if pod.role.get("EcsSpec") else None,
        name=f"{pod.type.lower()}-{pod.number}",
        image=str(pod.role.get("Image") or ""),
    )


def _requested(role: Mapping[str, Any]) -> Limits:
    """What a cluster is asked for; one machine has seldom room for it. It gives no less than a whole accelerator."""
    asked = requested_by(role)
    return Limits(cpu=asked.cpu or _CPU, memory=int(asked.memory * _GIB), gpu=math.ceil(asked.gpu))


def _meets(body: Mapping[str, Any]) -> bool:
    return any(role.get("StartupDependencies") for role in body["JobSpecs"])


def _topology(body: Mapping[str, Any], pods: list[Pod], rank: int) -> list[str]:
    """Lines that tell where the others are; ports are known only when the gang starts."""
    if body["JobType"] == "MPIJob":
        return ['export OMPI_MCA_orte_default_hostfile="$PWD/hostfile"']
    if body["JobType"] != "TFJob":
        return []
    cluster: dict[str, list[str]] = {}
    for position, pod in enumerate(pods):
        cluster.setdefault(pod.type.lower(), []).append(f"{_HOST}:@{_port(position)}@")
    task = {"type": pods[rank].type.lower(), "index": pods[rank].number}
    config = json.dumps({"cluster": cluster, "task": task, "environment": "cloud"})
    return ["export TF_CONFIG='" + re.sub(r"@([A-Z0-9_]+)@", r"""'"$\1"'""", config) + "'"]


def _port(rank: int) -> str:
    return f"TF_PORT_{rank}"


def _deciders(body: Mapping[str, Any], pods: list[Pod]) -> tuple[int, ...]:
    """The ranks whose success is that of the job."""
    if body["JobType"] in _LEADERS:
        return (0,)
    if body.get("SuccessPolicy") == "Partial" and body["JobType"] == "TFJob":
        counted = tuple(rank for rank, pod in enumerate(pods) if pod.role.get("ConsiderInSuccessPolicy"))
        return counted or tuple(range(len(pods)))
    chiefs = tuple(r for r, pod in enumerate(pods) if pod.role.get("IsChief") or pod.role.get("IsCheif"))
    if body.get("SuccessPolicy") == "ChiefWorker" and body["JobType"] == "TFJob":
        return chiefs or next(((r,) for r, pod in enumerate(pods) if pod.type == "Chief"), (0,))
    if body["JobType"] == "TFJob":
        # Parameter servers serve for ever.
        return tuple(r for r, pod in enumerate(pods) if pod.type != "PS") or tuple(range(len(pods)))
    return tuple(range(len(pods)))


def _restart(body: Mapping[str, Any]) -> Restart:
    """The gang is restarted as a whole, by the policy of the role that allows most."""
    policies = {role.get("RestartPolicy") for role in body["JobSpecs"]}
    if policies & {"Always", "OnFailure"}:
        return Restart(RESTARTS)
    return Restart(RESTARTS, RETRYABLE) if "ExitCode" in policies else Restart()
