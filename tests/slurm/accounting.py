"""Accounting for a cluster of one machine: a database and slurmdbd on free loopback ports, all below one folder."""

from __future__ import annotations

import secrets
import socket
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.slurm.daemons import answers, daemon, free_ports, program, wait

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROGRAMS = ("mariadbd", "mariadb-install-db", "slurmdbd", "sacct", "sacctmgr")
PACKAGES = ("mariadb-server", "slurmdbd")
_CONF = """\
AuthType=auth/munge
AuthInfo=socket={munge}
DbdHost={host}
DbdAddr=127.0.0.1
DbdPort={port}
SlurmUser=root
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort={database}
StorageUser=slurm
StoragePass={password}
StorageLoc=accounting
LogFile={folder}/slurmdbd.log
PidFile={folder}/slurmdbd.pid
"""
_SETTINGS = """\
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort={port}
AccountingStoragePass={munge}
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
PartitionName=urgent Nodes=ALL PriorityTier=10
"""


@contextmanager
def accounting(folder: Path, munge: Path) -> Iterator[str]:
    """What slurm.conf must say to use accounting, while the block lasts. `munge` is the socket of its munge.

    There is a partition `urgent`, too, whose jobs take the nodes of others: that is a thing to account for.
    """
    folder.mkdir(mode=0o700, parents=True)
    port, database = free_ports(2)
    password = secrets.token_hex(16)
    with _database(folder, database, password):
        host = socket.gethostname().split(".")[0]
        conf = folder / "slurmdbd.conf"
        conf.touch(0o600)
        conf.write_text(
            _CONF.format(munge=munge, host=host, port=port, database=database, password=password, folder=folder)
        )
        # It finds its configuration beside slurm.conf, wherever that is said to be.
        with daemon(folder, "slurmdbd", "-D", environment={"SLURM_CONF": str(folder / "slurm.conf")}):
            wait(lambda: answers(port), "slurmdbd")
            yield _SETTINGS.format(port=port, munge=munge)


@contextmanager
def _database(folder: Path, port: int, password: str) -> Iterator[None]:
    """A database server with one user, who may do anything in one database."""
    data = folder / "database"
    made = subprocess.run(
        [program("mariadb-install-db"), "--no-defaults", f"--datadir={data}", "--user=root", "--skip-test-db"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    first = folder / "first.sql"
    first.touch(0o600)
    first.write_text(
        f"CREATE USER 'slurm'@'127.0.0.1' IDENTIFIED BY '{password}';\n"
        "GRANT ALL ON accounting.* TO 'slurm'@'127.0.0.1';\n"
    )
    options = [
        "--no-defaults", "--user=root", f"--datadir={data}", f"--socket={folder / 'database.socket'}",
        f"--pid-file={folder / 'database.pid'}", "--bind-address=127.0.0.1", f"--port={port}", f"--init-file={first}",
        "--skip-name-resolve", "--innodb-buffer-pool-size=32M", "--innodb-flush-log-at-trx-commit=2",
    ]  # fmt: skip
    with daemon(folder, "mariadbd", *options):
        wait(lambda: answers(port), "the database")
        yield
