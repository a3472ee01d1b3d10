"""Plays the server of an app on the loop of a schedule."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Self

from harness.hosting.asgi import App
from harness.hosting.cycle import Cycle
from harness.hosting.hosted import Request, Response
from harness.hosting.lifespan import Lifespan
from harness.point import point
from tests.scheduling.ground import acting

_TIMEOUT = 30.0


class Served:
    """An app whose lifespan goes on while the block does.

    Args:
        app: The app.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        self._lifespan = Lifespan(app)

    async def __aenter__(self) -> Self:
        await acting("lifespan", self._lifespan.startup(_TIMEOUT))
        return self

    async def __aexit__(self, *_: object) -> None:
        await acting("lifespan", self._lifespan.shutdown(_TIMEOUT))

    async def ask(self, path: str, method: str = "GET") -> Response:
        """Send a request when it is its turn, and await all that comes of it."""
        await point("arrive")
        loop = asyncio.get_running_loop()
        request = Request(method, path, ((b"host", b"test"),))
        cycle = Cycle(request, loop.create_future())
        await cycle.run(self._app, self._scope(request))
        return cycle.response()

    async def ask_all(self, paths: Mapping[str, str]) -> dict[str, Response]:
        """Send requests at once, each in the name of an actor."""
        async with asyncio.TaskGroup() as group:
            tasks = {
                name: group.create_task(acting(name, self.ask(path)))
                for name, path in paths.items()
            }
        return {name: task.result() for name, task in tasks.items()}

    def _scope(self, request: Request) -> dict[str, Any]:
        path, _, query = request.target.partition("?")
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": list(request.headers),
            "client": ("127.0.0.1", 50_000),
            "server": ("127.0.0.1", 80),
            "state": dict(self._lifespan.state),
        }


def text(response: Response) -> str:
    assert response.status == 200, response
    return response.body.decode()


def content(response: Response) -> Any:
    return json.loads(text(response))
