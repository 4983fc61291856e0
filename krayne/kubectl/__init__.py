"""The one adapter to kubectl: it alone talks to a cluster."""

from krayne.kubectl.client import FIELD_MANAGER, RESOURCE, Kubectl, Reply, pod_selector

__all__ = ["FIELD_MANAGER", "RESOURCE", "Kubectl", "Reply", "pod_selector"]
