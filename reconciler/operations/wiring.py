"""The composition root: the one place where parts are made and put together."""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from reconciler.errors import ManifestsInvalid, ReconcilerError, UsageError
from reconciler.model.diagnostic import errors
from reconciler.model.project import StateBackend
from reconciler.model.secret import Redactor
from reconciler.model.spelling import did_you_mean
from reconciler.operations.workspace import Workspace

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from reconciler.manifests.schemas import Catalogue
    from reconciler.model.kind import Kind
    from reconciler.model.project import Environment, Project
    from reconciler.model.target import Target
    from reconciler.operations.settings import Settings
    from reconciler.operations.workspace import Call, Say
    from reconciler.providers.protocol import Connection, Provider, Transport
    from reconciler.providers.token_cache import FolderCache
    from reconciler.state.protocol import StateStore


def open_workspace(call: Call) -> Workspace:
    """Reads the project file and finds out what can be declared. Talks to nobody.

    Raises ManifestsInvalid for a wrong project file, UsageError for an environment that is not there, and what
    `open_catalogue` raises.
    """
    from reconciler.manifests.project import find_project, read_project
    from reconciler.providers.discovery import providers

    known = providers()
    scope_keys = {name: provider.scope_key for name, provider in known.items()}
    settings = {name: frozenset(provider.settings) for name, provider in known.items()}
    file = call.project_file or find_project(call.start)
    project, found = read_project(file, start=call.start, scope_keys=scope_keys, settings=settings)
    if project is None or errors(found):
        raise ManifestsInvalid(found)
    catalogue = open_catalogue(known)
    environment = choose_environment(project, call)
    return Workspace(call, project, environment, catalogue, known, able_kinds(catalogue.kinds, known), found)


def open_catalogue(known: Mapping[str, Provider]) -> Catalogue:
    """What can be declared: the kinds of this program, and those that other packages bring along.

    Raises ReconcilerError when the schemas of such a package cannot be used.
    """
    from reconciler.manifests.schemas import load_catalogue

    try:
        return load_catalogue(provider.schemas for provider in known.values() if provider.schemas)
    except ValueError as error:
        raise ReconcilerError(str(error), hint="It is part of another package: update or uninstall that.") from error


def choose_environment(project: Project, call: Call) -> Environment:
    """The environment asked for on the command line, else by the environment variable, else the default one."""
    name = call.environment or call.settings.environment or project.default_environment
    if name not in project.environments:
        near = did_you_mean(name, project.environments)
        msg = f"there is no environment {name!r}"
        hint = f"Did you mean {near}?" if near else f"This project has: {', '.join(sorted(project.environments))}."
        raise UsageError(msg, hint=hint)
    chosen = project.environments[name]
    return replace(chosen, vars={**chosen.vars, **call.variables})


def able_kinds(kinds: Mapping[tuple[str, str], Kind], known: Mapping[str, Provider]) -> dict[tuple[str, str], Kind]:
    """The kinds of the schemas, told what their handlers can do."""
    from reconciler.model.kind import CreateClass
    from reconciler.providers.protocol import abilities

    able = {}
    for (platform, name), kind in kinds.items():
        provider = known.get(platform)
        if provider is None or name not in provider.kinds:
            able[platform, name] = kind
            continue
        create_class = provider.create_class.get(name, CreateClass.SEARCH_ONLY)
        able[platform, name] = replace(kind, can=abilities(provider.kinds[name]), create_class=create_class)
    return able


def open_store(workspace: Workspace) -> StateStore:
    """The memory the project file asks for. Raises UsageError when it wants git and there is none."""
    if workspace.project.state is StateBackend.FILE:
        from reconciler.state.file import FileStore

        return FileStore(workspace.folder / "state", time.time)
    from reconciler.state.git_ref import GitRefStore, remote_of

    return GitRefStore(workspace.root, remote_of(workspace.root), time.time)


def holder(settings: Settings) -> str:
    """Who we are to those who find the environment locked."""
    import os
    import platform

    return f"{settings.user}@{platform.node() or 'somewhere'} (process {os.getpid()})"


def redactor(workspace: Workspace) -> Redactor:
    """Knows every secret this process was started with."""
    from reconciler.operations.credentials import masked, proxy_secrets

    settings = workspace.call.settings
    masking = Redactor()
    for target in workspace.environment.targets.values():
        if target.platform in workspace.providers:
            masking = masked(masking, settings, workspace.providers[target.platform])
    return masking.with_values(*settings.secrets(), *proxy_secrets(settings.proxy))


def every_secret(settings: Settings) -> Redactor:
    """Knows every secret that any command could have read, where no project tells which it was."""
    from reconciler.operations.credentials import masked, proxy_secrets
    from reconciler.operations.hosting import host_of
    from reconciler.providers.discovery import providers

    masking = Redactor().with_values(*settings.secrets())
    for provider in providers().values():
        masking = masked(masking, settings, provider)
    with suppress(UsageError):
        masking = masking.with_values(*proxy_secrets(settings.proxy))
    with suppress(UsageError):
        access = host_of(settings).access
        masking = masking.with_values(access.token if access else "")
    return masking


def steady_clock() -> Callable[[], float]:
    """UNIX time that goes on evenly from now: somebody who sets the machine's clock does not shorten any patience."""
    wall, begun = time.time(), time.monotonic()
    return lambda: wall + (time.monotonic() - begun)


@contextmanager
def connected(
    workspace: Workspace,
    targets: Iterable[str],
    say: Say,
    *,
    stop: threading.Event | None = None,
    guard: Callable[[], None] | None = None,
    heard: Callable[[str, str], None] | None = None,
) -> Iterator[dict[str, Connection]]:
    """Open connections to `targets` by name, closed at the end; the local platform is started when one needs it.
    `stop` and `guard` as in `Transport`; `heard` as well, with the name of the target first.

    Raises CredentialsMissing before anything is sent, LocalPlatformError when the local platform does not start.
    """
    transport = _transport(workspace, say, stop, guard)
    opened: dict[str, Connection] = {}
    try:
        for name in sorted(set(targets) & set(workspace.environment.targets)):
            theirs = replace(transport, heard=partial(heard, name)) if heard else transport
            opened[name] = _connect(workspace, workspace.environment.targets[name], theirs, say)
        yield opened
    finally:
        for connection in opened.values():
            connection.close()


def _transport(
    workspace: Workspace, say: Say, stop: threading.Event | None, guard: Callable[[], None] | None
) -> Transport:
    """How to talk, as the environment of the process says."""
    from reconciler.operations.tracing import tracer
    from reconciler.providers.protocol import Transport

    settings = workspace.call.settings
    return Transport(
        root=str(workspace.root),
        redactor=redactor(workspace),
        connections=settings.parallelism,
        verify=str(settings.ca_bundle) if settings.ca_bundle else True,
        trace=tracer(settings, say),
        stop=stop,
        guard=guard,
        proxy=settings.proxy,
        tokens=token_cache(settings, workspace.root),
    )


def token_cache(settings: Settings, root: Path) -> FolderCache | None:
    """Where sign-ins outlive the process; None where none are kept, and for a folder inside the project: nothing of
    that may ever be committed.
    """
    folder = settings.cache
    if folder is None or folder.resolve().is_relative_to(root.resolve()):
        return None
    from reconciler.providers.token_cache import FolderCache

    return FolderCache(folder)


def _connect(workspace: Workspace, target: Target, transport: Transport, say: Say) -> Connection:
    from reconciler.operations.credentials import find

    provider = workspace.providers[target.platform]
    found = find(workspace.call.settings, provider)
    credentials = found.values
    target = found.completed(target)
    if found.account.proxy and not transport.proxy and not workspace.call.settings.usual_proxy:
        transport = replace(transport, proxy=found.account.proxy)
    if target.is_local:
        from reconciler.operations.local import serve

        instance = serve(workspace.folder / "local", say)
        target = replace(target, endpoint=instance.url)
        credentials = {
            "access_key": instance.access_key,
            "secret_key": instance.secret_key,
            "project_id": instance.project_id,
        }
        credentials |= {name: credentials[one] for name, one in provider.local_credentials.items()}
        masking = transport.redactor or Redactor()
        transport = replace(transport, redactor=masking.with_values(instance.secret_key))
    return provider.connect(target, credentials, transport)
