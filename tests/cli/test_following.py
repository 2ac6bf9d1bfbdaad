"""Following output: every line once, however often all of it is read again."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st

from reconciler.cli.logs import Writer
from reconciler.cli.streams import Streams
from reconciler.operations.settings import Settings
from reconciler.providers.protocol import LogLine

LINES = st.lists(st.builds(LogLine, st.text("ab", max_size=2), st.just(""), st.sampled_from("xy"), st.integers(0, 1)))


def _writer(variables: dict[str, str] | None = None) -> tuple[Writer, io.StringIO]:
    out = io.StringIO()
    return Writer(Streams(out, io.StringIO(), Settings(variables or {})), timestamps=False), out


@given(LINES, st.lists(st.integers(0, 20)))
def test_every_line_once(lines: list[LogLine], looks: list[int]) -> None:
    """Whatever the looks in between saw, each line of each instance is printed once and in order."""
    writer, out = _writer()
    for seen in sorted(min(look, len(lines)) for look in looks):
        writer.follow(lines[:seen])
    writer.follow(lines)
    assert out.getvalue() == "".join(f"{line.task}[{line.index}] | {line.text}\n" for line in lines)


def test_output_of_jobs_drives_nothing() -> None:
    """Neither a terminal nor a GitHub runner obeys what a job prints."""
    writer, out = _writer({"GITHUB_ACTIONS": "true"})
    writer.follow([LogLine("::add-mask::x\x1b[2J"), LogLine("##[group]y")])
    assert out.getvalue() == "| ::add-mask::x\\x1b[2J\n| ##[group]y\n"
