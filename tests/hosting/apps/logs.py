"""A FastAPI app that logs in each way, from coroutines and worker threads."""

from __future__ import annotations

import asyncio
import logging
import logging.config
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import BackgroundTasks, FastAPI

log = logging.getLogger("apps.logs")


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": True,
            "formatters": {"plain": {"format": "%(levelname)s %(message)s"}},
            "handlers": {
                "out": {
                    "class": "logging.StreamHandler",
                    "stream": "ext://sys.stdout",
                    "formatter": "plain",
                }
            },
            "loggers": {"apps.late": {"propagate": False, "handlers": ["out"]}},
            "root": {"handlers": ["out"], "level": "INFO"},
        }
    )
    yield


app = FastAPI(lifespan=_lifespan)


@app.get("/coroutine/{name}")
async def coroutine(name: str) -> str:
    late = logging.getLogger("apps.late")
    late.warning("begin %s", name)
    await asyncio.sleep(0.01)
    late.warning("end %s", name)
    return name


@app.get("/thread/{name}")
def thread(name: str) -> str:
    logging.getLogger("apps.late").warning("thread %s", name)
    print(f"print {name}")
    return name


@app.get("/background/{name}")
async def background(name: str, tasks: BackgroundTasks) -> str:
    tasks.add_task(logging.getLogger("apps.late").warning, "background %s", name)
    return name


@app.get("/disabled")
async def disabled() -> str:
    log.error("the app's own configuration disabled this logger")
    return ""


@app.get("/spawn")
def spawn(mark: str) -> dict[str, Any]:
    """Start a program that would outlive the app."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    Path(mark).write_text(f"{os.getpid()} {child.pid}")
    return {"pid": child.pid}
