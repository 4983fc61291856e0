"""The whole player on a real API server: what a user would see of good and of bad clusters."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.sandbox.player.conftest import Stage, make_cluster

pytestmark = pytest.mark.cluster


def fault(text: str) -> dict[str, Any]:
    """A cluster that shows a fault."""
    return make_cluster(annotations={"sandbox.krayne.io/fault": text})


def waiting(stage: Stage, group: str = "headgroup", init: bool = False) -> dict[str, Any]:
    """Why the first container of a group's first pod waits."""
    field = "initContainerStatuses" if init else "containerStatuses"
    for pod in stage.pods(group):
        for status in pod.get("status", {}).get(field, []):
            if "waiting" in status["state"]:
                return dict(status["state"]["waiting"], restarts=status["restartCount"], last=status["lastState"])
    return {}


def test_becomes_ready_and_goes(stage: Stage) -> None:
    """A cluster gets its Service and pods, becomes ready, and leaves nothing behind when deleted."""
    stage.apply(make_cluster())
    stage.ready()
    assert stage.status()["state"] == "ready"
    assert stage.status()["head"]["serviceName"] == "demo-head-svc"
    reasons = {reason for reason, _ in stage.events()}
    assert {"CreatedService", "CreatedHeadPod", "CreatedWorkerPod", "Scheduled", "Pulled", "Started"} <= reasons
    stage.kubectl("delete", "raycluster", "demo", "--wait")
    stage.until(lambda: not stage.get("pods") and not stage.get("services"))


def test_scales_up_and_down_within_bounds(stage: Stage) -> None:
    """Workers follow replicas, held within minReplicas and maxReplicas."""
    cluster = make_cluster()
    stage.apply(cluster)
    stage.ready()
    cluster["spec"]["workerGroupSpecs"][0]["replicas"] = 5
    stage.apply(cluster)
    stage.until(lambda: stage.status().get("readyWorkerReplicas") == 2)
    cluster["spec"]["workerGroupSpecs"][0]["replicas"] = 0
    stage.apply(cluster)
    stage.until(lambda: len(stage.get("pods")) == 1)
    stage.until(lambda: "readyWorkerReplicas" not in stage.status())


def test_replaces_a_pod_that_vanishes(stage: Stage) -> None:
    """A deleted worker comes back under a new name; the state stays ready meanwhile, as KubeRay's does."""
    stage.apply(make_cluster())
    stage.ready()
    name = stage.pods("cpu")[0]["metadata"]["name"]
    stage.kubectl("delete", "pod", name, "--wait=false")
    stage.until(lambda: [pod for pod in stage.pods("cpu") if pod["metadata"]["name"] != name])
    stage.ready()
    assert stage.status()["state"] == "ready"


def test_suspends_and_resumes(stage: Stage) -> None:
    """Suspending takes the pods and says so; resuming brings them back."""
    stage.apply(make_cluster())
    stage.ready()
    stage.apply(make_cluster(suspend=True))
    stage.until(lambda: stage.conditions()["RayClusterSuspended"]["status"] == "True")
    assert stage.status()["state"] == "suspended"
    assert stage.get("pods") == []
    assert stage.conditions()["RayClusterProvisioned"]["message"] == "RayCluster has been suspended"
    stage.apply(make_cluster(suspend=False))
    stage.ready()
    assert stage.status()["state"] == "ready"


def test_recreates_pods_only_where_asked(stage: Stage) -> None:
    """A changed image reaches running pods with upgradeStrategy Recreate, and not without."""
    plain, strict = make_cluster(name="plain"), make_cluster(name="strict", upgradeStrategy={"type": "Recreate"})
    for cluster in (plain, strict):
        stage.apply(cluster)
    stage.until(lambda: all(stage.status(name).get("state") == "ready" for name in ("plain", "strict")))
    for cluster in (plain, strict):
        cluster["spec"]["headGroupSpec"]["template"]["spec"]["containers"][0]["image"] = "rayproject/ray:2.60.1"
        stage.apply(cluster)

    def images() -> dict[str, str]:
        return {
            pod["metadata"]["labels"]["ray.io/cluster"]: pod["spec"]["containers"][0]["image"]
            for pod in stage.pods("headgroup")
        }

    stage.until(lambda: images().get("strict") == "rayproject/ray:2.60.1")
    assert images()["plain"] == "rayproject/ray:2.60.0-py311"


def test_autoscaler_follows_bounds_and_demand(stage: Stage) -> None:
    """The autoscaler raises replicas to the minimum and to the demand, as its own field manager."""
    cluster = make_cluster(enableInTreeAutoscaling=True, autoscalerOptions={"version": "v2"})
    cluster["spec"]["workerGroupSpecs"][0] |= {"replicas": 0, "minReplicas": 1, "maxReplicas": 3}
    stage.apply(cluster)
    stage.ready()
    assert {item["metadata"]["name"] for item in stage.get("role,rolebinding,sa")} >= {"demo"}
    stage.kubectl("annotate", "raycluster", "demo", "sandbox.krayne.io/demand=cpu=3")
    stage.until(lambda: stage.status().get("readyWorkerReplicas") == 3)
    managers = stage.kubectl("get", "raycluster", "demo", "-o", "yaml", "--show-managed-fields")
    assert "manager: python-requests" in managers
    stage.kubectl("annotate", "--overwrite", "raycluster", "demo", "sandbox.krayne.io/demand=cpu=1")
    stage.until(lambda: len(stage.pods("cpu")) == 1)


def test_token_auth_makes_a_secret(stage: Stage) -> None:
    """With authOptions.mode token there is a Secret, and the head reads its token."""
    stage.apply(make_cluster(authOptions={"mode": "token"}))
    stage.ready()
    assert stage.kubectl("get", "secret", "demo", "-o", "jsonpath={.data.auth_token}")
    env = stage.pods("headgroup")[0]["spec"]["containers"][0]["env"]
    assert {"name": "RAY_AUTH_MODE", "value": "token"} in env


@pytest.mark.parametrize(
    ("image", "reason", "words"),
    [
        (
            "rayproject/ray:9.9.9",
            "ImagePullBackOff",
            '"docker.io/rayproject/ray:9.9.9": docker.io/rayproject/ray:9.9.9: not found',
        ),
        ("example.com/team/does-not-exist:1", "ImagePullBackOff", "not found"),
        ("example.com/denied:1", "ImagePullBackOff", "authorization failed"),
        ("registry.invalid/ray:1", "ImagePullBackOff", "no such host"),
        ("Example/Ray", "InvalidImageName", "must be lowercase"),
    ],
)
def test_bad_images(stage: Stage, image: str, reason: str, words: str) -> None:
    """An image that cannot be had shows on the pod and in the cluster's condition, in containerd's words."""
    cluster = make_cluster()
    cluster["spec"]["headGroupSpec"]["template"]["spec"]["containers"][0]["image"] = image
    stage.apply(cluster)
    assert words in stage.until(lambda: waiting(stage).get("reason") == reason and waiting(stage))["message"]
    stage.until(lambda: stage.conditions()["HeadPodReady"]["reason"] == reason)
    assert words in stage.conditions()["HeadPodReady"]["message"]


@pytest.mark.parametrize(("word", "code", "reason"), [("crash", 1, "Error"), ("oom", 137, "OOMKilled")])
def test_crash_loops(stage: Stage, word: str, code: int, reason: str) -> None:
    """A container that fails again and again is restarted ever later; its last end is kept."""
    stage.apply(fault(word))
    seen = stage.until(lambda: waiting(stage).get("restarts", 0) >= 2 and waiting(stage))
    assert seen["reason"] == "CrashLoopBackOff"
    assert (seen["last"]["terminated"]["exitCode"], seen["last"]["terminated"]["reason"]) == (code, reason)
    stage.until(lambda: stage.conditions()["HeadPodReady"]["reason"] == "CrashLoopBackOff")
    stage.until(lambda: any(event["reason"] == "BackOff" and event["count"] >= 2 for event in stage.get("events")))


def test_unknown_ray_flag_crashes(stage: Stage) -> None:
    """What `ray start` would refuse ends the container with 2, as captured."""
    cluster = make_cluster()
    cluster["spec"]["headGroupSpec"]["rayStartParams"]["no-such-flag"] = "1"
    stage.apply(cluster)
    seen = stage.until(lambda: waiting(stage).get("reason") == "CrashLoopBackOff" and waiting(stage))
    assert seen["last"]["terminated"]["exitCode"] == 2


def test_hook_fails(stage: Stage) -> None:
    """A postStart hook that fails kills its container."""
    stage.apply(fault("hook"))
    stage.until(lambda: waiting(stage).get("reason") in ("PostStartHookError", "CrashLoopBackOff"))
    stage.until(lambda: "FailedPostStartHook" in {event for event, _ in stage.events()})


def test_worker_image_by_image_name(stage: Stage) -> None:
    """The vocabulary works by image tag and for workers too: the head is ready, the worker is not."""
    cluster = make_cluster()
    cluster["spec"]["workerGroupSpecs"][0]["template"]["spec"]["containers"][0]["image"] = "rayproject/ray:2.60.0-oom"
    stage.apply(cluster)
    stage.until(lambda: waiting(stage, "cpu").get("reason") == "CrashLoopBackOff")
    assert stage.conditions()["HeadPodReady"]["status"] == "True"


def test_init_container_fails(stage: Stage) -> None:
    """A worker whose init container fails again and again stays Pending."""
    stage.apply(fault("cpu=init"))
    stage.until(lambda: waiting(stage, "cpu", init=True).get("reason") == "CrashLoopBackOff")
    assert stage.pods("cpu")[0]["status"]["phase"] == "Pending"


def test_head_dies_after_it_was_ready(stage: Stage) -> None:
    """The head fails once it was ready: the state still says ready, the condition tells the truth."""
    stage.apply(make_cluster())
    stage.ready()
    stage.kubectl("annotate", "raycluster", "demo", "sandbox.krayne.io/fault=head=die")
    stage.until(lambda: stage.conditions()["HeadPodReady"]["reason"] == "CrashLoopBackOff")
    assert stage.status()["state"] == "ready"
    assert stage.conditions()["RayClusterProvisioned"]["status"] == "True"


def test_evicted_worker_is_replaced(stage: Stage) -> None:
    """An evicted worker fails, and KubeRay deletes and replaces it."""
    stage.apply(fault("cpu=evict"))
    stage.until(lambda: "Evicted" in {event for event, _ in stage.events()})
    stage.until(lambda: any(message.startswith("Deleted worker Pod") for _, message in stage.events()))


def test_never_ready(stage: Stage) -> None:
    """A head whose probe never passes runs and is not ready."""
    stage.apply(fault("not-ready"))
    stage.until(lambda: "Unhealthy" in {event for event, _ in stage.events()})
    assert stage.conditions()["HeadPodReady"]["reason"] == "ContainersNotReady"
    assert stage.pods("headgroup")[0]["status"]["phase"] == "Running"


def test_missing_secret(stage: Stage) -> None:
    """A variable from a Secret that is not there keeps the container from being made; the Secret heals it."""
    cluster = make_cluster()
    reference = {"secretKeyRef": {"name": "keys", "key": "token"}}
    ray = cluster["spec"]["headGroupSpec"]["template"]["spec"]["containers"][0]
    ray["env"] = [{"name": "TOKEN", "valueFrom": reference}]
    stage.apply(cluster)
    seen = stage.until(lambda: waiting(stage).get("reason") == "CreateContainerConfigError" and waiting(stage))
    assert seen["message"] == 'secret "keys" not found'
    stage.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "keys"}, "stringData": {"token": "x"}})
    stage.ready()


def test_missing_volume(stage: Stage) -> None:
    """A volume from a ConfigMap that is not there keeps the pod in ContainerCreating."""
    cluster = make_cluster()
    volume = {"name": "settings", "configMap": {"name": "nowhere"}}
    cluster["spec"]["headGroupSpec"]["template"]["spec"]["volumes"] = [volume]
    stage.apply(cluster)
    words = 'MountVolume.SetUp failed for volume "settings" : configmap "nowhere" not found'
    stage.until(lambda: ("FailedMount", words) in stage.events())
    assert waiting(stage)["reason"] == "ContainerCreating"


def test_used_up_quota(stage: Stage) -> None:
    """A real ResourceQuota refuses the worker; the head is there."""
    spec = {"hard": {"pods": "1"}}
    stage.apply({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "one"}, "spec": spec})
    stage.until(lambda: stage.get("resourcequota")[0].get("status", {}).get("hard"))
    stage.apply(make_cluster())
    failure = stage.until(lambda: stage.conditions().get("ReplicaFailure"))
    assert failure["reason"] == "FailedCreateWorkerPod"
    assert "exceeded quota: one" in failure["message"]
    stage.until(lambda: stage.conditions()["HeadPodReady"]["status"] == "True")


def test_crash_under_autoscaler_v2_replaces_the_head(stage: Stage) -> None:
    """With restartPolicy Never there is no crash loop: KubeRay deletes the head and makes another."""
    stage.apply(
        make_cluster(
            annotations={"sandbox.krayne.io/fault": "crash"},
            enableInTreeAutoscaling=True,
            autoscalerOptions={"version": "v2"},
        )
    )
    words = "Pod restart policy: Never; Ray container terminated status: &ContainerStateTerminated{ExitCode:1,"
    stage.until(lambda: sum(words in message for _, message in stage.events()) >= 2)


def test_unschedulable(stage: Stage) -> None:
    """What no node has leaves the workers pending, with the scheduler's sentence."""
    cluster = make_cluster()
    worker = cluster["spec"]["workerGroupSpecs"][0]["template"]["spec"]["containers"][0]
    worker["resources"] = {"limits": {"cpu": "1", "nvidia.com/gpu": "1"}}
    stage.apply(cluster)

    def sentence() -> str:
        for pod in stage.pods("cpu"):
            for condition in pod.get("status", {}).get("conditions", []):
                if condition.get("reason") == "Unschedulable":
                    return str(condition["message"])
        return ""

    assert "Insufficient nvidia.com/gpu" in stage.until(sentence)
    stage.until(lambda: "FailedScheduling" in {event for event, _ in stage.events()})


@pytest.mark.parametrize(("word", "words"), [("quota", "exceeded quota"), ("webhook", "denied the request")])
def test_refused_pods(stage: Stage, word: str, words: str) -> None:
    """Pods that may not be created show as ReplicaFailure, until they may."""
    stage.apply(fault(f"cpu={word}"))
    failure = stage.until(lambda: stage.conditions().get("ReplicaFailure"))
    assert failure["reason"] == "FailedCreateWorkerPod"
    assert words in failure["message"]
    stage.kubectl("annotate", "raycluster", "demo", "sandbox.krayne.io/fault-")
    stage.until(lambda: "ReplicaFailure" not in stage.conditions())
    stage.ready()


def test_invalid_spec(stage: Stage) -> None:
    """What KubeRay refuses gets an event and nothing else."""
    cluster = make_cluster()
    cluster["spec"]["workerGroupSpecs"][0] |= {"minReplicas": 3, "maxReplicas": 1}
    stage.apply(cluster)
    reason = ("InvalidRayClusterSpec", "minReplicas 3 greater than maxReplicas 1")
    stage.until(lambda: any(event == reason[0] and reason[1] in message for event, message in stage.events()))
    assert stage.status() == {}
    assert stage.get("pods") == []


def test_absent_operator_and_other_managers(stage: Stage) -> None:
    """Clusters that are someone else's, or nobody's, are left alone."""
    absent = make_cluster(name="absent", annotations={"sandbox.krayne.io/fault": "operator=absent"})
    other = make_cluster(name="other", managedBy="kueue.x-k8s.io/multikueue")
    for cluster in (absent, other, make_cluster()):
        stage.apply(cluster)
    stage.ready()
    assert stage.status("absent") == {}
    assert stage.status("other") == {}


def test_stuck_deletion(stage: Stage) -> None:
    """A deletion that does not end, and ends once the annotation goes."""
    stage.apply(fault("deletion=stuck"))
    stage.ready()
    stage.kubectl("delete", "raycluster", "demo", "--wait=false")
    stage.until(lambda: stage.get("raycluster")[0]["metadata"].get("deletionTimestamp"))
    assert "sandbox.krayne.io/stuck" in stage.get("raycluster")[0]["metadata"]["finalizers"]
    stage.kubectl("annotate", "raycluster", "demo", "sandbox.krayne.io/fault-")
    stage.until(lambda: not stage.get("raycluster"))


def test_redis_finalizer(stage: Stage) -> None:
    """GCS fault tolerance adds KubeRay's finalizer, which goes with the head."""
    stage.apply(make_cluster(gcsFaultToleranceOptions={"redisAddress": "redis:6379"}))
    stage.ready()
    assert stage.get("raycluster")[0]["metadata"]["finalizers"] == ["ray.io/gcs-ft-redis-cleanup-finalizer"]
    stage.kubectl("delete", "raycluster", "demo", "--wait")
    stage.until(lambda: not stage.get("pods"))


def test_multi_host_replicas(stage: Stage) -> None:
    """A replica of several hosts comes and goes as one."""
    cluster = make_cluster()
    cluster["spec"]["workerGroupSpecs"][0] |= {"numOfHosts": 2, "replicas": 2}
    stage.apply(cluster)
    stage.until(lambda: stage.status().get("readyWorkerReplicas") == 4)
    replicas = {pod["metadata"]["labels"]["ray.io/worker-group-replica-name"] for pod in stage.pods("cpu")}
    assert len(replicas) == 2
    stage.kubectl("delete", "--wait=false", "pod", stage.pods("cpu")[0]["metadata"]["name"])
    names = copy.copy(replicas)
    stage.until(
        lambda: {pod["metadata"]["labels"]["ray.io/worker-group-replica-name"] for pod in stage.pods("cpu")} != names
    )
    stage.until(lambda: stage.status().get("readyWorkerReplicas") == 4)
