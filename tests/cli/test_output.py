"""Clusters as text: tables that can be cut apart, descriptions to read, data for scripts; harmless to a terminal."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Literal

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from krayne.cli.description import details_text
from krayne.cli.output import cluster_table, names, to_json, to_yaml
from krayne.cluster import ClusterDetails, ClusterInfo, Owner, Versions, cluster_details
from krayne.status import Status
from tests.support.captures import Capture, captured, made

CAPTURES = {capture.name: capture for capture in captured() + made()}
NOW = CAPTURES["ready-3-ready"].now
ESCAPE = re.compile(r"\x1b\[\d+m")
CONTROLS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]")
hostile = st.text(
    st.one_of(st.characters(), st.sampled_from("\x1b\x9b\n\r\t\x00\x07\u202e\ud800 {}'\":#&*")), max_size=30
)


def details(capture: Capture) -> ClusterDetails:
    """All of a capture."""
    return cluster_details(capture.cluster, capture.pods, capture.events, now=capture.now)


@cache
def info(name: str = "ready-3-ready") -> ClusterInfo:
    """A capture at a glance."""
    return details(CAPTURES[name]).info


HOSTILE = details(CAPTURES["hostile-message"])


def test_the_table_is_kubectls() -> None:
    """Columns three blanks apart, AGE last, in kubectl's own form."""
    assert cluster_table([info(), replace(info("crash-loop"), name="a-longer-name")], now=NOW) == (
        "NAME            STATUS       WORKERS   CPUS   MEMORY   GPUS   AGE\n"
        "demo            ready        1/1       500m   2300Mi   0      26s\n"
        "a-longer-name   crash-loop   0/1       500m   2300Mi   0      <invalid>\n"
    )


def test_namespaces_come_first_and_wide_adds_after() -> None:
    """-A and -o wide, as kubectl has them."""
    titles = cluster_table([info()], now=NOW, namespaces=True, wide=True).splitlines()[0].split()
    assert titles[:2] == ["NAMESPACE", "NAME"]
    assert titles[8:] == ["RAY", "GROUPS", "HEAD-POD", "NODE", "IMAGE"]


def test_rows_alone() -> None:
    """--no-headers; no cluster, no row."""
    assert cluster_table([info()], now=NOW, headers=False).count("\n") == 1
    assert cluster_table([], now=NOW, headers=False) == ""


@pytest.mark.parametrize("name", CAPTURES)
def test_every_cell_is_one_word(name: str) -> None:
    """What is not there is <none>; each row has as many words as there are titles."""
    text = cluster_table([info(name)], now=CAPTURES[name].now, wide=True, namespaces=True)
    titles, row = (line.split() for line in text.splitlines())
    assert len(titles) == len(row)


def test_a_table_that_goes_on_keeps_its_columns() -> None:
    """-w: what was wide once stays wide."""
    widths: list[int] = []
    first = cluster_table([info("worker-image-pull-error")], now=NOW, widths=widths)
    after = cluster_table([info()], now=NOW, headers=False, widths=widths)
    assert after.index("1/1") == first.splitlines()[1].index("0/1")


def test_colour_changes_no_column() -> None:
    """Only the status is painted, and the text without colours is the same."""
    infos = [replace(info(name), name=info(name).status.value) for name in CAPTURES]
    plain = cluster_table(infos, now=NOW, namespaces=True)
    painted = cluster_table(infos, now=NOW, namespaces=True, colour=True)
    assert ESCAPE.sub("", painted) == plain
    assert painted.splitlines()[0] == plain.splitlines()[0]
    for line, seen in zip(painted.splitlines()[1:], infos, strict=True):
        assert re.split(r" {3,}", line)[1] == seen.name
        assert f"m{seen.status.value}\x1b[0m" in line


def test_names_are_for_piping() -> None:
    """-o name."""
    assert names([info()]) == "raycluster.ray.io/demo\n"


@pytest.mark.parametrize("write", [to_json, to_yaml])
def test_one_is_an_object_and_several_are_items(write: object) -> None:
    """Read back it is the value's own dict."""
    assert callable(write)
    seen = info()
    assert yaml.safe_load(write(seen)) == seen.as_dict()
    assert yaml.safe_load(write([seen, seen])) == {"items": [seen.as_dict()] * 2}
    assert yaml.safe_load(write([])) == {"items": []}


def test_json_is_indented_as_kubectls() -> None:
    """Four blanks, one newline at the end."""
    assert to_json(info()).startswith('{\n    "name": "demo",\n')
    assert to_json(info()).endswith("\n}\n")


def test_yaml_has_no_aliases() -> None:
    """What occurs twice is written twice."""
    assert not re.search(r"[&*]id\d", to_yaml([info(), info()]))


@given(hostile)
def test_data_comes_back_as_it_was_and_shows_no_control(text: str) -> None:
    """Escaped, not altered: whatever a cluster says is what a script reads."""
    seen = replace(info(), cause=text, labels={"any": text})
    assert json.loads(to_json(seen)) == seen.as_dict()
    written = to_yaml(seen)
    if text.encode(errors="ignore").decode() == text:  # PyYAML reads back no surrogate, not even its own
        assert yaml.safe_load(written) == seen.as_dict()
    for shown in (to_json(seen), written):
        assert not CONTROLS.search(shown)
        shown.encode()


@given(hostile)
def test_nothing_that_a_cluster_says_steers_the_terminal(text: str) -> None:
    """Table, description and names stay one line a value, without a control character."""
    full = HOSTILE
    bad = replace(full.info, name=text, cause=text, labels={text: text}, ray_version=text, image=text)
    bad = replace(bad, owner=Owner(text, text), groups=tuple(replace(group, name=text) for group in bad.groups))
    bad = replace(bad, head=replace(bad.head, node=text, pod=text), dashboard_url=text)
    event = replace(full.events[0], message=text, reason=text, object=text)
    condition = replace(full.conditions[0], message=text)
    pods = tuple(replace(pod, name=text, problem=text) for pod in full.pods)
    whole = replace(full, info=bad, events=(event,), conditions=(condition,), pods=pods, next_steps=(text,))
    table = cluster_table([bad], now=NOW, wide=True)
    for shown in (table, details_text(whole, now=NOW), names([bad])):
        assert not CONTROLS.search(shown)
        shown.encode()
    assert table.count("\n") == 2
    assert all(len(line.split()) == 12 for line in table.splitlines())


@pytest.mark.parametrize("name", CAPTURES)
def test_a_description_tells_status_and_why_first(name: str) -> None:
    """Then the head, groups, versions, pods, conditions, URLs and events."""
    capture = CAPTURES[name]
    seen = details(capture)
    text = details_text(seen, now=capture.now)
    lines = text.splitlines()
    assert lines[2].split() == ["Status:", seen.info.status.value]
    if seen.info.cause:
        assert lines[3].split(maxsplit=1) == ["Why:", seen.info.cause]
    places = [lines.index(next(line for line in lines if line.startswith(f"{title}:"))) for title in SECTIONS]
    assert places == sorted(places)
    assert "\n".join(lines) == "\n".join(line.rstrip() for line in lines)
    for pod in seen.pods or ():
        assert pod.name in text


def test_what_may_not_be_listed_reads_as_forbidden_and_not_as_absent() -> None:
    """With the right that is missing; what only the pods tell is unknown."""
    capture, why = CAPTURES["ready-3-ready"], "me needs the right to list {}: ask for it"
    unread = {each: why.format(each) for each in ("pods", "events")}
    text = details_text(cluster_details(capture.cluster, None, None, now=capture.now, unread=unread), now=NOW)
    assert "\nPods:  <forbidden>: me needs the right to list pods: ask for it\n" in text
    assert "\nEvents:  <forbidden>: me needs the right to list events: ask for it\n" in text
    assert re.search(r"\n  Node: +<unknown>\n", text)
    assert re.search(r"\n  KubeRay: +<unknown>\n", text)


SECTIONS = ("Head", "Worker groups", "Versions", "Pods", "Conditions", "URLs", "Events")


def test_a_description_counts_in_english() -> None:
    """One CPU, two CPUs; as kubectl writes fractions."""
    full = details(CAPTURES["ready-3-ready"])
    for cpus, gpus, said in (("1", 1, "1 CPU, 2Gi memory, 1 GPU"), ("500m", 0, "500m CPUs, 2Gi memory, 0 GPUs")):
        asked = replace(full, info=replace(full.info, cpus=cpus, memory="2Gi", gpus=gpus))
        assert f" {said} in all\n" in details_text(asked, now=NOW)


def test_a_description_says_why_each_pod_is_not_ready() -> None:
    """Below the pods, a line for each that has a problem."""
    text = details_text(details(CAPTURES["crash-loop"]), now=NOW)
    assert "demo-cpu-worker-th4vr waits for the head (init container wait-gcs-ready)" in text
    assert "kubectl logs demo-head-tkbwk -c ray-head --previous" in text
    assert re.search(r"Warning +BackOff +\S+\(x9\) +pod/demo-head-tkbwk +Back-off restarting", text)


def test_a_description_in_colour_paints_the_status() -> None:
    """And nothing else."""
    seen = details(CAPTURES["crash-loop"])
    painted = details_text(seen, now=NOW, colour=True)
    assert ESCAPE.sub("", painted) == details_text(seen, now=NOW)
    assert painted.splitlines()[2].endswith(f"\x1b[31m{Status.CRASH_LOOP.value}\x1b[0m")


def test_ages_move_with_the_clock() -> None:
    """AGE is counted to now."""
    assert cluster_table([info()], now=NOW + timedelta(days=5, hours=3)).splitlines()[1].split()[-1] == "5d3h"


@pytest.mark.parametrize(("source", "told"), [("head", "the running head"), ("spec", "the spec")])
def test_where_versions_were_read_from_is_told_in_words(source: Literal["head", "spec"], told: str) -> None:
    """The value is one of two words, for scripts."""
    seen = replace(details(CAPTURES["ready-3-ready"]), versions=Versions("2.60.0", None, source))
    assert re.search(f"^  Read from: +{told}$", details_text(seen, now=NOW), re.MULTILINE)
