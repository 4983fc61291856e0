"""The Kubernetes API on the wire: what kubectl does not show, or never asks for."""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Iterator, Mapping
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any

import pytest

from krayne.sandbox import credentials, state

CLUSTER = {
    "apiVersion": "ray.io/v1",
    "kind": "RayCluster",
    "metadata": {"name": "demo"},
    "spec": {"headGroupSpec": {"template": {"spec": {"containers": []}}}},
}
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"


class Client:
    """Speaks plain HTTP to the server, in a namespace of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = state.last_port(folder)
        self.namespace = f"wire-{uuid.uuid4().hex[:8]}"
        self.rays = f"/apis/ray.io/v1/namespaces/{self.namespace}/rayclusters"
        self.core = f"/api/v1/namespaces/{self.namespace}"

    def connect(self, timeout: float = 20.0) -> HTTPSConnection:
        """A new connection."""
        context = credentials.client_context(self.folder)
        return HTTPSConnection("127.0.0.1", self.port, timeout=timeout, context=context)

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """The answer's code and its JSON."""
        code, text = self.raw(method, path, body, **headers)
        return code, json.loads(text)

    def raw(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, bytes]:
        """The answer's code and bytes; a body that is no bytes is sent as JSON."""
        connection = self.connect()
        with contextlib.closing(connection):
            self.ask(connection, method, path, body, **headers)
            response = connection.getresponse()
            return response.status, response.read()

    def ask(self, connection: HTTPSConnection, method: str, path: str, body: Any = None, **headers: str) -> None:
        """Send a request."""
        sent = {"Authorization": f"Bearer {credentials.token(self.folder)}", "Content-Type": "application/json"}
        data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
        connection.request(
            method, path, data, {**sent, **{key.replace("_", "-"): text for key, text in headers.items()}}
        )

    @contextlib.contextmanager
    def watch(self, path: str, **headers: str) -> Iterator[Iterator[dict[str, Any]]]:
        """A watch's events as they come."""
        connection = self.connect()
        with contextlib.closing(connection):
            self.ask(connection, "GET", path, **headers)
            response = connection.getresponse()
            assert response.status == 200
            yield (json.loads(line) for line in iter(response.readline, b""))

    def create(self, name: str = "demo", **metadata: Any) -> dict[str, Any]:
        """A RayCluster."""
        code, item = self("POST", self.rays, CLUSTER | {"metadata": {"name": name, **metadata}})
        assert code == 201, item
        return dict(item)

    def config_map(self, name: str, **metadata: Any) -> dict[str, Any]:
        """A ConfigMap, which nobody else touches."""
        code, item = self("POST", f"{self.core}/configmaps", {"metadata": {"name": name, **metadata}})
        assert code == 201, item
        return dict(item)

    def until_gone(self, path: str) -> None:
        """Wait until the object at that path is no more."""
        collection, _, name = path.rpartition("/")
        with self.watch(f"{collection}?watch=1&timeoutSeconds=15&fieldSelector=metadata.name={name}") as events:
            if self("GET", path)[0] == 404:
                return
            assert any(event["type"] == "DELETED" for event in events), f"{path} is still there"


@pytest.fixture
def client(bare: Path) -> Iterator[Client]:
    """A client with a namespace of its own."""
    client = Client(bare)
    assert client("POST", "/api/v1/namespaces", {"metadata": {"name": client.namespace}})[0] == 201
    yield client
    client("DELETE", f"/api/v1/namespaces/{client.namespace}")


@pytest.mark.parametrize("given", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic eDp5"}])
def test_nobody_gets_in_without_the_token(client: Client, given: Mapping[str, str]) -> None:
    """A 401 Status, on health too."""
    connection = client.connect()
    with contextlib.closing(connection):
        connection.request("GET", "/readyz", headers=dict(given))
        response = connection.getresponse()
        assert response.status == 401
        assert json.loads(response.read()) == {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": "Unauthorized",
            "reason": "Unauthorized",
            "code": 401,
        }


def test_a_watch_tells_what_happens_from_its_version_on(client: Client) -> None:
    """Created, changed, deleted: each once, in order, with rising versions."""
    _, page = client("GET", client.rays)
    start = page["metadata"]["resourceVersion"]
    with client.watch(f"{client.rays}?watch=1&resourceVersion={start}&timeoutSeconds=10") as events:
        client.create()
        client("PATCH", f"{client.rays}/demo", {"spec": {"suspend": True}}, Content_Type="application/merge-patch+json")
        client("DELETE", f"{client.rays}/demo")
        seen = [next(events) for _ in range(3)]
    assert [event["type"] for event in seen] == ["ADDED", "MODIFIED", "DELETED"]
    versions = [int(event["object"]["metadata"]["resourceVersion"]) for event in seen]
    assert versions == sorted(set(versions))
    with client.watch(f"{client.rays}?watch=1&resourceVersion={start}&timeoutSeconds=10") as events:
        assert [next(events) for _ in range(3)] == seen


def test_an_object_comes_into_a_selective_watch_and_leaves_it(client: Client) -> None:
    """ADDED and DELETED are meant from the watcher's view."""
    patch = f"{client.rays}/demo"
    _, page = client("GET", client.rays)
    start = page["metadata"]["resourceVersion"]
    path = f"{client.rays}?watch=1&labelSelector=a%3Db&resourceVersion={start}&timeoutSeconds=10"
    with client.watch(path) as events:
        client.create()
        for value in ("b", "c"):
            body = {"metadata": {"labels": {"a": value}}}
            client("PATCH", patch, body, Content_Type="application/merge-patch+json")
        assert [next(events)["type"] for _ in range(2)] == ["ADDED", "DELETED"]


def test_a_watch_from_a_version_to_come_is_refused(client: Client) -> None:
    """The client has it from another server."""
    code, status = client("GET", f"{client.rays}?watch=1&resourceVersion=99999999999")
    assert (code, status["reason"]) == (504, "Timeout")


def test_a_watch_without_a_version_begins_with_what_is_there(client: Client) -> None:
    """And, asked for initial events, marks where these end with a bookmark."""
    client.create()
    query = "watch=1&timeoutSeconds=5&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan"
    with client.watch(f"{client.rays}?{query}") as events:
        first, second = next(events), next(events)
    assert (first["type"], second["type"]) == ("ADDED", "BOOKMARK")
    assert second["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}


def test_a_watch_ends_when_its_time_is_over(client: Client) -> None:
    """As asked for, in seconds."""
    with client.watch(f"{client.rays}?watch=1&timeoutSeconds=1") as events:
        assert list(events) == []


def test_a_table_watch_sends_the_columns_once(client: Client) -> None:
    """`kubectl get -w` prints its heading from the first."""
    client.create("one")
    client.create("two")
    with client.watch(f"{client.rays}?watch=1&timeoutSeconds=5", Accept=TABLE) as events:
        first, second = next(events)["object"], next(events)["object"]
    assert [column["name"] for column in first["columnDefinitions"]][:2] == ["Name", "desired workers"]
    assert second["columnDefinitions"] is None
    assert [table["rows"][0]["cells"][0] for table in (first, second)] == ["one", "two"]
    assert first["rows"][0]["object"]["kind"] == "PartialObjectMetadata"


def test_pages_are_of_one_moment_and_tell_what_is_left(client: Client) -> None:
    """What changes between two pages is not seen in the second."""
    for name in "abcde":
        client.config_map(name, labels={"page": "yes"})
    path = f"{client.core}/configmaps"
    _, first = client("GET", f"{path}?limit=2")
    token = first["metadata"]["continue"]
    client("DELETE", f"{path}/e")
    client.config_map("d2")
    _, rest = client("GET", f"{path}?limit=10&continue={token}")
    assert first["metadata"]["remainingItemCount"] == len(rest["items"])
    names = [item["metadata"]["name"] for item in first["items"] + rest["items"]]
    assert names == ["a", "b", "c", "d", "e", "kube-root-ca.crt"]
    assert rest["metadata"].get("continue") is None
    assert client("GET", f"{path}?continue=x")[1]["reason"] == "BadRequest"


def test_what_an_object_owns_goes_with_it(client: Client) -> None:
    """In the background, through several generations."""
    root = client.create()
    owner = {"apiVersion": "ray.io/v1", "kind": "RayCluster", "name": "demo", "uid": root["metadata"]["uid"]}
    child = client.config_map("child", ownerReferences=[owner])
    grand = {"apiVersion": "v1", "kind": "ConfigMap", "name": "child", "uid": child["metadata"]["uid"]}
    client.config_map("grandchild", ownerReferences=[grand])
    client.config_map("stranger")
    assert client("DELETE", f"{client.rays}/demo")[1]["status"] == "Success"
    client.until_gone(f"{client.core}/configmaps/grandchild")
    assert client("GET", f"{client.core}/configmaps/stranger")[0] == 200


def test_a_foreground_deletion_waits_for_what_blocks_it(client: Client) -> None:
    """The owner stays, marked, while a dependent with a finalizer does."""
    root = client.create()
    owner = {
        "apiVersion": "ray.io/v1",
        "kind": "RayCluster",
        "name": "demo",
        "uid": root["metadata"]["uid"],
        "blockOwnerDeletion": True,
    }
    client.config_map("child", ownerReferences=[owner], finalizers=["a.io/b"])
    code, left = client("DELETE", f"{client.rays}/demo", {"propagationPolicy": "Foreground"})
    assert (code, left["metadata"]["finalizers"]) == (200, ["foregroundDeletion"])
    assert client("GET", f"{client.rays}/demo")[0] == 200
    merge = {"Content_Type": "application/merge-patch+json"}
    client("PATCH", f"{client.core}/configmaps/child", {"metadata": {"finalizers": None}}, **merge)
    client.until_gone(f"{client.rays}/demo")


def test_an_orphaning_deletion_leaves_what_was_owned(client: Client) -> None:
    """Without its owner's name in it."""
    root = client.create()
    owner = {"apiVersion": "ray.io/v1", "kind": "RayCluster", "name": "demo", "uid": root["metadata"]["uid"]}
    client.config_map("child", ownerReferences=[owner])
    client("DELETE", f"{client.rays}/demo?propagationPolicy=Orphan")
    client.until_gone(f"{client.rays}/demo")
    _, child = client("GET", f"{client.core}/configmaps/child")
    assert "ownerReferences" not in child["metadata"]


def test_a_pod_on_a_node_goes_only_when_its_kubelet_has_let_it_go(client: Client) -> None:
    """A graceful deletion marks it; one without grace removes it."""
    pod = {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    path = f"{client.core}/pods/p"
    assert client("POST", f"{client.core}/pods", pod)[0] == 201
    binding = {"metadata": {"name": "p"}, "target": {"kind": "Node", "name": "n"}}
    assert client("POST", f"{path}/binding", binding)[0] == 201
    assert client("POST", f"{path}/binding", binding)[0] == 409
    _, marked = client("DELETE", path)
    assert marked["metadata"]["deletionGracePeriodSeconds"] == 30
    assert client("GET", path)[0] == 200
    assert client("DELETE", f"{path}?gracePeriodSeconds=0")[0] == 200
    assert client("GET", path)[0] == 404


def test_a_delete_holds_only_under_its_preconditions(client: Client) -> None:
    """A uid or version that is another's is a conflict."""
    root = client.create()
    for conditions in ({"uid": "x"}, {"resourceVersion": "1"}):
        code, status = client("DELETE", f"{client.rays}/demo", {"preconditions": conditions})
        assert (code, status["reason"]) == (409, "Conflict")
    good = {"uid": root["metadata"]["uid"], "resourceVersion": root["metadata"]["resourceVersion"]}
    assert client("DELETE", f"{client.rays}/demo", {"preconditions": good})[0] == 200


def test_a_collection_is_deleted_by_selector(client: Client) -> None:
    """Only what is chosen goes."""
    client.create("one", labels={"a": "b"})
    client.create("two")
    _, gone = client("DELETE", f"{client.rays}?labelSelector=a%3Db")
    assert [item["metadata"]["name"] for item in gone["items"]] == ["one"]
    assert [item["metadata"]["name"] for item in client("GET", client.rays)[1]["items"]] == ["two"]


def test_another_crd_changes_what_is_served_at_once(client: Client) -> None:
    """Its columns, its schema, its group in discovery; its objects go with it."""
    group = f"{client.namespace}.example.com"
    fields = {"spec": {"type": "object", "properties": {"size": {"type": "integer", "default": 3, "minimum": 1}}}}
    version = {
        "name": "v1beta1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": {"type": "object", "properties": fields}},
        "additionalPrinterColumns": [{"name": "Size", "type": "integer", "jsonPath": ".spec.size"}],
    }
    names = {"plural": "things", "kind": "Thing"}
    spec = {"group": group, "scope": "Namespaced", "names": names, "versions": [version]}
    crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    assert client("POST", crds, {"metadata": {"name": f"things.{group}"}, "spec": spec})[0] == 201
    things = f"/apis/{group}/v1beta1/namespaces/{client.namespace}/things"
    item = {"apiVersion": f"{group}/v1beta1", "kind": "Thing", "metadata": {"name": "t"}, "spec": {"colour": "red"}}
    assert client("POST", things, item)[1]["spec"] == {"size": 3}
    assert client("GET", things, Accept=TABLE)[1]["rows"][0]["cells"] == ["t", 3]
    code, refusal = client("POST", things, item | {"metadata": {"name": "u"}, "spec": {"size": 0}})
    assert code == 422
    assert refusal["details"]["causes"][0]["message"] == (
        "Invalid value: 0: spec.size in body should be greater than or equal to 1"
    )
    assert client("GET", f"/apis/{group}")[1]["preferredVersion"]["version"] == "v1beta1"
    assert client("GET", f"/openapi/v3/apis/{group}/v1beta1")[0] == 200
    assert client("DELETE", f"{crds}/things.{group}")[0] == 200
    assert client("GET", things)[0] == 404


def test_a_body_that_is_too_large_is_refused(client: Client) -> None:
    """As the real server does above 3 MiB."""
    code, status = client("POST", f"{client.core}/configmaps", b" " * (3 * 1024 * 1024 + 1))
    assert (code, status["reason"]) == (413, "RequestEntityTooLarge")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"3", b"\xff\xfe", b'{"metadata": 3}', b'{"metadata": null}'])
def test_a_body_that_is_no_object_is_a_bad_request(client: Client, body: bytes) -> None:
    """Never an internal error."""
    code, status = client("POST", f"{client.core}/configmaps", body)
    assert (code, status["kind"]) in ((400, "Status"), (422, "Status")), status


@pytest.mark.parametrize(
    "path", ["/", "/foo", "/api/v2", "/apis/ray.io/v9", "/api/v1/nope", "/api/v1/pods/p/nope/x", "/openapi/v3/x"]
)
def test_a_path_that_leads_nowhere_is_not_found(client: Client, path: str) -> None:
    """A 404 Status."""
    code, status = client("GET", path)
    assert (code, status["reason"]) == (404, "NotFound")
