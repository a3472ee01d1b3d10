"""All tables of a tenant that has them to itself, over one connection."""

from __future__ import annotations

from reference_app.migrations import Connection
from reference_app.storage.own.audit import OwnAudit
from reference_app.storage.own.documents import OwnDocuments
from reference_app.storage.own.exports import OwnExports
from reference_app.storage.own.flags import OwnFlags
from reference_app.storage.own.members import OwnMembers
from reference_app.storage.own.messages import OwnMessages
from reference_app.storage.own.usage import OwnUsage
from reference_app.storage.own.webhooks import OwnWebhooks


class OwnTablesSession:
    """A session over a connection whose search path is one tenant's schema."""

    def __init__(self, connection: Connection) -> None:
        self.documents = OwnDocuments(connection)
        self.members = OwnMembers(connection)
        self.flags = OwnFlags(connection)
        self.messages = OwnMessages(connection)
        self.usage = OwnUsage(connection)
        self.audit = OwnAudit(connection)
        self.exports = OwnExports(connection)
        self.webhooks = OwnWebhooks(connection)
