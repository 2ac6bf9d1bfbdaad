"""One thing on a platform as a document: as a manifest would say it, or all that the platform tells of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reconciler.errors import NotFound, UsageError
from reconciler.operations.meant import meant
from reconciler.operations.runs import Run, open_handler, unable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model.resource import Live
    from reconciler.operations.workspace import Say, Workspace


def manifest(workspace: Workspace, run: Run, say: Say) -> str:
    """YAML in the platform's own file format where it has one, else in our envelope; it can be declared as it is.

    Without our mark and without credentials. Raises UsageError where it cannot be put in words, NotFound.
    """
    from reconciler.providers.protocol import Describes, Reads

    with open_handler(workspace, run, say) as handler:
        if isinstance(handler, Describes):
            return yaml_text(handler.describe(run.address, run.remote_id))
        if not isinstance(handler, Reads):
            raise unable(run, "describe")
        named = meant(workspace, handler, run)
        return exported(workspace, named, _live(handler, named))


def exported(workspace: Workspace, run: Run, live: Live) -> str:
    """The manifest of what is live, as YAML. Raises UsageError where it cannot be declared."""
    from reconciler.manifests.exporting import Exporter
    from reconciler.manifests.schemas import Form

    kind = workspace.kinds[run.platform, run.address.kind]
    name = "@".join(str(live.spec.get(field, "")) for field in kind.identity)
    address = replace(run.address, name=name) if name.strip("@") else run.address
    form = Form.NATIVE if kind.native_key else Form.ENVELOPE
    written = Exporter(workspace.catalogue, workspace.environment).export(address, kind, live.spec, form)
    if written.problem:
        msg = f"no manifest can say what {run.address} is: {written.problem}"
        raise UsageError(msg, hint="`reconciler describe --detail` prints it as it is.")
    return written.text


def detail(workspace: Workspace, run: Run, say: Say) -> Mapping[str, Any]:
    """Everything the platform tells, in its own words; what we know of it where it has no such answer.

    Raises UsageError for what cannot be read, NotFound.
    """
    from reconciler.providers.facilities import Details
    from reconciler.providers.protocol import Reads

    with open_handler(workspace, run, say) as handler:
        if not isinstance(handler, Details | Reads):
            raise unable(run, "describe")
        named = meant(workspace, handler, run)
        if isinstance(handler, Details):
            return handler.detail(named.address, named.remote_id)
        live = _live(handler, named)
    return {
        "address": str(live.address),
        "id": live.remote_id,
        "phase": live.phase.value,
        "status": live.status,
        "detail": live.detail,
        "started": live.started,
        "mark": str(live.mark) if live.mark else None,
        "outputs": dict(live.outputs),
        "spec": dict(live.spec),
    }


def files(workspace: Workspace, run: Run, say: Say) -> dict[str, bytes]:
    """The files that it holds, by name. Raises UsageError for a kind that holds none, NotFound."""
    from reconciler.providers.facilities import KeepsFiles

    with open_handler(workspace, run, say) as handler:
        if not isinstance(handler, KeepsFiles):
            raise unable(run, "files")
        named = meant(workspace, handler, run)
        return {file.name: file.content for file in handler.files(named.address, named.remote_id)}


def instance(workspace: Workspace, run: Run, part: tuple[str, int | None, str], say: Say) -> Mapping[str, Any]:
    """The document of one instance. `part` is (task, its index, or its own name). Raises UsageError, NotFound."""
    from reconciler.operations.instances import instance_name
    from reconciler.providers.facilities import ShowsInstances

    with open_handler(workspace, run, say) as handler:
        if not isinstance(handler, ShowsInstances):
            raise unable(run, "documents of instances")
        name = instance_name(handler, run, part)
        return handler.instance(run.address, run.remote_id, task=part[0], name=name, index=part[1])


def parsed(text: str) -> object:
    """What `manifest` wrote, as values."""
    import yaml

    return yaml.safe_load(text)


def yaml_text(document: Mapping[str, Any]) -> str:
    """As YAML, members in their order."""
    import yaml

    return str(yaml.safe_dump(dict(document), sort_keys=False, allow_unicode=True, default_flow_style=False))


def _live(handler: Any, run: Run) -> Live:  # noqa: ANN401 - what can be read, as the caller has found
    live: Live | None = handler.read(run.address, run.remote_id)
    if live is None:
        msg = f"{run.address} does not exist"
        raise NotFound(msg)
    return live
