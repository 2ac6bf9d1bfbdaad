"""A cluster of one machine: munge, slurmctld and slurmd on free loopback ports, everything below one folder.

The processes are ours: started here, known by their process ids, and stopped by those alone.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENCE = 30.0
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "scontrol", "srun")
PROCESSORS = 64
"""More than there are, so that waiting jobs do not wait for each other."""

_CONF = """\
ClusterName=scratch
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={daemon}
AuthType=auth/munge
AuthInfo=socket={munge}
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,sched_min_interval=0,batch_sched_delay=0,bf_interval=30,default_queue_depth=2000
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/filetxt
JobCompLoc={folder}/completions
MinJobAge=300
KillWait=5
OverTimeLimit=0
SlurmdParameters=config_overrides
NodeName={host} NodeAddr=127.0.0.1 CPUs={processors} CoresPerSocket={processors} RealMemory=262144 State=UNKNOWN
PartitionName=main Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


@dataclass(frozen=True)
class Cluster:
    """A running cluster. `conf` is its slurm.conf."""

    folder: Path
    conf: Path

    def command(self, *words: str, check: bool = True, patience: float = 60.0) -> str:
        """What one of Slurm's commands says."""
        done = subprocess.run(
            words,
            capture_output=True,
            text=True,
            check=False,
            timeout=patience,
            env={**os.environ, "SLURM_CONF": str(self.conf)},
        )
        assert not check or done.returncode == 0, f"{words}: {done.stderr}"
        return done.stdout


def missing() -> list[str]:
    """The programs that are not there."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    return [name for name in PROGRAMS if shutil.which(name, path=path) is None]


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """A cluster below `folder` for as long as the block lasts. Needs root."""
    for name in ("munge", "state", "spool"):
        (folder / name).mkdir(parents=True, mode=0o700)
    key = folder / "munge" / "key"
    key.write_bytes(os.urandom(64))
    key.chmod(0o400)
    controller, daemon = _free_ports(2)
    host = socket.gethostname().split(".")[0]
    conf = folder / "slurm.conf"
    conf.write_text(
        _CONF.format(
            host=host,
            controller=controller,
            daemon=daemon,
            munge=folder / "munge" / "socket",
            folder=folder,
            processors=PROCESSORS,
        )
    )
    made = Cluster(folder, conf)
    running: list[subprocess.Popen[bytes]] = []
    try:
        running.append(_start(folder, "munged", *_munge_options(folder / "munge")))
        _wait((folder / "munge" / "socket").exists, "munge")
        running.append(_start(folder, "slurmctld", "-D", "-c", "-f", str(conf)))
        running.append(_start(folder, "slurmd", "-D", "-N", host, "-f", str(conf)))
        _wait(lambda: "idle" in made.command("sinfo", "--noheader", "--format=%T", check=False), "the node")
        yield made
    finally:
        if len(running) > 1:
            made.command("scancel", "--user=root", check=False)
            _wait(lambda: not made.command("squeue", "--noheader", check=False).strip(), "the last job", fatal=False)
        for process in reversed(running):
            _stop(process)


def _munge_options(folder: Path) -> list[str]:
    names = {"key-file": "key", "socket": "socket", "pid-file": "pid", "log-file": "log", "seed-file": "seed"}
    return ["--foreground", "--force", *(f"--{option}={folder / name}" for option, name in names.items())]


def _start(folder: Path, name: str, *options: str) -> subprocess.Popen[bytes]:
    program = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    assert program is not None
    with (folder / f"{name}.out").open("wb") as output:
        return subprocess.Popen(
            [program, *options], stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait(holds: object, what: str, *, fatal: bool = True) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():  # type: ignore[operator]
        if time.monotonic() > end:
            assert not fatal, f"waited in vain for {what}"
            return
        time.sleep(0.1)


def _free_ports(count: int) -> list[int]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports
