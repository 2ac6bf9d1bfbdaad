"""The door: `reconciler` and `python -m reconciler`. Answers `--version` before anything is imported."""

from __future__ import annotations

import os
import sys

_INTERRUPTED = 130


def main() -> int:
    """Runs the command line and returns the exit code."""
    if sys.argv[1:] == ["--version"]:
        from reconciler.version import __version__

        sys.stdout.write(f"reconciler {__version__}\n")
        return 0
    try:
        from reconciler.cli.app import run
    except KeyboardInterrupt:  # typed while we were still loading
        return _INTERRUPTED
    code = run(sys.argv[1:])
    if code == _INTERRUPTED:
        _leave(code)
    return code


def _leave(code: int) -> None:
    """Ends now: threads that still wait for some answer have nothing to say any more, and the journal is written."""
    from contextlib import suppress

    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


if __name__ == "__main__":
    sys.exit(main())
