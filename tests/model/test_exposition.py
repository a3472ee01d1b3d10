"""Pages of metrics are read as Prometheus reads them."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics.exposition import (
    generate_latest as generate_openmetrics,
)

from harness.model.exposition import samples


def test_names_labels_and_values_are_read() -> None:
    page = '# HELP a is "it"\n# TYPE a counter\na{x="1",y="}{,"} 2.5 1700000000\nb 3\n'
    first, second = samples(page)

    assert (first.name, first.value, first.counts) == ("a", 2.5, True)
    assert first.labels == (("x", "1"), ("y", "}{,"))
    assert first.line == 'a{x="1",y="}{,"} 2.5 1700000000'
    assert (second.name, second.labels, second.counts) == ("b", (), False)


def test_what_is_no_sample_is_passed_over() -> None:
    assert list(samples("<html>\nnot a metric\na{x=1} nothing\n\n# EOF\n")) == []


def test_infinity_and_nan_are_values() -> None:
    one, other = samples("a +Inf\nb NaN\n")

    assert math.isinf(one.value)
    assert math.isnan(other.value)


@given(
    st.lists(
        st.tuples(st.text(st.characters(codec="utf-8")), st.integers(0, 10**6)),
        unique_by=lambda pair: pair[0],
        max_size=5,
    )
)
def test_what_the_official_client_writes_is_read_back(
    pairs: list[tuple[str, int]],
) -> None:
    registry = CollectorRegistry()
    counter = Counter("asked", "requests", ["who"], registry=registry)
    for who, times in pairs:
        counter.labels(who).inc(times)

    for generate in (generate_latest, generate_openmetrics):
        page = generate(registry).decode()
        found = [one for one in samples(page) if one.name == "asked_total"]
        assert all(one.counts for one in found)
        read = {dict(one.labels)["who"]: one.value for one in found}
        assert read == dict(pairs)


def test_only_what_counts_what_happens_counts() -> None:
    registry = CollectorRegistry()
    Counter("asked", "requests", registry=registry).inc()
    Gauge("open", "tenants", registry=registry).set(4)
    Histogram("seconds", "of requests", registry=registry).observe(1)

    found = {one.name for one in samples(generate_latest(registry).decode())}
    counting = {
        one.name for one in samples(generate_latest(registry).decode()) if one.counts
    }
    assert {"asked_total", "open", "seconds_sum", "asked_created"} <= found
    assert counting == {"asked_total", "seconds_count"}
