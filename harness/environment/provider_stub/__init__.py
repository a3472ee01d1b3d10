"""A model provider on loopback that speaks the Messages API."""

from harness.environment.provider_stub.calls import Call
from harness.environment.provider_stub.faults import Control, Hang, Refusal
from harness.environment.provider_stub.keys import AnyKeys, TenantKeys
from harness.environment.provider_stub.limits import Limits
from harness.environment.provider_stub.stub import ProviderStub, provider_stub

__all__ = [
    "AnyKeys",
    "Call",
    "Control",
    "Hang",
    "Limits",
    "ProviderStub",
    "Refusal",
    "TenantKeys",
    "provider_stub",
]
