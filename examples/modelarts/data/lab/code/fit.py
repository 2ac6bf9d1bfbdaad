"""Fits a line through the points of a folder by gradient descent, and writes what it found."""

import argparse
import csv
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int)
parser.add_argument("--learning_rate", type=float)
parser.add_argument("--data_url", type=Path)
parser.add_argument("--train_url", type=Path)
given = parser.parse_args()

points = [(float(x), float(y)) for x, y in csv.reader((given.data_url / "points.csv").open())]
slope = offset = 0.0
for epoch in range(given.epochs * 1000):
    errors = [(slope * x + offset - y, x) for x, y in points]
    slope -= given.learning_rate * sum(e * x for e, x in errors) / len(points)
    offset -= given.learning_rate * sum(e for e, _ in errors) / len(points)
    if epoch % 1000 == 0:
        print(f"epoch {epoch // 1000}: loss {sum(e * e for e, _ in errors) / len(points):.4f}")
(given.train_url / "line.txt").write_text(f"{slope:.2f} {offset:.2f}\n")
print(f"y = {slope:.2f} x + {offset:.2f}")
