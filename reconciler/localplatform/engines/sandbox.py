"""The environment a command gets: all of it is said here, and nothing of the engine's own process is in it."""

from __future__ import annotations

import math
import os
import pwd
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.localplatform.work import Program

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.localplatform.work import Command, Run, Task

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def identity(run: Run, task: Task, index: int, attempt: int) -> dict[str, str]:
    """Who a command is, for itself."""
    return {
        "RECONCILER_RUN_ID": run.id,
        "RECONCILER_TASK": task.name,
        "RECONCILER_INDEX": str(index),
        "RECONCILER_COUNT": str(len(task.instances)),
        "RECONCILER_ATTEMPT": str(attempt),
    }


def surroundings(*, search_path: str, home: str, temporary: str, cpu: float | None) -> dict[str, str]:
    """What every command gets, wherever it comes from. `cpu` in cores, None: all that it finds."""
    user = _user()
    return {
        "PATH": search_path,
        "HOME": home,
        "TMPDIR": temporary,
        "LANG": "C.UTF-8",
        "SHELL": shell(),
        "USER": user,
        "LOGNAME": user,
        **({} if cpu is None else dict.fromkeys(_THREADS, str(max(math.ceil(cpu), 1)))),
    }


def search_path(shims: Path, system: str) -> str:
    """PATH with the running interpreter first. Where its folder lacks `python` or `python3`, `shims` gets them.

    Raises OSError when they cannot be written.
    """
    own = Path(sys.executable).parent
    folders = [str(own)]
    missing = [name for name in ("python", "python3") if not (own / name).exists()]
    if missing:
        shims.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in missing:
            # A script and not a link: a link would make the interpreter forget its virtual environment.
            script = shims / name
            script.write_text(f"#!/bin/sh\nexec '{sys.executable}' \"$@\"\n", encoding="utf-8")
            script.chmod(0o700)
        folders.insert(0, str(shims))
    known = [folder for folder in system.split(":") if folder]
    return ":".join(dict.fromkeys([*folders, *known]))


def shell() -> str:
    """Bash where there is one, else the system's sh."""
    return shutil.which("bash", path=SYSTEM_PATH) or "/bin/sh"


def command_line(command: Command, script: str) -> list[str]:
    """What to execute; `script` is the file that holds the text of a Script."""
    if isinstance(command, Program):
        return list(command.argv)
    return [shell(), *(["-e"] if command.stop_at_failure else []), script]


def script_text(command: Command) -> str | None:
    """The text for the script file, or None when no file is needed."""
    return None if isinstance(command, Program) else "".join(f"{line}\n" for line in command.lines)


def merged(*layers: Mapping[str, str]) -> dict[str, str]:
    """Later layers win."""
    return {name: value for layer in layers for name, value in layer.items()}


def _user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
