"""The services beside Ray in the head: how they stand, and the commands in the head that ask them. Runs nothing."""

from krayne.services.commands import READ_STATES, add_key
from krayne.services.head import HeadPod, head_of, services_in
from krayne.services.logins import is_host_key, is_user, public_key
from krayne.services.states import SERVICES, STATES_FOLDER, ServiceInfo, awaited, read_states, unknown

__all__ = [
    "READ_STATES",
    "SERVICES",
    "STATES_FOLDER",
    "HeadPod",
    "ServiceInfo",
    "add_key",
    "awaited",
    "head_of",
    "is_host_key",
    "is_user",
    "public_key",
    "read_states",
    "services_in",
    "unknown",
]
