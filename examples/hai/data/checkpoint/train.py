"""Counts steps, and survives being interrupted: its state is saved whenever it has to give way, and found at the start.

The platform asks in two ways at once: a signal, and a file whose name it gives (there its own library asks for you).
Whoever keeps both answers survives a suspension on this platform and on the real one.
"""

import argparse
import json
import os
import signal
import time
from pathlib import Path

GIVE_WAY = Path(os.environ.get("MARSV2_SUSPEND_FLAG", "/nonexistent"))
STATE = Path(os.environ.get("STATE", "state.json"))
asked = []


def load() -> dict:
    """What an earlier life saved."""
    return json.loads(STATE.read_text()) if STATE.exists() else {"step": 0, "sum": 0, "lives": []}


def save(state: dict) -> None:
    """All of it or nothing: a half-written state would be worse than none."""
    beside = STATE.with_suffix(".new")
    beside.write_text(json.dumps(state))
    beside.replace(STATE)


def main() -> None:
    """Every step adds its number; the sum tells whether one was lost or done twice."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--seconds-per-step", type=float, default=0.05)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: asked.append(True))
    state = load()
    state["lives"].append(os.environ.get("MARSV2_TASK_ID", "?"))
    save(state)
    print(f"life {len(state['lives'])} begins at step {state['step']}", flush=True)
    while state["step"] < options.steps:
        if asked or GIVE_WAY.exists():
            save(state)
            print(f"gives way at step {state['step']}", flush=True)
            return
        state["step"] += 1
        state["sum"] += state["step"]
        time.sleep(options.seconds_per_step)
    save(state)
    print(f"done after {len(state['lives'])} lives: sum {state['sum']}", flush=True)


main()
