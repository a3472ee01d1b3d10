"""What the documents say of settings, verbs, files and encodings is so."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

import brotli
import pytest
import typer.main

from harness.cli.app import app
from harness.errors import HarnessError
from harness.model.canary import CanaryKey
from harness.model.scanner import Scanner
from harness.races.shelf import find_scenarios
from harness.settings import Settings
from tests.docs.markdown import DOCS, README, ROOT, documents, rows, without_code

RUNNING = DOCS / "running.md"
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FLAG = re.compile(r"--[a-z][a-z-]+")
COMMAND = re.compile(r"harness (\w+)(.*)")
PROMPT = re.compile(r"^\$ (.*)$", re.MULTILINE)
CODE = re.compile(r"`([^`]+)`")

KEY = CanaryKey.from_seed(1)
TOKEN = KEY.mint(3, 20)
PERCENT = "".join(f"%{ord(letter):02x}" for letter in TOKEN)
BASE64 = base64.b64encode(TOKEN.encode()).decode()


def verbs() -> dict[str, set[str]]:
    """Return each verb and its flags."""
    command = typer.main.get_command(app)
    found = getattr(command, "commands", {})
    return {
        name: {flag for one in verb.params for flag in (*one.opts, *one.secondary_opts)}
        for name, verb in found.items()
    }


def shown(value: object) -> str:
    """Return a default as the page writes it."""
    if value in {None, "", ()}:
        return "none"
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def test_the_page_on_races_says_what_each_scenario_takes_and_needs() -> None:
    said = {
        name: cells
        for cells in rows(DOCS / "races.md", below="## What comes along")
        for name in CODE.findall(cells[0])
    }

    scenarios = {one.name: one for one in find_scenarios(())}
    assert set(said) == set(scenarios)
    for name, one in scenarios.items():
        _, _, takes, needs = said[name]
        assert set(CODE.findall(takes)) & set(one.strategies), name
        if one.ready:
            assert "`ready`" in needs, name
        if one.idle:
            assert "`idle`" in needs, name
        if one.faults and not one.ready:
            assert "`initialisers`" in needs, name


def test_the_page_lists_each_setting_with_its_default() -> None:
    written = {cells[0]: cells[1] for cells in rows(RUNNING, below="## Settings")}

    fields = Settings.model_fields.items()
    defaults = {f"`{name}`": shown(field.default) for name, field in fields}
    assert {name: text.strip("`") for name, text in written.items()} == defaults


def test_the_page_lists_each_verb() -> None:
    written = [cells[0] for cells in rows(RUNNING, below="## Verbs")]

    assert sorted(text.split()[1].strip("`") for text in written) == sorted(verbs())


def test_the_pages_list_each_exit_code_of_the_error_tree() -> None:
    classes = HarnessError.__subclasses__()
    codes = {str(one.exit_code) for one in classes} | {"0", "1", "130"}

    assert {c[0] for c in rows(RUNNING, below="## Exit codes")} == codes | {"70"}
    assert {c[0] for c in rows(README, below="## What the verdict means")} == codes


@pytest.mark.parametrize("document", documents(), ids=lambda path: path.name)
def test_each_command_and_flag_that_is_named_exists(document: Path) -> None:
    known = verbs()
    prompts = PROMPT.findall(document.read_text(encoding="utf-8"))

    for line in (*CODE.findall(without_code(document)), *prompts):
        called = COMMAND.match(line)
        if called and called[1] != "VERB":
            assert called[1] in known, line
            assert {*FLAG.findall(called[2])} <= known[called[1]], line


@pytest.mark.parametrize("document", documents(), ids=lambda path: path.name)
def test_each_link_to_a_file_leads_to_one(document: Path) -> None:
    for link in LINK.findall(without_code(document)):
        if not link.startswith(("http://", "https://", "#")):
            assert (document.parent / link.partition("#")[0]).exists(), link


@pytest.mark.parametrize("document", documents(), ids=lambda path: path.name)
def test_each_path_of_the_project_that_is_named_exists(document: Path) -> None:
    folders = r"harness|reference_app|tests|benchmarks|docs"
    path = re.compile(rf"(?:{folders})/[\w./-]*\w/?")

    for code in CODE.findall(without_code(document)):
        if path.fullmatch(code):
            assert (ROOT / code).exists(), code


@pytest.mark.parametrize(
    "data",
    [
        PERCENT.replace("%", "%25").encode(),
        "".join(f"&#{ord(letter)};" for letter in TOKEN).encode(),
        "".join(f"\\x{ord(letter):02x}" for letter in TOKEN).encode(),
        TOKEN.encode("utf-16-le"),
        TOKEN.encode("utf-32-le"),
        base64.b32encode(TOKEN.encode()),
        base64.b85encode(TOKEN.encode()),
        base64.b64encode(BASE64.encode()),
        BASE64.swapcase().encode(),
        f"{BASE64[:10]}\n{BASE64[10:]}".encode(),
        brotli.compress(TOKEN.encode() * 3),
        hashlib.sha256(f"salt{TOKEN}".encode()).hexdigest().encode(),
        hashlib.sha512(TOKEN.encode()).hexdigest().encode(),
        base64.b64encode(hashlib.sha256(TOKEN.encode()).digest()),
        TOKEN[::-1].encode(),
        TOKEN[3:].encode(),
        TOKEN[:8].encode(),
    ],
    ids=[
        "double percent",
        "HTML entities",
        "hexadecimal escapes",
        "UTF-16",
        "UTF-32",
        "base32",
        "base85",
        "base64 twice",
        "base64 in another case",
        "base64 on two lines",
        "undeclared brotli",
        "digest of a composite",
        "SHA-512",
        "digest in base64",
        "reversed",
        "without its beginning",
        "five letters",
    ],
)
def test_a_form_that_the_page_lists_as_not_found_is_not_found(data: bytes) -> None:
    assert Scanner(KEY, [(3, 20)]).scan(data) == ()
