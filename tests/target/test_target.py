"""A target refuses what cannot work, and says what to write instead."""

from __future__ import annotations

import functools
import string
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import harness
from harness.errors import TargetError
from harness.model.event import Audience
from harness.target.checks import METHODS
from harness.target.login import ApiKey, FormLogin, JsonLogin
from harness.target.operation import Operation
from harness.target.selector import CredentialSelector, HostSelector
from harness.target.target import Target, Variant, matches
from harness.target.tools import Tools


async def provision(tools: Tools, tenant: harness.Tenant) -> None: ...


async def with_other(tools: Tools, tenant: harness.Tenant, other: int) -> None: ...


def without_async(tools: Tools, tenant: harness.Tenant) -> None: ...


async def set_back(dsn: str) -> None: ...


def set_back_at_once(dsn: str) -> None: ...


def target(**fields: Any) -> Target:
    usual: dict[str, Any] = {"app": "shop.main:app", "provision": provision}
    return Target(**usual | fields)


def operation(method: str = "GET", path: str = "/items") -> Operation:
    return Operation(method=method, path=path)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"app": ""}, "names an `app` to start"),
        ({"url": "http://127.0.0.1:1"}, "not both"),
        ({"app": object()}, "Target.app must be a string"),
        ({"app": "shop.main"}, "'shop.main', no import string"),
        ({"app": "shop.main:"}, "no import string"),
        ({"app": "", "url": "127.0.0.1:80", "fresh": "keep"}, "no URL"),
        ({"app": "", "url": "http://127.0.0.1:1"}, 'fresh="keep"'),
        ({"environment": "DSN={dsn}"}, "must map names to strings"),
        ({"environment": {"PORT": 5432}}, r"environment\['PORT'\] must be a string"),
        ({"environment": {"DSN": "{dns}"}}, "'dns' is not known"),
        ({"environment": {"X": '{"a": 1}'}}, "write a literal brace twice"),
        ({"environment": {"X": "{"}}, "write a literal brace twice"),
        ({"environment": {"X": "{}"}}, "write a literal brace twice"),
        ({"provision": None}, "Target.provision is no function"),
        ({"provision": without_async}, "'without_async', which is not async"),
        ({"provision": with_other}, "does not take .tools, tenant."),
        ({"selector": HostSelector}, "the class HostSelector"),
        ({"selector": "host"}, "Target.selector must be something with"),
        ({"selector": None}, "Target.selector must be something with"),
        ({"login": FormLogin}, "the class FormLogin"),
        ({"login": "/token"}, "Target.login must be something with"),
        ({"login": FormLogin(path="token")}, "login's path is 'token'"),
        ({"domain": "{name}.example.com"}, "only {slug} is known"),
        ({"domain": "{slug.example.com"}, "cannot be filled"),
        ({"domain": "example.com"}, "the same for each tenant"),
        ({"domain": 7}, "Target.domain must be a string"),
        ({"public": "/health"}, "with the comma"),
        ({"public": ("/health", 7)}, "holds 7, no string"),
        ({"public": 7}, "must be a tuple of strings"),
        ({"shared": ("plans",)}, "'plans', which names no path"),
        ({"operator": ("GTE /admin",)}, "GTE is no method"),
        ({"skip": "/x"}, "Target.skip is a string"),
        ({"labelled_loggers": "shop"}, "Target.labelled_loggers is a string"),
        ({"operator_fields": "email"}, "Target.operator_fields is a string"),
        ({"databases": "shop_*"}, "Target.databases is a string"),
        ({"reimport": "shop"}, "Target.reimport is a string"),
        ({"openapi": None}, 'or to "".'),
        ({"operations": operation()}, "must be a tuple of operations"),
        ({"operations": ("GET /items",)}, "'GET /items', no Operation"),
        ({"operations": (operation("get"),)}, "Did you mean 'GET'?"),
        ({"operations": (operation("FETCH"),)}, "no known method"),
        ({"operations": (operation(path="items"),)}, 'must begin with "/"'),
        ({"operations": (operation(path="/items?a=1"),)}, "has a query"),
        ({"operations": (operation(path="/items/{id"),)}, "stray braces"),
        ({"operations": (operation(), operation())}, "twice"),
        ({"fresh": "templates"}, "Did you mean 'template'?"),
        ({"fresh": None}, "Target.fresh is no function"),
        ({"fresh": set_back_at_once}, "which is not async"),
        ({"fresh": provision}, "Target.fresh does not take .dsn."),
        ({"startup_timeout": "30"}, "Target.startup_timeout must be a number"),
        ({"shutdown_timeout": 0}, "must be more than 0 seconds"),
        ({"startup_timeout": float("nan")}, "must be more than 0 seconds"),
        ({"hostile_names": "no"}, "Target.hostile_names must be True or False"),
        ({"variants": [Variant(app="a:b")]}, "Target.variants must be a mapping"),
        ({"variants": {"leaky": "shop.leaky:app"}}, "no Variant"),
        ({"variants": {"leaky": Variant(app="shop.leaky")}}, "variant 'leaky'"),
        (
            {"variants": {"x": Variant(app="a:b", environment={"X": "{nope}"})}},
            "environment of the variant 'x'",
        ),
    ],
)
def test_a_wrong_field_is_named_with_what_to_write(
    fields: dict[str, Any], told: str
) -> None:
    with pytest.raises(TargetError, match=told) as raised:
        target(**fields)

    assert "\n\n" not in str(raised.value)
    assert raised.value.exit_code == 2


@pytest.mark.parametrize(
    "fields",
    [
        {"environment": {"X": "{{literal}} {dsn} {database}"}},
        {"provision": lambda tools, tenant: with_other(tools, tenant, 1)},
        {"provision": functools.partial(with_other, other=1)},
        {"selector": CredentialSelector(), "login": ApiKey()},
        {"public": ["/health", "get /plans*", "*/ping"]},
        {"fresh": set_back},
        {"fresh": set_back, "app": "", "url": "https://shop.example.com/api"},
        {"fresh": "keep", "app": "", "url": "http://127.0.0.1:8000"},
        {"openapi": ""},
        {"operations": (operation(path="/files/{name:path}"),)},
        {"variants": {"leaky": Variant(app="shop.leaky:create.app")}},
        {"startup_timeout": 5},
    ],
)
def test_what_can_work_is_taken(fields: dict[str, Any]) -> None:
    made = target(**fields)

    assert {name: getattr(made, name) for name in fields} == fields


def test_an_error_about_a_variable_does_not_show_its_value() -> None:
    with pytest.raises(TargetError) as raised:
        target(environment={"API_KEY": "s3cret{"})

    assert "s3cret" not in str(raised.value)


def test_the_first_of_operator_public_and_shared_that_names_an_operation_counts() -> (
    None
):
    made = target(operator=("/a*",), public=("GET /ab", "GET /b"), shared=("/*b",))

    audiences = [made.audience("GET", path) for path in ("/ab", "/b", "/cb", "/c")]

    assert audiences == ["operator", "public", "shared", "tenant"]
    assert made.audience("POST", "/b") is Audience.SHARED


def test_logging_in_is_for_anybody_unless_the_target_says_otherwise() -> None:
    login = JsonLogin(path="/sessions")

    usual, other = target(login=login), target(login=login, operator=("/sessions",))

    assert usual.audience("POST", "/sessions") is Audience.PUBLIC
    assert usual.audience("GET", "/sessions") is Audience.TENANT
    assert other.audience("POST", "/sessions") is Audience.OPERATOR


def test_operations_to_skip_are_told_by_method() -> None:
    made = target(skip=("DELETE /items/*",))

    assert made.skips("DELETE", "/items/{item_id}")
    assert not made.skips("GET", "/items/{item_id}")


PATHS = st.text(string.ascii_letters + "/{}_-.", max_size=20).map("/".__add__)


@given(path=PATHS, method=st.sampled_from(sorted(METHODS)))
def test_a_pattern_without_a_star_names_just_its_path(path: str, method: str) -> None:
    assert matches(path, method, path)
    assert matches(f" {method.lower()}  {path} ", method, path)
    assert not matches(path, method, f"{path}x")
    assert not matches(path, method, f"/x{path}")
    assert not any(
        matches(f"{other} {path}", method, path) for other in METHODS - {method}
    )


@given(start=PATHS, rest=PATHS)
def test_a_star_stands_for_anything_slashes_too(start: str, rest: str) -> None:
    assert matches(f"{start}*", "GET", start + rest)
    assert matches(f"GET *{rest}", "GET", start + rest)


def test_facts_about_the_app_are_shown_without_its_environment() -> None:
    environment: Mapping[str, str] = {"KEY": "s3cret"}

    shown = repr(target(environment=environment))

    assert "s3cret" not in shown
