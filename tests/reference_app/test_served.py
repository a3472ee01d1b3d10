"""The app by itself: uvicorn, an empty database, real sockets."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import httpx

from tests.reference_app.running import OPERATOR, PASSWORD

ROOT = Path(__file__).parents[2]


def test_uvicorn_serves_it_on_an_empty_database(dsn: str) -> None:
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "uvicorn", "--factory", "--port", "0"),
            *("--no-access-log", "reference_app.main:create_app"),
        ],
        cwd=ROOT,
        env=os.environ
        | {"REFERENCE_APP_DSN": dsn, "REFERENCE_APP_ADMIN_TOKEN": OPERATOR},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        running = (re.search(r"(http://\S+)", line) for line in process.stderr)
        url = next(found[1] for found in running if found)
        new = {
            "slug": "acme",
            "name": "Acme",
            "admin_email": "boss@acme.example",
            "admin_password": PASSWORD,
        }
        form = {"username": "boss@acme.example", "password": PASSWORD}
        operator = {"authorization": f"Bearer {OPERATOR}"}
        with httpx.Client(base_url=url, timeout=60) as client:
            made = client.post("/admin/tenants", json=new, headers=operator)
            client.headers["host"] = "acme.localhost"
            token = client.post("/token", data=form).json()["access_token"]
            mine = {"authorization": f"Bearer {token}"}
            count = client.get("/documents/count", headers=mine)

        assert made.status_code == 201
        assert count.json() == {"count": 0}
    finally:
        process.terminate()
        _, log = process.communicate(timeout=60)
    assert '"tenant": "acme"' in log
    assert "Application shutdown complete" in log
