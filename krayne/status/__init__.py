"""Judge what state a Ray cluster is in, from what Kubernetes and KubeRay say of it."""

from krayne.status.events import Events
from krayne.status.rules import judge, own_pods, settled
from krayne.status.verdict import Reason, Status, Verdict

__all__ = ["Events", "Reason", "Status", "Verdict", "judge", "own_pods", "settled"]
