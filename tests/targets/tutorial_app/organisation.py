"""A tenant's own settings."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.targets.tutorial_app.database import get_db
from tests.targets.tutorial_app.logs import logger
from tests.targets.tutorial_app.models import Organisation
from tests.targets.tutorial_app.schemas import OrganisationSettings
from tests.targets.tutorial_app.security import get_current_user

router = APIRouter(
    prefix="/organisation",
    tags=["organisation"],
    dependencies=[Depends(get_current_user)],
)
Db = Annotated[Session, Depends(get_db)]


def only_row(db: Session) -> Organisation:
    """Return the one row of settings."""
    return db.scalars(select(Organisation).order_by(Organisation.id).limit(1)).one()


@router.get("", response_model=OrganisationSettings)
def read_organisation(db: Db) -> Organisation:
    """Read the settings."""
    return only_row(db)


@router.put("", response_model=OrganisationSettings)
def update_organisation(settings: OrganisationSettings, db: Db) -> Organisation:
    """Replace the settings."""
    organisation = only_row(db)
    for field, value in settings.model_dump().items():
        setattr(organisation, field, value)
    db.commit()
    logger.info("settings updated")
    return organisation
