"""What a site says about its cluster: `slurm.toml` in the folder of the local platform.

shared = "/shared/reconciler"     # a folder every node sees under this very path; the one thing that must be said
partition = "gpu"                 # and account, qos, constraint: as sbatch has them; left out: the cluster's own
images = "apptainer"              # none | apptainer | pyxis: what runs the image a job names
requeue = "restartable"           # never | restartable | always: which jobs Slurm may begin again by itself
poll = 10.0                       # seconds between two questions to Slurm, one for all jobs
rest = "unix:/run/slurmrestd/socket"  # whom to ask: slurmrestd here, or at http(s)://host:port; left out: squeue
rest_token = "/etc/reconciler/slurm.jwt"  # the file that holds the token for it; a socket may do without

[priorities]                      # priority 0..9 of a run to a QOS; those left out get --nice
9 = "urgent"

[most]                            # more is not asked for, whatever a job says: cpu, memory, gpu
gpu = 4

[sizes]                           # what the sizes of platforms are here; "node": a node of its own
"gpu.8xlarge" = { cpu = 32, memory = "240G", gpu = 4 }
"""

from __future__ import annotations

import sys
import tomllib
from dataclasses import dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from reconciler.errors import LocalPlatformError
from reconciler.localplatform.engines.slurm.sizes import (
    amounts_problem,
    is_number,
    read_amounts,
    read_sizes,
    sizes_problem,
)
from reconciler.localplatform.work import HIGHEST_PRIORITY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.localplatform.work import Limits

FILE = "slurm.toml"
_PACKAGES = Path(__file__).resolve().parents[4]
_MEGABYTE = 1024 * 1024


class Images(StrEnum):
    """What runs a command inside its image. `NONE`: nothing, the command runs directly, and its log says so."""

    NONE = "none"
    APPTAINER = "apptainer"
    PYXIS = "pyxis"


class Requeue(StrEnum):
    """Which jobs Slurm may begin again by itself when it takes their node away: none, those whose task allows restarts,
    or all.
    """

    NEVER = "never"
    RESTARTABLE = "restartable"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class Site:
    """One cluster, as seen from the machine that submits. Times in seconds, sizes in bytes.

    `python` and `packages` are where a node finds an interpreter and this package. `commands` is the folder of sbatch
    and its kin, "" means PATH; `conf` becomes SLURM_CONF for them. `nice` is added for each step of priority below the
    highest. `gres` is what accelerators are called, "" where there are none to be had. `extra` goes to every sbatch as
    it stands. `sizes` are what sizes of platforms are here, by their names; `most` is what an instance may ask for of
    `cpu`, `memory` and `gpu`, as far as it is said. `grace` lies between a gentle stop and a kill; Slurm's own KillWait
    should be longer. `rest` is where slurmrestd answers, "" where squeue is asked, and `rest_token` the file of the
    token that lets us in, "" for none.
    """

    shared: Path
    python: str = sys.executable
    packages: str = str(_PACKAGES)
    commands: str = ""
    conf: str = ""
    partition: str = ""
    account: str = ""
    qos: str = ""
    constraint: str = ""
    priorities: Mapping[int, str] = field(default_factory=dict)
    nice: int = 100
    images: Images = Images.NONE
    gres: str = "gpu"
    requeue: Requeue = Requeue.RESTARTABLE
    poll: float = 10.0
    rest: str = ""
    rest_token: str = ""
    extra: tuple[str, ...] = ()
    sizes: Mapping[str, Limits] = field(default_factory=dict)
    most: Mapping[str, float] = field(default_factory=dict)
    grace: float = 10.0
    log_limit: int = 16 * _MEGABYTE
    log_tail: int = 64 * 1024

    @property
    def data(self) -> Path:
        """Where the files of the platforms' spaces are."""
        return self.shared / "data"


def read_site(file: Path) -> Site:
    """The site of a file. Raises LocalPlatformError, naming every wrong member, when it cannot be used."""
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        hint = f'write {file} with one line, such as: shared = "/shared/reconciler"'
        raise LocalPlatformError("the cluster is not described", hint=hint) from error
    except (OSError, ValueError) as error:
        raise LocalPlatformError(f"cannot read {file}: {error}") from error
    wrong = _problems(values)
    if wrong:
        raise LocalPlatformError(f"{file}: {'; '.join(wrong)}", hint="docs/slurm.md lists what may stand there")
    return _site(values)


def _site(values: Mapping[str, Any]) -> Site:
    known = dict(values)
    known["shared"] = Path(values["shared"])
    for name in ("poll", "grace"):
        if name in known:
            known[name] = float(known[name])
    if "images" in known:
        known["images"] = Images(known["images"])
    if "requeue" in known:
        known["requeue"] = Requeue(known["requeue"])
    if "extra" in known:
        known["extra"] = tuple(known["extra"])
    if "priorities" in known:
        known["priorities"] = {int(priority): qos for priority, qos in known["priorities"].items()}
    if "sizes" in known:
        known["sizes"] = read_sizes(known["sizes"])
    if "most" in known:
        known["most"] = read_amounts(known["most"])
    return Site(**known)


def _problems(values: Mapping[str, Any]) -> list[str]:
    names = [each.name for each in fields(Site)]
    wrong = [f"there is no member {name!r}" for name in values if name not in names]
    if "shared" not in values:
        wrong.append('`shared` is missing: a folder every node sees, such as "/shared/reconciler"')
    for name, value in values.items():
        if name in names and (said := _problem(name, value)):
            wrong.append(f"`{name}` {said}")
    if str(values.get("rest", "")).startswith("http") and "rest_token" not in values:
        wrong.append("`rest_token` is missing: the file of a token, which slurmrestd wants over http")
    return wrong


def _problem(name: str, value: object) -> str:
    """What is wrong with a member, "" when nothing is."""
    match name:
        case "shared" | "rest_token":
            fine, want = isinstance(value, str) and value.startswith("/"), "is not an absolute path"
        case "rest":
            fine, want = isinstance(value, str) and _is_address(value), "is neither unix:/path nor http(s)://host:port"
        case "poll" | "grace":
            fine, want = is_number(value) and value > 0, "is not a number of seconds above 0"
        case "nice" | "log_limit" | "log_tail":
            fine, want = is_number(value) and isinstance(value, int) and value >= 0, "is not a whole number"
        case "images" | "requeue":
            words = [str(word) for word in (Images if name == "images" else Requeue)]
            fine, want = value in words, f"is none of {', '.join(words)}"
        case "extra":
            fine = isinstance(value, list) and all(isinstance(each, str) and each.startswith("-") for each in value)
            want = "is not a list of options that begin with -"
        case "priorities":
            return _priorities_problem(value)
        case "sizes":
            return sizes_problem(value)
        case "most":
            return amounts_problem(value)
        case _:
            fine, want = isinstance(value, str), "is not a text"
    return "" if fine else want


def _is_address(text: str) -> bool:
    if text.startswith("unix:"):
        return text.startswith("unix:/")
    try:
        parts = urlsplit(text)
        named = bool(parts.hostname) and parts.port != 0
        return parts.scheme in {"http", "https"} and named and not (parts.username or parts.query or parts.fragment)
    except ValueError:
        return False


def _priorities_problem(value: object) -> str:
    if not isinstance(value, dict) or not all(isinstance(qos, str) and qos for qos in value.values()):
        return "does not give the name of a QOS for each priority"
    known = {str(number) for number in range(HIGHEST_PRIORITY + 1)}
    return "" if set(value) <= known else f"has a priority that is not within 0..{HIGHEST_PRIORITY}"
