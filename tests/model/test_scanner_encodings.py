"""A canary is found and attributed in every form, whatever surrounds it."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.model.canary import FIRST_PLANTED_FIELD, LAST_FIELD, NO_TENANT, CanaryKey
from harness.model.scanner import Hit, Scanner

KEY = CanaryKey.from_seed(11)

tenants = st.integers(0, NO_TENANT)
fields = st.integers(0, LAST_FIELD)
surroundings = st.one_of(
    st.binary(max_size=60),
    st.text("zqx abcdef0123456789%\\/+=-_.\"'", max_size=60).map(str.encode),
)
flips = st.lists(st.booleans(), min_size=17, max_size=17)


def owners_and_forms(hits: tuple[Hit, ...]) -> set[tuple[int, int, str]]:
    found = {(hit.owner, hit.field, hit.form) for hit in hits}
    assert len(found) == len(hits)
    return found


def scanner_among_neighbours(tenant: int, field: int) -> Scanner:
    """It knows the canary, and those that it could be mistaken for."""
    neighbours = [(tenant ^ 1, field), (tenant, field ^ 1), (tenant, field)]
    return Scanner(KEY, neighbours)


def mixed(token: str, upper: list[bool]) -> str:
    return "".join(
        letter.upper() if up else letter
        for letter, up in zip(token, upper, strict=True)
    )


@given(tenants, fields, surroundings, surroundings)
def test_as_minted(tenant: int, field: int, before: bytes, after: bytes) -> None:
    data = before + KEY.mint(tenant, field).encode() + after
    scanner = Scanner(KEY)  # which needs no table for it

    assert owners_and_forms(scanner.literal(data)) == {(tenant, field, "literal")}
    assert owners_and_forms(scanner.scan(data)) == {(tenant, field, "literal")}


@given(tenants, fields, surroundings, surroundings, flips)
def test_changed_case(
    tenant: int, field: int, before: bytes, after: bytes, upper: list[bool]
) -> None:
    upper[8] = True
    data = before + mixed(KEY.mint(tenant, field), upper).encode() + after

    assert owners_and_forms(Scanner(KEY).scan(data)) == {(tenant, field, "case")}


@given(tenants, fields, surroundings, surroundings, flips, st.booleans())
def test_percent_encoded_wholly_or_partly(  # noqa: PLR0917
    tenant: int,
    field: int,
    before: bytes,
    after: bytes,
    encoded: list[bool],
    capitals: bool,
) -> None:
    encoded[9] = True
    template = "%%%02X" if capitals else "%%%02x"
    token = "".join(
        template % ord(letter) if chosen else letter
        for letter, chosen in zip(KEY.mint(tenant, field), encoded, strict=True)
    )
    scanner = scanner_among_neighbours(tenant, field)

    hits = scanner.scan(before + token.encode() + after)

    assert owners_and_forms(hits) == {(tenant, field, "percent")}


@given(tenants, fields, st.text(max_size=20), st.text(max_size=20), flips)
def test_unicode_escapes_of_json(
    tenant: int, field: int, before: str, after: str, escaped: list[bool]
) -> None:
    escaped[9] = True
    token = "".join(
        f"\\u{ord(letter):04x}" if chosen else letter
        for letter, chosen in zip(KEY.mint(tenant, field), escaped, strict=True)
    )
    data = json.dumps([before, "TOKEN", after]).replace("TOKEN", token)
    scanner = scanner_among_neighbours(tenant, field)

    assert json.loads(data)[1] == KEY.mint(tenant, field)
    assert owners_and_forms(scanner.scan_text(data)) == {(tenant, field, "json")}


@given(tenants, fields, surroundings, surroundings, st.booleans(), st.booleans())
def test_hexadecimal(  # noqa: PLR0917
    tenant: int,
    field: int,
    before: bytes,
    after: bytes,
    capital_digits: bool,
    capital_letters: bool,
) -> None:
    token = KEY.mint(tenant, field)
    encoded = (token.upper() if capital_letters else token).encode().hex()
    encoded = encoded.upper() if capital_digits else encoded

    hits = Scanner(KEY).scan(before + encoded.encode() + after)

    assert owners_and_forms(hits) == {(tenant, field, "hex")}


@given(
    tenants,
    fields,
    st.binary(max_size=20),
    st.binary(max_size=20),
    st.sampled_from([base64.b64encode, base64.urlsafe_b64encode]),
    st.booleans(),
    st.booleans(),
)
def test_base64_at_any_alignment(  # noqa: PLR0917
    tenant: int,
    field: int,
    before: bytes,
    after: bytes,
    encode: object,
    capitals: bool,
    padded: bool,
) -> None:
    token = KEY.mint(tenant, field)
    token = token.upper() if capitals else token
    assert callable(encode)
    encoded = encode(before + token.encode() + after)
    encoded = encoded if padded else encoded.rstrip(b"=")

    hits = Scanner(KEY).scan(b'{"v":"' + encoded + b'"}')

    assert owners_and_forms(hits) == {(tenant, field, "base64")}


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
@pytest.mark.parametrize("alignment", range(3))
def test_base64_whose_neighbours_are_neither_letters_nor_digits(
    encode: object, alignment: int
) -> None:
    # The last four bits of an "o" make such a character with what follows.
    field, token = next(
        (field, token)
        for field in range(LAST_FIELD + 1)
        if (token := KEY.mint(1, field)).endswith("o")
    )
    assert callable(encode)
    encoded = encode(b"\xff" * alignment + token.encode() + b"\xff" * 3)

    hits = Scanner(KEY).scan(b'"' + encoded + b'"')

    assert owners_and_forms(hits) == {(1, field, "base64")}


@given(tenants, fields, st.sampled_from(["md5", "sha1", "sha256"]), st.booleans())
def test_digests_of_planted_tokens(
    tenant: int, field: int, name: str, capitals: bool
) -> None:
    digest = hashlib.new(name, KEY.mint(tenant, field).encode()).hexdigest()
    text = f'ETag: W/"{digest.upper() if capitals else digest}"'

    hits = scanner_among_neighbours(tenant, field).scan_text(text)

    assert owners_and_forms(hits) == {(tenant, field, name)}
    assert Scanner(KEY, [(tenant, field ^ 1)]).scan_text(text) == ()


@given(
    tenants,
    fields,
    st.sampled_from(["{}", "urn:uuid:{}", "{{{}}}", "/documents/{}/pages"]),
    st.booleans(),
    st.booleans(),
)
def test_uuids(
    tenant: int, field: int, template: str, dashes: bool, capitals: bool
) -> None:
    value = KEY.mint_uuid(tenant, field)
    text = str(value) if dashes else value.hex
    text = template.format(text.upper() if capitals else text)

    assert owners_and_forms(Scanner(KEY).scan_text(text)) == {(tenant, field, "uuid")}


@pytest.mark.parametrize("template", ["{}", '{{"id":{}}}', "id={}.", "a{}b", "[1,{}]"])
@given(tenants, fields)
@settings(max_examples=30)
def test_planted_integers(template: str, tenant: int, field: int) -> None:
    text = template.format(KEY.mint_int(tenant, field))

    hits = scanner_among_neighbours(tenant, field).scan_text(text)

    assert owners_and_forms(hits) == {(tenant, field, "integer")}
    assert Scanner(KEY, [(tenant ^ 1, field)]).scan_text(text) == ()


@pytest.mark.parametrize("after", ["", " ", '"', ".", "…", "9", "-", "@example.test"])
@given(tenants, fields, st.integers(6, 13), st.booleans())
@settings(max_examples=30)
def test_cut_off_tokens(
    after: str, tenant: int, field: int, letters: int, capitals: bool
) -> None:
    token = KEY.mint(tenant, field)[: 3 + letters]
    text = f"name={token.upper() if capitals else token}{after}"

    hits = scanner_among_neighbours(tenant, field).scan_text(text)

    assert owners_and_forms(hits) == {(tenant, field, "truncated")}
    assert Scanner(KEY, [(tenant ^ 1, field)]).scan_text(text) == ()


@given(tenants, fields)
@settings(max_examples=30)
def test_base64_that_was_percent_encoded_in_turn(tenant: int, field: int) -> None:
    inner = base64.b64encode(KEY.mint(tenant, field).encode())
    data = b"".join(b"%%%02x" % byte for byte in inner)

    found = owners_and_forms(Scanner(KEY).scan(data))

    assert found == {(tenant, field, "percent+base64")}


def test_each_owner_field_and_form_is_reported_once_and_none_is_lost() -> None:
    pairs = [(tenant, field) for tenant in range(5) for field in range(16, 20)]
    tokens = [KEY.mint(*pair) for pair in pairs]
    text = " ".join(tokens + tokens + [tokens[0].upper(), tokens[1].encode().hex()])

    hits = Scanner(KEY, pairs).scan_text(text)

    assert owners_and_forms(hits) == {(*pair, "literal") for pair in pairs} | {
        (*pairs[0], "case"),
        (*pairs[1], "hex"),
    }


def test_tokens_that_follow_on_one_another_or_on_a_cut_one_are_all_found() -> None:
    first, second = KEY.mint(1, 16), KEY.mint(2, 16)

    text = first[:12] + second + first
    scanner = Scanner(KEY, [(1, 16), (2, 16)])

    for hits in (scanner.scan_text(text), scanner.literal(text.encode())):
        assert owners_and_forms(hits) == {(1, 16, "literal"), (2, 16, "literal")}


def test_forms_that_only_repeat_a_simpler_one_are_left_out() -> None:
    token = KEY.mint(1, 16)
    text = f"{token} {token[:12]} %41 \\u0041"

    hits = Scanner(KEY, [(1, 16)]).scan_text(text)

    assert owners_and_forms(hits) == {(1, 16, "literal")}


def test_what_is_planted_later_is_found_from_then_on() -> None:
    scanner = Scanner(KEY)
    token = KEY.mint(1, FIRST_PLANTED_FIELD)
    digest = hashlib.sha1(token.encode()).hexdigest()
    texts = [token[:12], digest, str(KEY.mint_int(1, FIRST_PLANTED_FIELD))]
    assert [scanner.scan_text(text) for text in texts] == [(), (), ()]

    scanner.plant(2, FIRST_PLANTED_FIELD)
    assert [scanner.scan_text(text) for text in texts] == [(), (), ()]
    scanner.plant(1, FIRST_PLANTED_FIELD)
    scanner.plant(1, FIRST_PLANTED_FIELD)

    forms = [hit.form for text in texts for hit in scanner.scan_text(text)]
    assert forms == ["truncated", "sha1", "integer"]


@given(surroundings, surroundings)
def test_the_excerpt_shows_the_place_in_printable_characters(
    before: bytes, after: bytes
) -> None:
    token = KEY.mint(1, 16)

    (hit,) = Scanner(KEY).literal(before * 9 + token.encode() + after * 9)

    assert token in hit.excerpt
    assert len(hit.excerpt) <= 80
    assert hit.excerpt.isprintable()


def test_text_that_cannot_be_encoded_is_scanned_all_the_same() -> None:
    hits = Scanner(KEY).scan_text("\udcff" + KEY.mint(1, 16))

    assert owners_and_forms(hits) == {(1, 16, "literal")}
