"""Which addresses a command is about: `--only`, `--except` and paths. Planning adds what they need."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from reconciler.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from reconciler.model.address import Address
    from reconciler.model.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Selection:
    """Globs over addresses (`*/App/*`, `local/Job/demo/qc*`) and files or folders. Empty: everything.

    A glob may leave out what is clear: `name`, `Kind/name`, `Kind/scope/name`, or the whole address.
    """

    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    paths: tuple[Path, ...] = ()

    @property
    def is_everything(self) -> bool:
        """Nothing was selected, so what is not declared may be removed."""
        return not (self.only or self.without or self.paths)


EVERYTHING = Selection()


def matches(address: Address, glob: str) -> bool:
    """Whether `glob` means `address`. Each part of the glob matches one part of the address."""
    target, kind, scope, name = str(address).split("/")
    wanted = glob.split("/")
    parts = {1: [name], 2: [kind, name], 3: [kind, scope, name]}.get(len(wanted), [target, kind, scope, name])
    return len(parts) == len(wanted) and all(map(fnmatchcase, parts, wanted))


def select(
    selection: Selection, manifests: Sequence[Manifest], recorded: Iterable[Address], root: Path
) -> frozenset[Address] | None:
    """The addresses meant, without what they need; None when that is everything.

    `root` is the folder that the manifests' files are named from; paths are from where the person stands.

    Raises UsageError for a glob or path that means nothing: a typo must not look like success.
    """
    if selection.is_everything:
        return None
    known = {*(manifest.address for manifest in manifests), *recorded}
    for glob in (*selection.only, *selection.without):
        if not any(matches(address, glob) for address in known):
            msg = f"nothing matches {glob!r}"
            raise UsageError(
                msg, hint="`reconciler graph` shows what is declared, `reconciler status` what was applied."
            )
    chosen = {a for a in known if not selection.only or any(matches(a, glob) for glob in selection.only)}
    chosen -= {a for a in chosen if any(matches(a, glob) for glob in selection.without)}
    for path in selection.paths:
        if not any(_inside(manifest, path, root) for manifest in manifests):
            msg = f"no manifest of this project is in {path}"
            raise UsageError(msg, hint="`manifests:` in the project file says where they are.")
    if selection.paths:
        chosen &= {m.address for m in manifests if any(_inside(m, path, root) for path in selection.paths)}
    return frozenset(chosen)


def _inside(manifest: Manifest, path: Path, root: Path) -> bool:
    file = (root / manifest.source.file).resolve()
    return file == path.resolve() or path.resolve() in file.parents
