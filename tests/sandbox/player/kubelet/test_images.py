"""Which images can be pulled."""

from __future__ import annotations

import pytest

from krayne.sandbox.player.kubelet.images import bad_image, full_name, image_id
from tests.sandbox.player.captures import NAMES, capture


@pytest.mark.parametrize(
    ("image", "full"),
    [
        ("ray", "docker.io/library/ray:latest"),
        ("rayproject/ray:2.60.0", "docker.io/rayproject/ray:2.60.0"),
        ("localhost:5000/ray", "localhost:5000/ray:latest"),
        ("registry.example/a/b@sha256:" + "0" * 64, "registry.example/a/b@sha256:" + "0" * 64),
    ],
)
def test_full_names(image: str, full: str) -> None:
    """Registry and tag are filled in as containerd does."""
    assert full_name(image) == full
    assert image_id(image) == image_id(full)


@pytest.mark.parametrize(
    "image",
    [
        "rayproject/ray:2.60.0-py311",
        "rayproject/ray:2.60.0-py311-gpu",
        "rayproject/ray:2.9.3-py310-cu118-aarch64",
        "rayproject/ray:nightly-py312",
        "rayproject/ray:2.60.0-crash",
        "registry.example/me/thing:v1",
        "busybox",
    ],
)
def test_good_images(image: str) -> None:
    """Ray's own tags and anything elsewhere can be pulled."""
    assert bad_image(image) is None


@pytest.mark.parametrize(
    ("image", "reason", "words"),
    [
        ("rayproject/ray:0.0.0-nope", "ErrImagePull", "docker.io/rayproject/ray:0.0.0-nope: not found"),
        ("rayproject/ray:2.60", "ErrImagePull", "not found"),
        ("rayproject/ray:2.60.0-pyth0n", "ErrImagePull", "not found"),
        ("registry.example/me/does-not-exist:1", "ErrImagePull", "not found"),
        ("registry.example/me/thing:does-not-exist", "ErrImagePull", "not found"),
        ("registry.example/denied/thing:1", "ErrImagePull", "insufficient_scope: authorization failed"),
        ("reg.invalid/thing:1", "ErrImagePull", "lookup reg.invalid on 10.96.0.10:53: no such host"),
        ("Ray:1", "InvalidImageName", "repository name (Ray) must be lowercase"),
        ("a b", "InvalidImageName", "invalid reference format"),
        ("", "InvalidImageName", "invalid reference format"),
    ],
)
def test_bad_images(image: str, reason: str, words: str) -> None:
    """The others come with the reason and containerd's sentence."""
    bad = bad_image(image)
    assert bad is not None
    assert bad.reason == reason
    assert words in bad.message


@pytest.mark.parametrize("name", [name for name in NAMES if "image" not in name])
def test_captured_images_can_be_pulled(name: str) -> None:
    """What really ran can be pulled here."""
    for pod in capture(name).pods:
        assert bad_image(pod["spec"]["containers"][0]["image"]) is None
