"""Every golden manifest, and each pod template in it, is what a strictly validating API server takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from tests.support.shell import Shell

MANIFESTS = Path(__file__).parent.parent / "golden" / "manifests"
CASES = sorted(path.stem for path in MANIFESTS.glob("*.yaml") if not path.name.endswith(".config.yaml"))
STRICTLY = ("--dry-run=server", "--validate=strict", "-o", "json", "-f", "-")


def manifest(case: str) -> dict[str, Any]:
    """A golden manifest, for whatever namespace the shell is in."""
    value: dict[str, Any] = yaml.safe_load((MANIFESTS / f"{case}.yaml").read_text(encoding="utf-8"))
    value["metadata"].pop("namespace", None)
    return value


@pytest.mark.parametrize("case", CASES)
def test_the_server_creates_it_as_it_is(shell: Shell, case: str) -> None:
    """Strictly validated, with no field dropped or changed."""
    sent = manifest(case)
    assert missing(sent, shell.kubectl("create", *STRICTLY, stdin=json.dumps(sent)).json) == []


# kubectl sends what is applied as JSON, and the server reads it as YAML: that refuses DEL and makes a space of U+0085.
@pytest.mark.parametrize("case", [case for case in CASES if case != "controls"])
def test_the_server_applies_it_as_it_is(shell: Shell, case: str) -> None:
    """Server-side apply, strictly validated, with no field dropped or changed."""
    sent = manifest(case)
    assert missing(sent, shell.kubectl("apply", "--server-side", *STRICTLY, stdin=json.dumps(sent)).json) == []


@pytest.mark.parametrize("case", CASES)
def test_the_text_is_read_as_the_values_that_were_meant(shell: Shell, case: str) -> None:
    """`| kubectl apply -f -`: Go's YAML reader takes every value as PyYAML does."""
    text = (MANIFESTS / f"{case}.yaml").read_text(encoding="utf-8")
    kept = shell.kubectl("create", "--dry-run=client", "--validate=false", "-o", "json", "-f", "-", stdin=text).json
    kept["metadata"].pop("namespace", None)
    assert kept == manifest(case)


@pytest.mark.parametrize("case", CASES)
def test_each_pod_template_is_a_pod(shell: Shell, case: str) -> None:
    """Kubernetes' own validation of pods, which a RayCluster's CRD does not repeat."""
    spec = manifest(case)["spec"]
    accounts = set()
    for index, group in enumerate([spec["headGroupSpec"], *spec.get("workerGroupSpecs", [])]):
        template = group["template"]
        account = template["spec"].get("serviceAccountName")
        if account and account not in accounts:
            shell.kubectl("create", "serviceaccount", account)  # admission asks for it
            accounts.add(account)
        pod = {"apiVersion": "v1", "kind": "Pod", **template}
        pod["metadata"] = {**template["metadata"], "name": f"pod-{index}"}
        kept = shell.kubectl("create", *STRICTLY, stdin=json.dumps(pod)).json
        assert missing(pod, kept) == []


def missing(sent: Any, kept: Any, path: str = "") -> list[str]:
    """Where ``kept`` lacks, or has otherwise, what ``sent`` says; the server may add, and drop "" from a pod."""
    if isinstance(sent, dict) and isinstance(kept, dict):
        return [each for key, value in sent.items() for each in missing(value, kept.get(key), f"{path}.{key}")]
    if isinstance(sent, list) and isinstance(kept, list):
        pairs = zip(sent, [*kept, *[None] * len(sent)], strict=False)
        return [each for index, (one, other) in enumerate(pairs) for each in missing(one, other, f"{path}[{index}]")]
    return [] if sent == kept or (sent == "" and kept is None) else [f"{path}: {sent!r} became {kept!r}"]
