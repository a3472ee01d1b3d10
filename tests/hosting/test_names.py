"""Texts of an app's name a tenant if they are, or contain, what only it is called."""

from __future__ import annotations

import pytest

from harness.hosting.boot_watch import Names
from harness.model.tenant import Tenant

ID = "7f1c0a52-3a0e-4d0b-9a51-9b1f3c1d2e4f"


def tenant(index: int, slug: str, **facts: str) -> Tenant:
    return Tenant(
        index=index,
        slug=slug,
        domain=f"{slug}.example.com",
        name=f"{slug} Ltd",
        email=f"admin@{slug}.example.com",
        password="a password",
        provider_key=f"key of {slug}",
        facts=facts,
    )


ACME = tenant(0, "acme-trading", id=ID, plan="standard-plan", number="1")
GLOBEX = tenant(1, "globex-power", plan="standard-plan", number="2")
NAMES = Names((ACME, GLOBEX))


@pytest.mark.parametrize(
    "text",
    [
        "tenant_acme_trading_1f",
        '"Acme-Trading", public',
        f"db_{ID.replace('-', '')}",
        f"app\nmain\n{ACME.domain}",
    ],
)
def test_a_text_that_contains_what_one_tenant_is_called_names_it(text: str) -> None:
    assert NAMES.within(text) == ACME.index


@pytest.mark.parametrize(
    "text",
    [
        "",
        "postgres\nshop",
        "acme_trading and globex_power",
        "on the standard-plan",
        "shard_1",
    ],
)
def test_what_names_nobody_or_several_or_only_by_a_short_word_names_nobody(
    text: str,
) -> None:
    assert NAMES.within(text) is None


def test_a_text_on_its_own_has_to_be_just_what_a_tenant_is_called() -> None:
    assert NAMES["acme-trading"] == ACME.index
    assert NAMES["tenant_acme_trading_1f"] is None
    assert NAMES["standard-plan"] is None
