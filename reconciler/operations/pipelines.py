"""The CI files of a project: review on pull requests, apply on merge, a look on a schedule."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from reconciler.errors import ReconcilerError, UsageError
from reconciler.model.project import StateBackend
from reconciler.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from reconciler.operations.workspace import Workspace

PLACES: Final[Mapping[str, str]] = {"github": ".github/workflows", "gitlab": ".gitlab", "gitea": ".gitea/workflows"}
"""Where each host looks for them, below the root of the repository."""
_TAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./-]{0,60}")
_STEP: Final = " " * 10
_HELPER: Final = (
    r"""'!f() { test "$1" = get && printf "username=x-access-token\npassword=%s\n" "$GITHUB_TOKEN"; }; f'"""
)
_GIT_ACCESS: Final = (
    'GIT_CONFIG_COUNT: "1"',
    "GIT_CONFIG_KEY_0: credential.${{ github.server_url }}.helper",
    f"GIT_CONFIG_VALUE_0: {_HELPER}",
)
"""How git reaches the memory: a helper that hands on the job's token, which is written to no file."""


def write_pipelines(workspace: Workspace, root: Path, host: str) -> tuple[Path, ...]:
    """Writes the files for `host` below `root`, the root of the repository. Overwrites nothing.

    Raises UsageError when one of them is there, or a name cannot stand in such a file.
    """
    texts = {root / PLACES[host] / name: _filled(text, workspace, root, host) for name, text in _templates(host)}
    entry = root / ".gitlab-ci.yml"
    if host == "gitlab" and not entry.exists():
        texts[entry] = "include:\n  - local: .gitlab/reconciler.yml\n"
    standing = [file for file in texts if file.exists()]
    if standing:
        msg = f"{standing[0].relative_to(root)} is there already: nothing was written"
        raise UsageError(msg, hint="Remove it to have it written anew, or edit it.")
    try:
        for file, text in texts.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    except OSError as error:
        msg = f"cannot write into {root}: {error.strerror}"
        raise ReconcilerError(msg) from error
    return tuple(texts)


def advice(workspace: Workspace, host: str) -> Iterator[str]:
    """What is left for a person to do."""
    if workspace.project.state is StateBackend.FILE:
        yield "a runner forgets its files: say `state: { backend: git }` in the project file"
    names = ", ".join(_variables(workspace))
    if names:
        yield f"give CI these secrets: {names}"
    if host == "gitlab":
        yield "and GITLAB_TOKEN, a project access token that may comment; let the job token push, for the memory"


def _templates(host: str) -> list[tuple[str, str]]:
    folder = files("reconciler.operations") / "templates" / host
    return sorted((entry.name, entry.read_text(encoding="utf-8")) for entry in folder.iterdir())


def _filled(text: str, workspace: Workspace, root: Path, host: str) -> str:
    words = {"ENVIRONMENT": workspace.environment.name, "BRANCH": _branch(root), "VERSION": __version__}
    for name, word in words.items():
        if not _TAME.fullmatch(word):
            msg = f"{name.lower()} {word!r} cannot stand in a CI file"
            raise UsageError(msg, hint="Letters, digits, dots and dashes can.")
        text = text.replace(f"@@{name}@@", word)
    return _with_lines(_with_lines(text, "CREDENTIALS", _credentials(workspace, host)), "GIT_ACCESS", _git_access(host))


def _with_lines(text: str, name: str, lines: list[str]) -> str:
    return text.replace(f"@@{name}@@\n", "".join(f"{line}\n" for line in lines))


def _git_access(host: str) -> list[str]:
    return [] if host == "gitlab" else [f"{_STEP}{line}" for line in _GIT_ACCESS]


def _credentials(workspace: Workspace, host: str) -> list[str]:
    names = _variables(workspace)
    if host == "gitlab":
        return [f"#   {name}" for name in names] or ["#   none: every target is local"]
    return [f"{_STEP}{name}: ${{{{ secrets.{name} }}}}" for name in names]


def _variables(workspace: Workspace) -> list[str]:
    """What the platforms of the environment's targets read their credentials from, the usual name of each."""
    platforms = sorted({t.platform for t in workspace.environment.targets.values() if not t.is_local})
    found = [each.variables[0] for name in platforms for each in workspace.providers[name].credentials]
    return list(dict.fromkeys(found))


def _branch(root: Path) -> str:
    """The branch that is merged into: the one that is checked out, else `main`."""
    from reconciler.repository.checkout import find_checkout

    checkout = find_checkout(root)
    return (checkout.branch if checkout else "") or "main"
