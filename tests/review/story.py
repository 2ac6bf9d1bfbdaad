"""A repository, a project in it, and a host: what happens around a pull request, step by step."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.review.hosts import TOKEN
from tests.support.git_repository import Repository

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.running import Ended, Project
    from tests.review.hosts import Model

BRANCH = "change"


@dataclass
class Story:
    """Commands run as a CI job of the host would run them."""

    name: str
    url: str
    model: Model
    project: Project
    folder: Path
    public: bool = False

    def __post_init__(self) -> None:
        self.git = Repository.fresh(self.project.root)
        (self.project.root / ".gitignore").write_text(".reconciler/\n", encoding="utf-8")

    def branch(self, *, edit: dict[str, tuple[str, str]]) -> str:
        """A branch with edits of manifests; the pull request's head is its commit."""
        self.git.git("checkout", "--quiet", "-B", BRANCH)
        return self.push(edit)

    def push(self, edit: dict[str, tuple[str, str]]) -> str:
        """Another commit."""
        for file, (former, latter) in edit.items():
            path = self.project.root / "manifests" / file
            text = path.read_text(encoding="utf-8") if path.exists() else ""
            assert former in text
            path.write_text(text.replace(former, latter) if former else latter, encoding="utf-8")
        self.model.head = self.git.commit("change")
        return self.model.head

    def merge(self) -> str:
        """The merge; the work tree is then that of the main branch."""
        self.git.git("checkout", "--quiet", "main")
        self.git.git("merge", "--quiet", "--no-ff", "--message", "merge", BRANCH)
        self.model.merge = self.git.git("rev-parse", "HEAD")
        return self.model.merge

    def review(self, *words: str) -> Ended:
        """The job of the pull request."""
        return self._run(self._variables(on_merge=False), "review", "--base", "main", "--post", *words)

    def apply(self, *words: str) -> Ended:
        """The job of the merge."""
        return self._run(self._variables(on_merge=True), "apply", "--reviewed", "merged", *words)

    def run(self, *words: str) -> Ended:
        """Any command in a job that is about no pull request."""
        return self._run(self._variables(on_merge=True), *words)

    def _run(self, variables: dict[str, str], *words: str) -> Ended:
        self.project.variables = {**self.credentials, **variables}
        return self.project.run(*words)

    @property
    def credentials(self) -> dict[str, str]:
        """Those of the platform."""
        from tests.cli.running import CREDENTIALS

        return dict(CREDENTIALS)

    def _variables(self, *, on_merge: bool) -> dict[str, str]:
        if self.name == "gitlab":
            own = {"CI_MERGE_REQUEST_IID": "1", "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "99" if self.model.fork else "42"}
            own |= {"CI_MERGE_REQUEST_PROJECT_ID": "42", "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": self.model.head}
            return {
                "CI": "true",
                "GITLAB_CI": "true",
                "CI_API_V4_URL": self.url,
                "CI_PROJECT_ID": "42",
                "CI_PROJECT_VISIBILITY": "public" if self.public else "private",
                "GITLAB_TOKEN": TOKEN,
                "CI_COMMIT_SHA": self.model.merge if on_merge else self.model.head,
                **({} if on_merge else own),
            }
        repositories = {"head": "eve/fork" if self.model.fork else "org/repo", "base": "org/repo"}
        pull = {side: {"repo": {"full_name": name}} for side, name in repositories.items()}
        pull["head"]["sha"] = self.model.head
        event = {"repository": {"private": not self.public}} | (
            {} if on_merge else {"pull_request": {"number": 1, **pull}}
        )
        file = self.folder / "event.json"
        file.write_text(json.dumps(event), encoding="utf-8")
        return {
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            **({"GITEA_ACTIONS": "true"} if self.name == "gitea" else {}),
            "GITHUB_API_URL": self.url,
            "GITHUB_GRAPHQL_URL": f"{self.url}/graphql",
            "GITHUB_REPOSITORY": "org/repo",
            "GITHUB_TOKEN": TOKEN,
            "GITHUB_EVENT_PATH": str(file),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary.md"),
            "GITHUB_SHA": self.model.merge if on_merge else self.model.head,
        }
