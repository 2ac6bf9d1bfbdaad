"""TLS is verified: against what the machine trusts, or against the CA bundle that is given."""

from __future__ import annotations

import hashlib
import ssl
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import Unanswered, Unreachable, UsageError
from reconciler.providers.errors import nested_fault
from reconciler.providers.exchange import Call, Dialect
from reconciler.providers.pinning import PinnedAdapter, fingerprint_of
from reconciler.providers.protocol import Transport
from reconciler.providers.session import Credentials, Session
from tests.providers.loopback import hang_up, reply, serving, tunnelling
from tests.support.certificates import self_signed

if TYPE_CHECKING:
    from pathlib import Path

QUICK = Transport(connect_timeout=2, read_timeout=2, deadline=5, backoff=0.001)
CREATE = Call("create thing", "POST", "/things", body={})


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate for this machine that nobody trusts, made for this test alone."""
    chain, key = self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    return chain, context


def test_untrusted_certificate_is_refused_before_anything_is_sent(certificate: tuple[Path, ssl.SSLContext]) -> None:
    """A certificate nobody vouches for means no request, and a hint that keeps verification on."""
    _, context = certificate
    with serving(reply(200, {}), wrap=partial(context.wrap_socket, server_side=True)) as server:
        session = Session("prod", server.url, QUICK, Dialect(nested_fault), Credentials())
        with pytest.raises(Unreachable, match="cannot be trusted") as caught:
            session.call(CREATE)
        assert server.seen == []
    assert "verification stays on" in caught.value.hint


def test_given_ca_bundle_is_trusted(certificate: tuple[Path, ssl.SSLContext]) -> None:
    """With the bundle of the network's own authority the same server is fine."""
    chain, context = certificate
    with serving(reply(200, {"id": "1"}), wrap=partial(context.wrap_socket, server_side=True)) as server:
        transport = replace(QUICK, verify=str(chain))
        session = Session("prod", server.url, transport, Dialect(nested_fault), Credentials())
        assert session.call(CREATE) == {"id": "1"}
        session.close()


def test_a_pinned_certificate_is_trusted_and_no_other(certificate: tuple[Path, ssl.SSLContext]) -> None:
    """By its fingerprint, whoever signed it or nobody; another one, of a trusted authority even, is refused unsent."""
    chain, context = certificate
    der = ssl.PEM_cert_to_DER_cert(chain.read_text())
    fingerprint = hashlib.sha256(der).hexdigest()
    with serving(reply(200, {"id": "1"}), wrap=partial(context.wrap_socket, server_side=True)) as server:
        for pinned, trusted in ((fingerprint, True), ("0" * 64, False)):
            transport = replace(QUICK, adapter=PinnedAdapter(2, pinned), verify=True if trusted else str(chain))
            session = Session("prod", server.url, transport, Dialect(nested_fault), Credentials())
            if trusted:
                assert session.call(CREATE) == {"id": "1"}
            else:
                with pytest.raises(Unreachable):
                    session.call(CREATE)
            session.close()
        assert len(server.seen) == 1


@pytest.mark.parametrize("text", ["AB:" * 31 + "ab", "ab" * 32, "SHA256 " + "ab " * 32])
def test_a_fingerprint_may_be_written_in_any_way(text: str) -> None:
    """As openssl and browsers print it."""
    assert fingerprint_of("t", text) == "ab" * 32


@pytest.mark.parametrize("text", ["", "ab" * 20, "xy" * 32, "ab" * 33])
def test_what_is_no_fingerprint_is_refused(text: str) -> None:
    """A SHA-1 one too: it would not hold."""
    with pytest.raises(UsageError, match="SHA-256"):
        fingerprint_of("t", text)


def test_verification_cannot_be_switched_off(certificate: tuple[Path, ssl.SSLContext]) -> None:
    """`verify=False` is not a way in."""
    _, context = certificate
    with serving(reply(200, {}), wrap=partial(context.wrap_socket, server_side=True)) as server:
        session = Session("prod", server.url, replace(QUICK, verify=False), Dialect(nested_fault), Credentials())
        with pytest.raises(Unreachable):
            session.call(CREATE)


def test_through_a_tunnel_the_request_still_counts_as_sent(certificate: tuple[Path, ssl.SSLContext]) -> None:
    """A platform that hangs up behind a proxy may have done what it was asked, as one that does so without."""
    chain, context = certificate
    pinned = PinnedAdapter(2, hashlib.sha256(ssl.PEM_cert_to_DER_cert(chain.read_text())).hexdigest())
    with serving(hang_up, wrap=partial(context.wrap_socket, server_side=True)) as server, tunnelling(server) as proxy:
        transport = replace(QUICK, adapter=pinned, proxy=proxy)
        session = Session("prod", "https://platform.test", transport, Dialect(nested_fault), Credentials())
        with pytest.raises(Unanswered, match="the connection broke before an answer came"):
            session.call(CREATE)
        assert len(server.seen) == 1
        session.close()


def test_through_a_tunnel_a_bad_certificate_is_told_as_one(certificate: tuple[Path, ssl.SSLContext]) -> None:
    """A proxy that looks into what passes has a certificate of its own: the bundle is what is missing, no proxy."""
    _, context = certificate
    with (
        serving(reply(200), wrap=partial(context.wrap_socket, server_side=True)) as server,
        tunnelling(server) as proxy,
    ):
        transport = replace(QUICK, proxy=proxy)
        session = Session("prod", "https://platform.test", transport, Dialect(nested_fault), Credentials())
        with pytest.raises(Unreachable, match=r"the certificate of .* cannot be trusted") as caught:
            session.call(CREATE)
        assert server.seen == []
    assert "RECONCILER_CA_BUNDLE" in caught.value.hint
