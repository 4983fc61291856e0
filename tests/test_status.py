"""The words and causes for cluster states: every captured and made one, and what no tool would write."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from krayne.objects import by_cluster
from krayne.paths import SCHEMAS
from krayne.status import Events, Reason, Status, Verdict, judge, settled
from krayne.status.events import when
from tests.support.captures import Capture, captured, made

ALL = captured() + made()
CAPTURES = {capture.name: capture for capture in ALL}
every_capture = pytest.mark.parametrize("capture", ALL, ids=lambda capture: capture.name)


def look(capture: Capture, *, later: float = 0) -> Verdict:
    """Judge a capture by all that is known of it."""
    return judge(capture.cluster, capture.pods, capture.events, now=capture.now + timedelta(seconds=later))


@every_capture
def test_each_state_gets_its_word_and_cause(capture: Capture) -> None:
    """Each file says beside its state what krayne says of it."""
    expected = Verdict(**{**capture.expect, "status": Status(capture.expect["status"])})
    assert replace(look(capture), reason=None) == expected


REASONS = {
    Reason.FINALIZER: {"deleting-held"},
    Reason.QUOTA: {"quota-held-by-ending-pod", "quota-refuses-head", "quota-refuses-worker"},
    Reason.UNANSWERED: {"never-answered", "pods-gone-unnoticed"},
    Reason.RESTARTED: {
        *("crash-loop", "autoscaler-crash-loop", "head-died-after-ready", "head-out-of-memory-once"),
        *("head-out-of-memory", "hook-fails-again", "killed-by-liveness-probe", "wait-gcs-ready-out-of-memory"),
        *("worker-between-crashes", "worker-crash-loop"),
    },
}


@every_capture
def test_what_calls_for_advice_of_its_own_is_told_apart(capture: Capture) -> None:
    """By a word that the sentence has no part in."""
    assert look(capture).reason is next((reason for reason, names in REASONS.items() if capture.name in names), None)


@every_capture
def test_what_settles_itself_needs_no_pods(capture: Capture) -> None:
    """Where settled says that no pods are needed, the verdict is the same without them."""
    if settled(capture.cluster) and capture.name not in ("deleting", "pods-gone-unnoticed"):
        assert judge(capture.cluster, None, (), now=capture.now) == look(capture)


@every_capture
def test_no_cluster_is_ready_without_pods(capture: Capture) -> None:
    """None is another word than unknown: a status outlives the KubeRay that wrote it."""
    assert judge(capture.cluster, [], capture.events, now=capture.now).status is not Status.READY


def test_a_status_of_just_now_may_be_newer_than_the_list_of_pods() -> None:
    """Then KubeRay is not blamed yet, and nothing advised."""
    capture = CAPTURES["ready-3-ready"]
    young = judge(capture.cluster, [], (), now=capture.now)
    assert young == Verdict(Status.CREATING, "head: its pod is missing, though KubeRay's status says ready")
    old = judge(capture.cluster, [], (), now=capture.now + timedelta(minutes=1))
    assert (old.status, old.reason) == (Status.CREATING, Reason.UNANSWERED)


def test_workers_that_are_gone_unnoticed_are_told_of() -> None:
    """The head alone is left."""
    capture = CAPTURES["ready-3-ready"]
    head = [pod for pod in capture.pods if "head" in pod["metadata"]["name"]]
    verdict = judge(capture.cluster, head, (), now=capture.now)
    cause = "worker group cpu: 1 of 1 pod missing, though KubeRay's status says ready"
    assert verdict == Verdict(Status.RUNNING, cause)


@every_capture
def test_only_ready_says_nothing(capture: Capture) -> None:
    """Every other word comes with a cause, on one line."""
    verdict = look(capture)
    assert (verdict.cause is None) == (verdict.status is Status.READY)
    assert (verdict.cause or "").isprintable()


@every_capture
def test_without_events_the_word_stands(capture: Capture) -> None:
    """Events add causes; only what leaves no other trace needs them for the word."""
    needs_them = {
        "invalid-spec",
        "invalid-change",
        "service-account-missing",
        "v2-head-ends-again",
        "v2-head-out-of-memory",
    }
    if capture.name not in needs_them:
        assert judge(capture.cluster, capture.pods, (), now=capture.now).status is look(capture).status


@every_capture
def test_the_order_of_pods_and_events_does_not_matter(capture: Capture) -> None:
    """An API server may list them in any order."""
    pods, events = capture.pods[::-1], capture.events[::-1]
    turned = judge(capture.cluster, pods, events, now=capture.now)
    assert (turned.status, turned.hopeless) == (look(capture).status, look(capture).hopeless)


@pytest.mark.parametrize("name", ["crash-loop", "image-pull-error", "ready-1-submitted"])
def test_a_head_that_fails_shows_without_its_pods(name: str) -> None:
    """Where pods may not be listed, KubeRay's HeadPodReady condition has to do."""
    capture = CAPTURES[name]
    assert judge(capture.cluster, None, (), now=capture.now).status.value == capture.expect["status"]


def test_the_sticky_state_is_never_trusted() -> None:
    """.status.state says ready of a cluster whose head died; no word of it counts."""
    for capture in ALL:
        cluster = copy.deepcopy(capture.cluster)
        if cluster.get("status"):
            cluster["status"]["state"] = "ready"
        assert judge(cluster, capture.pods, capture.events, now=capture.now) == look(capture)
        assert settled(cluster) == settled(capture.cluster)


def test_the_head_comes_before_workers() -> None:
    """Of two problems as bad as each other the head's is told."""
    head, worker = CAPTURES["crash-loop"], CAPTURES["worker-image-pull-error"]
    cluster = copy.deepcopy(worker.cluster)
    pods = [*(_moved(pod, worker) for pod in head.pods if "head" in pod["metadata"]["name"]), worker.pods[0]]
    verdict = judge(cluster, pods, (), now=worker.now)
    assert (verdict.status, verdict.pod) == (Status.CRASH_LOOP, "demo-head-tkbwk")


def test_a_fault_that_may_pass_gets_time() -> None:
    """What may be a registry's network is hopeless only when it has lasted."""
    young = CAPTURES["image-slow-registry"]
    assert not look(young).hopeless
    assert look(young, later=30).hopeless


def test_a_crash_of_long_ago_is_history() -> None:
    """A container that crashed an hour ago and is not ready now is not in a crash loop."""
    capture = CAPTURES["worker-between-crashes"]
    assert look(capture).status is Status.CRASH_LOOP
    assert look(capture, later=3600).status is Status.RUNNING


def test_pods_of_an_earlier_cluster_of_that_name_do_not_count() -> None:
    """A cluster deleted and made again is not judged by what is left of the first one."""
    capture = CAPTURES["crash-loop"]
    cluster = copy.deepcopy(capture.cluster)
    cluster["metadata"]["uid"] = "another"
    assert judge(cluster, capture.pods, (), now=capture.now).status is Status.CREATING


def test_the_bad_news_of_a_second_is_the_last() -> None:
    """Whoever writes parts of a second: the scheduler does, KubeRay does not."""
    early = {"type": "Normal", "lastTimestamp": "2026-01-01T00:00:05Z"}
    bad = {"type": "Warning", "eventTime": "2026-01-01T00:00:05.540000Z"}
    late = {"type": "Normal", "lastTimestamp": "2026-01-01T00:00:06Z"}
    assert sorted([late, bad, early], key=when) == [early, bad, late]


def test_events_are_told_apart_by_namespace_and_uid() -> None:
    """Those of a namesake, elsewhere or earlier, say nothing of this cluster."""
    capture = CAPTURES["invalid-spec"]
    for change in ({"namespace": "elsewhere"}, {"uid": "another"}):
        cluster = copy.deepcopy(capture.cluster)
        cluster["metadata"].update(change)
        assert judge(cluster, [], capture.events, now=capture.now).status is Status.CREATING
        assert judge(cluster, [], Events(capture.events), now=capture.now).status is Status.CREATING
    assert judge(capture.cluster, [], Events(capture.events), now=capture.now) == look(capture)


def test_several_pods_are_counted() -> None:
    """How many of how many, in the right number."""
    capture = CAPTURES["unschedulable"]
    one = judge(capture.cluster, [capture.pods[0], capture.pods[2]], (), now=capture.now)
    assert (one.cause or "").startswith("worker group gpu: 1 of 2 pods fits on no node: ")
    assert (look(capture).cause or "").startswith("worker group gpu: 2 of 2 pods fit on no node: ")


def test_a_long_message_keeps_its_end() -> None:
    """The reason stands at the end of what registries and runtimes say."""
    capture = CAPTURES["missing-secret"]
    pods = json.loads(json.dumps(capture.pods).replace("hf-token", "x" * 2000))
    cause = judge(capture.cluster, pods, (), now=capture.now).cause or ""
    assert len(cause) < 400
    assert cause.endswith('x" not found')


def test_pods_are_sorted_by_cluster() -> None:
    """One pass over all pods gives each cluster its own."""
    pods = [pod for capture in captured() for pod in capture.pods]
    index = by_cluster([*pods, {"metadata": {"name": "stray"}}, {"metadata": {"labels": None}}])
    assert sum(map(len, index.values())) == len(pods)
    assert {pod["metadata"]["name"] for pod in index["lab-crash-loop", "demo"]} == {
        "demo-head-tkbwk",
        "demo-cpu-worker-th4vr",
    }


def test_the_schema_has_the_same_words() -> None:
    """One list of words; the schema of krayne's output repeats it."""
    schema = json.loads(Path(SCHEMAS, "cluster-info.schema.json").read_text(encoding="utf-8"))
    assert schema["$defs"]["cluster"]["properties"]["status"]["enum"] == [status.value for status in Status]


BARE: list[Any] = [
    {},
    {"metadata": None},
    {"metadata": {"name": "x"}, "spec": None, "status": []},
    {"spec": {"suspend": "yes"}},
]


@pytest.mark.parametrize("cluster", BARE)
@pytest.mark.parametrize("pods", [None, [], [{}], [None, {"metadata": {"labels": []}, "status": "gone"}]])
def test_what_another_tool_left_out_is_no_fault(cluster: Any, pods: Any) -> None:
    """Hardly an object at all still gets a word."""
    assert judge(cluster, pods, [{}, None, {"involvedObject": 3}], now=datetime.now(timezone.utc)).status  # type: ignore[list-item]
    assert settled(cluster) is False


junk = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=3), st.just([]), st.just({}), st.just([None, 1])
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(ALL), st.data())
def test_no_field_of_the_wrong_type_is_a_fault(capture: Capture, data: st.DataObject) -> None:
    """Whatever stands in place of a few fields, judging does not raise."""
    objects = [capture.cluster, *capture.pods, *capture.events]
    for at in data.draw(st.lists(st.integers(0, len(objects) - 1), min_size=1, max_size=4)):
        objects[at] = _spoiled(objects[at], data)
    cluster, pods, events = objects[0], objects[1 : 1 + len(capture.pods)], objects[1 + len(capture.pods) :]
    assert judge(cluster, pods, events, now=capture.now).status in list(Status)
    assert judge(cluster, None, events, now=capture.now).status in list(Status)
    assert settled(cluster) in (True, False)


def _spoiled(value: Any, data: st.DataObject) -> Any:
    """Go down to a field by chance, and put something else in its place; the value itself stays as it is."""
    if isinstance(value, dict) and value and data.draw(st.integers(0, 9)):
        key = data.draw(st.sampled_from(sorted(value)))
        return {**value, key: _spoiled(value[key], data)}
    if isinstance(value, list) and value and data.draw(st.integers(0, 9)):
        at = data.draw(st.integers(0, len(value) - 1))
        return [*value[:at], _spoiled(value[at], data), *value[at + 1 :]]
    return data.draw(junk)


def _moved(pod: dict[str, Any], to: Capture) -> dict[str, Any]:
    return {**pod, "metadata": {**pod["metadata"], "ownerReferences": to.pods[0]["metadata"]["ownerReferences"]}}
