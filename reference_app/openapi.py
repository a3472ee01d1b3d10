"""The app's own description, with errors under their real media type."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from reference_app.problems import MEDIA_TYPE

_TITLE = "Reference app"
_VERSION = "1.0.0"


class Api:
    """Routes, and the document that describes them.

    Args:
        routes: Of any app; they hold nothing of one.
    """

    def __init__(self, routes: tuple[BaseRoute, ...]) -> None:
        self.routes = routes

    @cached_property
    def document(self) -> dict[str, Any]:
        """The OpenAPI document. It is the same for all apps with these routes.

        FastAPI declares an error's model as what the success is; ours are problems.
        """
        document = get_openapi(title=_TITLE, version=_VERSION, routes=self.routes)
        for path in document["paths"].values():
            for operation in path.values():
                _move_problems(operation["responses"])
        return document


class DescribedApp(FastAPI):
    """An app with the routes of an API, described by its document."""

    def __init__(self, api: Api, **options: Any) -> None:
        super().__init__(
            title=_TITLE, version=_VERSION, routes=list(api.routes), **options
        )
        self._api = api

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document; made once."""
        return self._api.document


def operation_id(route: APIRoute) -> str:
    """Name operations after their functions, for readable generated clients."""
    return route.name


def _move_problems(responses: dict[str, Any]) -> None:
    for status, response in responses.items():
        if status >= "400" and response.get("content"):
            (model,) = response["content"].values()
            response["content"] = {MEDIA_TYPE: model}
