"""What determines a provisioned world, in one key: another key, another world."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.environment.binaries import find_binaries
from harness.environment.cluster import cluster_options
from harness.environment.tuning import tuning
from harness.run.project import digest_of_project, edited_in_place
from harness.run.sources import digest_of_installed, digest_of_package

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.run.order import Order
    from harness.target.target import Target

_DIGITS = 32


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of a world.

    Attributes:
        tenants: How many.
        seeded: How many of the first get objects; None for all.
        logins: Whether each tenant's user is logged in.
        requests: Whether requests are tried out and written down.
    """

    tenants: int
    seeded: int | None = None
    logins: bool = True
    requests: bool = False


def world_key(target: Target, order: Order, wanted: Wanted) -> str:
    """Return what names the world that this order would make.

    It covers the server's programs and options, the harness, the installed packages,
    the packages that target and app are in, all files of the project and of what is
    installed from sources that can be edited, the app's variables, and what is wanted.
    It cannot cover what an app reads from elsewhere while tenants are made.

    Raises:
        PostgresError: There is no embedded server.
        ResourceError: The project is too large to tell whether it has changed.
    """
    settings = order.settings
    modules = {settings.target.partition(":")[0], target.app.partition(":")[0]}
    modules |= {"harness", *target.reimport}
    ours = [settings.runs, *([settings.cache] if settings.cache else [])]
    parts = {
        "python": sys.version,
        "server": find_binaries().key,
        "cluster": cluster_options(),
        "tuning": tuning(0),
        "installed": digest_of_installed(),
        "sources": {
            name: digest_of_package(name, root=order.root) for name in sorted(modules)
        },
        "project": digest_of_project(
            [order.root, *edited_in_place()],
            without=[*ours, *(order.root / path for path in ours)],
        ),
        "app": target.app,
        "environment": dict(target.environment),
        "variables": _akin(target.environment),
        "openapi": target.openapi,
        "seed": settings.seed,
        "wanted": [wanted.tenants, wanted.seeded, wanted.logins, wanted.requests],
    }
    text = json.dumps(parts, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def _akin(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the process's variables that begin as those of the app do.

    An app that is told SHOP_DSN by the target may be told SHOP_STORAGE from outside.
    """
    beginnings = {f"{name.partition('_')[0]}_" for name in environment}
    return {
        name: value
        for name, value in os.environ.items()
        if any(name.startswith(beginning) for beginning in beginnings)
    }
