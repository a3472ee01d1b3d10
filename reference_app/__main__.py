"""The operator's commands: `python -m reference_app onboard | import | migrate`."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import json
import os
import sys
from collections.abc import Sequence
from contextlib import aclosing

from pydantic import ValidationError

from reference_app.foundation import FoundationParts, open_foundation
from reference_app.settings import Settings
from reference_app.tenants.importing import (
    ImportRefused,
    import_tenants,
    imported_line,
    read_tenants,
)
from reference_app.tenants.onboarding import (
    DomainRefused,
    NewTenant,
    TenantExists,
    bring_up_to_date,
    onboard,
)

_PASSWORD_VARIABLE = "REFERENCE_APP_ADMIN_PASSWORD"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        settings = Settings.from_environment()
        if options.command == "migrate":
            asyncio.run(_migrate(settings))
        elif options.command == "import":
            asyncio.run(_import(settings, list(read_tenants(sys.stdin))))
        else:
            domain = asyncio.run(_onboard(settings, _new_tenant(options)))
            sys.stdout.write(domain + "\n")
    except (ValidationError, ValueError) as error:
        return _fail(str(error))
    except ImportRefused as refusal:
        return _fail(str(refusal))
    except TenantExists:
        return _fail("the slug, the name or a domain is another tenant's")
    except DomainRefused:
        return _fail("a custom domain lies below the base domain")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m reference_app")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("migrate", help="bring all tenants' schemas up to date")
    commands.add_parser(
        "import",
        help="make a tenant of each line of JSON on standard input, and print its id",
    )
    new = commands.add_parser(
        "onboard",
        help="make a tenant",
        epilog=f"The password is read from {_PASSWORD_VARIABLE}, or asked for.",
    )
    new.add_argument("--slug", required=True)
    new.add_argument("--name", required=True)
    new.add_argument("--domain", action="append", default=[], dest="domains")
    new.add_argument("--configuration", default="{}", help="as JSON")
    new.add_argument("--admin-email", required=True)
    new.add_argument("--admin-name", default="Administrator")
    return parser


def _new_tenant(options: argparse.Namespace) -> NewTenant:
    password = os.environ.get(_PASSWORD_VARIABLE) or getpass.getpass("Password: ")
    return NewTenant(
        slug=options.slug,
        name=options.name,
        domains=options.domains,
        configuration=json.loads(options.configuration),
        admin_email=options.admin_email,
        admin_name=options.admin_name,
        admin_password=password,
    )


async def _onboard(settings: Settings, new: NewTenant) -> str:
    """Make the tenant; running apps find it on its first request."""
    async with open_foundation(settings, FoundationParts()) as base:
        tenant = await onboard(
            new,
            settings=settings,
            control=base.control,
            storage=base.storage,
            passwords=base.passwords,
        )
    return f"{tenant.slug}.{settings.base_domain}"


async def _import(settings: Settings, new: Sequence[NewTenant]) -> None:
    """Make tenants; running apps find each on its first request."""
    async with open_foundation(settings, FoundationParts()) as base:
        made = import_tenants(
            new,
            settings=settings,
            control=base.control,
            storage=base.storage,
            passwords=base.passwords,
        )
        async with aclosing(made):
            async for tenant in made:
                sys.stdout.write(imported_line(tenant) + "\n")


async def _migrate(settings: Settings) -> None:
    async with open_foundation(settings, FoundationParts()) as base:
        await bring_up_to_date(
            await base.directory.all(), control=base.control, storage=base.storage
        )


def _fail(message: str) -> int:
    sys.stderr.write(message + "\n")
    return 2


if __name__ == "__main__":
    raise SystemExit(main())
