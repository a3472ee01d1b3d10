"""JUnit XML, for the test reports of CI servers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from harness.model.coverage import Gap
from harness.model.finding import Finding
from harness.model.result import Result
from harness.reports.interleaving import diagram, order_facts
from harness.reports.starts import OVER, UNMEASURED
from harness.reports.text import (
    leaked_field,
    one_line,
    plural,
    receiver_name,
    replay_command,
    tenant_name,
    visible,
)

T = TypeVar("T")

_WIDTH = 120
"""Columns of a diagram."""


def render(result: Result, *, runs: str = ".harness/runs") -> bytes:
    """Return a result as one JUnit test suite.

    An operation fails with the findings on it, is an error when it was not
    covered and the verdict depends on that, and is skipped when it was not
    covered and nothing depends on that; else it passes. So does a scenario of races,
    with the order that shows the finding. Channels, fields and steps
    that were not covered, and loggers that leaked, are cases too, and so is each
    figure over its budget.

    Args:
        result: What to render.
        runs: Directory of the runs, for the commands that reproduce findings.
    """
    suite = Element("testsuite", name=f"harness {result.exercise}")
    suite.set("timestamp", _timestamp(result.started))
    suite.set("time", f"{_seconds(result):.3f}")
    _add_properties(suite, result)
    findings = _grouped((_case_of(finding), finding) for finding in result.findings)
    gaps = _grouped((gap.what, gap) for gap in result.coverage.gaps)
    for name in dict.fromkeys([*findings, *gaps, *result.coverage.covered]):
        case = SubElement(suite, "testcase", name=visible(name), time="0")
        case.set("classname", _class_name(result))
        if name in findings:
            _fail(case, result, findings[name], gaps.get(name, []), runs)
        elif name in gaps:
            _leave_out(case, gaps[name])
    _add_budgets(suite, result)
    for attribute, tag in _COUNTED:
        suite.set(attribute, str(len(suite.findall(f"testcase{tag}"))))
    root = Element("testsuites", name="harness")
    root.append(suite)
    indent(root)
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


_COUNTED = (
    ("tests", ""),
    ("failures", "/failure"),
    ("errors", "/error"),
    ("skipped", "/skipped"),
)


def _add_properties(suite: Element, result: Result) -> None:
    """State what ran, so that a server's page shows how to repeat it."""
    properties = SubElement(suite, "properties")
    facts = {
        "run": result.id,
        "target": result.target,
        "variant": result.variant,
        "seed": str(result.seed),
        "command": result.command,
        "verdict": result.verdict.outcome.value,
    }
    for name, value in facts.items():
        SubElement(properties, "property", name=name, value=visible(value))


def _fail(
    case: Element, result: Result, findings: list[Finding], gaps: list[Gap], runs: str
) -> None:
    """Put all findings of a case into one failure: parsers read only the first."""
    first = findings[0]
    message = one_line(first.summary)
    if len(findings) > 1:
        message = f"{message} (and {plural(len(findings) - 1, 'more finding')})"
    failure = SubElement(case, "failure", message=message)
    failure.set("type", f"{first.oracle}.{first.severity}")
    blocks = [_described(result, finding, runs) for finding in findings]
    blocks += [f"not covered: {one_line(gap.reason)}" for gap in gaps]
    failure.text = "\n\n".join(blocks)


def _case_of(finding: Finding) -> str:
    """Name the case that a finding fails: its scenario, or else its operation."""
    order = finding.interleaving
    return order.scenario if order is not None else finding.operation


def _described(result: Result, finding: Finding, runs: str) -> str:
    """Write a finding as lines of text."""
    owner = tenant_name(finding.owner, result.tenants, absent="no single tenant")
    receiver = receiver_name(finding, result.tenants)
    leaked = leaked_field(finding, result)
    lines = [
        f"{finding.severity} {finding.oracle}: {one_line(finding.summary)}",
        *([f"leaked: {leaked}"] if leaked else []),
        f"owner: {owner}",
        f"receiver: {receiver} ({visible(finding.shape)})",
        f"channel: {finding.channel}",
        f"operation: {visible(finding.operation)}",
        *(f"evidence: {one_line(fact.text)}" for fact in finding.evidence),
        f"reproduce: {replay_command(result, finding, runs)}",
    ]
    if finding.interleaving is not None:
        facts = order_facts(finding.interleaving)
        lines += [f"{label}: {text}" if label else text for label, text in facts]
        rows = diagram(finding.interleaving, width=_WIDTH)
        lines += ["", *(visible(row.text) for row in rows)]
    return "\n".join(lines)


def _leave_out(case: Element, gaps: list[Gap]) -> None:
    """Mark a case as an error if the verdict depends on it, else as skipped."""
    reasons = "; ".join(one_line(gap.reason) for gap in gaps)
    if any(gap.floor for gap in gaps):
        error = SubElement(case, "error", message=f"below the floor: {reasons}")
        error.set("type", "coverage.floor")
        error.text = f"not covered, and the verdict depends on it: {reasons}"
    else:
        SubElement(case, "skipped", message=f"not covered: {reasons}")


def _add_budgets(suite: Element, result: Result) -> None:
    """Add a case for each figure over its budget, and each budget without a figure."""
    for reason in result.verdict.reasons:
        for start, tag in ((OVER, "failure"), (UNMEASURED, "error")):
            if reason.startswith(start):
                name = visible(reason.removeprefix(start))
                case = SubElement(suite, "testcase", name=f"budget {name}", time="0")
                case.set("classname", _class_name(result))
                SubElement(case, tag, message=visible(reason)).set("type", "budget")


def _class_name(result: Result) -> str:
    """Name the group that a server shows cases under; dots would nest it."""
    variant = f" {result.variant}" if result.variant else ""
    return visible(f"harness.{result.exercise}{variant.replace('.', '_')}")


def _seconds(result: Result) -> float:
    """Return how long the run took, if it was measured."""
    return sum(one.value for one in result.measurements if one.name == "duration")


def _timestamp(started: str) -> str:
    """Cut a time down to what the JUnit schema allows: no zone, no fraction."""
    return visible(started[:19])


def _grouped(pairs: Iterable[tuple[str, T]]) -> dict[str, list[T]]:
    groups: dict[str, list[T]] = {}
    for name, one in pairs:
        groups.setdefault(name, []).append(one)
    return groups
