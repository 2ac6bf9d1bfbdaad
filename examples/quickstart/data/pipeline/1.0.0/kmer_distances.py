"""Pairwise Mash distances between all sequences of a folder, for one k-mer size.

The distance is -ln(2j / (1 + j)) / k, with j the Jaccard index of the two k-mer sets: an estimate of the share of
mutated positions that needs no alignment (Ondov et al. 2016, doi:10.1186/s13059-016-0997-x). Here over all k-mers,
not a sketch of them: the sequences are short. K-mers with an ambiguous base are left out.
"""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path


def read_fasta(text: str) -> dict[str, str]:
    """Sequence by label, a label being `accession|genus`."""
    found = {}
    for entry in text.split(">")[1:]:
        header, *lines = entry.splitlines()
        accession, genus, *_ = header.split()
        found[f"{accession}|{genus}"] = "".join(lines)
    return found


def kmers(sequence: str, k: int) -> frozenset[str]:
    """Every k-mer of unambiguous bases."""
    words = (sequence[i : i + k] for i in range(len(sequence) - k + 1))
    return frozenset(word for word in words if not word.strip("ACGT"))


def distance(one: frozenset[str], other: frozenset[str], k: int) -> float:
    """Mash distance, from 0 (the same set) to 1 (nothing shared)."""
    shared = len(one & other)
    if not shared:
        return 1.0
    jaccard = shared / (len(one) + len(other) - shared)
    return min(1.0, abs(math.log(2 * jaccard / (1 + jaccard))) / k)


def matrix(sequences: dict[str, str], k: int) -> list[list[str]]:
    """A square table with a header row and a header column, six decimals."""
    words = {label: kmers(sequence, k) for label, sequence in sorted(sequences.items())}
    rows = [[label, *(f"{distance(words[label], other, k):.6f}" for other in words.values())] for label in words]
    return [["", *words], *rows]


def main() -> int:
    """Exit 0 with `k<NN>.tsv` written, 1 when there is nothing to compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sequences", type=Path, required=True, help="folder of FASTA files")
    parser.add_argument("--k", type=int, required=True, help="k-mer size")
    parser.add_argument("--out", type=Path, required=True, help="folder for k<NN>.tsv")
    options = parser.parse_args()

    sequences: dict[str, str] = {}
    for file in sorted(options.sequences.glob("*.fasta")):
        sequences |= read_fasta(file.read_text(encoding="ascii"))
    if len(sequences) < 2:  # noqa: PLR2004 - a pair
        print(f"{options.sequences}: fewer than two sequences", file=sys.stderr)
        return 1

    options.out.mkdir(parents=True, exist_ok=True)
    table = "".join("\t".join(row) + "\n" for row in matrix(sequences, options.k))
    (options.out / f"k{options.k:02}.tsv").write_text(table, encoding="ascii")
    print(f"k = {options.k}: {len(sequences)} sequences, {len(sequences) * (len(sequences) - 1) // 2} pairs")
    return 0


if __name__ == "__main__":
    sys.exit(main())
