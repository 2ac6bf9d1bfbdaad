"""Results that go into a file instead of standard output."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

IntoFile = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it there instead of printing it.")
]
