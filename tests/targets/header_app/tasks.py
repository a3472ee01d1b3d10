"""Tasks of a project."""

from __future__ import annotations

from uuid import UUID

import asyncpg
from fastapi import APIRouter, HTTPException

from tests.targets.header_app.auth import Me
from tests.targets.header_app.database import Db
from tests.targets.header_app.schemas import Limit, Offset, TaskIn, TaskOut, TaskPage

router = APIRouter(prefix="/projects/{project_id}/tasks")


def found(row: asyncpg.Record | None) -> TaskOut:
    """Return the task in a row, or answer 404."""
    if row is None:
        raise HTTPException(404, "Task not found")
    return TaskOut(**row)


def refused(error: asyncpg.ForeignKeyViolationError) -> HTTPException:
    """Say which of a task's references leads nowhere within the company."""
    if error.constraint_name == "tasks_tenant_id_assignee_id_fkey":
        return HTTPException(422, "Assignee not found")
    return HTTPException(404, "Project not found")


@router.post("/", status_code=201)
async def create_task(project_id: UUID, body: TaskIn, db: Db, me: Me) -> TaskOut:
    """Add a task to a project."""
    try:
        row = await db.fetchrow(
            "INSERT INTO tasks (tenant_id, project_id, title, done, assignee_id)"
            " VALUES ($1, $2, $3, $4, $5)"
            " RETURNING id, project_id, title, done, assignee_id",
            me.tenant_id,
            project_id,
            body.title,
            body.done,
            body.assignee_id,
        )
    except asyncpg.ForeignKeyViolationError as error:
        raise refused(error) from error
    me.log("task created")
    return found(row)


@router.get("/")
async def list_tasks(
    project_id: UUID, db: Db, me: Me, limit: Limit = 50, offset: Offset = 0
) -> TaskPage:
    """List a project's tasks, oldest first."""
    if not await db.fetchval(
        "SELECT EXISTS (SELECT FROM projects WHERE tenant_id = $1 AND id = $2)",
        me.tenant_id,
        project_id,
    ):
        raise HTTPException(404, "Project not found")
    rows = await db.fetch(
        "SELECT id, project_id, title, done, assignee_id FROM tasks"
        " WHERE tenant_id = $1 AND project_id = $2"
        " ORDER BY created_at, id LIMIT $3 OFFSET $4",
        me.tenant_id,
        project_id,
        limit,
        offset,
    )
    total = await db.fetchval(
        "SELECT count(*) FROM tasks WHERE tenant_id = $1 AND project_id = $2",
        me.tenant_id,
        project_id,
    )
    return TaskPage(items=[TaskOut(**row) for row in rows], total=total)


@router.get("/{task_id}")
async def read_task(project_id: UUID, task_id: UUID, db: Db, me: Me) -> TaskOut:
    """Read a task."""
    row = await db.fetchrow(
        "SELECT id, project_id, title, done, assignee_id FROM tasks"
        " WHERE tenant_id = $1 AND project_id = $2 AND id = $3",
        me.tenant_id,
        project_id,
        task_id,
    )
    return found(row)


@router.put("/{task_id}")
async def update_task(
    project_id: UUID, task_id: UUID, body: TaskIn, db: Db, me: Me
) -> TaskOut:
    """Replace what is said of a task."""
    try:
        row = await db.fetchrow(
            "UPDATE tasks SET title = $4, done = $5, assignee_id = $6"
            " WHERE tenant_id = $1 AND project_id = $2 AND id = $3"
            " RETURNING id, project_id, title, done, assignee_id",
            me.tenant_id,
            project_id,
            task_id,
            body.title,
            body.done,
            body.assignee_id,
        )
    except asyncpg.ForeignKeyViolationError as error:
        raise refused(error) from error
    me.log("task updated")
    return found(row)


@router.delete("/{task_id}", status_code=204)
async def delete_task(project_id: UUID, task_id: UUID, db: Db, me: Me) -> None:
    """Delete a task."""
    deleted = await db.fetchval(
        "DELETE FROM tasks WHERE tenant_id = $1 AND project_id = $2 AND id = $3"
        " RETURNING id",
        me.tenant_id,
        project_id,
        task_id,
    )
    if deleted is None:
        raise HTTPException(404, "Task not found")
    me.log("task deleted")
