"""`make test-slurm`: a cluster on one machine, everything that is to be shown on one, and the cluster stopped again.

    python -m tests.slurm [--fan-out N] [--workers N] [--accounting] [--rest]

With `--accounting` the cluster has slurmdbd and a database, and what they tell is shown, too. With `--rest` the
contract and the states are run twice more, followed through slurmrestd: on a socket, and with a token. Slurm and
whatever else it takes come from the system's packages, installed when they are missing and may be. Where that cannot
be, it says so, and that nothing was run.
"""

from __future__ import annotations

import argparse
import compileall
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.slurm import accounting, rest
from tests.slurm.cluster import PACKAGES, PROGRAMS, Cluster, cluster
from tests.slurm.daemons import missing

ROOT = Path(__file__).resolve().parents[2]
_POLICY = Path("/usr/sbin/policy-rc.d")


def main() -> int:
    """The exit status of the tests, 0 when they were not run."""
    parser = argparse.ArgumentParser(prog="tests.slurm")
    parser.add_argument("--fan-out", type=int, default=1000, help="elements of the fan-out that is timed")
    parser.add_argument("--workers", type=int, default=4, help="tests at once")
    parser.add_argument("--accounting", action="store_true", help="with slurmdbd and a database")
    parser.add_argument("--rest", action="store_true", help="followed through slurmrestd, too")
    options = parser.parse_args()
    more = [part for part, chosen in ((accounting, options.accounting), (rest, options.rest)) if chosen]
    programs = [*PROGRAMS, *(name for part in more for name in part.PROGRAMS)]
    packages = [*PACKAGES, *(name for part in more for name in part.PACKAGES)]
    if reason := _unable(programs, packages):
        print(f"test-slurm: NOT RUN: {reason}")
        return 0
    # As an installation leaves it: what starts thousands of times is not compiled each time.
    compileall.compile_dir(ROOT / "reconciler" / "localplatform", quiet=1)
    folder = Path(tempfile.mkdtemp(prefix="reconciler-slurm-"))
    try:
        with cluster(folder / "cluster", with_accounting=options.accounting, with_tokens=options.rest) as made:
            print(f"test-slurm: {made.command('sbatch', '--version').strip()}, below {folder}", flush=True)
            return (
                _tests(made.conf, options.workers)
                or (options.accounting and _accounting(made.conf))
                or (options.rest and _rest(made, options.workers))
                or _timing(made.conf, options.fan_out)
            )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _tests(conf: Path, workers: int) -> int:
    """What a cluster alone can show, and the contract of every engine. The longest come first: `-p no:randomly`."""
    chosen = ["tests/slurm", "tests/localplatform/engines/test_contract.py", "-k", "slurm"]
    left_out = [f"--ignore=tests/slurm/test_{name}.py" for name in ("fan_out", "accounting")]
    manner = ["-n", str(workers), "--dist=loadgroup", "-p", "no:randomly", *left_out]
    return _pytest(*chosen, f"--slurm={conf}", *manner)


def _accounting(conf: Path) -> int:
    """By itself, since it takes the node away from whatever runs there."""
    return _pytest("tests/slurm/test_accounting.py", f"--slurm={conf}", "-p", "no:randomly")


def _rest(made: Cluster, workers: int) -> int:
    """The contract and the states, followed through slurmrestd in both ways."""
    chosen = ["tests/slurm/test_states.py", "tests/localplatform/engines/test_contract.py", "-k", "slurm"]
    folder = made.folder / "rest"
    token = folder / "token"
    token.touch(0o600)
    token.write_text(made.command("scontrol", "token", "lifespan=3600"))
    with rest.slurmrestd(folder, made.conf) as (on_socket, on_port):
        for follow in ([f"--slurm-rest={on_socket}"], [f"--slurm-rest={on_port}", f"--slurm-token={token}"]):
            if status := _pytest(*chosen, f"--slurm={made.conf}", "-n", str(workers), *follow):
                return status
    return 0


def _timing(conf: Path, elements: int) -> int:
    """By itself, so that nothing else takes its time."""
    return _pytest("tests/slurm/test_fan_out.py", f"--slurm={conf}", f"--fan-out={elements}")


def _pytest(*arguments: str) -> int:
    command = [sys.executable, "-m", "pytest", "-q", "--no-header", *arguments]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def _unable(programs: list[str], packages: list[str]) -> str:
    """Why there can be no cluster here, "" when there can be one."""
    absent = ", ".join(missing(programs))
    if not absent:
        return "" if os.geteuid() == 0 else "starting a cluster needs root"
    if os.geteuid() != 0:
        return f"{absent} not installed, and installing needs root"
    if shutil.which("apt-get") is None:
        return f"{absent} not installed, and this is no Debian"
    _install(packages)
    return f"{', '.join(missing(programs))} not installed, and could not be" if missing(programs) else ""


def _install(packages: list[str]) -> None:
    """From the system's packages, without starting the services they bring: ours are started apart from them."""
    ours = not _POLICY.exists()
    if ours:
        _POLICY.write_text("#!/bin/sh\nexit 101\n")
        _POLICY.chmod(0o755)
    try:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for words in (["update"], ["install", "--yes", "--no-install-recommends", *packages]):
            subprocess.run(["apt-get", "--quiet", *words], env=environment, check=False, stdout=subprocess.DEVNULL)
    finally:
        if ours:
            _POLICY.unlink()


if __name__ == "__main__":
    sys.exit(main())
