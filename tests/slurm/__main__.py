"""`make test-slurm`: a cluster on one machine, everything that is to be shown on one, and the cluster stopped again.

    python -m tests.slurm [--fan-out N] [--workers N] [--accounting]

Slurm and munge come from the system's packages, installed when they are missing and may be; with `--accounting` so do
slurmdbd and a database. Where that cannot be, it says so, and that nothing was run.
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

from tests.slurm import accounting
from tests.slurm.cluster import PACKAGES, PROGRAMS, cluster
from tests.slurm.daemons import missing

ROOT = Path(__file__).resolve().parents[2]
_POLICY = Path("/usr/sbin/policy-rc.d")


def main() -> int:
    """The exit status of the tests, 0 when they were not run."""
    parser = argparse.ArgumentParser(prog="tests.slurm")
    parser.add_argument("--fan-out", type=int, default=1000, help="elements of the fan-out that is timed")
    parser.add_argument("--workers", type=int, default=4, help="tests at once")
    parser.add_argument("--accounting", action="store_true", help="with slurmdbd and a database")
    options = parser.parse_args()
    more = options.accounting
    reason = _unable(PROGRAMS + (accounting.PROGRAMS if more else ()), PACKAGES + (accounting.PACKAGES if more else ()))
    if reason:
        print(f"test-slurm: NOT RUN: {reason}")
        return 0
    # As an installation leaves it: what starts thousands of times is not compiled each time.
    compileall.compile_dir(ROOT / "reconciler" / "localplatform", quiet=1)
    folder = Path(tempfile.mkdtemp(prefix="reconciler-slurm-"))
    try:
        with cluster(folder / "cluster", with_accounting=options.accounting) as made:
            print(f"test-slurm: {made.command('sbatch', '--version').strip()}, below {folder}", flush=True)
            return _tests(made.conf, options.workers) or _timing(made.conf, options.fan_out)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _tests(conf: Path, workers: int) -> int:
    """What a cluster alone can show, and the contract of every engine. The longest come first: `-p no:randomly`."""
    chosen = ["tests/slurm", "tests/localplatform/engines/test_contract.py", "-k", "slurm"]
    manner = ["-n", str(workers), "--dist=loadgroup", "-p", "no:randomly", "--ignore=tests/slurm/test_fan_out.py"]
    return _pytest(*chosen, f"--slurm={conf}", *manner)


def _timing(conf: Path, elements: int) -> int:
    """By itself, so that nothing else takes its time."""
    return _pytest("tests/slurm/test_fan_out.py", f"--slurm={conf}", f"--fan-out={elements}")


def _pytest(*arguments: str) -> int:
    command = [sys.executable, "-m", "pytest", "-q", "--no-header", *arguments]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def _unable(programs: tuple[str, ...], packages: tuple[str, ...]) -> str:
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


def _install(packages: tuple[str, ...]) -> None:
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
