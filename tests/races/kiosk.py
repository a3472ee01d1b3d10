"""The kiosk as a target: each way in which its pools are made is a strategy."""

from __future__ import annotations

from collections.abc import Mapping

from harness import Generations, HeaderSelector, Target, Tenant, Tools
from harness.target.initialiser import Initialiser

APP = "tests.races.apps.kiosk"
UNOPENED = "without-waiting"
RIGHT = ("single-flight", "lock-per-tenant", "checked-twice", UNOPENED)
WRONG = "check-then-set"
WINDOW = "with-window"
UNCLOSED = "never-closed"
LUCK = "by-luck"
SHARED = "shared-by-luck"
TILL = "till-by-check"
STARTLESS = "startless"
TOKENS = ("token-kept-by-the-app", "token-kept-by-the-call")


async def provision(tools: Tools, tenant: Tenant) -> None:
    """Sign a tenant up."""
    await tools.request("POST", "/signup", tenant=tenant)


async def restock(tools: Tools, tenant: Tenant) -> None:
    """Put something on a tenant's shelf."""
    await tools.request("POST", "/items", tenant=tenant, json={"text": "more"})


async def restock_word(
    tools: Tools, tenant: Tenant, _: Mapping[str, str], generation: int
) -> None:
    """Put a generation on a tenant's shelf."""
    json = {"text": str(generation)}
    await tools.request("POST", "/items", tenant=tenant, json=json)


async def look_away(_: Tools, __: Tenant, ___: Mapping[str, str]) -> int:
    """Say something without a look."""
    return 7


async def complain(tools: Tools, tenant: Tenant) -> None:
    """Ask for what is not there."""
    await tools.request("POST", "/nowhere", tenant=tenant)


target = Target(
    app=f"{APP}:create_app",
    environment={"KIOSK_DSN": "{dsn}"},
    provision=provision,
    selector=HeaderSelector("X-Tenant", "{slug}"),
    public=("/signup",),
    skip=("/visits", "/boots", "/pair/*", "/news"),
    reimport=(APP,),
    strategies={
        name: {"KIOSK": name}
        for name in (
            *(*RIGHT, WRONG, WINDOW, UNCLOSED, LUCK, SHARED, TILL, STARTLESS),
            *TOKENS,
        )
    },
    initialisers=(
        Initialiser(function=f"{APP}:open_pool", tenant="slug"),
        Initialiser(function=f"{APP}:make_pool", tenant="slug", again=True),
    ),
    actions={"restock": restock, "complain": complain},
    generations={"looked away": Generations(write=restock_word, read=look_away)},
    hostile_names=False,
)
