"""The programs of the quickstart, as the apps call them: they find what is there, and refuse what is damaged."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

QUICKSTART = Path(__file__).resolve().parents[2] / "examples" / "quickstart"
DATA = QUICKSTART / "data"
PROGRAMS = DATA / "pipeline" / "1.0.0"

SEQUENCES = {
    "a1 Alpha one": "ACGTACGGTCATTGCAAGCTTAGC",
    "a2 Alpha two": "ACGTACGGTCATTGCAAGCTTAGG",
    "b1 Beta one": "TTGACCAGGATTACAGGCATCCGA",
    "b2 Beta two": "TTGACCAGGATTACAGGCATCCGT",
}


def run(program: str, **options: Path | str) -> subprocess.CompletedProcess[str]:
    """Runs one program with `--name value` options, isolated from what is installed here."""
    arguments = [text for name, value in options.items() for text in (f"--{name}", str(value))]
    command = [sys.executable, "-I", str(PROGRAMS / f"{program}.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def genbank(accession: str, organism: str, sequence: str, declared: int | None = None) -> str:
    """A minimal GenBank record."""
    return (
        f"LOCUS       {accession}   {declared or len(sequence)} bp    DNA     linear   PLN 30-NOV-2006\n"
        f"VERSION     {accession}.1\n  ORGANISM  {organism}\n            Eukaryota.\n"
        f"ORIGIN      \n        1 {sequence.lower()[:10]} {sequence.lower()[10:]}\n//\n"
    )


@pytest.fixture
def distances(tmp_path: Path) -> Path:
    """Tables of two clear groups, for k = 3 and 5."""
    (tmp_path / "in").mkdir()
    text = "".join(f">{label}\n{sequence}\n" for label, sequence in SEQUENCES.items())
    (tmp_path / "in" / "all.fasta").write_text(text)
    for k in ("3", "5"):
        assert run("kmer_distances", sequences=tmp_path / "in", k=k, out=tmp_path / "distances").returncode == 0
    return tmp_path / "distances"


def test_the_data_is_what_the_origin_says() -> None:
    """The file in the repository is byte for byte the published one."""
    (said,) = re.findall(r"`([0-9a-f]{64})`", (DATA / "ORIGIN.md").read_text())
    assert hashlib.sha256((DATA / "orchids" / "ls_orchid.gbk").read_bytes()).hexdigest() == said


def test_the_data_is_small() -> None:
    """The quickstart adds little to a clone."""
    assert sum(file.stat().st_size for file in DATA.rglob("*") if file.is_file()) < 300_000


def test_quality_control_reads_a_record(tmp_path: Path) -> None:
    """Length, GC over the certain bases, ambiguous bases and checksum of a sequence one can count by hand."""
    (tmp_path / "in.gbk").write_text(
        genbank("X1", "Alpha one", "GGCCAATTAANN") + genbank("X2", "Beta one", "ACGTACGTACGT")
    )
    assert run("genbank_qc", records=tmp_path / "in.gbk", genus="Alpha", out=tmp_path / "out").returncode == 0
    table = json.loads((tmp_path / "out" / "Alpha.json").read_text())
    assert list(table) == ["X1.1"]
    assert (table["X1.1"]["bp"], table["X1.1"]["gc_percent"], table["X1.1"]["ambiguous"]) == (12, 40.0, 2)
    assert (tmp_path / "out" / "Alpha.fasta").read_text() == ">X1.1 Alpha one\nGGCCAATTAANN\n"


@pytest.mark.parametrize(
    ("record", "complaint"),
    [
        (genbank("X1", "Alpha one", "ACGTACGTAC", declared=11), "X1.1: 10 bp read, 11 bp on the LOCUS line"),
        (genbank("X1", "Alpha one", "ACGTACGTAC*"), "X1.1: not nucleotide codes: *"),
        (genbank("X1", "Beta one", "ACGTACGTAC"), "no record of the genus Alpha"),
        ("LOCUS       X1\n//\n", "not a GenBank record"),
    ],
)
def test_quality_control_refuses(tmp_path: Path, record: str, complaint: str) -> None:
    """A damaged record fails the run and is named."""
    (tmp_path / "in.gbk").write_text(record)
    ended = run("genbank_qc", records=tmp_path / "in.gbk", genus="Alpha", out=tmp_path / "out")
    assert ended.returncode == 1
    assert complaint in ended.stderr


def test_distances_are_a_metric_table(distances: Path) -> None:
    """Zero to itself, the same both ways, smaller within a group than between groups."""
    header, *rows = [line.split("\t") for line in (distances / "k03.tsv").read_text().splitlines()]
    assert header[1:] == [row[0] for row in rows] == ["a1|Alpha", "a2|Alpha", "b1|Beta", "b2|Beta"]
    table = [[float(cell) for cell in row[1:]] for row in rows]
    assert all(table[i][i] == 0 and table[i][j] == table[j][i] for i in range(4) for j in range(4))
    assert table[0][1] < min(table[0][2:] + table[1][2:])


def test_neighbour_joining_finds_an_additive_tree(tmp_path: Path) -> None:
    """On distances that are exactly those of a tree the method returns that tree, lengths included."""
    labels = ["A", "B", "C", "D"]
    # A and B hang at one inner node by 2 and 3, C and D at another by 4 and 5, the nodes are 6 apart.
    table = [[0, 5, 12, 13], [5, 0, 13, 14], [12, 13, 0, 9], [13, 14, 9, 0]]
    rows = ["\t".join(["", *labels]), *("\t".join([x, *map(str, row)]) for x, row in zip(labels, table, strict=True))]
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "t.tsv").write_text("\n".join(rows) + "\n")
    assert run("nj_trees", distances=tmp_path / "d", out=tmp_path / "t").returncode == 0
    newick = (tmp_path / "t" / "t.nwk").read_text()
    lengths = dict(re.findall(r"([A-D]):(\d+\.\d+)", newick))
    assert {x: float(n) for x, n in lengths.items()} == {"A": 2, "B": 3, "C": 4, "D": 5}
    assert float(re.findall(r"\):(\d+\.\d+)", newick)[0]) == 6


def _facts(**changed: object) -> dict[str, object]:
    facts: dict[str, object] = {
        "records": 4,
        "shortest_bp": 24,
        "longest_bp": 24,
        "gc_percent_lowest": 50.0,
        "gc_percent_highest": 50.0,
        "records_by_genus": {"Alpha": 2, "Beta": 2},
        "sequences": {"a1": {"bp": 24}},
        "monophyletic_genera": ["Alpha", "Beta"],
    }
    return facts | changed


@pytest.mark.parametrize(
    ("changed", "broken"),
    [
        ({}, ""),
        ({"records": 5}, "records"),
        ({"longest_bp": 25}, "longest_bp"),
        ({"gc_percent_lowest": 49.98}, "gc_percent_lowest"),
        ({"gc_percent_lowest": 49.99}, ""),
        ({"sequences": {"a1": {"seguid": "none"}}}, "a1 seguid"),
        ({"sequences": {"gone": {"bp": 24}}}, "gone bp"),
        ({"records_by_genus": {"Alpha": 3, "Beta": 1}}, "records_by_genus"),
        ({"monophyletic_genera": ["Gamma"]}, "Gamma is monophyletic"),
    ],
)
def test_the_report_fails_when_a_fact_does_not_hold(
    tmp_path: Path, distances: Path, changed: dict[str, object], broken: str
) -> None:
    """The check step can fail: any fact that is not so ends it with 1 and is marked in the table."""
    assert run("nj_trees", distances=distances, out=tmp_path / "trees").returncode == 0
    statistics = {
        label.split()[0]: {"organism": label.split(maxsplit=1)[1], "bp": len(s), "gc_percent": 50.0}
        for label, s in SEQUENCES.items()
    }
    (tmp_path / "in" / "all.json").write_text(json.dumps(statistics))
    (tmp_path / "facts.json").write_text(json.dumps(_facts(**changed)))
    places = {"result": tmp_path / "result.json", "table": tmp_path / "table.txt"}
    ended = run("report", sequences=tmp_path / "in", trees=tmp_path / "trees", facts=tmp_path / "facts.json", **places)
    result = json.loads(places["result"].read_text())
    wrong = [line for line in places["table"].read_text().splitlines() if "DOES NOT HOLD" in line]
    assert (ended.returncode, result["verdict"]) == ((1, "FAIL") if broken else (0, "PASS")), ended.stderr
    assert all(line.startswith(broken) for line in wrong)
    assert bool(wrong) is bool(broken)


def test_the_report_sees_a_genus_that_is_split(tmp_path: Path) -> None:
    """A genus whose members stand in two places of the tree is not monophyletic."""
    (tmp_path / "trees").mkdir()
    (tmp_path / "in").mkdir()
    newick = "((a1|Alpha:1,b1|Beta:1):1,a2|Alpha:1,b2|Beta:1);"
    (tmp_path / "trees" / "t.nwk").write_text(newick)
    statistics = {
        x: {"organism": f"{g} x", "bp": 24, "gc_percent": 50.0}
        for x, g in zip(("a1", "a2", "b1", "b2"), ("Alpha", "Alpha", "Beta", "Beta"), strict=True)
    }
    (tmp_path / "in" / "all.json").write_text(json.dumps(statistics))
    (tmp_path / "facts.json").write_text(json.dumps(_facts()))
    places = {"result": tmp_path / "result.json", "table": tmp_path / "table.txt"}
    ended = run("report", sequences=tmp_path / "in", trees=tmp_path / "trees", facts=tmp_path / "facts.json", **places)
    assert ended.returncode == 1
    assert "Alpha is monophyletic" in places["table"].read_text()
    assert json.loads(places["result"].read_text())["genera"]["Alpha"]["monophyletic"] == "0 of 1 trees"
