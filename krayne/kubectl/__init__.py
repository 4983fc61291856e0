"""The one adapter to kubectl: it alone talks to a cluster."""

from krayne.kubectl.client import FIELD_MANAGER, RESOURCE, Kubectl
from krayne.kubectl.paths import pod_selector
from krayne.kubectl.reply import Reply

__all__ = ["FIELD_MANAGER", "RESOURCE", "Kubectl", "Reply", "pod_selector"]
