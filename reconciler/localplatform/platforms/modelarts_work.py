"""From a training job to work an engine can run: the program once on each machine.

| on the platform | here |
|---|---|
| `obs://bucket/path` or `/bucket/path` | `<data folder>/bucket/path` |
| boot file with a preset engine | `python3 -u <boot file>` in the folder of the code (`bash` for `.sh`) |
| a command with an image of one's own | the shell, in the folder of the code where there is one |
| parameters | `--name value` behind the program |
| inputs, outputs | `--name folder`, or a variable of that name; output folders are made |
| where logs are kept | a folder, made, in `MA_LOG_DIR` |
| a flavor, a specification, a pool | what it has, which a cluster is asked for (`modelarts_sizes`) |
| machines | `VC_TASK_INDEX`, `MA_NUM_HOSTS`, `VC_WORKER_HOSTS` and a place to meet in `MA_MASTER_PORT` |
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.data import OutsideData
from reconciler.localplatform.platforms.modelarts_sizes import Machine, machine_v1, machine_v2
from reconciler.localplatform.platforms.modelarts_words import PLATFORM, member
from reconciler.localplatform.work import Instance, Limits, Run, Script, Task, Together

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.localplatform.data import DataFolder

WORK = "worker"
"""Name of the one task in the engine's terms; its instances are the machines."""
_CPU = 0.1
"""Cores asked of this machine for each of the job's: what they really use is seen to by the machine."""
_HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Job:
    """A job of either API in words of its own. `code`, `log` and the values of `folders` are paths on the platform;
    `folders` are (name, path, made, as variable).
    """

    id: str
    name: str
    machine: Machine
    boot_file: str = ""
    command: str = ""
    code: str = ""
    log: str = ""
    image: str = ""
    machines: int = 1
    timeout: float | None = None
    parameters: tuple[tuple[str, str], ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    folders: tuple[tuple[str, str, bool, bool], ...] = ()


def job_v2(identifier: str, name: str, body: Mapping[str, Any]) -> Job:
    """What the body of a v2 create asks for."""
    algorithm, spec = body.get("algorithm") or {}, body.get("spec") or {}
    hours = member(spec, "auto_stop", "duration")
    return Job(
        id=identifier,
        name=name,
        machine=machine_v2(spec.get("resource") or {}),
        boot_file=str(algorithm.get("boot_file") or ""),
        command=str(algorithm.get("command") or ""),
        code=str(algorithm.get("code_dir") or ""),
        log=str(member(spec, "log_export_path", "obs_url") or ""),
        image=str(member(algorithm, "engine", "image_url") or ""),
        machines=member(spec, "resource", "node_count") or 1,
        timeout=hours * _HOUR if hours else None,
        parameters=tuple((str(p["name"]), str(p["value"])) for p in algorithm.get("parameters") or ()),
        environment={str(key): str(value) for key, value in (algorithm.get("environments") or {}).items()},
        folders=(
            *_folders(algorithm.get("inputs"), made=False),
            *_folders(algorithm.get("outputs"), made=True),
        ),
    )


def job_v1(identifier: str, name: str, config: Mapping[str, Any]) -> Job:
    """What the fields of a v1 version ask for. With an image, all that is given is a variable (trap 11)."""
    given = tuple((row["label"], row["value"]) for row in config["parameter"])
    image = config.get("user_image_url", "")
    return Job(
        id=identifier,
        name=name,
        machine=machine_v1(config),
        boot_file=config.get("boot_file_url", ""),
        command=config.get("user_command", ""),
        code=config.get("app_url", ""),
        log=config.get("log_url", ""),
        image=image,
        machines=config["worker_server_num"],
        parameters=() if image else given,
        environment=dict(given) if image else {},
        folders=tuple(
            (key, config[key], made, bool(image))
            for key, made in (("data_url", False), ("train_url", True))
            if key in config
        ),
    )


def _folders(channels: Any, *, made: bool) -> list[tuple[str, str, bool, bool]]:  # noqa: ANN401 - any JSON value
    found = []
    for channel in channels or ():
        path = member(channel, "remote", "obs", "obs_url")
        if path:
            found.append((str(channel.get("name")), str(path), made, channel.get("access_method") == "env"))
    return found


def work_of(data: DataFolder, job: Job) -> Run:
    """The work of a job. Raises OutsideData for a path that is none of a bucket."""
    instances = tuple(_instance(data, job, index) for index in range(job.machines))
    return Run(
        id=job.id,
        name=job.name,
        tasks=(Task(WORK, instances, together=Together.GANG, ports=("MA_MASTER_PORT",)),),
        timeout=job.timeout,
        labels={"platform": PLATFORM},
    )


def _instance(data: DataFolder, job: Job, index: int) -> Instance:
    code = place(data, job.code) if job.code else ""
    places = {name: place(data, path) for name, path, _, _ in job.folders}
    arguments = [*job.parameters, *((name, places[name]) for name, _, _, variable in job.folders if not variable)]
    log = [place(data, job.log)] if job.log else []
    given = {
        "MA_NUM_HOSTS": str(job.machines),
        "VC_WORKER_NUM": str(job.machines),
        "VC_TASK_INDEX": str(index),
        "VC_WORKER_HOSTS": ",".join(["127.0.0.1"] * job.machines),
        "MA_JOB_DIR": code,
        **({"MA_LOG_DIR": log[0]} if log else {}),
        **{name: places[name] for name, _, _, variable in job.folders if variable},
    }
    return Instance(
        command=Script((*([f"cd {shlex.quote(code)}"] if code else []), _command(data, job, arguments))),
        environment={**job.environment, **given},
        inputs=tuple(path for path in (code, *(places[name] for name, _, made, _ in job.folders if not made)) if path),
        outputs=(*(places[name] for name, _, made, _ in job.folders if made), *log),
        limits=Limits(cpu=_CPU),
        requested=job.machine.limits,
        size=job.machine.size,
        name=f"{WORK}-{index}",
        image=job.image,
    )


def _command(data: DataFolder, job: Job, arguments: list[tuple[str, str]]) -> str:
    behind = "".join(f" --{name} {shlex.quote(value)}" for name, value in arguments)
    if job.command:
        return f"{job.command}{behind}"
    boot = job.boot_file
    inside = boot.startswith(("obs://", "/")) and bool(job.code)
    file = place(data, boot) if inside else boot
    interpreter = "bash" if file.endswith(".sh") else "python3 -u"
    return f"exec {interpreter} {shlex.quote(file)}{behind}" if file else "true"


def place(data: DataFolder, path: str) -> str:
    """Where a path of the object storage is here. Raises OutsideData."""
    bucket, _, rest = path.removeprefix("obs://").strip("/").partition("/")
    if not bucket:
        raise OutsideData(f"{path!r} names no bucket")
    return str(data.locate(bucket, rest))
