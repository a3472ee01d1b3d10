"""The app's own description, with errors under their real media type."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from reference_app.problems import MEDIA_TYPE


class DescribedApp(FastAPI):
    """FastAPI declares an error's model as what the success is; ours are problems."""

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document; made once."""
        if self.openapi_schema is None:
            document = super().openapi()
            for path in document["paths"].values():
                for operation in path.values():
                    _move_problems(operation["responses"])
        return super().openapi()


def operation_id(route: APIRoute) -> str:
    """Name operations after their functions, for readable generated clients."""
    return route.name


def _move_problems(responses: dict[str, Any]) -> None:
    for status, response in responses.items():
        if status >= "400" and response.get("content"):
            (model,) = response["content"].values()
            response["content"] = {MEDIA_TYPE: model}
