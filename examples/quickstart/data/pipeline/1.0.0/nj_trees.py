"""Neighbour-joining trees, one per distance table of a folder, written as Newick.

Saitou and Nei 1987. Where two pairs are equally good the one earlier in the table is joined, so that a run gives the
same tree on every machine. Negative branch lengths are shown as 0, as is usual.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from pathlib import Path

Table = dict[int, dict[int, float]]


def read_table(text: str) -> tuple[list[str], Table]:
    """Labels and distances of a square tab separated table."""
    header, *rows = [line.split("\t") for line in text.splitlines()]
    return header[1:], {i: {j: float(cell) for j, cell in enumerate(row[1:])} for i, row in enumerate(rows)}


def neighbour_joining(labels: list[str], distances: Table) -> str:
    """The unrooted tree as Newick, with a node of three branches at the top. Wants at least three labels."""
    newick = dict(enumerate(labels))
    table = {i: dict(row) for i, row in distances.items()}
    while len(table) > 3:  # noqa: PLR2004 - an unrooted tree ends in three branches
        one, other = closest(table)
        join(one, other, table, newick)
    a, b, c = table
    half = {
        a: (table[a][b] + table[a][c] - table[b][c]) / 2,
        b: (table[a][b] + table[b][c] - table[a][c]) / 2,
        c: (table[a][c] + table[b][c] - table[a][b]) / 2,
    }
    return "(" + ",".join(branch(newick[i], half[i]) for i in (a, b, c)) + ");"


def closest(table: Table) -> tuple[int, int]:
    """The pair with the smallest Q value."""
    total = {i: sum(row.values()) for i, row in table.items()}
    pairs = itertools.combinations(table, 2)
    return min(pairs, key=lambda pair: (len(table) - 2) * table[pair[0]][pair[1]] - total[pair[0]] - total[pair[1]])


def join(one: int, other: int, table: Table, newick: dict[int, str]) -> None:
    """Replaces two nodes by their parent, in both tables."""
    between = table[one][other]
    lean = (sum(table[one].values()) - sum(table[other].values())) / (2 * (len(table) - 2))
    parent = max(newick) + 1
    newick[parent] = f"({branch(newick[one], between / 2 + lean)},{branch(newick[other], between / 2 - lean)})"
    rest = [i for i in table if i not in {one, other}]
    row = {i: (table[one][i] + table[other][i] - between) / 2 for i in rest}
    for gone in (one, other):
        del table[gone]
        for i in rest:
            del table[i][gone]
    for i in rest:
        table[i][parent] = row[i]
    table[parent] = {**row, parent: 0.0}


def branch(subtree: str, length: float) -> str:
    """A subtree with the length of the branch above it."""
    return f"{subtree}:{max(length, 0.0):.6f}"


def main() -> int:
    """Exit 0 with one `.nwk` per table, 1 when the folder holds none."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--distances", type=Path, required=True, help="folder of tab separated distance tables")
    parser.add_argument("--out", type=Path, required=True, help="folder for the trees")
    options = parser.parse_args()

    tables = sorted(options.distances.glob("*.tsv"))
    if not tables:
        print(f"{options.distances}: no distance table", file=sys.stderr)
        return 1
    options.out.mkdir(parents=True, exist_ok=True)
    for file in tables:
        labels, distances = read_table(file.read_text(encoding="ascii"))
        tree = neighbour_joining(labels, distances)
        (options.out / f"{file.stem}.nwk").write_text(tree + "\n", encoding="ascii")
        print(f"{file.stem}: a tree of {len(labels)} sequences")
    return 0


if __name__ == "__main__":
    sys.exit(main())
