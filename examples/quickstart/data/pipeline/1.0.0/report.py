"""The result: one table for people, one JSON file for machines, and a verdict against facts known beforehand.

The facts come from elsewhere (ORIGIN.md beside the data says from where), never from this pipeline. When one of them
does not hold, the files are still written, so that one can see why, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_GC_TOLERANCE = 0.01
_PART = re.compile(r"[(),]|[^(),:;]+(?=:)|:[^(),;]+|;")


def clades(newick: str) -> Iterator[frozenset[str]]:
    """The labels below each inner node of a tree, and, for an unrooted reading, the labels that are not."""
    below: list[frozenset[str]] = []
    open_nodes: list[set[str]] = [set()]
    for part in _PART.findall(newick):
        if part == "(":
            open_nodes.append(set())
        elif part == ")":
            closed = open_nodes.pop()
            open_nodes[-1] |= closed
            below.append(frozenset(closed))
        elif part[0] not in ",:;":
            open_nodes[-1].add(part)
    everything = frozenset(open_nodes[0])
    for clade in below:
        yield clade
        yield everything - clade


def monophyletic(newick: str) -> dict[str, bool]:
    """Per genus, whether some branch of the tree parts all of it from everything else. A lone member is its own."""
    found = set(clades(newick))
    members: dict[str, set[str]] = {}
    for label in max(found, key=len):
        members.setdefault(label.rpartition("|")[2], set()).add(label)
    return {genus: len(labels) == 1 or frozenset(labels) in found for genus, labels in sorted(members.items())}


def summary(statistics: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The figures that the facts speak about."""
    lengths = [entry["bp"] for entry in statistics.values()]
    gc = [entry["gc_percent"] for entry in statistics.values()]
    genera: dict[str, int] = {}
    for entry in statistics.values():
        genus = entry["organism"].split()[0]
        genera[genus] = genera.get(genus, 0) + 1
    return {
        "records": len(lengths),
        "shortest_bp": min(lengths),
        "longest_bp": max(lengths),
        "gc_percent_lowest": min(gc),
        "gc_percent_highest": max(gc),
        "records_by_genus": dict(sorted(genera.items())),
    }


def agree(name: str, found: object, known: object) -> bool:
    """Equal; GC within the last decimal, since sources round differently."""
    if name.startswith("gc_percent") and isinstance(found, float) and isinstance(known, float):
        return abs(found - known) <= _GC_TOLERANCE + 1e-9
    return found == known


def checks(
    facts: dict[str, Any], statistics: dict[str, dict[str, Any]], trees: dict[str, dict[str, bool]]
) -> Iterator[dict[str, Any]]:
    """Every fact beside what this run found."""
    found = summary(statistics)
    for name, value in found.items():
        yield {"fact": name, "known": facts[name], "found": value, "holds": agree(name, value, facts[name])}
    for accession, known in facts["sequences"].items():
        entry = statistics.get(accession, {})
        for name, value in known.items():
            holds = agree(name, entry.get(name), value)
            yield {"fact": f"{accession} {name}", "known": value, "found": entry.get(name), "holds": holds}
    for genus in facts["monophyletic_genera"]:
        for tree, genera in trees.items():
            single = genera.get(genus, False)
            yield {"fact": f"{genus} is monophyletic, {tree}", "known": True, "found": single, "holds": single}


def table(result: dict[str, Any]) -> str:
    """The same for people."""
    lines = [
        "Slipper orchids (Cypripedioideae): nuclear ribosomal ITS",
        "",
        f"{'genus':<16}{'records':>8}{'mean bp':>10}{'mean GC %':>11}   one branch in",
    ]
    lines += [
        f"{genus:<16}{row['records']:>8}{row['mean_bp']:>10.1f}{row['mean_gc_percent']:>11.2f}   {row['monophyletic']}"
        for genus, row in result["genera"].items()
    ]
    lines += ["", f"{'known beforehand':<44}{'expected':>30}{'found':>30}"]
    for check in result["checks"]:
        known, found = (json.dumps(check[side], sort_keys=True) for side in ("known", "found"))
        verdict = "" if check["holds"] else "  DOES NOT HOLD"
        lines.append(f"{check['fact']:<44}{_short(known):>30}{_short(found):>30}{verdict}")
    good = sum(check["holds"] for check in result["checks"])
    lines += ["", f"{good} of {len(result['checks'])} known facts hold: {result['verdict']}", ""]
    return "\n".join(lines)


def _short(text: str, width: int = 28) -> str:
    return text if len(text) <= width else text[: width - 3] + "..."


def genera(statistics: dict[str, dict[str, Any]], trees: dict[str, dict[str, bool]]) -> dict[str, dict[str, Any]]:
    """One row per genus, with how many of the trees give it a branch of its own."""
    rows = {}
    for genus in summary(statistics)["records_by_genus"]:
        own = [entry for entry in statistics.values() if entry["organism"].split()[0] == genus]
        single = sum(tree.get(genus, False) for tree in trees.values())
        rows[genus] = {
            "records": len(own),
            "mean_bp": sum(entry["bp"] for entry in own) / len(own),
            "mean_gc_percent": sum(entry["gc_percent"] for entry in own) / len(own),
            "monophyletic": f"{single} of {len(trees)} trees",
        }
    return rows


def main() -> int:
    """Exit 0 when every known fact holds, else 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sequences", type=Path, required=True, help="folder of per-genus statistics")
    parser.add_argument("--trees", type=Path, required=True, help="folder of Newick trees")
    parser.add_argument("--facts", type=Path, required=True, help="what is known beforehand, as JSON")
    parser.add_argument("--result", type=Path, required=True, help="JSON to write")
    parser.add_argument("--table", type=Path, required=True, help="text to write")
    options = parser.parse_args()

    statistics: dict[str, dict[str, Any]] = {}
    for file in sorted(options.sequences.glob("*.json")):
        statistics |= json.loads(file.read_text(encoding="ascii"))
    newicks = {file.stem: file.read_text(encoding="ascii") for file in sorted(options.trees.glob("*.nwk"))}
    if not statistics or not newicks:
        print("nothing to report on", file=sys.stderr)
        return 1

    trees = {name: monophyletic(newick) for name, newick in newicks.items()}
    found = list(checks(json.loads(options.facts.read_text(encoding="utf-8")), statistics, trees))
    verdict = "PASS" if all(check["holds"] for check in found) else "FAIL"
    result = {"verdict": verdict, "genera": genera(statistics, trees), "checks": found, "sequences": statistics}
    for file, text in ((options.result, json.dumps(result, indent=1, sort_keys=True)), (options.table, table(result))):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    print(table(result))
    return 0 if verdict == "PASS" else 1


if __name__ == "__main__":
    sys.exit(main())
