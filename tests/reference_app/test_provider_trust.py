"""Whom the assistant trusts at the provider's address."""

from __future__ import annotations

import ssl

import pytest

from reference_app.ai.provider import trusted


def test_with_tls_the_usual_authorities_are_trusted() -> None:
    assert trusted("https://api.example") is True


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", "HTTP://stub.test"])
def test_without_tls_nobody_is(url: str) -> None:
    context = trusted(url)

    assert isinstance(context, ssl.SSLContext)
    assert context.get_ca_certs() == []
    # If TLS came into it all the same, no certificate would do.
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
