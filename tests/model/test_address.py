"""Addresses and their text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model.address import NO_SCOPE, Address

PART = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
ADDRESSES = st.builds(Address, PART, PART, PART, PART)


@settings(deadline=None)
@given(ADDRESSES)
def test_the_text_of_an_address_is_the_address(address: Address) -> None:
    """Whatever its parts hold, slashes and percent signs included."""
    assert Address.parse(str(address)) == address
    assert str(address).count("/") == 3


@settings(deadline=None)
@given(ADDRESSES, ADDRESSES)
def test_different_addresses_have_different_texts(one: Address, other: Address) -> None:
    """The text identifies."""
    assert (str(one) == str(other)) == (one == other)


def test_common_names_stay_readable() -> None:
    """Versions, dots and spaces are not quoted."""
    assert str(Address("prod", "App", "my lab", "fastqc@1.0.0")) == "prod/App/my lab/fastqc@1.0.0"
    assert str(Address("prod", "Image", NO_SCOPE, "lab/qc:1")) == "prod/Image/-/lab%2Fqc:1"


@pytest.mark.parametrize("text", ["", "a/b/c", "a/b/c/d/e", "a//c/d", "/b/c/d", "a/b/c/"])
def test_what_is_not_an_address(text: str) -> None:
    """Four parts, none of them empty."""
    with pytest.raises(ValueError, match="not an address"):
        Address.parse(text)


def test_addresses_are_ordered_by_their_parts() -> None:
    """Target first, name last."""
    texts = ["b/A/s/a", "a/B/s/a", "a/A/t/a", "a/A/s/b", "a/A/s/a"]
    assert [str(a) for a in sorted(map(Address.parse, texts))] == sorted(texts)
