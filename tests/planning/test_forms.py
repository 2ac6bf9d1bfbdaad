"""References in the platforms' own text."""

from __future__ import annotations

import pytest

from reconciler.model.address import Address
from reconciler.planning.forms import Form, form_of

FULL = "{name}::{version}::{scope}"


def _form(template: str) -> Form:
    form = form_of(template)
    assert form is not None
    return form


@pytest.mark.parametrize(
    ("text", "name", "scope"),
    [
        ("fastqc::1.0.0", "fastqc@1.0.0", "lab"),
        ("fastqc::1.0.0::other", "fastqc@1.0.0", "other"),
        ("a::b::c::d", "a@b", "c::d"),
        ("a:b::1", "a:b@1", "lab"),
    ],
)
def test_reads_full_and_short_names(text: str, name: str, scope: str) -> None:
    """The scope may be left out, and is then that of the reader."""
    assert _form(FULL).read(text, "prod", "Tool", "lab") == Address("prod", "Tool", scope, name)


@pytest.mark.parametrize("text", ["", "fastqc", "8a1c-22", "::1.0.0"])
def test_anything_else_is_a_remote_id(text: str) -> None:
    """A text without all parts of a name is an id."""
    assert _form(FULL).read(text, "prod", "Tool", "lab") is None


def test_writes_the_one_full_spelling() -> None:
    """Name, version and scope, whatever was left out before."""
    address = Address("prod", "Tool", "lab", "fast@qc@1.0.0")
    assert _form(FULL).write(address) == "fast@qc::1.0.0::lab"
    assert _form("{scope}/{name}").write(Address("prod", "Image", "lab", "qc")) == "lab/qc"


def test_a_name_with_too_few_parts_cannot_be_written() -> None:
    """There is no version to write."""
    assert _form(FULL).write(Address("prod", "Tool", "lab", "fastqc")) is None


def test_a_form_may_begin_with_text() -> None:
    """The text before the first part belongs to the form."""
    form = _form("tool:{name}")
    assert form.read("tool:qc", "prod", "Tool", "lab") == Address("prod", "Tool", "lab", "qc")
    assert form.read("qc", "prod", "Tool", "lab") is None


def test_no_template_is_no_form() -> None:
    """A field without a form holds ids or bare names."""
    assert form_of("") is None


@pytest.mark.parametrize("template", ["{name}{version}", "{name}-x", "{scope}", "plain"])
def test_templates_that_nothing_could_be_read_by(template: str) -> None:
    """They are a mistake in a schema, and said to be one."""
    with pytest.raises(ValueError, match="not a reference form"):
        form_of(template)
