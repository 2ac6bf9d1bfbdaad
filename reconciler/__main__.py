"""The door: `reconciler` and `python -m reconciler`. Answers `--version` before anything is imported."""

from __future__ import annotations

import sys


def main() -> int:
    """Runs the command line and returns the exit code."""
    if sys.argv[1:] == ["--version"]:
        from reconciler.version import __version__

        sys.stdout.write(f"reconciler {__version__}\n")
        return 0
    try:
        from reconciler.cli.app import run
    except KeyboardInterrupt:  # typed while we were still loading
        return 130
    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
