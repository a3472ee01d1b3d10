"""Members: who may log in to a tenant."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from reference_app.api.dependencies import (
    MEMBER_ERRORS,
    Administrator,
    AppResources,
    Caller,
    Current,
    Id,
    Limit,
    Offset,
    page_size,
)
from reference_app.changes import Change
from reference_app.problems import ProblemError, not_found, problems
from reference_app.storage.seam import EmailTaken, Member, Role
from reference_app.text import Email, Line, Password

router = APIRouter(prefix="/members", tags=["members"], responses=MEMBER_ERRORS)


class NewMember(BaseModel):
    """A member as an administrator adds it."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    email: Email
    name: Line
    role: Role = "member"
    password: Password = Field(repr=False)


class MemberPage(BaseModel):
    """Some of the members, and how many there are."""

    items: Sequence[Member]
    total: int


@router.post(
    "",
    status_code=201,
    responses=problems(400, 409, 422)
    | {201: {"headers": {"Location": {"schema": {"type": "string"}}}}},
)
async def create_member(
    caller: Administrator,
    current: Current,
    resources: AppResources,
    member: NewMember,
    response: Response,
) -> Member:
    """Add a member; administrators only."""
    password_hash = await resources.passwords.hash(member.password)
    try:
        async with current.store.session() as session:
            created = await session.members.create(
                email=member.email,
                name=member.name,
                role=member.role,
                password_hash=password_hash,
            )
    except EmailTaken:
        detail = "There is a member with this address."
        raise ProblemError(409, "email-taken", detail) from None
    change = Change("member.created", f"member {created.id}: {created.email}")
    resources.changes.announce(current.tenant, caller, change)
    response.headers["Location"] = f"/members/{created.id}"
    return created


@router.get("", responses=problems(422))
async def list_members(
    caller: Caller,
    current: Current,
    resources: AppResources,
    limit: Limit = None,
    offset: Offset = 0,
) -> MemberPage:
    """List members, the oldest first."""
    size = await page_size(resources, current, limit)
    async with current.store.session() as session:
        return MemberPage(
            items=await session.members.page(size, offset),
            total=await session.members.count(),
        )


@router.get("/{member_id}", responses=problems(422))
async def read_member(caller: Caller, current: Current, member_id: Id) -> Member:
    """Read a member."""
    async with current.store.session() as session:
        member = await session.members.get(member_id)
    if member is None:
        raise not_found("member")
    return member
