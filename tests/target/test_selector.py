"""What each selector puts onto a request, and what it does for no tenant."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import ProvisioningError
from harness.model.canary import CanaryKey
from harness.model.tenant import Tenant
from harness.provisioning.people import mint_tenant
from harness.target.selector import (
    CredentialSelector,
    HeaderSelector,
    HostSelector,
    ParameterSelector,
    PrefixSelector,
    Selection,
    Selector,
)
from harness.target.templates import filled


def tenant(**facts: str) -> Tenant:
    made = mint_tenant(CanaryKey.from_seed(1), 0, domain="{slug}.example.com")
    return replace(made, facts=facts)


@pytest.mark.parametrize(
    ("selector", "selected", "nobody"),
    [
        (HostSelector(), Selection(host="DOMAIN"), Selection()),
        (HostSelector("{id}.test:81"), Selection(host="7.test:81"), Selection()),
        (
            HeaderSelector("X-Tenant-ID", "{id}"),
            Selection(headers=(("x-tenant-id", "7"),)),
            Selection(),
        ),
        (PrefixSelector("/t/{id}/"), Selection(prefix="/t/7"), Selection()),
        (ParameterSelector("org", "o{id}"), Selection(parameters={"org": "o7"}), None),
        (CredentialSelector(), Selection(), Selection()),
    ],
)
def test_a_selector_selects_a_tenant_or_nobody(
    selector: Selector, selected: Selection, nobody: Selection | None
) -> None:
    one = tenant(id="7")
    host = selected.host.replace("DOMAIN", one.domain)

    assert selector.select(one) == replace(selected, host=host)
    assert selector.select(None) == nobody


def test_only_where_the_credential_selects_nothing_can_be_mixed() -> None:
    kinds: list[Selector] = [
        HostSelector(),
        HeaderSelector("x"),
        PrefixSelector("/{slug}"),
        ParameterSelector("org"),
    ]

    assert all(kind.separable for kind in kinds)
    assert not CredentialSelector().separable


def test_nobodys_host_belongs_to_no_tenant() -> None:
    assert Selection().host == "localhost"


def test_a_prefix_is_percent_encoded_and_stays_below_its_path() -> None:
    selection = PrefixSelector("/t/{name}").select(replace(tenant(), name='x", "ü?#'))

    assert selection.prefix == "/t/x%22%2C%20%22%C3%BC%3F%23"


@pytest.mark.parametrize(
    "selector",
    [
        HostSelector("{nope}"),
        HeaderSelector("x", "{nope}"),
        PrefixSelector("/{nope}"),
        ParameterSelector("org", "{nope}"),
    ],
)
def test_an_unknown_name_is_answered_with_the_known_ones(selector: Selector) -> None:
    with pytest.raises(ProvisioningError) as raised:
        selector.select(tenant(id="7"))

    assert "'nope', which is not known" in str(raised.value)
    assert "slug, name, domain, email, password, index" in str(raised.value)
    assert "(id)" in str(raised.value)


TEXTS = st.text(max_size=30)


@given(before=TEXTS, after=TEXTS, fact=TEXTS)
def test_a_template_keeps_all_but_its_names(before: str, after: str, fact: str) -> None:
    def escaped(text: str) -> str:
        return text.replace("{", "{{").replace("}", "}}")

    template = f"{escaped(before)}{{fact}}{escaped(after)}"

    assert filled(template, tenant(fact=fact)) == before + fact + after


@given(template=st.text("{}ab.[]!:0", max_size=12))
def test_any_template_is_filled_or_refused_clearly(template: str) -> None:
    try:
        text = filled(template, tenant(a="1", b="2"))
    except ProvisioningError as error:
        text = error.hint

    assert isinstance(text, str)
    assert text or not template.strip("{}[]ab.!:0")


@given(tree=st.recursive(st.integers() | st.none() | st.booleans(), st.lists))
def test_what_is_no_text_stays_as_it_is(tree: object) -> None:
    assert filled(tree, tenant()) == tree


@given(name=st.text(min_size=1, max_size=30).filter(lambda text: "/" not in text))
def test_a_prefix_can_be_decoded_again(name: str) -> None:
    try:
        name.encode()
    except UnicodeEncodeError:
        return

    prefix = PrefixSelector("/t/{name}").select(replace(tenant(), name=name)).prefix

    assert prefix.isascii()
    assert unquote(prefix) == f"/t/{name}"
