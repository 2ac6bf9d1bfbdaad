"""Opening the local platform as a target, and the manifests of the examples."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from reconciler.manifests.loading import load
from reconciler.manifests.project import read_project
from reconciler.manifests.schemas import load_catalogue
from reconciler.model.address import Address
from reconciler.model.expression import Space, substitute
from reconciler.model.mark import Mark, Owner
from reconciler.model.resource import Desired
from reconciler.model.target import Target
from reconciler.providers.ai4s import PROVIDER
from reconciler.providers.discovery import providers
from reconciler.providers.protocol import Transport
from tests.support.local_platform import ACCOUNT
from tests.support.wsgi_adapter import WsgiAdapter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.localplatform.assembly import Platform
    from reconciler.manifests.schemas import Catalogue
    from reconciler.model.expression import Expression
    from reconciler.model.manifest import Manifest
    from reconciler.providers.ai4s.connection import Ai4sConnection

OWNER = Owner("tests", "dev")
ORDER = ("App", "Workflow", "Job")
EXAMPLES = Path(__file__).parents[3] / "examples"
WHOLE = EXAMPLES / "ai4s-whole"
MORE = EXAMPLES / "ai4s-more"
KEYS = {
    "access_key": ACCOUNT.access_key,
    "secret_key": ACCOUNT.secret_key,
    "project_id": ACCOUNT.project_id,
}
QUICK = Transport(backoff=0.001, deadline=20)


@contextmanager
def opened(
    platform: Platform, credentials: Mapping[str, str] = KEYS, transport: Transport = QUICK
) -> Iterator[Ai4sConnection]:
    """A connection to a platform in this process."""
    from dataclasses import replace

    target = Target("ai4s", "ai4s", "http://platform.test", "local", "demo", {"iam_endpoint": "http://platform.test"})
    connection = PROVIDER.connect(target, credentials, replace(transport, adapter=WsgiAdapter(platform.application)))
    try:
        yield cast("Ai4sConnection", connection)
    finally:
        connection.close()


@cache
def catalogue() -> Catalogue:
    """All kinds."""
    return load_catalogue()


@cache
def examples() -> tuple[Manifest, ...]:
    """Every app, workflow and job of the example projects of this platform, in an order that can be applied.

    The project with all the other kinds has tests of its own.
    """
    found: list[Manifest] = []
    for file in sorted(set(EXAMPLES.glob("*/reconciler.yaml")) - {each / "reconciler.yaml" for each in (WHOLE, MORE)}):
        settings = {name: frozenset(provider.settings) for name, provider in providers().items()}
        words = {name: provider.scope_key for name, provider in providers().items()}
        project, problems = read_project(file, start=file.parent, scope_keys=words, settings=settings)
        assert project is not None, problems
        loaded = load(project, project.environments[project.default_environment], catalogue())
        found += [manifest for manifest in loaded.manifests if manifest.platform == "ai4s"]
    unique = {manifest.address: manifest for manifest in found}
    return tuple(sorted(unique.values(), key=lambda manifest: (ORDER.index(manifest.address.kind), manifest.address)))


def mark_of(address: Address, spec: Any) -> Mark:
    """The mark an apply would use."""
    return Mark.of_run(OWNER, address, str(spec), 1) if address.kind == "Job" else Mark.of_standing(OWNER, address)


def desired(address: Address, spec: Mapping[str, Any], ids: Mapping[Address, str] | None = None) -> Desired:
    """What a handler gets, references filled in from `ids`."""
    known = ids or {}

    def resolve(expression: Expression) -> str | None:
        if expression.space is not Space.REF:
            return None
        kind, _, name = expression.name.partition("/")
        return known[Address(address.target, kind, address.scope, name)]

    return Desired(address, substitute(dict(spec), resolve), mark_of(address, spec))


def make(connection: Ai4sConnection, kind: str, spec: Mapping[str, Any], scope: str = "demo") -> tuple[Desired, str]:
    """Creates one from its spec; what was asked for, and its id."""
    name = f"{spec['name']}@{spec['version']}" if "version" in spec else spec["name"]
    wanted = desired(Address("ai4s", kind, scope, name), spec)
    return wanted, connection.handler(kind).create(wanted).remote_id
