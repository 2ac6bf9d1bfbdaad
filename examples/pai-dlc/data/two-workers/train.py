"""Fits a line by gradient descent in several workers, with nothing but the standard library.

Each worker has rows of its own. In every round each computes the gradient over its rows; the first worker gathers them
over a socket, averages them and sends the average back, so that all take the same step. The first one writes the loss
as a summary file that TensorBoard reads.
"""

import argparse
import json
import os
import random
import socket
import struct
import time
from pathlib import Path
from typing import TextIO

TRUE_SLOPE, TRUE_OFFSET, ROWS, STEP = 3.0, 0.5, 200, 0.5
PATIENCE, CLOSE_ENOUGH, SEVEN_BITS = 60.0, 0.05, 128


def rows_of(rank: int) -> list[tuple[float, float]]:
    """The share of one worker of the data: points near the true line, the same at every run."""
    dice = random.Random(rank)  # noqa: S311 - the data must be the same every time
    points = [dice.uniform(-1, 1) for _ in range(ROWS)]
    return [(x, TRUE_SLOPE * x + TRUE_OFFSET + dice.gauss(0, 0.01)) for x in points]


def gradient(rows: list[tuple[float, float]], slope: float, offset: float) -> list[float]:
    """How loss changes with slope and offset, and the loss itself, averaged over the rows."""
    errors = [(slope * x + offset - y, x) for x, y in rows]
    count = len(rows)
    return [
        sum(2 * error * x for error, x in errors) / count,
        sum(2 * error for error, _ in errors) / count,
        sum(error * error for error, _ in errors) / count,
    ]


class Peers:
    """The other workers: `average` is a meeting of all of them."""

    def __init__(self, rank: int, size: int) -> None:
        self.rank, self.size = rank, size
        address = (os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"]))
        if rank == 0:
            with socket.create_server(address) as server:
                server.settimeout(PATIENCE)
                self.lines = [server.accept()[0].makefile("rw") for _ in range(size - 1)]
        else:
            self.lines = [self.reach(address).makefile("rw")]

    @staticmethod
    def reach(address: tuple[str, int]) -> socket.socket:
        """Workers start in any order: the first one may not listen yet."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return socket.create_connection(address, timeout=PATIENCE)
            except ConnectionRefusedError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def average(self, values: list[float]) -> list[float]:
        """The mean over all workers of each value; every worker gets the same."""
        if self.rank:
            self.send(self.lines[0], values)
            return json.loads(self.lines[0].readline())
        everything = [values, *(json.loads(line.readline()) for line in self.lines)]
        mean = [sum(column) / self.size for column in zip(*everything, strict=True)]
        for line in self.lines:
            self.send(line, mean)
        return mean

    @staticmethod
    def send(line: TextIO, values: list[float]) -> None:
        """One line of JSON."""
        line.write(json.dumps(values) + "\n")
        line.flush()


def checksum(data: bytes) -> int:
    """CRC-32C in the masked form that summary files use."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def varint(number: int) -> bytes:
    """A whole number as protocol buffers write it."""
    out = bytearray()
    while number >= SEVEN_BITS:
        out.append(number % SEVEN_BITS | SEVEN_BITS)
        number >>= 7
    return bytes([*out, number])


def field(number: int, payload: bytes) -> bytes:
    """A field of a protocol buffer that holds bytes."""
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def record(event: bytes) -> bytes:
    """One record of a summary file."""
    length = struct.pack("<Q", len(event))
    return length + struct.pack("<I", checksum(length)) + event + struct.pack("<I", checksum(event))


def scalar(step: int, tag: str, value: float) -> bytes:
    """An event: at this step, `tag` was `value`."""
    summary = field(1, field(1, tag.encode()) + varint(2 << 3 | 5) + struct.pack("<f", value))
    return varint(1 << 3 | 1) + struct.pack("<d", time.time()) + varint(2 << 3) + varint(step) + field(5, summary)


def main() -> None:
    """Trains; fails when the line that was found is not the true one."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--summaries", type=Path, required=True)
    options = parser.parse_args()
    rank, size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    peers, rows = Peers(rank, size), rows_of(rank)
    print(f"worker {rank} of {size} has met the others", flush=True)
    slope = offset = 0.0
    events = [varint(1 << 3 | 1) + struct.pack("<d", time.time()) + field(3, b"brain.Event:2")]
    for round_number in range(options.rounds):
        by_slope, by_offset, loss = peers.average(gradient(rows, slope, offset))
        slope, offset = slope - STEP * by_slope, offset - STEP * by_offset
        events.append(scalar(round_number, "loss", loss))
        if rank == 0 and round_number % 20 == 0:
            print(f"round {round_number}: loss {loss:.6f}", flush=True)
    print(f"worker {rank}: y = {slope:.2f} x + {offset:.2f}", flush=True)
    if rank == 0:
        options.summaries.mkdir(parents=True, exist_ok=True)
        (options.summaries / "events.out.tfevents.0.two-workers").write_bytes(b"".join(map(record, events)))
    if abs(slope - TRUE_SLOPE) > CLOSE_ENOUGH or abs(offset - TRUE_OFFSET) > CLOSE_ENOUGH:
        raise SystemExit("the line that was found is not the true one")


main()
