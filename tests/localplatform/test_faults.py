"""Bad weather: the rule language, and what a client meets."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
import requests

from reconciler.localplatform.faults import FaultKind, FaultRule, Faults, When

if TYPE_CHECKING:
    from reconciler.localplatform.assembly import Platform
    from tests.localplatform.client import Client


def strikes(rule: dict[str, Any], calls: int = 6) -> str:
    """What happens to equal calls: x struck, - passed."""
    faults = Faults()
    faults.replace([FaultRule.parse(rule)])
    return "".join("x" if faults.strike("POST", "/v1/p/jobs", "ExecuteJob") else "-" for _ in range(calls))


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({}, "x-----"),
        ({"count": 3}, "xxx---"),
        ({"count": None}, "xxxxxx"),
        ({"count": 0}, "------"),
        ({"skip": 2, "count": 2}, "--xx--"),
        ({"method": "post"}, "x-----"),
        ({"method": "GET"}, "------"),
        ({"path": "/jobs$"}, "x-----"),
        ({"path": "^/jobs"}, "------"),
        ({"operation": "ExecuteJob"}, "x-----"),
        ({"operation": "ListJob"}, "------"),
        ({"operation": "ExecuteJob", "method": "GET"}, "------"),
        ({"probability": 0, "count": None}, "------"),
    ],
    ids=str,
)
def test_when_a_rule_strikes(rule: dict[str, Any], expected: str) -> None:
    """All given criteria must hold; some matches pass first, then it strikes so often."""
    assert strikes({"fault": "reset", **rule}) == expected


def test_chances_are_repeatable() -> None:
    """The same seed gives the same weather, and about as much of it as asked for."""
    rule = {"fault": "reset", "count": None, "probability": 0.5}
    first = strikes({**rule, "seed": 7}, 400)
    assert first == strikes({**rule, "seed": 7}, 400)
    assert first != strikes({**rule, "seed": 8}, 400)
    assert 140 < first.count("x") < 260


def test_the_first_rule_wins() -> None:
    """Rules are tried in order, and one that does not strike lets the next one try."""
    faults = Faults()
    faults.replace([FaultRule(FaultKind.RESET), FaultRule(FaultKind.ERROR)])
    faults.add(FaultRule(FaultKind.LOST))
    struck = [faults.strike("GET", "/", "") for _ in range(4)]
    assert [rule.fault if rule else None for rule in struck] == [FaultKind.RESET, FaultKind.ERROR, FaultKind.LOST, None]
    assert [(r["matched"], r["struck"]) for r in faults.report()] == [(4, 1), (3, 1), (2, 1)]


@pytest.mark.parametrize(
    "rule",
    [
        [],
        {},
        {"fault": "fire"},
        {"fault": "reset", "when": "during"},
        {"fault": "reset", "colour": "red"},
        {"fault": "reset", "path": "("},
        {"fault": "reset", "path": 5},
        {"fault": "reset", "count": -1},
        {"fault": "reset", "count": True},
        {"fault": "reset", "count": 1.5},
        {"fault": "reset", "probability": 2},
        {"fault": "reset", "probability": "0.5"},
        {"fault": "error", "status": 404},
        {"fault": "latency", "seconds": -1},
        {"fault": "latency", "seconds": 10_000},
        {"fault": ["reset"]},
    ],
    ids=str,
)
def test_bad_rules(client: Client, rule: Any) -> None:
    """Each mistake is a sentence, and the rules in force stay."""
    client.admin("PUT", "faults", {"rules": [{"fault": "skew"}]})
    answer = client.admin("PUT", "faults", {"rules": [rule]})
    assert answer.status_code == 400
    assert answer.json()["message"]
    assert [r["fault"] for r in client.admin("GET", "faults").json()["rules"]] == ["skew"]


def label(client: Client) -> requests.Response:
    """A create, whose effect can be counted."""
    return client.call("POST", f"{client.root}/system/labels", {"name": "a"})


def labels(client: Client) -> int:
    """How many creates had their effect."""
    return int(client.call("GET", f"{client.root}/system/labels").json()["count"])


def arm(client: Client, **rule: Any) -> None:
    """Puts one rule in force for creates."""
    client.admin("PUT", "faults", {"rules": [{"operation": "CreateLabel", **rule}]})


def test_throttle(client: Client) -> None:
    """429 in the gateway's words, with advice; nothing was done."""
    arm(client, fault="throttle", retry_after=2.5)
    answer = label(client)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "2.5")
    assert answer.json()["error_code"] == "APIGW.0308"
    assert labels(client) == 0
    assert label(client).status_code == 201


@pytest.mark.parametrize(("when", "effect"), [("before", 0), ("after", 1)])
def test_error(client: Client, when: str, effect: int) -> None:
    """A 5xx tells nothing about the effect: that is the point."""
    arm(client, fault="error", when=when, status=502)
    answer = label(client)
    assert (answer.status_code, "error_code" in answer.json()) == (502, True)
    assert labels(client) == effect


@pytest.mark.parametrize(
    ("rule", "effect"),
    [({"fault": "reset"}, 0), ({"fault": "reset", "when": "after"}, 1), ({"fault": "lost"}, 1)],
    ids=str,
)
def test_dropped_connections(client: Client, rule: dict[str, Any], effect: int) -> None:
    """No answer at all, with or without the effect."""
    arm(client, **rule)
    with pytest.raises(requests.ConnectionError):
        label(client)
    assert labels(client) == effect


def test_truncated_answers(client: Client) -> None:
    """Half of a body that was promised whole: the client can tell, and the effect is there."""
    arm(client, fault="truncate")
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        label(client)
    assert labels(client) == 1


def test_latency(client: Client) -> None:
    """The answer is right, and late."""
    arm(client, fault="latency", seconds=0.15)
    started = time.monotonic()
    assert label(client).status_code == 201
    assert time.monotonic() - started >= 0.15


def test_skew(client: Client) -> None:
    """A server whose clock is off refuses good signatures."""
    arm(client, fault="skew", seconds=-3600)
    assert label(client).status_code == 401
    assert label(client).status_code == 201


def test_refused_calls_are_struck_too(client: Client, platform: Platform) -> None:
    """A rule sees calls of every path, unknown ones excepted, and the log names what struck."""
    platform.faults.replace([FaultRule(FaultKind.ERROR, When.AFTER, count=None)])
    client.call("GET", f"{client.root}/nothing")
    client.call("GET", f"{client.root}/users")
    log = platform.log.report()
    assert [(entry["operation"], entry["status"], entry["fault"]) for entry in log] == [
        ("", 404, ""),
        ("ListUser", 503, "error"),
    ]
