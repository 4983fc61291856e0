"""The head's Service, which KubeRay (1.4 to 1.7, reconcileHeadService) makes once and never changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from krayne.objects import mapping, string

if TYPE_CHECKING:
    from krayne.kubectl import Kubectl
    from krayne.objects import Object


def service_warning(kubectl: Kubectl, before: Object, after: Object) -> str | None:
    """What to tell of a Service that is there already, where an apply changed what it would be made from."""
    name = string(before, "status", "head", "serviceName")
    if not name or _made_from(before) == _made_from(after):
        return None
    return (
        f"service {name} stays as it is: KubeRay changes none that is there. To have it made anew, "
        f"which ends what runs through it: kubectl delete service {kubectl.where(name)}"
    )


def _made_from(cluster: Object) -> tuple[Any, ...]:
    head = mapping(cluster, "spec", "headGroupSpec")
    parts = (mapping(head, part) for part in ("headServiceAnnotations", "headService"))
    return (string(head, "serviceType") or "ClusterIP", *parts)  # KubeRay's own choice
