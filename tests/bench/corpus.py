"""Projects of any size, alike every time: 60 % apps, 25 % workflows, 15 % jobs, about 1.1 KB each."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_APP = """app:
  name: app-{i:06d}
  version: '1.0.0'
  summary: Quality control of one lane
  description: >-
    Reads one lane of sequences, trims what is below the threshold and writes the rest together with a table of what
    was thrown away. The threshold is a Phred score; reads shorter than the minimum length are dropped. The table has
    one row a reason, and the sum of its counts is the number of reads that went in.
  labels: [quality, lane-{lane}]
  image: demo/quality:2.{lane}.0
  commands:
  - 'set -e'
  - 'mkdir -p ${{result}}'
  - 'quality --threshold ${{threshold}} --min-length 36 --in ${{reads}} --out ${{result}}/kept.fastq'
  - 'quality-table ${{result}}/kept.fastq > ${{result}}/table.tsv'
  resources:
    cpu_type: X86
    cpu: 2.0C
    memory: 4G
    gpu_type: ''
    gpu: '0'
  inputs:
  - name: reads
    type: FILE
    pattern: '*.fastq'
    required: true
    description: One lane
    concurrent: vars_iter
  - name: threshold
    type: ENUM
    pattern: ''
    required: true
    description: Phred score
    enum: ['20', '30']
    values: ['20']
  outputs:
  - name: result
    type: DIRECTORY
    pattern: '*'
    required: true
    description: Kept reads and the table
    values: ['demo:/result']
"""

_WORKFLOW = """workflow:
  name: flow-{i:06d}
  version: '1.0.0'
  summary: Two lanes and their merge
  description: >-
    Runs quality control on two lanes at once and a third pass over what they kept, so that a read that fell out of
    one lane by its neighbours is seen again. Written out here at the usual length of such a text.
  labels: [quality]
  timeout: 1440
  output_dir: /flow-{i:06d}
  tasks:
  - task_name: first
    app_id: app-{a:06d}::1.0.0
    display_name: First lane
    resources: {{cpu: 1C, memory: 2G, gpu_type: '', gpu: '0'}}
    inputs:
    - name: reads
      values: ['demo:/lanes/first.fastq']
  - task_name: second
    app_id: app-{b:06d}::1.0.0
    display_name: Second lane
    inputs:
    - name: reads
      values: ['demo:/lanes/second.fastq']
    - name: threshold
      values: ['30']
"""

_JOB = """job:
  name: run-{i:06d}
  description: The nightly run
  labels: [nightly]
  priority: 3
  timeout: 120
  workflow_id: flow-{w:06d}::1.0.0
  tasks:
  - task_name: first
    inputs:
    - name: reads
      values: ['demo:/lanes/a.fastq', 'demo:/lanes/b.fastq']
    resources: {{cpu: 0.5C, memory: 1G, gpu_type: '', gpu: '0'}}
"""


def write_apps(folder: Path, count: int) -> list[Path]:
    """`count` app files, for comparing with a plain schema checker."""
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"app-{i:06d}.yaml" for i in range(count)]
    for i, file in enumerate(files):
        file.write_text(_APP.format(i=i, lane=i % 7), encoding="utf-8")
    return files


def write_project(folder: Path, count: int) -> None:
    """A whole project with `count` manifests in it, every reference declared."""
    apps, workflows = count * 60 // 100, count * 25 // 100
    write_apps(folder / "apps", apps)
    for name, template, number in (("workflows", _WORKFLOW, workflows), ("jobs", _JOB, count - apps - workflows)):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for i in range(number):
            text = template.format(i=i, a=i % apps, b=(i + 1) % apps, w=i % max(workflows, 1))
            (folder / name / f"{i:06d}.yaml").write_text(text, encoding="utf-8")
    (folder / "reconciler.yaml").write_text(
        "apiVersion: reconciler/v1\nkind: Project\nname: bench\ndefault: dev\n"
        "environments:\n  dev:\n    ai4s: {endpoint: local, space: demo}\n",
        encoding="utf-8",
    )
