"""The nodes of a cluster on one machine: each is a slurmd with a name and an address of its own.

    partition  nodes          what for
    main       the machine    has more processors than there are, so that waiting jobs do not wait for each other
    pair       left, right    gangs over two nodes
    frail      glass, straw   nodes that fail, and come back
    doomed     doomed         one that dies

The small ones have a feature of their name and two accelerators: devices nothing ever looks into.
"""

from __future__ import annotations

import os
import socket
import stat
from typing import TYPE_CHECKING

from tests.slurm.daemons import daemon

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import ExitStack
    from pathlib import Path

HOST = socket.gethostname().split(".")[0]
SMALL = {"left": "127.0.0.2", "right": "127.0.0.3", "glass": "127.0.0.4", "straw": "127.0.0.5", "doomed": "127.0.0.6"}
"""The address of each small node."""
NODES = (HOST, *SMALL)
PROCESSORS, FEW = 64, 8
ACCELERATOR, ACCELERATORS = "gpu:toy", 2

_NODE = "NodeName={name} NodeHostname={host} NodeAddr={address} Port={port} CPUs={few} CoresPerSocket={few} {more}\n"
_PARTITIONS = """\
PartitionName=DEFAULT MaxTime=INFINITE State=UP
PartitionName=main Nodes={host} Default=YES
PartitionName=pair Nodes=left,right
PartitionName=frail Nodes=glass,straw
PartitionName=doomed Nodes=doomed
"""


def nodes_told(folder: Path, ports: Sequence[int]) -> str:
    """The lines of slurm.conf about nodes and partitions; what they need is made below `folder`."""
    _make_devices(folder)
    lines = ["GresTypes=gpu\n"]
    for (name, address), port in zip({HOST: "127.0.0.1", **SMALL}.items(), ports, strict=True):
        (folder / f"spool-{name}").mkdir(mode=0o700)
        small = f"RealMemory=8192 Feature={name} Gres={ACCELERATOR}:{ACCELERATORS}"
        more = small if name in SMALL else "RealMemory=262144"
        processors = FEW if name in SMALL else PROCESSORS
        lines.append(_NODE.format(name=name, host=HOST, address=address, port=port, few=processors, more=more))
    return "".join(lines) + _PARTITIONS.format(host=HOST)


def start_nodes(stack: ExitStack, folder: Path, conf: Path) -> None:
    """A slurmd for each."""
    for name in NODES:
        stack.enter_context(daemon(folder, "slurmd", "-D", "-N", name, "-f", str(conf)))


def _make_devices(folder: Path) -> None:
    for number in range(ACCELERATORS):
        os.mknod(folder / f"gpu{number}", stat.S_IFCHR | 0o600, os.makedev(1, 3))
    name, _, kind = ACCELERATOR.partition(":")
    row = f"NodeName={','.join(SMALL)} Name={name} Type={kind} File={folder}/gpu[0-{ACCELERATORS - 1}]"
    (folder / "gres.conf").write_text(f"AutoDetect=off\n{row}\n")
