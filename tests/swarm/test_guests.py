"""A tenant's user is tried at another's door, once, as its own form would have it."""

from __future__ import annotations

import json

from harness.model.canary import CanaryKey
from harness.model.prepared import Address, Blank, Prepared
from harness.model.tenant import Tenant
from harness.model.world import Access
from harness.swarm.crew.account import Account
from harness.swarm.crew.asked import Asked
from harness.swarm.crew.form import Form
from harness.swarm.crew.guests import Guests

KEY = CanaryKey.from_seed(3)
FACTS = {"qqblankaaqq": "slug", "qqblankabqq": "email", "qqblankacqq": "password"}
LOGIN = Form(
    Prepared(
        operation="POST /login",
        method="POST",
        target="/login",
        body=json.dumps({name: mark for mark, name in FACTS.items()}),
        content_type="application/json",
        blanks=tuple(Blank(mark, "fact", name=name) for mark, name in FACTS.items()),
    )
)


def account(index: int, *, host: str = "", email: str = "") -> Account:
    tenant = Tenant(
        index,
        f"slug{index}",
        f"name{index}",
        f"domain{index}",
        email or f"email{index}",
        f"password{index}",
    )
    address = Address(host or f"t{index}.example.com")
    return Account(tenant, address, Access((("x-key", "own"),)), (), key=KEY)


def test_a_guest_gives_its_own_name_at_the_hosts_door() -> None:
    guests, person, host = Guests(KEY), account(0), account(1)
    guest = guests.of(person, host)
    assert guest

    written = guests.login(LOGIN, guest, host)
    asked = Asked(LOGIN, written, guest, host, 1, 0.0)

    assert json.loads(written.body or b"") == {
        "slug": "slug1",
        "email": "email0",
        "password": "password0",
    }
    assert asked.headers()["host"] == "t1.example.com"
    assert "x-key" not in asked.headers()
    assert asked.stray
    principal = asked.principal
    assert (principal.credential, principal.selector, principal.door) == (0, 1, 1)


def test_a_guest_is_the_same_each_time_and_another_at_each_door() -> None:
    guests, person, host = Guests(KEY), account(0), account(1)

    assert guests.of(person, host) is guests.of(person, host)
    assert guests.of(person, host) is not guests.of(person, account(2))
    assert person.access.headers


def test_where_there_is_one_door_for_all_nobody_is_a_guest() -> None:
    here = account(0, host="localhost"), account(1, host="localhost")

    assert Guests(KEY).of(*here) is None


def test_who_has_the_same_user_is_no_guest() -> None:
    person = account(0)
    same = account(1, email=person.tenant.email)

    assert Guests(KEY).of(person, same) is None
