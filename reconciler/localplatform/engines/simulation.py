"""What a command would do, guessed without running it: the few lines of shell that simulated.py names."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.localplatform.engines.lifecycle import Ending
from reconciler.localplatform.work import Cause, Program

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.localplatform.work import Instance

_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))")
_SEPARATOR = re.compile(r";|&&|\n")
_SIGNALS = {"KILL": 9, "TERM": 15, "INT": 2, "SEGV": 11, "ABRT": 6}


_FINE = Ending(exit_code=0)


@dataclass(slots=True)
class Performance:
    """What a command does: `seconds` it takes (may be infinite), what it writes, how it ends. `stubborn`: a gentle stop
    does not end it.
    """

    seconds: float = 0.0
    output: bytes = b""
    ending: Ending = _FINE
    stubborn: bool = False


def perform(instance: Instance, environment: Mapping[str, str]) -> Performance:
    """What the instance does in this environment, which holds all that the command would get."""
    played = Performance()
    command = instance.command
    lines = [shlex.join(command.argv)] if isinstance(command, Program) else list(command.lines)
    stop_at_failure = isinstance(command, Program) or command.stop_at_failure
    for part in _SEPARATOR.split("\n".join(lines)):
        failed = _play(part.strip(), environment, played)
        if failed is not None and (stop_at_failure or part.strip().startswith(("exit", "kill"))):
            break
    _override(environment, played)
    return played


def exit_ending(code: int) -> Ending:
    """How a command that exits with `code` has ended."""
    return Ending(Cause.EXIT_CODE, code, message=f"exit code {code}") if code else _FINE


def _play(line: str, environment: Mapping[str, str], played: Performance) -> Ending | None:
    """One command. Returns how it ends everything, or None when it just passes."""
    words = _words(_VARIABLE.sub(lambda match: environment.get(match[1] or match[2], ""), line))
    match words:
        case ["sleep", seconds]:
            played.seconds += _number(seconds)
            played.ending = exit_ending(0)
        case ["echo", *text]:
            played.output += " ".join(text).encode("utf-8", "surrogateescape") + b"\n"
            played.ending = exit_ending(0)
        case ["exit", code]:
            played.ending = exit_ending(int(_number(code)))
            return played.ending
        case ["false"]:
            played.ending = exit_ending(1)
            return played.ending
        case ["kill", signal, "$$"]:
            number = _SIGNALS.get(signal.strip("-"), 0) or int(_number(signal.strip("-")))
            played.ending = Ending(Cause.SIGNAL, signal=number, message=f"ended by signal {number}")
            return played.ending
        case ["trap", "", "TERM"]:
            played.stubborn = True
        case _:
            played.ending = exit_ending(0)
    return None


def _override(environment: Mapping[str, str], played: Performance) -> None:
    """What the variables say wins over what the command says."""
    if "SIMULATED_SECONDS" in environment:
        played.seconds = _number(environment["SIMULATED_SECONDS"])
    if "SIMULATED_EXIT_CODE" in environment:
        played.ending = exit_ending(int(_number(environment["SIMULATED_EXIT_CODE"])))
    if "SIMULATED_CAUSE" in environment:
        cause = Cause(environment["SIMULATED_CAUSE"])
        played.ending = Ending(cause, message=f"{cause} (simulated)")
    attempt = int(_number(environment.get("RECONCILER_ATTEMPT", "1")))
    if attempt <= _number(environment.get("SIMULATED_FAILURES", "0")):
        played.ending = exit_ending(1)


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line, comments=True)
    except ValueError:
        return []


def _number(text: str) -> float:
    try:
        return max(float(text), 0.0)
    except ValueError:
        return 0.0
