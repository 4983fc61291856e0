"""What kubectl's words are taken to mean: failures.yaml holds them, a case each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from krayne.errors import KrayneError
from krayne.kubectl.failures import ApplyConflictError, UnknownFieldsError, conflicts, failure, unknown_fields

CASES = yaml.safe_load(Path(__file__).with_name("failures.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("stderr", "command"),
    [
        ('namespaces "nope" not found', "kubectl create namespace nope"),
        ('is forbidden: User "me" cannot get resource "pods" in API group ""', "kubectl auth can-i get pods -n ml"),
        ("Error from server (Forbidden): no", "kubectl auth can-i --list -n ml"),
        ("Unable to connect to the server: EOF", "kubectl cluster-info"),
        ("error: You must be logged in to the server (Unauthorized)", "kubectl get pods"),
    ],
)
def test_what_to_run_next_leads_to_the_same_server(stderr: str, command: str) -> None:
    """Whatever the kubeconfig's current context is when it is pasted."""
    assert command in str(failure("create x", stderr, 1, namespace="ml"))
    told = str(failure("create x", stderr, 1, namespace="ml", way=("--context=my prod",)))
    assert f"{command} '--context=my prod'" in told


def test_the_contexts_are_looked_for_in_the_same_kubeconfig() -> None:
    """By no other flag: the rest chooses among them."""
    told = str(failure("x", 'error: context "nope" does not exist', 1, way=("--context=nope", "--kubeconfig=down.kc")))
    assert told.endswith("kubectl config get-contexts --kubeconfig=down.kc")


def test_a_cluster_without_kuberay_is_told_by_its_context() -> None:
    """Before what to install: it may be the wrong one."""
    words = "Error from server (NotFound): the server could not find the requested resource"
    told = str(failure("x", words, 1, context=lambda: "prod"))
    assert "\nKubeRay is not installed in this cluster (context prod)\nInstall KubeRay: https" in told


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['error']}: {case['stderr'][:50]}")
def test_words_mean_an_error_that_keeps_them(case: dict[str, Any]) -> None:
    """The class, kubectl's own sentence after what failed, and what to do next."""
    error = failure("create raycluster demo", case["stderr"], case.get("code", 1), namespace="ml")
    first, *advice = str(error).removeprefix("cannot create raycluster demo: ").split("\n")
    assert type(error).__name__ == case["error"]
    assert str(error).startswith(f"cannot create raycluster demo: {case.get('words', case['stderr'])}")
    assert case.get("advice", "") in " ".join([first, *advice])


def test_unknown_fields_come_as_paths() -> None:
    """One error may name several."""
    paths = ["spec.autoscalerOptions.bar", "spec.workerGroupSpecs[0].x"]
    words = "strict decoding error: " + ", ".join(f'unknown field "{path}"' for path in paths)
    error = failure("create x", words, 1)
    assert isinstance(error, UnknownFieldsError)
    assert error.fields == unknown_fields(words) == paths


@pytest.mark.parametrize(
    ("tail", "paths"),
    [
        (".spec.authOptions: field not declared in schema", ["spec.authOptions"]),
        (
            "errors:\n  .spec.authOptions: field not declared in schema\n"
            '  .spec.workerGroupSpecs[0].ports[name="x"].odd: field not declared in schema',
            ["spec.authOptions", 'spec.workerGroupSpecs[0].ports[name="x"].odd'],
        ),
    ],
    ids=["one", "several"],
)
def test_unknown_fields_of_a_server_side_apply_come_as_the_same_paths(tail: str, paths: list[str]) -> None:
    """It has words of its own (Kubernetes 1.33)."""
    words = "Error from server: failed to create typed patch object (ml/demo; ray.io/v1, Kind=RayCluster): " + tail
    error = failure("apply x", words, 1)
    assert isinstance(error, UnknownFieldsError)
    assert error.fields == paths


def test_conflicts_come_with_their_owners() -> None:
    """kubectl writes one conflict on a line, several as a list."""
    words = (
        'error: Apply failed with 3 conflicts: conflicts with "kubectl-edit" using ray.io/v1:\n- .spec.rayVersion\n'
        '- .spec.suspend\nconflicts with "python-requests" using ray.io/v1:\n- .spec.workerGroupSpecs'
    )
    error = failure("apply x", words, 1)
    assert isinstance(error, ApplyConflictError)
    assert error.conflicts == conflicts(words)
    assert error.conflicts == [
        ("kubectl-edit", ".spec.rayVersion"),
        ("kubectl-edit", ".spec.suspend"),
        ("python-requests", ".spec.workerGroupSpecs"),
    ]


@given(st.text(), st.integers(-64, 255).filter(bool))
def test_any_words_make_some_error(words: str, code: int) -> None:
    """Nothing that kubectl may say breaks the telling of it."""
    assert isinstance(failure("x", words, code), KrayneError)
