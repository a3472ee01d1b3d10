"""Create a tenant: ``python -m tests.targets.tutorial_app.cli NAME HOST EMAIL PW``."""

from __future__ import annotations

import argparse

from tests.targets.tutorial_app.tenancy import create_tenant


def main() -> None:
    """Create the tenant that the command line describes."""
    parser = argparse.ArgumentParser(description="Create a tenant.")
    for argument in ("name", "host", "email", "password"):
        parser.add_argument(argument)
    given = parser.parse_args()
    create_tenant(given.name, given.host, given.email, given.password)


if __name__ == "__main__":
    main()
