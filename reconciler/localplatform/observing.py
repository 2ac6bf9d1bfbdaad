"""What monitoring asks a team's local platform: is it alive, and how much is there. Counts, no names, no sign-in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.localplatform.face import Reply
from reconciler.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.localplatform.request_log import RequestLog
    from reconciler.localplatform.services import Services

HEALTH, METRICS = "/healthz", "/metrics"
OBSERVED = frozenset({HEALTH, METRICS})


def observe(path: str, services: Services, log: RequestLog) -> Reply:
    """The answer to one of `OBSERVED`. Health touches the database, so that a full disk or a lost mount shows."""
    if path == HEALTH:
        services.store.setting("health")
        return Reply({"status": "ok", "version": __version__})
    return Reply(raw=_metrics(services, log).encode(), content_type="text/plain; version=0.0.4; charset=utf-8")


def _metrics(services: Services, log: RequestLog) -> str:
    """The text format of Prometheus."""
    runs = services.runs.history.counts()
    lines = [
        *_family("reconciler_info", "gauge", "The release that answers.", [({"version": __version__}, 1)]),
        *_family(
            "reconciler_runs",
            "gauge",
            "Runs by platform, engine and state.",
            [({"platform": p, "engine": e, "state": s}, count) for (p, e, s), count in sorted(runs.items())],
        ),
        *_family(
            "reconciler_objects",
            "gauge",
            "Objects by platform and kind.",
            [
                ({"platform": platform, "kind": kind}, count)
                for what, count in services.store.counts().items()
                for platform, _, kind in [what.partition("/")]
            ],
        ),
        *_family(
            "reconciler_requests_total",
            "counter",
            "Requests answered, by status, since the start.",
            [({"status": str(status)}, count) for status, count in sorted(log.statuses.items())],
        ),
    ]
    return "\n".join(lines) + "\n"


def _family(name: str, kind: str, about: str, samples: Iterable[tuple[Mapping[str, str], int]]) -> list[str]:
    head = [f"# HELP {name} {about}", f"# TYPE {name} {kind}"]
    return head + [f"{name}{{{_labels(labels)}}} {value}" for labels, value in samples]


def _labels(labels: Mapping[str, str]) -> str:
    return ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
