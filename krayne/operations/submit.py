"""Sending a manifest to a server that may lack some of its fields."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from krayne.errors import KubeRayTooOldError

if TYPE_CHECKING:
    from krayne.config import ClusterConfig
    from krayne.kubectl import Reply

    Warn = Callable[[str], None]
    Send = Callable[[bytes], Reply]


def warn_caller(text: str) -> None:
    """How the SDK warns where its caller gives no other way: at the line that called krayne."""
    level, frame = 1, sys._getframe()
    while frame and frame.f_globals.get("__name__", "").partition(".")[0] == "krayne":
        level, frame = level + 1, frame.f_back  # type: ignore[assignment]  # None above the outermost one
    warnings.warn(text, stacklevel=level)


def encoded(manifest: dict[str, Any]) -> bytes:
    """A manifest as kubectl reads it from stdin."""
    import json

    return json.dumps(manifest).encode()


def submit(
    manifest: dict[str, Any], config: ClusterConfig, send: Send, warn: Warn, *, own_template: bool = False
) -> dict[str, Any]:
    """Send a manifest; the object as the server took it.

    The server checks it strictly and names fields that its RayCluster lacks, all or some at a time. Those that came
    from a default alone are left out, with a warning; asking for any other is KubeRayTooOldError, which names the
    version needed, or asks to check the spelling. ``own_template``: the user's template made the manifest, so all of
    it was asked for.
    """
    from krayne.kubectl.failures import UnknownFieldsError

    known, left_out = deepcopy(manifest), list[str]()
    while True:
        try:
            taken: dict[str, Any] = send(encoded(known)).json()
            break
        except UnknownFieldsError as error:
            asked = [path for path in error.fields if own_template or path in left_out or not _is_default(path, config)]
            if asked:
                raise _too_old(asked, own_template=own_template) from error
            for path in error.fields:
                remove(known, path)
            left_out += error.fields
    for path in left_out:
        warn(f"the cluster's KubeRay does not know {path}{_since(path)}: left out, as nothing asked for it")
    return taken


def _too_old(asked: list[str], *, own_template: bool) -> KubeRayTooOldError:
    """The error about fields that were asked for and that the server's RayCluster lacks."""
    from krayne.render import FIELD_SINCE

    known = [FIELD_SINCE.get(_pattern(path)) for path in asked]
    lines = [
        f"  {path}{f' (asked for by {since.config})' if since else ''}{_since(path)}"
        for path, since in zip(asked, known, strict=True)
    ]
    where = "the template and in overrides" if own_template else "overrides"
    cure = "Upgrade KubeRay" if all(known) else f"Check the spelling in {where}, upgrade KubeRay"
    return KubeRayTooOldError(
        "the cluster knows no such field of a RayCluster, so nothing was sent:\n"
        + "\n".join(lines)
        + f"\n{cure}, or leave the field out"
    )


def remove(manifest: dict[str, Any], path: str) -> None:
    """Take the field at a path such as ``spec.workerGroupSpecs[0].priority`` out of a manifest, if it is there."""
    *parents, last = path.replace("[", ".[").split(".")
    node: Any = manifest
    for key in parents:
        node = node[int(key[1:-1])] if key.startswith("[") else node.get(key, {})
    node.pop(last, None)


def _pattern(path: str) -> str:
    import re

    return re.sub(r"\[\d+\]", "[]", path)


def _since(path: str) -> str:
    from krayne.render import FIELD_SINCE

    known = FIELD_SINCE.get(_pattern(path))
    return f", which came with KubeRay {known.kuberay}" if known else ""


def _is_default(path: str, config: ClusterConfig) -> bool:
    from krayne.render import FIELD_SINCE

    known = FIELD_SINCE.get(_pattern(path))
    return known is not None and not _given(config.given, known.config)


def _given(fields: Any, path: str) -> bool:
    for key in path.split("."):
        if not isinstance(fields, dict) or key not in fields:
            return False
        fields = fields[key]
    return True
