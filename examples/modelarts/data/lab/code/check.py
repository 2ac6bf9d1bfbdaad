"""Says which job it follows."""

import os

print(f"following {os.environ['FITTED_BY']}")
