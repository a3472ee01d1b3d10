"""Notes: create, read, list, search, count, update, delete."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.targets.tutorial_app.database import get_db
from tests.targets.tutorial_app.logs import logger
from tests.targets.tutorial_app.models import Note, User
from tests.targets.tutorial_app.schemas import Count, NoteIn, NoteOut
from tests.targets.tutorial_app.security import get_current_user

router = APIRouter(
    prefix="/notes", tags=["notes"], dependencies=[Depends(get_current_user)]
)
Db = Annotated[Session, Depends(get_db)]


def find_note(note_id: int, db: Session) -> Note:
    """Return the note, or answer 404."""
    note = db.get(Note, note_id)
    if note is None:
        raise HTTPException(404, "Note not found")
    return note


@router.post("", status_code=201, response_model=NoteOut)
def create_note(
    note_in: NoteIn, db: Db, user: Annotated[User, Depends(get_current_user)]
) -> Note:
    """Write a note."""
    note = Note(title=note_in.title, body=note_in.body, owner_id=user.id)
    db.add(note)
    db.commit()
    logger.info("note %s created", note.id)
    return note


@router.get("", response_model=list[NoteOut])
def list_notes(db: Db, skip: int = 0, limit: int = 50) -> Sequence[Note]:
    """List the notes, oldest first."""
    logger.info("notes listed")
    return db.scalars(select(Note).order_by(Note.id).offset(skip).limit(limit)).all()


@router.get("/count")
def count_notes(db: Db) -> Count:
    """Count the notes."""
    return Count(count=db.scalar(select(func.count(Note.id))) or 0)


@router.get("/search", response_model=list[NoteOut])
def search_notes(q: str, db: Db) -> Sequence[Note]:
    """Find the notes whose title or body contains a text."""
    found = Note.title.icontains(q) | Note.body.icontains(q)
    return db.scalars(select(Note).where(found).order_by(Note.id)).all()


@router.get("/{note_id}", response_model=NoteOut)
def read_note(note_id: int, db: Db) -> Note:
    """Read a note."""
    return find_note(note_id, db)


@router.put("/{note_id}", response_model=NoteOut)
def update_note(note_id: int, note_in: NoteIn, db: Db) -> Note:
    """Replace a note's text."""
    note = find_note(note_id, db)
    note.title, note.body = note_in.title, note_in.body
    db.commit()
    logger.info("note %s updated", note_id)
    return note


@router.delete("/{note_id}", status_code=204)
def delete_note(note_id: int, db: Db) -> None:
    """Delete a note."""
    db.delete(find_note(note_id, db))
    db.commit()
    logger.info("note %s deleted", note_id)
