"""Text from an app under test, made safe to show."""

from __future__ import annotations

import re
from collections.abc import Mapping

from harness.model.event import Channel
from harness.model.finding import Finding
from harness.model.result import Result
from harness.model.tenant import alias


def visible(text: str, limit: int = 0) -> str:
    r"""Show what cannot be printed as an escape such as ``\x1b`` or ``\n``.

    What remains can neither steer a terminal, nor break a line, nor is it
    forbidden in XML.

    Args:
        text: Anything.
        limit: Characters to keep; 0 for all of them.
    """
    if limit and len(text) > limit:
        text = text[: limit - 1] + "…"
    if text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    if character.isprintable():
        return character
    return character.encode("unicode_escape").decode("ascii")


def one_line(text: str, limit: int = 300) -> str:
    """Show a text that may have several lines as one, cut if it is very long."""
    return visible(_LINE_BREAK.sub(" ", text).strip(), limit)


_LINE_BREAK = re.compile(r"\s*[\r\n]\s*")


def tenant_name(index: int | None, names: Mapping[str, str], *, absent: str) -> str:
    """Name a tenant for people: ``A (its display name)``."""
    if index is None:
        return absent
    short = alias(index)
    name = names.get(short, "")
    return f"{short} ({visible(name, 60)})" if name else short


def receiver_name(finding: Finding, names: Mapping[str, str]) -> str:
    """Name who got what leaked; a log has readers rather than a receiver."""
    readers = {
        Channel.LOG: "whoever reads the log",
        Channel.METRIC: "whoever reads the metrics",
    }
    absent = readers.get(finding.channel, "nobody in particular")
    return tenant_name(finding.receiver, names, absent=absent)


def leaked_field(finding: Finding, result: Result) -> str:
    """Name the field that leaked; "" where something else happened than a leak."""
    fields = {field.label for field in result.fields.values()}
    return visible(finding.what, 200) if finding.what in fields else ""


def replay_command(result: Result, finding: Finding, runs: str) -> str:
    """Return the one command that reproduces a finding.

    One that an order of events shows has a token, which holds the order. A finding with
    neither token nor script is reproduced by repeating its run.
    """
    if finding.interleaving is not None:
        # The token knows all but the target; mostly that is a setting.
        words = result.command.split()
        given = any(one.startswith(("--target", "HARNESS_TARGET=")) for one in words)
        target = f" --target {result.target}" if given else ""
        files = "".join(f" --scenario {one}" for one in scenario_files(result))
        return visible(f"harness replay {finding.interleaving.token}{files}{target}")
    if not finding.script:
        return visible(result.command)
    return visible(f"harness replay {runs}/{result.id} {finding.fingerprint}")


def scenario_files(result: Result) -> list[str]:
    """Return the files of the user's own scenarios that a run was of."""
    words = result.command.split()
    files = (word.partition(":")[0] for word in words)
    return list(dict.fromkeys(one for one in files if one.endswith(".py")))


def plural(count: int, noun: str) -> str:
    """Return ``"1 finding"``, ``"2 findings"``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
