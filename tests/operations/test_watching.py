"""Clusters as they change: judged by all that there is, told again only for news."""

from __future__ import annotations

import json
from contextlib import closing
from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from krayne.errors import ClusterNotFoundError, KubectlError, UsageError
from krayne.operations.get import list_clusters, watch_clusters
from tests.operations.conftest import captured, left_behind, pipes
from tests.support.kubectl import Hold

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from krayne.cluster import ClusterInfo
    from krayne.kubectl import Kubectl
    from tests.support.kubectl import FakeKubectl

FORBIDDEN = "Error from server (Forbidden): no"


def there(fake_kubectl: FakeKubectl, state: str, *changes: str | Hold, denied: bool = False) -> None:
    """Script a captured state, and what a watch of its RayCluster brings; other watches bring nothing."""
    for kind, path in {"RayCluster": "rayclusters", "Pod": "pods?label*", "Event": "events?field*"}.items():
        listed = {"metadata": {"resourceVersion": "100"}, "items": captured(state, kind)}
        if denied and kind != "RayCluster":
            fake_kubectl.reply(f"get --raw */{path}", stderr=FORBIDDEN, code=1)
        else:
            fake_kubectl.reply(f"get --raw */{path}", json=listed, times=None)
    fake_kubectl.reply("get --raw */rayclusters?watch*", stdout=[*changes], hangs=True)
    fake_kubectl.reply("get --raw *watch*", hangs=True, times=2)


def changed(cluster: dict[str, Any], kind: str = "MODIFIED", **fields: Any) -> str:
    """A line of a watch: the cluster with other metadata or another status."""
    other = deepcopy(cluster)
    for name, value in fields.items():
        other["metadata" if name in ("labels", "creationTimestamp") else "status"][name] = value
    return json.dumps({"type": kind, "object": other}) + "\n"


@pytest.mark.parametrize("state", ["image-pull-error", "crash-loop", "unschedulable", "suspended", "ready-3-ready"])
def test_begins_with_what_get_says(fake_kubectl: FakeKubectl, kubectl: Kubectl, state: str) -> None:
    """Also of a cluster that has no pods, at once: everything has been listed by then."""
    there(fake_kubectl, state)
    with closing(begun(kubectl)) as infos:
        first = next(infos)
    assert first.status == list_clusters(kubectl=kubectl)[0].status == state.removeprefix("ready-3-")


def begun(kubectl: Kubectl, selector: str | None = None, *, names: str = "") -> Generator[ClusterInfo]:
    """What is told, to be closed."""
    yield from watch_clusters(kubectl=kubectl, selector=selector, names=names)


def test_tells_again_only_for_news(fake_kubectl: FakeKubectl, kubectl: Kubectl) -> None:
    """Not for another version of the same; one that was made anew is news, however much it is like the last."""
    cluster = captured("ready-3-ready", "RayCluster")[0]
    same = [changed(cluster, lastUpdateTime="2026-11-23T07:00:00Z"), Hold("same"), changed(cluster, x="y")]
    anew = [Hold("anew"), changed(cluster, "DELETED"), changed(cluster, creationTimestamp="2026-11-24T07:00:00Z")]
    there(fake_kubectl, "ready-3-ready", *same, changed(cluster, labels={"team": "vision"}), *anew)
    with closing(begun(kubectl)) as infos:
        assert next(infos).labels == cluster["metadata"]["labels"]
        fake_kubectl.release("same")
        assert next(infos).labels == {"team": "vision"}
        fake_kubectl.release("anew")
        # Its end is told, too, where it is seen before the new one is there.
        assert next(info for info in infos if info.status != "deleting").created == "2026-11-24T07:00:00Z"


@pytest.mark.parametrize(("selector", "cause"), [(None, "it is gone"), ("team=red", "it is gone, or its labels no")])
def test_tells_of_a_cluster_that_is_gone(
    fake_kubectl: FakeKubectl, kubectl: Kubectl, selector: str | None, cause: str
) -> None:
    """Also where no deletion was seen to begin."""
    cluster = captured("ready-3-ready", "RayCluster")[0]
    listed = {"metadata": {"resourceVersion": "100"}, "items": [cluster]}
    fake_kubectl.reply("get --raw */rayclusters?labelSelector=team%3Dred", json=listed)
    there(fake_kubectl, "ready-3-ready", Hold("end"), changed(cluster, "DELETED"))
    with closing(begun(kubectl, selector)) as infos:
        assert next(infos).status == "ready"
        fake_kubectl.release("end")
        last = next(infos)
    assert (last.name, last.status, last.workers_ready, last.dashboard_url) == ("demo", "deleting", 1, None)
    assert (last.cause or "").startswith(cause)


@pytest.mark.parametrize("other", [{"all_namespaces": True}, {"selector": "team=red"}])
@pytest.mark.parametrize("names", ["demo", ["demo"]])
@pytest.mark.parametrize("function", [list_clusters, watch_clusters])
def test_names_go_with_neither_all_namespaces_nor_a_selector(
    function: Callable[..., Any], names: str | list[str], other: dict[str, Any]
) -> None:
    """Nothing is asked."""
    with pytest.raises(UsageError, match=r"cannot be named across all namespaces|cannot go together"):
        function(names=names, **other)


def test_a_text_is_one_name(fake_kubectl: FakeKubectl, kubectl: Kubectl) -> None:
    """Not as many as it has letters."""
    there(fake_kubectl, "ready-3-ready")
    with closing(begun(kubectl, names="demo")) as infos:
        assert [next(infos).name, list_clusters(names="demo", kubectl=kubectl)[0].name] == ["demo", "demo"]


def test_a_status_that_settles_it_may_be_newer_than_the_list_of_pods(
    fake_kubectl: FakeKubectl, kubectl: Kubectl
) -> None:
    """No pod beside it contradicts it, as it does for describe."""
    fake_kubectl.reply("get --raw */pods?label*", json={"metadata": {"resourceVersion": "100"}, "items": []})
    there(fake_kubectl, "ready-3-ready")
    with closing(begun(kubectl)) as infos:
        first = next(infos)
    assert (first.status, first.workers_ready) == ("ready", 1)


def test_pods_that_may_not_be_read_are_unknown_not_missing(fake_kubectl: FakeKubectl, kubectl: Kubectl) -> None:
    """As for get, which also says so once."""
    there(fake_kubectl, "ready-2-starting", denied=True)
    told: list[str] = []
    with closing(begun(replace(kubectl, tell=told.append))) as infos:
        assert "no head pod" not in (next(infos).cause or "")
    assert [words.partition(":")[0] for words in told] == ["pods may not be listed, so the RayCluster alone is judged"]


def test_a_missing_name_leaves_nothing_running(fake_kubectl: FakeKubectl, kubectl: Kubectl) -> None:
    """It is told with the near ones."""
    fake_kubectl.reply("get --raw */rayclusters", json={"items": captured("ready-3-ready", "RayCluster")})
    fake_kubectl.reply("get --raw", hangs=True, times=2)
    before = pipes()
    with pytest.raises(ClusterNotFoundError, match="did you mean demo"):
        next(iter(watch_clusters(names=["demmo"], kubectl=kubectl)))
    assert (left_behind(fake_kubectl), pipes()) == ([], before)


def test_what_cannot_be_listed_at_first_is_an_error(fake_kubectl: FakeKubectl, kubectl: Kubectl) -> None:
    """Nobody waits for it."""
    fake_kubectl.reply("get --raw */rayclusters", stderr="Error from server (BadRequest): unable to parse", code=1)
    fake_kubectl.reply("get --raw", hangs=True, times=2)
    with pytest.raises(KubectlError, match=r"cannot list RayClusters in namespace ml: .* unable to parse"):
        next(iter(watch_clusters(kubectl=kubectl)))
