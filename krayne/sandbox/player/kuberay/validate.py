"""What KubeRay 1.6.2 refuses to work on, in its own words."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from krayne.sandbox.player.kuberay import names

Object = dict[str, Any]

_LONGEST_NAME = 53
_DNS_1035 = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_DNS_1035_WORDS = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, "
    "and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is "
    "'[a-z]([-a-z0-9]*[a-z0-9])?')"
)
_AUTOSCALER_V2_VARIABLE = "RAY_enable_autoscaler_v2"


class Refusal(NamedTuple):
    """The Warning event by which KubeRay says that it leaves a cluster alone."""

    reason: str
    message: str


def refusal(cluster: Object) -> Refusal | None:
    """Why KubeRay does nothing for this cluster; None where it accepts it."""
    metadata = cluster["metadata"]
    where = f"{metadata['namespace']}/{metadata['name']}"
    if problem := _metadata_problem(metadata["name"]):
        return Refusal("InvalidRayClusterMetadata", f"The RayCluster metadata is invalid {where}: {problem}")
    if problem := _spec_problem(cluster["spec"], metadata.get("annotations") or {}):
        return Refusal("InvalidRayClusterSpec", f"The RayCluster spec is invalid {where}: {problem}")
    if problem := _upgrade_problem(cluster):
        return Refusal("InvalidRayClusterSpec", f"The RayCluster UpgradeStrategy is invalid {where}: {problem}")
    return None


def _metadata_problem(name: str) -> str | None:
    if len(name) > _LONGEST_NAME:
        return f"RayCluster name should be no more than {_LONGEST_NAME} characters"
    if not _DNS_1035.fullmatch(name):
        return f"RayCluster name should be a valid DNS1035 label: [{_DNS_1035_WORDS}]"
    return None


def _spec_problem(spec: Object, annotations: dict[str, str]) -> str | None:
    head = spec["headGroupSpec"]
    if not _containers(head):
        return "headGroupSpec should have at least one container"
    problem = _group_problem("Head", head)
    for group in spec.get("workerGroupSpecs") or []:
        problem = problem or _worker_problem(spec, group)
    return problem or _redis_problem(spec, annotations) or _autoscaler_problem(spec) or _auth_problem(spec)


def _group_problem(name: str, group: Object) -> str | None:
    parameters = group.get("rayStartParams") or {}
    given = any(parameters.get(flag) for flag in ("num-cpus", "num-gpus", "memory", "resources"))
    if given and group.get("resources"):
        return (
            f"resource fields should not be set in both rayStartParams and Resources for {name} group; "
            "please use only one"
        )
    if "labels" in parameters:
        return (
            f"rayStartParams['labels'] is not supported for {name} group; please use the top-level Labels field instead"
        )
    return None


def _worker_problem(spec: Object, group: Object) -> str | None:
    name, least, most = group.get("groupName", ""), group.get("minReplicas"), group.get("maxReplicas")
    if not _containers(group):
        return "workerGroupSpec should have at least one container"
    if not spec.get("enableInTreeAutoscaling") and (least is None or most is None):
        return f"worker group {name} must set both minReplicas and maxReplicas when autoscaling is disabled"
    if least is not None and least < 0:
        return f"worker group {name} has negative minReplicas {least}"
    if most is not None and most < 0:
        return f"worker group {name} has negative maxReplicas {most}"
    if least is not None and most is not None and least > most:
        return f"worker group {name} has minReplicas {least} greater than maxReplicas {most}"
    return _group_problem(name, group) or _idle_problem(spec, group)


def _idle_problem(spec: Object, group: Object) -> str | None:
    idle, name = group.get("idleTimeoutSeconds"), group.get("groupName", "")
    if idle is None:
        return None
    if idle < 0:
        return f"worker group {name}: idleTimeoutSeconds must be non-negative, got {idle}"
    version = (spec.get("autoscalerOptions") or {}).get("version")
    if version == "v2" or _variable(spec["headGroupSpec"], _AUTOSCALER_V2_VARIABLE) in ("1", "true"):
        return None
    return (
        f"worker group {name}: idleTimeoutSeconds is set, but autoscaler v2 is not enabled. Please set "
        f".spec.autoscalerOptions.version to 'v2' (or set {_AUTOSCALER_V2_VARIABLE} environment variable to 'true' in "
        "the head pod if using KubeRay < 1.4.0)"
    )


def _redis_problem(spec: Object, annotations: dict[str, str]) -> str | None:
    options = spec.get("gcsFaultToleranceOptions")
    head = spec["headGroupSpec"]
    on = options is not None or annotations.get(names.FT_ENABLED, "").lower() == "true"
    if annotations.get(names.FT_ENABLED) and options is not None:
        return (
            f"{names.FT_ENABLED} annotation and GcsFaultToleranceOptions are both set. "
            "Please use only GcsFaultToleranceOptions to configure GCS fault tolerance"
        )
    if not on and _variable(head, "RAY_REDIS_ADDRESS") is not None:
        return (
            "RAY_REDIS_ADDRESS is set which implicitly enables GCS fault tolerance, but GcsFaultToleranceOptions is "
            "not set. Please set GcsFaultToleranceOptions to enable GCS fault tolerance"
        )
    parameters = head.get("rayStartParams") or {}
    if options is not None:
        given = {
            "`redis-password` in rayStartParams": (parameters.get("redis-password"), "RedisPassword"),
            "`REDIS_PASSWORD` env var in head Pod": (_variable(head, "REDIS_PASSWORD") is not None, "RedisPassword"),
            "`RAY_REDIS_ADDRESS` env var in head Pod": (
                _variable(head, "RAY_REDIS_ADDRESS") is not None,
                "RedisAddress",
            ),
            f"`{names.STORAGE_NAMESPACE}` annotation": (
                annotations.get(names.STORAGE_NAMESPACE),
                "ExternalStorageNamespace",
            ),
        }
        for what, (present, instead) in given.items():
            if present:
                return (
                    f"cannot set {what} when GcsFaultToleranceOptions is enabled - "
                    f"use GcsFaultToleranceOptions.{instead} instead"
                )
    if parameters.get("redis-username") or _variable(head, "REDIS_USERNAME") is not None:
        return (
            "cannot set redis username in rayStartParams or environment variables - "
            "use GcsFaultToleranceOptions.RedisUsername instead"
        )
    return None


def _autoscaler_problem(spec: Object) -> str | None:
    options = spec.get("autoscalerOptions") or {}
    head, groups = spec["headGroupSpec"], spec.get("workerGroupSpecs") or []
    variable = _variable(head, _AUTOSCALER_V2_VARIABLE)
    if not spec.get("enableInTreeAutoscaling"):
        if variable in ("1", "true"):
            return (
                f"environment variable {_AUTOSCALER_V2_VARIABLE} cannot be set to '{variable}' when "
                "enableInTreeAutoscaling is false. Please set enableInTreeAutoscaling: true to use autoscaler v2"
            )
    else:
        for group in groups:
            if group.get("suspend"):
                return f"worker group {group['groupName']} cannot be suspended with Autoscaler enabled"
        if options.get("version") and variable is not None:
            return (
                f"both .spec.autoscalerOptions.version and head Pod env var {_AUTOSCALER_V2_VARIABLE} are set, "
                "please only use the former"
            )
        if problem := _restart_problem(options, head, groups):
            return problem
    idle = options.get("idleTimeoutSeconds")
    if idle is not None and idle < 0:
        return f"autoscalerOptions.idleTimeoutSeconds must be non-negative, got {idle}"
    return None


def _restart_problem(options: Object, head: Object, groups: list[Object]) -> str | None:
    if options.get("version") != "v2":
        return None
    if head["template"]["spec"].get("restartPolicy", "Never") != "Never":
        return "restartPolicy for head Pod should be Never or unset when using autoscaler V2"
    for group in groups:
        if group["template"]["spec"].get("restartPolicy", "Never") != "Never":
            return (
                f"restartPolicy for worker group {group['groupName']} should be Never or unset when using autoscaler V2"
            )
    return None


def _auth_problem(spec: Object) -> str | None:
    options, given = spec.get("authOptions") or {}, spec.get("rayVersion") or ""
    if options.get("mode") != "token":
        if options.get("enableK8sTokenAuth"):
            return "authOptions.enableK8sTokenAuth is enabled but authOptions.mode not set to 'token'"
        return None
    if not given:
        return "authOptions.mode is 'token' but RayVersion was not specified. Ray version 2.52.0 or later is required"
    match = re.match(r"v?(\d+)\.(\d+)", given)
    if not match:
        why = f'could not parse "{given}" as version'
        return f"authOptions.mode is 'token' but RayVersion format is invalid: {given}, {why}"
    return _token_problem(options, given, (int(match[1]), int(match[2])))


def _token_problem(options: Object, given: str, version: tuple[int, int]) -> str | None:
    if version < (2, 52):
        return f"authOptions.mode is 'token' but minimum Ray version is 2.52.0, got {given}"
    if not options.get("enableK8sTokenAuth"):
        return None
    if version < (2, 55):
        return f"authOptions.enableK8sTokenAuth is enabled but minimum Ray version is 2.55.0, got {given}"
    if options.get("secretName"):
        return "authOptions.enableK8sTokenAuth is enabled and authOptions.secretName is also set"
    return None


def _upgrade_problem(cluster: Object) -> str | None:
    kind = (cluster["spec"].get("upgradeStrategy") or {}).get("type")
    if kind is None:
        return None
    if kind not in ("Recreate", "None"):
        return (
            f"The RayCluster spec is invalid: Spec.UpgradeStrategy.Type value {kind} is invalid, "
            "valid options are Recreate or None"
        )
    origin = (cluster["metadata"].get("labels") or {}).get(names.ORIGIN_KIND)
    if origin in ("RayJob", "RayService"):
        return f"upgradeStrategy cannot be set when RayCluster is created by {origin}"
    return None


def _containers(group: Object) -> list[Object]:
    containers: list[Object] = group["template"]["spec"].get("containers") or []
    return containers


def _variable(group: Object, name: str) -> str | None:
    for variable in _containers(group)[0].get("env") or []:
        if variable["name"] == name:
            return str(variable.get("value") or "")
    return None
