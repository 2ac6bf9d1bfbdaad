"""A copy of an example project beside a local platform of its own: what the invariants are held against.

The platform runs in this process behind a real socket of the loopback, so that what is tested is the product from the
project file down to the bytes on the wire, and the request log tells what was really sent.
"""

from __future__ import annotations

import re
import shutil
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkzeug.serving import WSGIRequestHandler, make_server

from reconciler.execution.context import Silence
from reconciler.model.kind import CreateClass
from reconciler.operations.apply import Doing, apply
from reconciler.operations.plan import Wish, look
from reconciler.operations.settings import Settings
from reconciler.operations.wiring import open_store, open_workspace
from reconciler.operations.workspace import Call
from reconciler.providers.discovery import providers
from tests.support.local_platform import ACCOUNT, local_platform

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.localplatform.assembly import Platform
    from reconciler.model.address import Address
    from reconciler.model.change import Change
    from reconciler.model.outcome import Report
    from reconciler.model.plan import Plan
    from reconciler.model.resource import Recorded
    from reconciler.operations.workspace import Workspace

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
PROJECTS = sorted(str(file.parent.relative_to(EXAMPLES)) for file in EXAMPLES.rglob("reconciler.yaml"))
"""Every example project; a new one is held to every law from the moment it exists."""

CREDENTIALS = (
    {
        credential.variables[0]: getattr(ACCOUNT, credential.name)
        for provider in providers().values()
        for credential in provider.credentials
        if credential.name in {"access_key", "secret_key", "project_id"}
    }
    | {
        credential.variables[0]: getattr(ACCOUNT, provider.local_credentials[credential.name])
        for provider in providers().values()
        for credential in provider.credentials
        if credential.name in provider.local_credentials
    }
    | {
        f"RECONCILER_SECRET_{name.upper().replace('-', '_')}": f"fake-value-of-{name}"
        for file in EXAMPLES.rglob("*.yaml")
        for name in re.findall(r"\$\[\[ secrets\.([a-z0-9-]+) \]\]", file.read_text(encoding="utf-8"))
    }
)
"""What each platform says in variables of its own about the one account, and the secrets of the examples."""


class _Quiet(WSGIRequestHandler):
    """Tests have their own way to see requests."""

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - the name in the base class
        """Says nothing."""


@contextmanager
def served(platform: Platform) -> Iterator[str]:
    """The URL at which `platform` answers, as long as the block lasts."""
    server = make_server("127.0.0.1", 0, platform.application, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class World:
    """The project in `root`, against `platform`. `variables` are those of the process, credentials included."""

    root: Path
    platform: Platform
    variables: Mapping[str, str] = field(default_factory=lambda: dict(CREDENTIALS))
    said: list[str] = field(default_factory=list)

    def workspace(self) -> Workspace:
        """The project, opened anew as a new process would."""
        return open_workspace(Call(self.root, Settings(dict(self.variables))))

    def plan(self, *, destroy: bool = False) -> Plan:
        """What would change now."""
        return look(self.workspace(), Wish(destroy=destroy), self.said.append).plan

    def apply(self, planned: Plan | None = None) -> Report:
        """Plans, unless that was done, and carries it out."""
        doing = Doing(Silence(), threading.Event(), self.said.append)
        return apply(self.workspace(), planned or self.plan(), doing)

    def applied(self) -> World:
        """Itself, with everything applied."""
        report = self.apply()
        assert report.complete, [(str(o.step.address), o.result, o.error) for o in report.outcomes]
        return self

    def recorded(self) -> Mapping[Address, Recorded]:
        """What is remembered."""
        workspace = self.workspace()
        return open_store(workspace).read(workspace.environment.name).resources

    @property
    def is_blind(self) -> bool:
        """Whether something is declared that its platform lets nobody look for."""
        kinds = self.workspace().kinds
        return any(kinds[c.platform, c.address.kind].create_class is CreateClass.BLIND for c in self.plan().changes)

    def requests(self, *methods: str) -> list[dict[str, Any]]:
        """What the platform was sent, oldest first: all, or only by these methods."""
        return [entry for entry in self.platform.log.report() if not methods or entry["method"] in methods]

    def writes(self) -> list[dict[str, Any]]:
        """The same without those that only read: where everything is a POST, the path tells them apart."""
        written = self.requests("POST", "PUT", "DELETE")
        reads = {"login"}  # by their names where their paths do not tell
        return [
            e
            for e in written
            if not e["path"].startswith("/query/")
            and not e["path"].endswith("-searches")
            and e["operation"] not in reads
        ]

    def files(self) -> dict[str, bytes]:
        """Every file of the project and of its memory."""
        return {str(f.relative_to(self.root)): f.read_bytes() for f in sorted(self.root.rglob("*")) if f.is_file()}

    def manifests(self) -> list[Path]:
        """The files that hold manifests."""
        found = [f for f in self.root.rglob("*") if f.suffix in {".yaml", ".yml", ".txt"} and "data" not in f.parts]
        return sorted(f for f in found if f.name != "reconciler.yaml" and ".reconciler" not in f.parts)

    def edit(self, name: str, before: str, after: str) -> None:
        """Replaces the one `before` in a file. Fails when there is none, or several."""
        file = self.root / name
        text = file.read_text(encoding="utf-8")
        assert text.count(before) == 1, f"{before!r} stands {text.count(before)} times in {name}"
        file.write_text(text.replace(before, after), encoding="utf-8")


def shown(planned: Plan) -> list[Change]:
    """The changes that are not nothing."""
    return [change for change in planned.changes if change.action.value != "no-op"]


@contextmanager
def world_of(folder: Path, project: str, *, engine: str = "simulated") -> Iterator[World]:
    """A copy of an example below `folder`, its local target pointing to a platform of its own."""
    root = folder / "project"
    shutil.copytree(EXAMPLES / project, root, ignore=shutil.ignore_patterns(".reconciler", "data"))
    (folder / "platform").mkdir()
    with local_platform(folder / "platform", engine=engine) as platform, served(platform) as url:
        file = root / "reconciler.yaml"
        file.write_text(
            file.read_text(encoding="utf-8").replace("endpoint: local", f"endpoint: {url}"), encoding="utf-8"
        )
        yield World(root, platform)
