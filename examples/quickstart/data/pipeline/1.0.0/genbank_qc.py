"""Quality control of one genus: take its records out of a GenBank flat file, check each, write FASTA and statistics.

A record fails the run when its sequence is not as long as its LOCUS line says, or holds a letter that is no IUPAC
nucleotide code. Standard library only, so that any Python image will do.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_IUPAC = set("ACGTRYSWKMBDHVN")
_LOCUS = re.compile(r"^LOCUS\s+\S+\s+(\d+) bp", re.MULTILINE)
_VERSION = re.compile(r"^VERSION\s+(\S+)", re.MULTILINE)
_ORGANISM = re.compile(r"^  ORGANISM\s+(\S.*)$", re.MULTILINE)


class Record(NamedTuple):
    """One GenBank entry, as far as this pipeline needs it. `declared` is the length in base pairs on its LOCUS line."""

    accession: str
    organism: str
    declared: int
    sequence: str

    @property
    def genus(self) -> str:
        """First word of the binomial."""
        return self.organism.split()[0]


def records(text: str) -> Iterator[Record]:
    """Every entry of a GenBank flat file, in file order. Raises ValueError when one lacks a line that all must have."""
    for entry in re.split(r"^//\s*$", text, flags=re.MULTILINE):
        if entry.strip():
            yield _record(entry)


def _record(entry: str) -> Record:
    version, organism, locus = _VERSION.search(entry), _ORGANISM.search(entry), _LOCUS.search(entry)
    _, origin, body = entry.partition("\nORIGIN")
    if not (version and organism and locus and origin):
        message = f"not a GenBank record: {entry.strip()[:60]!r}"
        raise ValueError(message)
    return Record(version[1], organism[1], int(locus[1]), re.sub(r"[\s\d]", "", body).upper())


def complaints(record: Record) -> list[str]:
    """What is wrong with a record; empty when nothing is."""
    found = []
    if len(record.sequence) != record.declared:
        found.append(f"{record.accession}: {len(record.sequence)} bp read, {record.declared} bp on the LOCUS line")
    if strange := sorted(set(record.sequence) - _IUPAC):
        found.append(f"{record.accession}: not nucleotide codes: {' '.join(strange)}")
    return found


def statistics(record: Record) -> dict[str, object]:
    """Length, GC over the unambiguous bases (percent), ambiguous bases, and the SEGUID checksum."""
    count = {base: record.sequence.count(base) for base in "ACGT"}
    certain = sum(count.values())
    sha1 = hashlib.sha1(record.sequence.encode(), usedforsecurity=False).digest()
    return {
        "organism": record.organism,
        "bp": len(record.sequence),
        "gc_percent": round(100 * (count["G"] + count["C"]) / certain, 2),
        "ambiguous": len(record.sequence) - certain,
        "seguid": base64.b64encode(sha1).decode().rstrip("="),
    }


def fasta(record: Record) -> str:
    """One FASTA entry, 60 columns."""
    lines = [record.sequence[i : i + 60] for i in range(0, len(record.sequence), 60)]
    return "\n".join([f">{record.accession} {record.organism}", *lines, ""])


def main() -> int:
    """Exit 0 with both files written, 1 when the genus is not there or a record is damaged."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=Path, required=True, help="GenBank flat file")
    parser.add_argument("--genus", required=True)
    parser.add_argument("--out", type=Path, required=True, help="folder for <genus>.fasta and <genus>.json")
    options = parser.parse_args()

    chosen = [r for r in records(options.records.read_text(encoding="ascii")) if r.genus == options.genus]
    problems = [text for record in chosen for text in complaints(record)]
    if not chosen:
        problems.append(f"no record of the genus {options.genus}")
    if problems:
        print("\n".join(problems), file=sys.stderr)
        return 1

    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / f"{options.genus}.fasta").write_text("".join(map(fasta, chosen)), encoding="ascii")
    table = {record.accession: statistics(record) for record in chosen}
    (options.out / f"{options.genus}.json").write_text(json.dumps(table, indent=1, sort_keys=True), encoding="ascii")
    print(f"{options.genus}: {len(chosen)} records pass")
    return 0


if __name__ == "__main__":
    sys.exit(main())
