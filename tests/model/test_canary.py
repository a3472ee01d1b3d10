"""Canaries name their owner, and nothing else passes for one."""

from __future__ import annotations

import string
import uuid
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import UsageError
from harness.model.canary import (
    FIRST_INTEGER,
    INTEGERS,
    LAST_FIELD,
    NO_TENANT,
    PREFIX,
    TOKEN_LENGTH,
    CanaryKey,
)

keys = st.integers(0, 2**64).map(CanaryKey.from_seed)
tenants = st.integers(0, NO_TENANT)
fields = st.integers(0, LAST_FIELD)


@given(keys, tenants, fields)
def test_a_token_is_17_lower_case_letters_and_names_its_owner(
    key: CanaryKey, tenant: int, field: int
) -> None:
    token = key.mint(tenant, field)

    assert len(token) == TOKEN_LENGTH == 17
    assert set(token) <= set(string.ascii_lowercase)
    assert token.startswith(PREFIX)
    assert key.decode(token) == (tenant, field)


@given(keys, tenants, fields)
def test_a_uuid_has_the_shape_of_version_4_and_names_its_owner(
    key: CanaryKey, tenant: int, field: int
) -> None:
    value = key.mint_uuid(tenant, field)

    assert value.version == 4
    assert value.variant == uuid.RFC_4122
    assert str(value).startswith(key.uuid_lead())
    assert key.decode_uuid(value) == (tenant, field)


@given(keys, tenants, fields)
def test_an_integer_fits_a_signed_32_bit_column_and_is_no_recent_unix_time(
    key: CanaryKey, tenant: int, field: int
) -> None:
    value = key.mint_int(tenant, field)

    assert 2_000_000_000 <= value < 2**31
    assert FIRST_INTEGER <= value < FIRST_INTEGER + INTEGERS


@given(keys, tenants, fields)
def test_a_token_with_one_letter_changed_never_decodes(
    key: CanaryKey, tenant: int, field: int
) -> None:
    token = key.mint(tenant, field)

    for position, letter in enumerate(token):
        for other in set(string.ascii_lowercase) - {letter}:
            mutated = token[:position] + other + token[position + 1 :]
            assert key.decode(mutated) is None


@given(keys, tenants, fields, st.integers(0, 127))
def test_a_uuid_with_one_bit_changed_never_decodes(
    key: CanaryKey, tenant: int, field: int, bit: int
) -> None:
    value = key.mint_uuid(tenant, field)

    assert key.decode_uuid(uuid.UUID(int=value.int ^ 1 << bit)) is None


@given(keys, keys, tenants, fields)
def test_another_keys_canaries_do_not_decode(
    key: CanaryKey, other: CanaryKey, tenant: int, field: int
) -> None:
    if key == other:
        return

    assert key.decode(other.mint(tenant, field)) is None
    assert key.decode_uuid(other.mint_uuid(tenant, field)) is None


@pytest.mark.parametrize(
    "spoil",
    [
        str.upper,
        str.title,
        lambda token: token[:-1],
        lambda token: token + "a",
        lambda token: token[:-1] + "é",
        lambda token: token[:-1] + "7",
        lambda token: token[:-1] + " ",
        lambda token: "",
    ],
)
def test_only_the_exact_token_decodes(spoil: object) -> None:
    key = CanaryKey.from_seed(1)

    assert callable(spoil)
    assert key.decode(spoil(key.mint(1, 16))) is None


def test_tokens_of_neighbours_share_no_more_than_chance_gives() -> None:
    key = CanaryKey.from_seed(1)
    tokens = sorted(key.mint(tenant, 16) for tenant in range(3000))
    tokens_of_one = sorted(key.mint(7, field) for field in range(LAST_FIELD + 1))

    # 3000 random words: 4.5 million pairs, of which 26^-8 share eight letters.
    for group in (tokens, tokens_of_one):
        for token, following in pairwise(group):
            assert token[: len(PREFIX) + 8] != following[: len(PREFIX) + 8]


def test_each_letter_of_a_token_takes_all_values() -> None:
    key = CanaryKey.from_seed(2)
    tokens = [key.mint(tenant, 16) for tenant in range(1000)]

    for column in list(zip(*tokens, strict=True))[len(PREFIX) :]:
        assert set(column) == set(string.ascii_lowercase)


def test_no_two_integers_of_a_run_are_equal() -> None:
    key = CanaryKey.from_seed(1)

    values = {key.mint_int(t, f) for t in range(500) for f in range(16, 36)}

    assert len(values) == 500 * 20


@pytest.mark.parametrize(
    ("tenant", "field"), [(-1, 0), (NO_TENANT + 1, 0), (0, -1), (0, LAST_FIELD + 1)]
)
def test_owners_that_do_not_fit_are_refused(tenant: int, field: int) -> None:
    key = CanaryKey.from_seed(1)

    for mint in (key.mint, key.mint_uuid, key.mint_int):
        with pytest.raises(UsageError, match="out of range"):
            mint(tenant, field)


def test_a_key_survives_being_written_down() -> None:
    key = CanaryKey.generate()
    again = CanaryKey.from_hex(key.hex())

    assert again == key
    assert hash(again) == hash(key)
    assert again.mint(5, 20) == key.mint(5, 20)


def test_seeds_give_the_same_key_again_and_generated_keys_differ() -> None:
    assert CanaryKey.from_seed(3) == CanaryKey.from_seed(3)
    assert CanaryKey.from_seed(3) != CanaryKey.from_seed(4)
    assert CanaryKey.generate() != CanaryKey.generate()


def test_a_key_is_never_shown() -> None:
    key = CanaryKey.from_seed(1)

    for text in (repr(key), str(key), f"{key}"):
        assert key.hex() not in text
        assert repr(key.secret) not in text
    for spoilt in (key.hex() + "zz", key.hex()[:20], key.hex() * 9):
        with pytest.raises(UsageError) as caught:
            CanaryKey.from_hex(spoilt)
        assert key.hex()[:20] not in str(caught.value)


def test_minting_is_stable_across_releases() -> None:
    key = CanaryKey.from_hex("00112233445566778899aabbccddeeff")

    # Replays of stored worlds depend on these.
    assert key.mint(3, 17) == "zqxmsadljveaopkyw"
    assert str(key.mint_uuid(3, 17)) == "7fe0678c-1be6-4d8a-8761-583634947e48"
    assert key.mint_int(3, 17) == 2_115_193_414
