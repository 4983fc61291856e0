"""The namespace that kubectl itself would use, read from the kubeconfig files as kubectl merges them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DEFAULT = "default"
_IN_CLUSTER = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"


def context_namespace(*, kubeconfig: str | None, context: str | None, environ: Mapping[str, str]) -> str:
    """The namespace of the context in use, else the pod's own when running inside a cluster, else ``default``.

    The rules are client-go's (tools/clientcmd/loader.go): one file where --kubeconfig names it, else all of
    $KUBECONFIG, else ~/.kube/config; the first file that says a thing wins. Files that cannot be read or parsed are
    passed over: kubectl, which is asked next, says what is wrong with them.
    """
    texts = _texts(kubeconfig, environ)
    if not texts:
        return _own_namespace(environ) or DEFAULT
    if not any(b"namespace" in text for text in texts):
        return DEFAULT
    configs = _configs(texts)
    namespace = _entry(configs, "contexts", "context", context or _current(configs)).get("namespace")
    return namespace if namespace and isinstance(namespace, str) else DEFAULT


def current_context(*, kubeconfig: str | None) -> str | None:
    """The context that kubectl would use now where none is named, by the same rules."""
    chosen = _current(_configs(_texts(kubeconfig, os.environ)))
    return None if chosen is None else str(chosen)


def server_address(*, kubeconfig: str | None, context: str | None, cluster: str | None) -> str:
    """The API server that kubectl would talk to, by the same rules; the pod's own inside a cluster; else nothing."""
    texts = _texts(kubeconfig, os.environ)
    configs = _configs(texts)
    chosen = context or _current(configs)
    if named := cluster or _entry(configs, "contexts", "context", chosen).get("cluster"):
        return str(_entry(configs, "clusters", "cluster", named).get("server") or "")
    host, port = (os.environ.get(f"KUBERNETES_SERVICE_{what}", "") for what in ("HOST", "PORT"))
    return f"https://{host}:{port}" if host and not texts else ""


def _current(configs: Iterable[dict[str, Any]]) -> Any:
    return next((name for config in configs if (name := config.get("current-context"))), None)


def _entry(configs: Iterable[dict[str, Any]], section: str, kind: str, name: Any) -> dict[str, Any]:
    """What stands under ``kind`` in the first entry of that name; nothing where it holds nothing."""
    for config in configs:
        entries = config.get(section)
        for entry in entries if isinstance(entries, list) else ():
            if isinstance(entry, dict) and entry.get("name") == name:
                found = entry.get(kind)
                return found if isinstance(found, dict) else {}
    return {}


def _texts(kubeconfig: str | None, environ: Mapping[str, str]) -> list[bytes]:
    return [text for path in _files(kubeconfig, environ) if (text := _read(path)) is not None]


def _configs(texts: Iterable[bytes]) -> list[dict[str, Any]]:
    return [config for text in texts if isinstance(config := _parse(text), dict)]


def _files(kubeconfig: str | None, environ: Mapping[str, str]) -> list[str]:
    if kubeconfig:
        return [kubeconfig]
    if listed := [part for part in environ.get("KUBECONFIG", "").split(os.pathsep) if part]:
        return listed
    return [f"{environ.get('HOME', '')}/.kube/config"]


def _read(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - pathlib costs get 3 ms
            return file.read()
    except OSError:
        return None


def _parse(text: bytes) -> Any:
    """What the YAML says, dates being the text that they are to kubectl; None for what is no YAML."""
    import yaml

    safe: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    kept = {
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
        for first, resolvers in safe.yaml_implicit_resolvers.items()
    }
    loader = type("Loader", (safe,), {"yaml_implicit_resolvers": kept})
    try:
        return yaml.load(text, loader)  # noqa: S506 - a safe loader
    except (yaml.YAMLError, RecursionError, ValueError, LookupError, AttributeError):  # the last three: `!!int ""` etc.
        return None


def _own_namespace(environ: Mapping[str, str]) -> str | None:
    if "KUBERNETES_SERVICE_HOST" not in environ:
        return None
    text = _read(_IN_CLUSTER)
    return environ.get("POD_NAMESPACE") or (text.decode(errors="replace").strip() if text else None)
