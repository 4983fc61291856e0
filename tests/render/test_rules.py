"""What makes a manifest right for KubeRay, rule by rule; the golden files show the whole."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from krayne.config import ClusterConfig
from krayne.render import render
from tests.render.test_golden import CASES, MANIFESTS
from tests.support.kubelet import expanded


def spec(**fields: Any) -> dict[str, Any]:
    """The spec of a cluster with these fields."""
    found: dict[str, Any] = render(ClusterConfig(name="x", **fields))["spec"]
    return found


def head(**fields: Any) -> dict[str, Any]:
    """The head's pod, for these fields of the head."""
    found: dict[str, Any] = spec(head=fields)["headGroupSpec"]["template"]["spec"]
    return found


def worker(**fields: Any) -> dict[str, Any]:
    """The group's spec, for these fields of one worker group."""
    found: dict[str, Any] = spec(worker_groups=[{"name": "w", **fields}])["workerGroupSpecs"][0]
    return found


def pod(group: dict[str, Any]) -> dict[str, Any]:
    """The pod of a group's spec."""
    found: dict[str, Any] = group["template"]["spec"]
    return found


def head_container(**fields: Any) -> dict[str, Any]:
    """The head's Ray container, for these fields of the cluster."""
    found: dict[str, Any] = pod(spec(**fields)["headGroupSpec"])["containers"][0]
    return found


def images(**fields: Any) -> list[str]:
    """Every Ray container's image, the head's first."""
    found = spec(**fields)
    return [pod(group)["containers"][0]["image"] for group in (found["headGroupSpec"], *found["workerGroupSpecs"])]


@pytest.mark.parametrize("case", CASES)
def test_what_holds_for_every_cluster(case: str) -> None:
    """rayVersion, string start params, requests = limits, krayne's label, Ray's container first, ports' names."""
    manifest = yaml.safe_load((MANIFESTS / f"{case}.yaml").read_text(encoding="utf-8"))
    cluster = manifest["spec"]
    assert isinstance(cluster["rayVersion"], str)
    assert cluster["enableInTreeAutoscaling"] == ("autoscalerOptions" in cluster)
    for name, group in [("ray-head", cluster["headGroupSpec"])] + [
        ("ray-worker", group) for group in cluster.get("workerGroupSpecs", [])
    ]:
        (container,) = pod(group)["containers"]
        assert container["name"] == name
        assert container["resources"]["requests"] == container["resources"]["limits"]
        assert all(isinstance(value, str) for value in group["rayStartParams"].values())
        assert group["template"]["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "krayne"
        assert all(len(port["name"]) <= 15 for port in container.get("ports", []))
        # KubeRay's own to add, or to set for autoscaler v2.
        assert not {"restartPolicy"} & pod(group).keys()
        assert not {"livenessProbe", "readinessProbe", "command", "args"} & container.keys()
        assert ("lifecycle" in container) <= (name == "ray-head")


def test_the_head_runs_no_tasks_unless_it_is_to() -> None:
    """num-cpus 0, as a string."""
    assert spec()["headGroupSpec"]["rayStartParams"] == {"num-cpus": "0"}
    assert spec(head={"runs_tasks": True})["headGroupSpec"]["rayStartParams"] == {}


def test_the_image_follows_versions_and_gpus() -> None:
    """CUDA only where NVIDIA's GPUs are; a part's image before the cluster's, and that before Ray's."""
    groups = [{"name": "a"}, {"name": "b", "gpus": 1}, {"name": "c", "gpus": 1, "gpu_resource": "amd.com/gpu"}]
    plain, cuda = "rayproject/ray:2.61.0-py312", "rayproject/ray:2.61.0-py312-gpu"
    assert images(ray_version="2.61.0", python_version="3.12", worker_groups=groups) == [plain, plain, cuda, plain]
    assert images(ray_version="2.61.0", head={"gpus": 1})[0] == "rayproject/ray:2.61.0-gpu"
    own = {"name": "a", "image": "own:1"}
    assert images(image="all:1", worker_groups=[own, {"name": "b", "gpus": 1}]) == ["all:1", "own:1", "all:1"]


@pytest.mark.parametrize("resource", ["nvidia.com/gpu", "amd.com/gpu", "gpu.intel.com/i915"])
def test_gpus_are_asked_for_and_their_taint_tolerated(resource: str) -> None:
    """Under the nodes' own name for them."""
    for found in (pod(worker(gpus=2, gpu_resource=resource)), head(gpus=2, gpu_resource=resource)):
        assert found["containers"][0]["resources"]["limits"][resource] == "2"
        assert found["tolerations"] == [{"key": resource, "operator": "Exists", "effect": "NoSchedule"}]


def test_a_users_own_word_on_the_gpu_taint_stands() -> None:
    """No second toleration for a key that they gave one for."""
    mine = {"key": "nvidia.com/gpu", "operator": "Equal", "value": "present", "effect": "NoSchedule"}
    other = {"key": "spot", "operator": "Exists"}
    assert pod(worker(gpus=1, tolerations=[other, mine]))["tolerations"] == [other, mine]
    assert len(pod(worker(gpus=1, tolerations=[other]))["tolerations"]) == 2
    assert "tolerations" not in pod(worker())


@pytest.mark.parametrize(
    ("resource", "params"),
    [("nvidia.com/gpu", {}), ("gpu.intel.com/i915", {"num-gpus": "2"}), ("aws.amazon.com/neuroncore", {})],
)
def test_ray_is_told_of_gpus_that_kuberay_does_not_count(resource: str, params: dict[str, str]) -> None:
    """KubeRay counts names that end in gpu, and knows Neuron cores."""
    assert worker(gpus=2, gpu_resource=resource)["rayStartParams"] == params


def test_a_tpu_slice_has_its_chips_selectors_and_hosts() -> None:
    """GKE's two selectors, beside the user's own."""
    tpu = {"accelerator": "tpu-v6e-slice", "topology": "4x4", "chips": 4}
    group = worker(tpu=tpu, num_of_hosts=4, node_selector={"a": "b"})
    assert group["numOfHosts"] == 4
    assert pod(group)["containers"][0]["resources"]["limits"]["google.com/tpu"] == "4"
    assert pod(group)["nodeSelector"] == {
        "cloud.google.com/gke-tpu-accelerator": "tpu-v6e-slice",
        "cloud.google.com/gke-tpu-topology": "4x4",
        "a": "b",
    }


def test_token_authentication_says_its_mode() -> None:
    """Where Ray has it; where the user wants none, or Ray is too old for the default, there is nothing."""
    assert spec()["authOptions"] == {"mode": "token"}
    assert "authOptions" not in spec(auth="none")
    assert "authOptions" not in spec(ray_version="2.51.1")


def test_the_autoscalers_version_is_explicit() -> None:
    """v2 by default; v1 for a Ray that has no other."""
    assert spec()["autoscalerOptions"]["version"] == "v2"
    assert spec(ray_version="2.9.3")["autoscalerOptions"]["version"] == "v1"
    assert spec(autoscaler={"enabled": False})["enableInTreeAutoscaling"] is False


def test_ports_of_ray_and_of_the_services_are_declared() -> None:
    """By name, moved with Ray's own parameters; a service that is off has none."""

    def ports(**fields: Any) -> dict[str, int]:
        (container,) = spec(**fields)["headGroupSpec"]["template"]["spec"]["containers"]
        return {port["name"]: port["containerPort"] for port in container["ports"]}

    ray = {"gcs-server": 6379, "dashboard": 8265, "client": 10001, "serve": 8000}
    assert ports() == {**ray, "notebook": 8888, "code-server": 8443, "ssh": 22}
    assert ports(services={"notebook": False, "code_server": False, "ssh": False}) == ray
    moved = {"port": "6380", "dashboard-port": "8266", "ray-client-server-port": "10002"}
    assert (
        ports(head={"ray_start_params": moved}).items()
        >= {"gcs-server": 6380, "dashboard": 8266, "client": 10002}.items()
    )


@pytest.mark.parametrize("text", ["pa$$word", "$(A)", "$$(A)", "$", "$$$", "a$(", "${A}", "$A", "$(A", "$()", "$(\n)"])
def test_a_variables_value_is_no_reference_to_another(text: str) -> None:
    """Whatever the kubelet would expand is written so that the container gets what the user wrote."""
    found = head_container(env={"A": "a", "B": text})["env"]
    assert {each["name"]: expanded(each["value"], {"A": "a", "": "b"}) for each in found} == {"A": "a", "B": text}


def test_labels_stand_on_the_cluster_and_its_pods() -> None:
    """Except those by which KubeRay or Kueue select, which would break the pods."""
    labels = {"team": "ml", "app.kubernetes.io/name": "search", "app.kubernetes.io/created-by": "us"}
    manifest = render(ClusterConfig(name="x", labels=labels, queue="q", head={"labels": {"role": "head"}}))
    ours = {"app.kubernetes.io/managed-by": "krayne"}
    assert manifest["metadata"]["labels"] == {**ours, **labels, "kueue.x-k8s.io/queue-name": "q"}
    assert manifest["spec"]["headGroupSpec"]["template"]["metadata"]["labels"] == {**ours, "team": "ml", "role": "head"}
    assert manifest["spec"]["workerGroupSpecs"][0]["template"]["metadata"]["labels"] == {**ours, "team": "ml"}


def test_the_heads_service_type_is_left_to_kuberay_unless_it_is_another() -> None:
    """KubeRay makes a headless Service by itself."""
    assert "serviceType" not in spec()["headGroupSpec"]
    assert spec(head={"service_type": "NodePort"})["headGroupSpec"]["serviceType"] == "NodePort"
