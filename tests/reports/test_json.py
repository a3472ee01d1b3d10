from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from harness.errors import UsageError
from harness.model.coverage import Coverage, Gap
from harness.model.event import Channel
from harness.model.finding import Evidence, Finding, Severity
from harness.model.history import Field
from harness.model.measurement import Measurement
from harness.model.result import Result
from harness.model.step import Principal, Role, Step
from harness.model.verdict import Outcome, Verdict
from harness.reports.json import parse, render, render_schema, schema
from tests.reports.results import a_finding, a_result, an_unlabelled_line

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
INDEX = st.integers(0, 2**17 - 1)
PRINCIPALS = st.builds(Principal, st.none() | INDEX, st.none() | INDEX)
STEPS = st.builds(
    Step, TEXT, PRINCIPALS, st.none() | INDEX, st.sampled_from(Role), INDEX, INDEX
)
FINDINGS = st.builds(
    Finding,
    TEXT,
    st.sampled_from(Severity),
    st.sampled_from(Channel),
    TEXT,
    st.none() | INDEX,
    st.none() | INDEX,
    TEXT,
    TEXT,
    TEXT,
    st.lists(st.builds(Evidence, INDEX, TEXT), max_size=3).map(tuple),
    st.integers(1),
    st.lists(STEPS, max_size=3).map(tuple),
)
GAPS = st.builds(Gap, TEXT, TEXT, st.booleans())
COVERAGES = st.builds(
    Coverage,
    st.lists(TEXT, max_size=3).map(tuple),
    *[INDEX] * 4,
    st.lists(TEXT, max_size=3).map(tuple),
    INDEX,
    st.lists(GAPS, max_size=3).map(tuple),
)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
RESULTS = st.builds(
    Result,
    id=TEXT,
    exercise=TEXT,
    target=TEXT,
    variant=TEXT,
    command=TEXT,
    seed=st.integers(0),
    started=TEXT,
    versions=st.dictionaries(TEXT, TEXT, max_size=2),
    environment=st.dictionaries(TEXT, TEXT, max_size=2),
    tenants=st.dictionaries(TEXT, TEXT, max_size=2),
    fields=st.dictionaries(
        st.integers(0, 255),
        st.builds(Field, st.integers(0, 255), TEXT, st.booleans(), st.booleans()),
        max_size=2,
    ),
    verdict=st.builds(
        Verdict, st.sampled_from(Outcome), st.lists(TEXT, max_size=2).map(tuple)
    ),
    findings=st.lists(FINDINGS, max_size=3).map(tuple),
    coverage=COVERAGES,
    measurements=st.lists(st.builds(Measurement, TEXT, FINITE, TEXT), max_size=2).map(
        tuple
    ),
    notes=st.lists(TEXT, max_size=2).map(tuple),
)


@given(RESULTS)
def test_any_result_comes_back_from_its_report_and_fits_the_schema(
    result: Result,
) -> None:
    written = render(result)

    assert parse(written) == result
    Draft202012Validator(schema()).validate(json.loads(written))


def test_the_schema_is_one_and_is_not_content_with_anything() -> None:
    Draft202012Validator.check_schema(schema())
    document = json.loads(render(a_result(a_finding())))

    for broken in (
        {**document, "version": 2},
        {**document, "seed": "seven"},
        {**document, "verdict": {"outcome": "maybe", "reasons": []}},
        {name: value for name, value in document.items() if name != "coverage"},
    ):
        assert not Draft202012Validator(schema()).is_valid(broken)


def test_the_published_schema_is_current() -> None:
    published = Path(__file__).parents[2] / "docs" / "report.schema.json"

    assert published.read_text(encoding="utf-8") == render_schema()


def test_a_report_names_the_fingerprint_of_each_finding() -> None:
    result = a_result(a_finding(), an_unlabelled_line())

    written = json.loads(render(result))

    assert [one["fingerprint"] for one in written["findings"]] == [
        a_finding().fingerprint,
        an_unlabelled_line().fingerprint,
    ]


def test_bytes_that_are_no_text_do_not_keep_a_report_from_being_written() -> None:
    result = replace(a_result(), notes=("half a character: \udcff",))

    assert parse(render(result)).notes == ("half a character: ?",)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is not JSON"),
        (b"\xff", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (render(a_result())[:-40], "is not JSON"),
        (b"[]", "is not a report"),
        (b'{"findings": []}', "is not a report"),
        (b'{"version": 2}', "reads version 1"),
        (b'{"version": "1"}', "has version '1'"),
        (b'{"version": 1}', "is broken at id"),
        (
            render(a_result()).replace(b'"seed": 7', b'"seed": "x"'),
            "is broken at seed",
        ),
    ],
    ids=lambda value: value[:16] if isinstance(value, bytes) else "",
)
def test_a_file_that_is_no_report_is_refused_with_its_name(
    data: bytes, says: str
) -> None:
    with pytest.raises(UsageError) as caught:
        parse(data, name="runs/x/report.json")

    assert "runs/x/report.json" in caught.value.message
    assert says in caught.value.message
