"""`reconciler describe`."""

import typer

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.group import single
from reconciler.cli.options import EnvironmentName, ProjectFile, RemoteId, Run, workspace
from reconciler.cli.streams import streams_of


@single((("reconciler describe Task/train > again.yaml", "can be submitted, or declared, as it is"),))
def app(
    context: typer.Context,
    *,
    run: Run,
    remote_id: RemoteId = "",
    project: ProjectFile = None,
    environment: EnvironmentName = "",
) -> int:
    """Print what was submitted as YAML in the platform's own file format, without our mark and without credentials."""
    import yaml

    from reconciler.operations.runs import describe, one_run

    streams = streams_of(context)
    opened = workspace(streams, project, environment)
    document = describe(opened, one_run(opened, run, remote_id), streams.say)
    streams.show(yaml.safe_dump(dict(document), sort_keys=False, allow_unicode=True, default_flow_style=False))
    return ExitCode.FINE
