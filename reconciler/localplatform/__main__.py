"""`python -m reconciler.localplatform`: the server process that `control` starts. Not for people."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from reconciler.errors import LocalPlatformError
from reconciler.localplatform.daemon import Server
from reconciler.localplatform.phases import PROCESS


def main() -> int:
    """Serves until it is told to stop. 1 when it could not start; why stands on standard error."""
    parser = argparse.ArgumentParser(prog="reconciler.localplatform")
    parser.add_argument("--folder", required=True, type=Path)
    parser.add_argument("--engine", default=PROCESS)
    parser.add_argument("--port", default=0, type=int)
    parser.add_argument("--instance", required=True)
    options = parser.parse_args()
    try:
        Server(options.folder, engine=options.engine, port=options.port, instance=options.instance).run()
    except LocalPlatformError as error:
        sys.stderr.write(f"{error.message}\n{error.hint}\n" if error.hint else f"{error.message}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
