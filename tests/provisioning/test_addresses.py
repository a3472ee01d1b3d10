"""Addresses: to the sink first, to elsewhere where the app takes no such one."""

from __future__ import annotations

from harness.provisioning.addresses import Addresses

HOOK, OTHER = "POST /hooks", "POST /profile"


def test_an_address_leads_to_the_sink_and_holds_the_word() -> None:
    assert Addresses("http://127.0.0.1:9").write(HOOK, "w1") == "http://127.0.0.1:9/w1"


def test_without_a_sink_it_leads_to_nobody() -> None:
    assert Addresses().write(HOOK, "w1") == "https://w1.example.com/"


def test_what_is_refused_is_written_otherwise_for_that_operation_alone() -> None:
    addresses = Addresses("http://127.0.0.1:9")

    assert addresses.refused(HOOK)
    assert addresses.write(HOOK, "w1") == "https://w1.example.com/"
    assert addresses.refused(HOOK)
    assert addresses.write(HOOK, "w1") == "w1"
    assert addresses.write(OTHER, "w1") == "http://127.0.0.1:9/w1"


def test_where_all_sorts_are_refused_the_first_stands_for_good() -> None:
    for base, first in (
        ("http://127.0.0.1:9", "http://127.0.0.1:9/w"),
        ("", "https://w.example.com/"),
    ):
        addresses = Addresses(base)
        while addresses.refused(HOOK):
            pass

        assert addresses.write(HOOK, "w") == first
        assert not addresses.refused(HOOK)
        assert addresses.write(HOOK, "w") == first
