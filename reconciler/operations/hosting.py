"""Where this process runs for whom: which host of pull requests, which one, whether strangers read along.

A CI system says so in variables and, for some of it, in a file. Variables of our own go before them:

    RECONCILER_FORGE              github, gitlab or gitea
    RECONCILER_FORGE_URL          of its API: https://api.github.com, https://HOST/api/v4, https://HOST/api/v1
    RECONCILER_FORGE_REPOSITORY   owner/name, or GitLab's project id
    RECONCILER_FORGE_TOKEN        may comment and set statuses
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from reconciler.errors import UsageError
from reconciler.forges.protocol import Access
from reconciler.rendering.sides import Profile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.forges.protocol import Forge
    from reconciler.operations.settings import Settings

_LARGEST_EVENT: Final = 16_000_000
_FORGES: Final = ("github", "gitlab", "gitea")


@dataclass(frozen=True, slots=True)
class Host:
    """`name` is that of the kind of host, "" outside of CI. `number` is the pull request's, 0 when this is about none;
    `head` the last commit pushed to it, `from_fork` whether that came from another repository. `public`: everybody can
    read what is posted and logged; taken for granted where CI does not say. `commit` is what CI checked out.
    """

    name: str = ""
    access: Access | None = None
    graphql: str = ""
    number: int = 0
    head: str = ""
    from_fork: bool = False
    public: bool = False
    commit: str = ""
    run_url: str = field(default="", compare=False)
    summary_file: str = ""

    @property
    def profile(self) -> Profile:
        """How much is shown when nobody says."""
        return Profile.REDACTED if self.public else Profile.FULL

    def forge(self) -> Forge:
        """The client of the host. Raises UsageError when there is none, or no token."""
        if self.access is None or not self.access.token:
            msg = "there is no host to post to"
            hint = "In CI, hand in the job's token; elsewhere set RECONCILER_FORGE and the variables that go with it."
            raise UsageError(msg, hint=hint)
        if self.name == "gitlab":
            from reconciler.forges.gitlab import GitLab

            return GitLab(self.access)
        if self.name == "gitea":
            from reconciler.forges.gitea import Gitea

            return Gitea(self.access)
        from reconciler.forges.github import GitHub

        return GitHub(self.access, self.graphql)


def host_of(settings: Settings) -> Host:
    """Where we are, as far as variables and the event's file tell. Raises UsageError for a host that is not known."""
    said = settings.variables
    name = said.get("RECONCILER_FORGE", "") or _guessed(said)
    if name and name not in _FORGES:
        msg = f"RECONCILER_FORGE is {name!r}"
        raise UsageError(msg, hint=f"One of: {', '.join(_FORGES)}.")
    if not name:
        return Host()
    return _gitlab(said) if name == "gitlab" else _actions(name, said)


def _guessed(said: Mapping[str, str]) -> str:
    if said.get("GITLAB_CI"):
        return "gitlab"
    if said.get("GITEA_ACTIONS") or said.get("FORGEJO_ACTIONS"):
        return "gitea"
    return "github" if said.get("GITHUB_ACTIONS") else ""


def _access(said: Mapping[str, str], url: str, repository: str, tokens: tuple[str, ...]) -> Access:
    token = next((said[name] for name in ("RECONCILER_FORGE_TOKEN", *tokens) if said.get(name)), "")
    return Access(said.get("RECONCILER_FORGE_URL") or url, said.get("RECONCILER_FORGE_REPOSITORY") or repository, token)


def _actions(name: str, said: Mapping[str, str]) -> Host:
    """GitHub Actions, and Gitea's, which speak the same variables."""
    event = _event(said.get("GITHUB_EVENT_PATH", ""))
    pull = event.get("pull_request") or {}
    sides = [((pull.get(side) or {}).get("repo") or {}).get("full_name") for side in ("head", "base")]
    url = said.get("GITHUB_API_URL", "") or ("https://api.github.com" if name == "github" else "")
    run = [said.get(part, "") for part in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")]
    access = _access(said, url, said.get("GITHUB_REPOSITORY", ""), ("GITHUB_TOKEN", "GH_TOKEN", "GITEA_TOKEN"))
    return Host(
        name=name,
        access=access,
        graphql=said.get("GITHUB_GRAPHQL_URL", "") or f"{access.url.removesuffix('/api/v3')}/graphql",
        number=int(pull.get("number") or 0),
        head=str((pull.get("head") or {}).get("sha") or ""),
        from_fork=bool(pull) and (sides[0] is None or sides[0] != sides[1]),
        public=(event.get("repository") or {}).get("private") is not True,
        commit=said.get("GITHUB_SHA", ""),
        run_url=f"{run[0]}/{run[1]}/actions/runs/{run[2]}" if all(run) else "",
        summary_file=said.get("GITHUB_STEP_SUMMARY", ""),
    )


def _gitlab(said: Mapping[str, str]) -> Host:
    number = said.get("CI_MERGE_REQUEST_IID", "")
    sides = [said.get(f"CI_MERGE_REQUEST_{side}PROJECT_ID", "") for side in ("SOURCE_", "")]
    return Host(
        name="gitlab",
        access=_access(said, said.get("CI_API_V4_URL", ""), said.get("CI_PROJECT_ID", ""), ("GITLAB_TOKEN",)),
        number=int(number) if number.isdigit() else 0,
        head=said.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA", "") or (said.get("CI_COMMIT_SHA", "") if number else ""),
        from_fork=bool(number) and sides[0] != sides[1],
        public=said.get("CI_PROJECT_VISIBILITY", "public") == "public",
        commit=said.get("CI_COMMIT_SHA", ""),
        run_url=said.get("CI_JOB_URL", ""),
    )


def _event(path: str) -> dict[str, Any]:
    """What happened, as the runner wrote it down; {} when it did not."""
    if not path:
        return {}
    try:
        file = Path(path)
        document = json.loads(file.read_text(encoding="utf-8")) if file.stat().st_size < _LARGEST_EVENT else {}
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}
