"""`reconciler logs`."""

import re
import time
from collections import Counter
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reconciler.cli.exit_codes import ExitCode
from reconciler.cli.group import single
from reconciler.cli.options import (
    EnvironmentName,
    InstanceIndex,
    ProjectFile,
    RemoteId,
    Run,
    ScopeName,
    TaskName,
    workspace,
)
from reconciler.cli.streams import streams_of
from reconciler.errors import UsageError
from reconciler.operations.outfile import make_folder, write_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from reconciler.cli.streams import Streams
    from reconciler.operations.runs import Run as Found
    from reconciler.operations.workspace import Workspace
    from reconciler.providers.protocol import LogLine

_SECONDS_BETWEEN_LOOKS = 2.0


@single(
    (
        ("reconciler logs Job/nightly", "all tasks"),
        ("reconciler logs Job/nightly -f", "until the run has ended"),
        ("reconciler logs Job/nightly --task align --index 0 --tail 50", "the end of one instance"),
        ("reconciler logs Job --id 1f0c-42", "a run that is not ours"),
        ("reconciler logs Job/nightly -o logs/", "everything, into a file for each instance"),
    )
)
def app(
    context: typer.Context,
    *,
    run: Run,
    remote_id: RemoteId = "",
    scope: ScopeName = "",
    project: ProjectFile = None,
    environment: EnvironmentName = "",
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the run has ended.")] = False,
    task: TaskName = "",
    index: InstanceIndex = None,
    tail: Annotated[int | None, typer.Option("--tail", min=0, metavar="N", help="Only the last lines.")] = None,
    timestamps: Annotated[bool, typer.Option("--timestamps", help="Begin each line with its time.")] = False,
    folder: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FOLDER", help="Write all of it there, a file for each instance."),
    ] = None,
) -> int:
    """Print the output of a run, each line after its task and instance when there are several."""
    from reconciler.operations.runs import one_run

    streams = streams_of(context)
    opened = workspace(streams, project, environment)
    recorded = one_run(opened, run, remote_id, scope=scope)
    if folder is not None and (follow or tail is not None):
        msg = "--output writes the whole output as it is now"
        raise UsageError(msg, hint="leave out --follow and --tail")
    lines = _look(opened, recorded, task, index, streams)
    if folder is not None:
        _download(lines, folder, streams, timestamps=timestamps)
        return ExitCode.FINE
    writer = Writer(streams, timestamps=timestamps)
    writer.write(lines if tail is None else lines[len(lines) - min(tail, len(lines)) :], seen=lines)
    if not follow:
        return ExitCode.FINE
    while not _ended(opened, recorded, streams):
        time.sleep(_SECONDS_BETWEEN_LOOKS)
        writer.follow(_look(opened, recorded, task, index, streams))
    writer.follow(_look(opened, recorded, task, index, streams))
    return ExitCode.FINE


def _download(lines: "Iterable[LogLine]", folder: Path, streams: "Streams", *, timestamps: bool) -> None:
    """A file for each instance, lines as they are but for secrets of ours."""
    by_instance = sorted(lines, key=lambda line: (line.task, line.index))
    make_folder(folder)
    count = 0
    for (task, index), theirs in groupby(by_instance, key=lambda line: (line.task, line.index)):
        name = re.sub(r"[^\w.-]+", "_", f"{task}-{index}" if task else f"{index}").strip(".") + ".log"
        text = "".join(f"{line.at}  {line.text}\n" if timestamps and line.at else f"{line.text}\n" for line in theirs)
        write_file(folder / name, streams.masked(text).encode("utf-8", "replace"))
        count += 1
    streams.say(f"{count} file(s) in {folder}")


def _look(opened: "Workspace", recorded: "Found", task: str, index: int | None, streams: "Streams") -> "list[LogLine]":
    from reconciler.operations.runs import logs

    with logs(opened, recorded, task, index, streams.say) as lines:
        return list(lines)


def _ended(opened: "Workspace", recorded: "Found", streams: "Streams") -> bool:
    """Whether nothing more will come: the run has ended, or the platform has forgotten it."""
    from reconciler.operations.runs import read

    reading = read(opened, [recorded], streams.say)
    live = reading.live.get(recorded.address)
    return live.phase.ended if live is not None else recorded.address not in reading.unreadable


class Writer:
    """Prints lines once, however often the whole output is read again."""

    def __init__(self, streams: "Streams", *, timestamps: bool) -> None:
        self._streams = streams
        self._timestamps = timestamps
        self._printed: Counter[tuple[str, int]] = Counter()

    def write(self, lines: "Iterable[LogLine]", seen: "Iterable[LogLine]") -> None:
        """Prints `lines`, and takes all of `seen` for printed."""
        text = [self._line(line) for line in lines]
        self._printed.update((line.task, line.index) for line in seen)
        self._streams.show("".join(text))
        self._streams.out.flush()

    def follow(self, lines: "Iterable[LogLine]") -> None:
        """Prints what was not printed yet of a whole output."""
        fresh = list(self._fresh(lines))
        self.write(fresh, fresh)

    def _fresh(self, lines: "Iterable[LogLine]") -> "Iterator[LogLine]":
        passed: Counter[tuple[str, int]] = Counter()
        for line in lines:
            key = (line.task, line.index)
            passed[key] += 1
            if passed[key] > self._printed[key]:
                yield line

    def _line(self, line: "LogLine") -> str:
        from reconciler.rendering.github import neutral_line
        from reconciler.rendering.words import printable

        at = f"{line.at}  " if self._timestamps and line.at else ""
        task = f"{line.task}[{line.index}] | " if line.task else ""
        text = printable(f"{at}{task}") + printable(line.text.replace("\t", "    "))
        return (neutral_line(text) if self._streams.settings.github else text) + "\n"
