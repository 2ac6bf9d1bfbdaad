"""The plan's JSON: a contract that loses nothing and accepts nothing it does not know."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator

from reconciler.errors import PlanUnreadable
from reconciler.model.plan import Base, Plan
from reconciler.rendering.json import diagnostics_to_json, plan_from_json, plan_id, plan_to_json
from reconciler.rendering.report import report_to_json
from tests.rendering.plans import sample_plan
from tests.rendering.strategies import DIAGNOSTICS, PLANS, reports

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"


def _validator(name: str) -> Draft202012Validator:
    schema = json.loads((SCHEMAS / name).read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@given(PLANS)
def test_round_trip(plan: Plan) -> None:
    """Reading back what was written gives the same plan, whatever text and values it holds."""
    assert plan_from_json(plan_to_json(plan)) == plan


@given(PLANS)
def test_same_bytes(plan: Plan) -> None:
    """Writing what was read gives the same bytes, all of them ASCII."""
    text = plan_to_json(plan)
    assert plan_to_json(plan_from_json(text)) == text
    assert text.isascii()


_PLAN = _validator("plan.schema.json")
_REPORT = _validator("report.schema.json")
_DIAGNOSTICS = _validator("diagnostics.schema.json")


@given(PLANS)
def test_plan_obeys_its_schema(plan: Plan) -> None:
    """schemas/plan.schema.json describes every plan."""
    _PLAN.validate(json.loads(plan_to_json(plan)))


@given(reports())
def test_report_obeys_its_schema(report: Any) -> None:
    """schemas/report.schema.json describes every report."""
    _REPORT.validate(json.loads(report_to_json(report)))


@given(DIAGNOSTICS)
def test_diagnostics_obey_their_schema(diagnostic: Any) -> None:
    """schemas/diagnostics.schema.json describes every finding."""
    _DIAGNOSTICS.validate(json.loads(diagnostics_to_json([diagnostic])))


def test_the_schema_is_not_empty_talk() -> None:
    """A plan with a member of the wrong type, or one nobody declared, is refused by the schema too."""
    document = json.loads(plan_to_json(sample_plan()))
    document["steps"][0]["surprise"] = 1
    assert not _PLAN.is_valid(document)


def test_a_secret_free_absent_side_differs_from_null() -> None:
    """A side without the field has no key; a side that holds null has one."""
    fields = json.loads(plan_to_json(sample_plan()))["changes"][1]["fields"]
    assert "recorded" not in fields[1]
    assert fields[1]["live"] is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not a saved plan"),
        ("not json", "not a saved plan"),
        ("[1]", "format None"),
        ('{"format": "reconciler.plan/v2"}', "format 'reconciler.plan/v2'"),
        ('{"format": "reconciler.plan/v1"}', "unexpected or missing"),
        ("[" * 100_000, "not a saved plan"),
    ],
)
def test_what_is_no_plan_is_refused(text: str, words: str) -> None:
    """Another version, or no plan at all, is refused with a sentence."""
    with pytest.raises(PlanUnreadable) as caught:
        plan_from_json(text)
    assert words in caught.value.message
    assert caught.value.hint


def _edited(path: list[str | int], value: Any) -> str:
    document = json.loads(plan_to_json(sample_plan()))
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return json.dumps(document)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["base", "serial"], "3"),
        (["base", "serial"], True),
        (["changes", 0, "action"], "explode"),
        (["changes", 0, "address"], "no-address"),
        (["changes", 1, "fields", 0, "note"], "x"),
        (["changes", 1, "fields", 0], 3),
        (["steps", 0, "id"], 7),
        (["steps", 1, "needs"], [2]),
        (["steps", 0, "mark"], "rc-short"),
        (["steps", 0, "desired"], [1]),
        (["steps", 0, "desired", "name"], "other"),
        (["diagnostics"], None),
    ],
)
def test_a_damaged_plan_is_refused(path: list[str | int], value: Any) -> None:
    """Every wrong type, unknown member, broken order or silent edit is refused."""
    with pytest.raises(PlanUnreadable):
        plan_from_json(_edited(path, value))


def test_two_plans_have_two_ids() -> None:
    """The id stands for everything in the plan, its base included."""
    one = Plan(Base("p", "dev", "1"), (), ())
    assert plan_id(one) == plan_id(Plan(Base("p", "dev", "1"), (), ()))
    assert plan_id(one) != plan_id(Plan(Base("p", "prod", "1"), (), ()))
