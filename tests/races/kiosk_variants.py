"""The kiosk as a target whose variants are ways in which its pools are made."""

from __future__ import annotations

from dataclasses import replace

from harness import Variant
from tests.races import kiosk

target = replace(
    kiosk.target,
    strategies={},
    variants={
        "twice": Variant(
            app=kiosk.target.app,
            environment={"KIOSK": kiosk.WRONG},
            exercise="races",
        ),
        "tipped": Variant(
            app=kiosk.target.app,
            environment={"KIOSK": kiosk.WRONG},
            exercise="races",
            scenarios=("cold_tenants",),
        ),
        "mistipped": Variant(
            app=kiosk.target.app,
            environment={"KIOSK": kiosk.WRONG},
            exercise="races",
            scenarios=("start_is_cancelled",),
        ),
        "locked": Variant(
            app=kiosk.target.app,
            harmless=True,
            environment={"KIOSK": "lock-per-tenant"},
            exercise="races",
        ),
        "startless": Variant(
            app=kiosk.target.app,
            environment={"KIOSK": kiosk.STARTLESS},
            exercise="races",
        ),
        "other": Variant(app=kiosk.target.app),
    },
)
