"""A cluster on one machine: munge, slurmctld and slurmds on free loopback ports, everything below one folder.

The processes are ours: started here, known by their process ids, and stopped by those alone.
"""

from __future__ import annotations

import os
import subprocess
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.slurm import rest
from tests.slurm.accounting import accounting
from tests.slurm.daemons import daemon, free_ports, wait
from tests.slurm.nodes import HOST, NODES, nodes_told, start_nodes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

PACKAGES = ("slurmctld", "slurmd", "slurm-client", "munge")
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "scontrol", "srun")

_CONF = """\
ClusterName=scratch
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
AuthType=auth/munge
AuthInfo=socket={munge}
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
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
{accounting}MinJobAge=300
KillWait=5
OverTimeLimit=0
SlurmdParameters=config_overrides
{nodes}\
"""
_WITHOUT_ACCOUNTING = """\
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/filetxt
JobCompLoc={folder}/completions
"""


@dataclass(frozen=True)
class Cluster:
    """A running cluster. `conf` is its slurm.conf; `follow` what the site's description says about whom to ask."""

    folder: Path
    conf: Path
    follow: Mapping[str, str] = field(default_factory=dict)

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

    def begin_soon(self, *jobs: str) -> None:
        """Lets requeued jobs begin before the two minutes are over that Slurm lets them wait, but not at once: a node
        launches no job in the very second in which it has killed it.
        """
        asked = ("squeue", "--noheader", "--format=%T", f"--jobs={','.join(jobs)}")
        wait(lambda: set(self.command(*asked).split()) == {"PENDING"}, "the requeued jobs")
        for job in jobs:
            self.command("scontrol", "update", f"jobid={job}", "starttime=now+2")


@contextmanager
def cluster(folder: Path, *, with_accounting: bool = False, with_tokens: bool = False) -> Iterator[Cluster]:
    """A cluster below `folder` for as long as the block lasts. Needs root."""
    for name in ("munge", "state"):
        (folder / name).mkdir(parents=True, mode=0o700)
    key = folder / "munge" / "key"
    key.write_bytes(os.urandom(64))
    key.chmod(0o400)
    munge = folder / "munge" / "socket"
    controller, *ports = free_ports(1 + len(NODES))
    conf = folder / "slurm.conf"
    made = Cluster(folder, conf)
    with ExitStack() as stack:
        stack.enter_context(daemon(folder, "munged", *_munge_options(folder / "munge")))
        wait(munge.exists, "munge")
        told = _WITHOUT_ACCOUNTING.format(folder=folder)
        if with_accounting:
            told = stack.enter_context(accounting(folder / "accounting", munge))
        if with_tokens:
            told += rest.settings(folder / "rest")
        conf.write_text(
            _CONF.format(
                host=HOST,
                controller=controller,
                munge=munge,
                folder=folder,
                nodes=nodes_told(folder, ports),
                accounting=told,
            )
        )
        stack.enter_context(daemon(folder, "slurmctld", "-D", "-c", "-f", str(conf)))
        start_nodes(stack, folder, conf)
        wait(lambda: _states(made) == {f"{name} idle" for name in NODES}, "the nodes")
        stack.callback(_empty, made)
        yield made


def _states(made: Cluster) -> set[str]:
    """Each node and how it is; one that is in several partitions is told several times."""
    return set(made.command("sinfo", "--noheader", "--Node", "--format=%N %T", check=False).splitlines())


def _empty(made: Cluster) -> None:
    """Leaves no job behind."""
    made.command("scancel", "--user=root", check=False)
    wait(lambda: not made.command("squeue", "--noheader", check=False).strip(), "the last job", fatal=False)


def _munge_options(folder: Path) -> list[str]:
    names = {"key-file": "key", "socket": "socket", "pid-file": "pid", "log-file": "log", "seed-file": "seed"}
    return ["--foreground", "--force", *(f"--{option}={folder / name}" for option, name in names.items())]
