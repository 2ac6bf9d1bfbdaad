"""Slurmrestd for a cluster of one machine: on a socket, and with tokens on a free port of the loopback."""

from __future__ import annotations

import os
import re
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.slurm.daemons import answers, daemon, free_ports, program, wait

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROGRAMS = ("slurmrestd",)
PACKAGES = ("slurmrestd", "slurm-wlm-jwt-plugin")
_SETTINGS = """\
AuthAltTypes=auth/jwt
AuthAltParameters=jwt_key={key}
"""


def settings(folder: Path) -> str:
    """What slurm.conf must say so that there are tokens. The key that makes them is made now."""
    folder.mkdir(mode=0o700)
    key = folder / "jwt.key"
    key.touch(0o600)
    key.write_bytes(os.urandom(32))
    return _SETTINGS.format(key=key)


@contextmanager
def slurmrestd(folder: Path, conf: Path) -> Iterator[tuple[str, str]]:
    """Two addresses that answer for as long as the block lasts: a socket, and one that wants a token. Each is a process
    of its own, since one that takes tokens (SLURM_JWT) talks to the controller with nothing else.
    """
    path, (port,) = folder / "socket", free_ports(1)
    known = {"SLURM_CONF": str(conf), "SLURMRESTD_SECURITY": "disable_user_check"}  # root is all there is
    plugins = ("-s", _plugins(known))
    with (
        daemon(folder, "slurmrestd", "-a", "rest_auth/local", *plugins, f"unix:{path}", environment=known),
        daemon(
            folder, "slurmrestd", "-a", "rest_auth/jwt", *plugins, f"127.0.0.1:{port}",
            environment={**known, "SLURM_JWT": "daemon"},
        ),
    ):  # fmt: skip
        wait(lambda: path.exists() and answers(port), "slurmrestd")
        yield f"unix:{path}", f"http://127.0.0.1:{port}"


def _plugins(environment: dict[str, str]) -> str:
    """All it has but those for accounting, without which it does not start where there is none."""
    told = subprocess.run(
        [program("slurmrestd"), "-s", "list"],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    found = re.findall(r"\bopenapi/\S+", told.stdout)
    return ",".join(name for name in found if "db" not in name)
