"""A few files under a git ref, changed by compare-and-swap: git's plumbing, and nothing of anybody's work tree.

A store of this kind needs no server but the one the manifests are pushed to. Objects go to the repository's own
database; no branch, no index, no file of the work tree, no hook and no configuration is touched. Commands run in a
session of their own: Ctrl-C at the terminal does not cut a push in half, and nothing can ask for a password.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from reconciler.errors import StateUnreadable, StateUnwritable, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_OPTIONS = (
    ("core.hooksPath", "/dev/null"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("user.name", "reconciler"),
    ("user.email", "reconciler@localhost"),
)
_NOTHING = "0" * 40
_SECONDS = 120.0
_TRIES = 5
_PAUSE = 0.2
_LONGEST_NAME = 80
_USER_INFO = re.compile(r"://[^@/\s']+@")


@dataclass(frozen=True, slots=True)
class Tip:
    """What a ref points to: a commit, and its files by name. `parents` are the commit's."""

    commit: str
    parents: tuple[str, ...]
    subject: str
    files: Mapping[str, bytes]


class GitFailed(Exception):
    """A git command did not succeed. `said` is what it printed, without credentials."""

    def __init__(self, said: str) -> None:
        super().__init__(said)
        self.said = said


def ref_of(environment: str) -> str:
    """`refs/reconciler/<environment>`, for any text: different texts have different refs."""
    name = quote(environment, safe="").replace("~", "%7E").replace(".", "%2E")
    if len(name) > _LONGEST_NAME:
        name = f"{name[:_LONGEST_NAME]}-{hashlib.sha256(environment.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"
    return f"refs/reconciler/{name}"


class Plumbing:
    """One repository on disk, and the `remote` (a name or URL git can reach) its refs live at; "" means in itself."""

    def __init__(self, folder: Path, remote: str, *, seconds: float = _SECONDS) -> None:
        if remote.startswith("-"):
            msg = f"not a git remote: {remote!r}"
            raise UsageError(msg)
        self._folder = folder
        self._remote = remote
        self._seconds = seconds
        self._blobs: dict[bytes, str] = {}
        """Ids of what was read or written already, by digest: most files are in every commit."""

    def tip(self, ref: str) -> str:
        """The commit `ref` points to now, "" for none. Asks the remote. Raises StateUnreadable."""
        try:
            if not self._remote:
                return self._resolve(ref)
            listing = self._git("ls-remote", "--quiet", "--", self._remote, ref).decode()
        except GitFailed as error:
            raise self._unreadable(error) from error
        rows = [line.split("\t") for line in listing.splitlines()]
        return next((row[0] for row in rows if row[1:] == [ref]), "")

    def remotes(self) -> list[str]:
        """The names of the repository's remotes, sorted. Raises StateUnreadable."""
        try:
            return sorted(self._git("remote").decode().split())
        except GitFailed as error:
            raise self._unreadable(error) from error

    def read(self, ref: str) -> Tip | None:
        """What `ref` points to now, None for nothing. Raises StateUnreadable."""
        for _ in range(_TRIES):
            commit = self.tip(ref)
            if not commit:
                return None
            try:
                if self._remote and not self._has(commit):
                    # By name: servers hand out refs to everybody, and ids to nobody in particular.
                    options = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules")
                    self._git("fetch", *options, "--", self._remote, ref)
                if self._has(commit):
                    return self._load(commit)
            except GitFailed as error:
                raise self._unreadable(error) from error
        msg = f"{ref} is being written to all the time"
        raise StateUnreadable(msg, hint="Try again.")

    def write(self, files: Mapping[str, bytes], parents: tuple[str, ...], subject: str) -> str:
        """A new commit with exactly these files, pointed to by nothing yet. Its id. Raises StateUnwritable."""
        try:
            entries = [f"100644 blob {self._blob(data)}\t{name}\0" for name, data in sorted(files.items())]
            tree = self._git("mktree", "-z", feed="".join(entries).encode()).decode().strip()
            lineage = [option for parent in parents for option in ("-p", parent)]
            return self._git("commit-tree", tree, *lineage, "-m", subject).decode().strip()
        except GitFailed as error:
            raise self._unwritable(error) from error

    def swap(self, ref: str, former: str, following: str) -> bool:
        """Points `ref` to `following` if it still points to `former` ("": to nothing); False when it does not.

        An answer that got lost is asked for again. Raises StateUnwritable, and StateUnreadable when the remote cannot
        be asked whether it happened.
        """
        said = ""
        for attempt in range(_TRIES):
            time.sleep(_PAUSE * attempt)
            try:
                self._point(ref, former, following)
            except GitFailed as error:
                said = error.said
            else:
                return True
            now = self.tip(ref)
            if now == following:
                return True
            if now != former:
                return False
        raise self._unwritable(GitFailed(said))

    def _point(self, ref: str, former: str, following: str) -> None:
        if not self._remote:
            self._git("update-ref", ref, following, former or _NOTHING)
            return
        lease = f"--force-with-lease={ref}:{former}"
        self._git("push", "--quiet", "--no-verify", lease, "--", self._remote, f"{following}:{ref}")

    def _resolve(self, ref: str) -> str:
        found = self._git("for-each-ref", "--format=%(objectname) %(refname)", ref).decode()
        rows = [line.split(" ", 1) for line in found.splitlines()]
        return next((row[0] for row in rows if row[1:] == [ref]), "")

    def _has(self, commit: str) -> bool:
        try:
            self._git("cat-file", "-e", f"{commit}^{{tree}}")
        except GitFailed:
            return False
        return True

    def _load(self, commit: str) -> Tip:
        header, _, message = self._git("cat-file", "commit", commit).decode(errors="replace").partition("\n\n")
        parents = tuple(line.removeprefix("parent ") for line in header.splitlines() if line.startswith("parent "))
        listing = self._git("ls-tree", "-z", commit).split(b"\0")
        blobs = {entry.partition(b"\t")[2].decode(): entry.split(b" ")[2].split(b"\t")[0] for entry in listing if entry}
        contents = self._contents(list(blobs.values()))
        for blob, data in zip(blobs.values(), contents, strict=True):
            self._blobs[hashlib.sha256(data).digest()] = blob.decode()
        return Tip(commit, parents, message.partition("\n")[0], dict(zip(blobs, contents, strict=True)))

    def _contents(self, blobs: list[bytes]) -> list[bytes]:
        stream = self._git("cat-file", "--batch", feed=b"".join(blob + b"\n" for blob in blobs))
        found, place = [], 0
        for _ in blobs:
            end = stream.index(b"\n", place)
            size = int(stream[place:end].split(b" ")[-1])
            found.append(stream[end + 1 : end + 1 + size])
            place = end + 1 + size + 1
        return found

    def _blob(self, data: bytes) -> str:
        key = hashlib.sha256(data).digest()
        if key not in self._blobs:
            self._blobs[key] = self._git("hash-object", "-w", "--stdin", feed=data).decode().strip()
        return self._blobs[key]

    def _git(self, *command: str, feed: bytes = b"") -> bytes:
        options = [part for name, value in _OPTIONS for part in ("-c", f"{name}={value}")]
        try:
            ended = subprocess.run(  # noqa: S603 - a fixed program; refs are quoted, remotes come after `--`
                ["git", "-C", str(self._folder), *options, *command],  # noqa: S607 - git is found as users find it
                input=feed,
                capture_output=True,
                check=False,
                timeout=self._seconds,
                start_new_session=True,
            )
        except subprocess.TimeoutExpired as error:
            raise GitFailed(f"git {command[0]} gave no answer in {self._seconds:g} s") from error
        except OSError as error:
            raise GitFailed(f"git cannot be run: {error.strerror}") from error
        if ended.returncode:
            said = _USER_INFO.sub("://***@", ended.stderr.decode(errors="replace")).strip()
            raise GitFailed(f"git {command[0]}: {said or f'status {ended.returncode}'}")
        return ended.stdout

    def _unreadable(self, error: GitFailed) -> StateUnreadable:
        hint = "The state lives in git: check the remote, the network and the right to read it."
        return StateUnreadable(f"cannot read the state from {self._place()}: {error.said}", hint=hint)

    def _unwritable(self, error: GitFailed) -> StateUnwritable:
        hint = "The state lives in git: check the remote and the right to push (in CI: `contents: write`)."
        return StateUnwritable(f"cannot write the state to {self._place()}: {error.said}", hint=hint)

    def _place(self) -> str:
        return _USER_INFO.sub("://***@", self._remote) or str(self._folder)
