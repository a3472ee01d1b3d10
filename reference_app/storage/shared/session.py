"""All shared tables as one tenant sees them, over one connection."""

from __future__ import annotations

from reference_app.migrations import Connection
from reference_app.storage.shared.audit import SharedAudit
from reference_app.storage.shared.documents import SharedDocuments
from reference_app.storage.shared.exports import SharedExports
from reference_app.storage.shared.flags import SharedFlags
from reference_app.storage.shared.members import SharedMembers
from reference_app.storage.shared.messages import SharedMessages
from reference_app.storage.shared.usage import SharedUsage
from reference_app.storage.shared.webhooks import SharedWebhooks
from reference_app.tenants.tenant import Tenant


class SharedTablesSession:
    """A session whose every statement names the tenant."""

    documents_type = SharedDocuments
    members_type = SharedMembers
    flags_type = SharedFlags
    messages_type = SharedMessages
    usage_type = SharedUsage
    audit_type = SharedAudit
    exports_type = SharedExports
    webhooks_type = SharedWebhooks

    def __init__(self, connection: Connection, tenant: Tenant) -> None:
        self.documents = self.documents_type(connection, tenant.id)
        self.members = self.members_type(connection, tenant.id)
        self.flags = self.flags_type(connection, tenant.id)
        self.messages = self.messages_type(connection, tenant.id)
        self.usage = self.usage_type(connection, tenant.id)
        self.audit = self.audit_type(connection, tenant.id)
        self.exports = self.exports_type(connection, tenant.id)
        self.webhooks = self.webhooks_type(connection, tenant.id)
