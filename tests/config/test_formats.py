"""Formats of texts: what is taken, and that a correction shown is one that is taken."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from krayne.config import formats
from tests.support.nasty import NASTY

TAKEN = {
    "absolute-path": ["/", "/a", "/a/b c", "/..a"],
    "annotation-key": ["a", "example.com/a", "A.b_c-d"],
    "cluster-name": ["a", "a-1", "a" * 50],
    "data-key": ["a", ".dockerconfigjson", "tls.crt", "A_b-c", "..a"],
    "dns-1123-label": ["a", "0", "a-b", "a" * 63],
    "dns-1123-subdomain": ["a", "a.b-c.0", "a" * 253],
    "env-name": ["A", "_a", "a.b-c", "-", "RAY_x1"],
    "http-url": ["https://example.com", "http://mirror:8080/a/b", "https://[::1]/a"],
    "image": [
        "ray",
        "rayproject/ray",
        "rayproject/ray:2.60.0-py311-gpu",
        "localhost/a/b__c",
        "registry.example.com:5000/a/b:c",
        "[::1]:5000/a",
        "a@sha256:" + "0" * 64,
        "a:b@sha256:" + "0" * 64,
    ],
    "label-key": ["a", "example.com/a", "a" * 63, "x" * 253 + "/a"],
    "label-value": ["", "a", "A.b_c-1", "a" * 63],
    "mount-path": ["/a", "/a/../b"[:2], "/a b"],
    "python-version": ["3.9", "3.11", "3.14"],
    "ray-start-param": ["num-cpus", "object_store_memory", "a"],
    "ray-version": ["2.60.0", "2.53.0rc1", "3.0.0.dev0", "2.9.3-post1"],
    "redis-address": ["redis:6379", "redis://redis.ns.svc:6379", "rediss://r:1", "[::1]:6379"],
    "release": ["4.139.1", "4.139.1-rc.1"],
    "resource-name": ["nvidia.com/gpu", "nvidia.com/mig-1g.5gb"],
    "sha256": ["0" * 64, "AF" * 32],
    "sub-path": ["a", "a/b", "a..b"],
    "text": ["", "anything \n at all"],
    "tpu-topology": ["1x1", "4x4", "2x2x2", "16x16"],
}
REFUSED = {
    "absolute-path": ["", "a", "/a/../b", "/a\0"],
    "annotation-key": ["", "/a", "a/", "a/b/c", "-a", "a b", "Ä", "a\n", "EXAMPLE.com/a", "x" * 254 + "/a"],
    "cluster-name": ["", "-", "a-", "-a", "0a", "A", "a.b", "a_b", "a" * 51, "ä", "a\n"],
    "data-key": ["", ".", "..", "a/b", "a b", "a" * 254],
    "dns-1123-label": ["", "-", "a-", "A", "a.b", "a" * 64, "a\n", "²"],
    "dns-1123-subdomain": ["", ".", "a.", "a..b", "-a", "A", "a" * 254, "a\n"],
    "env-name": ["", ".", "..", "1A", "A B", "A=B", "Ä"],
    "http-url": ["", "example.com", "ftp://a/b", "https://", "https://me:pass@a/b", "https://a/b c", "https://a/\n"],
    "image": [
        "",
        " a",
        "a ",
        "A",
        "a/B",
        "a:",
        "a:b:c",
        "a:-b",
        "a@sha256:0",
        "/a",
        "a//b",
        "a\n",
        "http://a/b",
        "a" * 1025,
    ],
    "label-key": ["", "a" * 64, "a/" + "a" * 64],
    "label-value": ["-a", "a-", "a b", "ä", "a" * 64, "a\n"],
    "mount-path": ["", "a", "/a:b", "/a/../b"],
    "python-version": ["", "3", "3.11.7", "2.7", "py311", "311", "3.111", "3.11\n", "3.1²"],
    "ray-start-param": ["", "--a", "a b", "a=b", "1"],
    "ray-version": ["", "2", "2.60", "nightly", "v2.60.0", "2.60.0 ", "2.60.0+cu", "2.60.0\n", "1" * 20 + ".0.0"],
    "redis-address": ["", "redis", "redis:", "redis:0", "redis:65536", "http://a:1", "a b:1", "a:1,b:2", "a@b:1"],
    "release": ["", "v4.139.1", "4.139", "latest", "4.139.1\n"],
    "resource-name": ["", "gpu", "nvidia.com/", "/gpu"],
    "sha256": ["", "0" * 63, "0" * 65, "g" * 64],
    "sub-path": ["", "/a", "..", "a/../b"],
    "text": ["a\0b"],
    "tpu-topology": ["", "4", "4x", "x4", "0x4", "4x4x4x4", "4X4", "4 x 4", "04x4"],
}
NAMES = ["cluster-name", "dns-1123-label"]


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in TAKEN.items() for text in texts])
def test_taken(name: str, text: str) -> None:
    """Kubernetes takes it, so do we."""
    assert formats.problem(name, text) is None


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in REFUSED.items() for text in texts])
def test_refused(name: str, text: str) -> None:
    """In one sentence."""
    assert formats.problem(name, text)


def test_each_format_has_examples() -> None:
    """Quantities have a test of their own."""
    assert TAKEN.keys() == REFUSED.keys() == {name for name in formats.names() if not name.endswith("-quantity")}


@given(st.sampled_from(NAMES), st.text() | st.sampled_from(NASTY) | st.text(alphabet="aZ0-_. ", max_size=80))
def test_corrected_name_is_valid(name: str, text: str) -> None:
    """A name shown as a correction is taken."""
    problem = formats.problem(name, text)
    shown = re.search(r"\(such as ([^()]*)\)$", problem or "")
    if shown:
        assert formats.problem(name, shown[1]) is None


def test_other_types_are_not_a_formats_business() -> None:
    """The schema's type says what is wrong with them."""
    for value in (True, None, [], {}, 4):
        assert formats.problem("image", value) is None
    assert formats.problem("cpu-quantity", True) is None
