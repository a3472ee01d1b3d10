"""Projects of a company."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import APIRouter, HTTPException, Query

from tests.targets.header_app.auth import Me
from tests.targets.header_app.database import Db
from tests.targets.header_app.schemas import (
    Limit,
    Offset,
    ProjectIn,
    ProjectOut,
    ProjectPage,
    Text,
)

router = APIRouter(prefix="/projects")


def found(row: asyncpg.Record | None) -> ProjectOut:
    """Return the project in a row, or answer 404."""
    if row is None:
        raise HTTPException(404, "Project not found")
    return ProjectOut(**row)


@router.post("/", status_code=201)
async def create_project(body: ProjectIn, db: Db, me: Me) -> ProjectOut:
    """Start a project; its name must be new in the company."""
    try:
        row = await db.fetchrow(
            "INSERT INTO projects (tenant_id, name, description) VALUES ($1, $2, $3)"
            " RETURNING id, name, description",
            me.tenant_id,
            body.name,
            body.description,
        )
    except asyncpg.UniqueViolationError as error:
        raise HTTPException(409, "There is a project of this name") from error
    me.log("project created")
    return found(row)


@router.get("/")
async def list_projects(
    db: Db,
    me: Me,
    q: Annotated[Text, Query()] = "",
    limit: Limit = 50,
    offset: Offset = 0,
) -> ProjectPage:
    """List the projects whose name contains a text, oldest first."""
    chosen = "FROM projects WHERE tenant_id = $1 AND strpos(lower(name), lower($2)) > 0"
    rows = await db.fetch(
        f"SELECT id, name, description {chosen}"
        " ORDER BY created_at, id LIMIT $3 OFFSET $4",
        me.tenant_id,
        q,
        limit,
        offset,
    )
    total = await db.fetchval(f"SELECT count(*) {chosen}", me.tenant_id, q)
    return ProjectPage(items=[ProjectOut(**row) for row in rows], total=total)


@router.get("/{project_id}")
async def read_project(project_id: UUID, db: Db, me: Me) -> ProjectOut:
    """Read a project."""
    row = await db.fetchrow(
        "SELECT id, name, description FROM projects WHERE tenant_id = $1 AND id = $2",
        me.tenant_id,
        project_id,
    )
    return found(row)


@router.put("/{project_id}")
async def update_project(
    project_id: UUID, body: ProjectIn, db: Db, me: Me
) -> ProjectOut:
    """Replace a project's name and description."""
    try:
        row = await db.fetchrow(
            "UPDATE projects SET name = $3, description = $4"
            " WHERE tenant_id = $1 AND id = $2 RETURNING id, name, description",
            me.tenant_id,
            project_id,
            body.name,
            body.description,
        )
    except asyncpg.UniqueViolationError as error:
        raise HTTPException(409, "There is a project of this name") from error
    me.log("project updated")
    return found(row)


@router.delete("/{project_id}", status_code=204)
async def delete_project(project_id: UUID, db: Db, me: Me) -> None:
    """Delete a project with its tasks."""
    deleted = await db.fetchval(
        "DELETE FROM projects WHERE tenant_id = $1 AND id = $2 RETURNING id",
        me.tenant_id,
        project_id,
    )
    if deleted is None:
        raise HTTPException(404, "Project not found")
    me.log("project deleted")
