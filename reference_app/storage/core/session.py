"""All tables of a tenant that has them to itself, in one transaction."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from reference_app.storage.core.audit import CoreAudit
from reference_app.storage.core.documents import CoreDocuments
from reference_app.storage.core.exports import CoreExports
from reference_app.storage.core.flags import CoreFlags
from reference_app.storage.core.members import CoreMembers
from reference_app.storage.core.messages import CoreMessages
from reference_app.storage.core.usage import CoreUsage
from reference_app.storage.core.webhooks import CoreWebhooks


class CoreSession:
    """A session over a transaction whose search path is one tenant's schema."""

    def __init__(self, connection: AsyncConnection) -> None:
        self.documents = CoreDocuments(connection)
        self.members = CoreMembers(connection)
        self.flags = CoreFlags(connection)
        self.messages = CoreMessages(connection)
        self.usage = CoreUsage(connection)
        self.audit = CoreAudit(connection)
        self.exports = CoreExports(connection)
        self.webhooks = CoreWebhooks(connection)
