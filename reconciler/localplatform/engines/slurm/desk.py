"""The one who talks to Slurm: does errands one after another, in a thread of its own, so that the engine never waits.

An errand is put in, its answer is taken out at the engine's next turn. Submissions hold `submitting` locked, through
the very sbatch process: when the server is killed, that process may still be at it, and a new server waits for it
before it looks for what was submitted.
"""

from __future__ import annotations

import fcntl
import logging
import os
import pwd
import threading
import time
from collections import deque
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.localplatform.engines.slurm.chain import key_of_comment, key_of_name
from reconciler.localplatform.engines.slurm.commands import PATIENCE
from reconciler.localplatform.engines.slurm.errands import (
    Errand,
    Hold,
    Look,
    LookBack,
    Remembered,
    Result,
    Seen,
    Signal,
    Stop,
    Submit,
    Submitted,
)
from reconciler.localplatform.engines.slurm.reading import (
    HISTORY,
    RECENT,
    Cluster,
    Row,
    read_cluster,
    read_completions,
    read_history,
    read_submitted,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reconciler.localplatform.engines.slurm.asking import Follower
    from reconciler.localplatform.engines.slurm.commands import Commands

_POLL = 0.05
_AT_ONCE = 500
"""Most job ids in one command line."""
_LOG = logging.getLogger(__name__)
_REFUSALS = (
    "invalid",
    "not available",
    "violates",
    "not permitted",
    "exceeds",
    "unable to allocate",
    "unrecognized",
    "more processors",
    "denied",
    "is not in",
    "no such",
)
_UNREACHED = ("unable to contact", "socket", "timed out", "connection", "temporarily")


class Desk:
    """Does errands in order. `follow` asks about all jobs; `engine` is in the comment of ours; `wake` is called when
    there are answers.
    """

    def __init__(
        self, commands: Commands, follow: Follower, folder: Path, engine: str, wake: Callable[[], None]
    ) -> None:
        """Raises OSError when the folder cannot be written."""
        self._commands = commands
        self._follow = follow
        self._complaint = ""
        self._engine = engine
        self._wake = wake
        self._user = pwd.getpwuid(os.getuid()).pw_name
        self._lock = os.open(folder / "submitting", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        self._errands: deque[Errand] = deque()
        self._answers: deque[Result] = deque()
        self._there = threading.Condition()
        self._closing = False
        self._cluster: Cluster | None = None
        self._locked = False
        self._thread = threading.Thread(target=self._loop, name="slurm-desk", daemon=True)
        self._thread.start()

    def put(self, errand: Errand) -> None:
        """Takes an errand."""
        with self._there:
            self._errands.append(errand)
            self._there.notify()

    def take(self) -> list[Result]:
        """The answers there are, in the order of their errands."""
        found = []
        while self._answers:
            found.append(self._answers.popleft())
        return found

    @property
    def cluster(self) -> Cluster | None:
        """What the cluster says about itself, None while it has not been asked or did not answer."""
        return self._cluster

    def close(self) -> None:
        """Ends after the errand in hand; the others are dropped."""
        with self._there:
            self._closing = True
            self._there.notify()
        self._thread.join()
        os.close(self._lock)

    def _loop(self) -> None:
        self._take_lock()
        self._learn()
        self._wake()
        while True:
            with self._there:
                while not self._errands and not self._closing:
                    self._there.wait()
                if self._closing:
                    return
                errand = self._errands.popleft()
            self._learn()
            result = self._do(errand)
            if result is not None:
                self._answers.append(result)
                self._wake()

    def _take_lock(self) -> None:
        """Waits for an sbatch that an earlier server has left behind. It gives up by itself; we do after it."""
        end = time.monotonic() + 2 * PATIENCE
        while not self._locked and not self._closing and time.monotonic() < end:
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._locked = True
            except OSError:
                time.sleep(_POLL)

    def _learn(self) -> None:
        if self._cluster is None:
            answer = self._commands("scontrol", ["show", "config"])
            if answer.code == 0:
                self._cluster = read_cluster(answer.output)

    def _do(self, errand: Errand) -> Result | None:
        match errand:
            case Submit():
                return self._submit(errand)
            case Look():
                asked = time.monotonic()
                return Seen(self._queue(), asked)
            case LookBack(ids):
                return Remembered(ids, self._look_back(ids))
            case Stop(ids, force):
                self._stop(ids, force=force)
            case Signal(name, ids, gangs):
                self._signal(name, ids, gangs)
            case Hold(ids, release):
                for some in _portions(ids):
                    self._say("scontrol", ["release" if release else "hold", ",".join(some)])
        return None

    def _submit(self, errand: Submit) -> Submitted:
        if errand.search:
            found = self._find(errand)
            if found is None:
                return Submitted(errand.key, message="Slurm does not answer")
            if found:
                return Submitted(errand.key, found)
        answer = self._commands("sbatch", errand.arguments, text=errand.script, keep=(self._lock,))
        if identifier := read_submitted(answer.output):
            return Submitted(errand.key, identifier)
        said = answer.error.lower()
        unreached = answer.code < 0 or any(word in said for word in _UNREACHED)
        refused = not unreached and any(word in said for word in _REFUSALS)
        return Submitted(errand.key, message=answer.complaint, refused=refused)

    def _find(self, errand: Submit) -> str | None:
        """The id of the job an errand submits, "" when Slurm has none, None when that is not known."""
        rows = self._queue()
        if rows is None:
            return None
        if found := next((row.id for row in rows if row.key == errand.key), ""):
            return found
        name = next((word for word in errand.arguments if word.startswith("--job-name=")), "").partition("=")[2]
        past = self._history(f"--name={name}", f"--user={self._user}", *RECENT)
        return None if past is None else next((row.id for row in past if key_of_name(row.key) == errand.key), "")

    def _queue(self) -> tuple[Row, ...] | None:
        """Every job the queue knows; None, and a word in the log the first time, when there is no answer."""
        told = self._follow()
        if told.complaint != self._complaint:
            self._complaint = told.complaint
            _LOG.warning("following jobs: %s", told.complaint or "the cluster answers again")
        if told.rows is None:
            return None
        return tuple(replace(row, key=key_of_comment(row.key, self._engine)) for row in told.rows)

    def _look_back(self, ids: tuple[str, ...]) -> tuple[Row, ...] | None:
        """What is known of jobs the queue has forgotten, of arrays element by element; None when nobody answers."""
        found: list[Row] = []
        for some in _portions(ids):
            rows = self._history(f"--jobs={','.join(some)}")
            if rows is None:
                return None
            found += [row for row in rows if row.id in some]
        return tuple(found)

    def _history(self, *which: str) -> tuple[Row, ...] | None:
        """What accounting knows, else all that the job-completion file does; None when accounting does not answer."""
        if self._cluster is None:
            return None
        if self._cluster.accounting:
            answer = self._commands("sacct", [*HISTORY, *which])
            if answer.code != 0:
                _LOG.warning("sacct: %s", answer.complaint)
                return None
            return read_history(answer.output)
        try:
            text = Path(self._cluster.completions).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ()
        return read_completions(text)

    def _stop(self, ids: tuple[str, ...], *, force: bool) -> None:
        for some in _portions(ids):
            if force:
                self._say("scancel", ["--signal=USR1", "--full", *some])
            self._say("scancel", some)

    def _signal(self, name: str, ids: tuple[str, ...], gangs: tuple[str, ...]) -> None:
        for some in _portions(ids):
            self._say("scancel", [f"--signal={name}", "--batch", *some])
        for some in _portions(gangs):
            self._say("scancel", [f"--signal={name}", *some])

    def _say(self, name: str, arguments: Sequence[str]) -> None:
        answer = self._commands(name, arguments)
        if answer.code != 0:  # most often: it has ended meanwhile
            _LOG.info("%s: %s", name, answer.complaint)


def _portions(ids: tuple[str, ...]) -> list[tuple[str, ...]]:
    return [ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE)]
