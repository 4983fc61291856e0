"""From a configuration to the RayCluster manifest. Jinja2 and PyYAML are loaded only when something is rendered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from krayne.errors import TemplateError
from krayne.merge_patch import merge_patch
from krayne.paths import TEMPLATES
from krayne.render.kuberay import FIELD_SINCE, Since
from krayne.render.output import to_yaml

if TYPE_CHECKING:
    from pathlib import Path

    from krayne.config import ClusterConfig

__all__ = ["FIELD_SINCE", "Since", "render", "to_yaml"]

_TEMPLATE = TEMPLATES / "raycluster.yaml.j2"


def render(config: ClusterConfig, template: Path | None = None) -> dict[str, Any]:
    """The finished RayCluster of ``config``, its ``overrides`` applied: fresh JSON values.

    ``template`` is a user's own, rendered instead of krayne's; it sees the configuration and nothing else.
    Raises TemplateError where the template fails or gives something else than that RayCluster.
    """
    from krayne.config.sections import thaw
    from krayne.render.environment import fill_in
    from krayne.render.reading import one_mapping

    path = template or _TEMPLATE
    manifest = one_mapping(fill_in(path, thaw(config, nones=True)), path)
    wrong = _not_itself(manifest, config)
    if wrong:
        raise TemplateError(f"{path}: does not give the RayCluster that was asked for: {'; '.join(wrong)}")
    # A valid configuration's overrides leave the object's identity alone.
    patched: dict[str, Any] = merge_patch(manifest, config.as_dict()["overrides"])
    return patched


def _not_itself(manifest: dict[str, Any], config: ClusterConfig) -> list[str]:
    """In what ``manifest`` is another object than the RayCluster of ``config``."""
    metadata = manifest.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    said = {
        "apiVersion": (manifest.get("apiVersion"), "ray.io/v1"),
        "kind": (manifest.get("kind"), "RayCluster"),
        "metadata.name": (metadata.get("name"), config.name),
    }
    wrong = [f"{field}: is {found!r}, must be {wanted!r}" for field, (found, wanted) in said.items() if found != wanted]
    namespace = metadata.get("namespace", config.namespace)  # where left out, it is the one that kubectl is told
    if namespace != config.namespace:
        wanted = repr(config.namespace) if config.namespace else "none"
        wrong.append(f"metadata.namespace: is {namespace!r}, the configuration's namespace is {wanted}")
    return wrong
