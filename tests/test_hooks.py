"""What is left of the kubelet's words on a hook: how it failed and what it wrote, never its source."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from krayne.config import ClusterConfig
from krayne.render import render
from krayne.status.hooks import hook_failure


def kubelet(command: str, error: str) -> str:
    """As Kubernetes 1.33 writes it."""
    return f'Exec lifecycle hook ([{command}]) for Container "ray-head" in Pod "x_ns(0-1)" failed - error: {error}'


def exited(command: str, code: int, stderr: str, output: str) -> str:
    """Of a command that ran; Go's quotes are JSON's here."""
    return kubelet(command, f"command '{command}' exited with {code}: {stderr}, message: {json.dumps(output)}")


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (exited("/bin/sh -c x", 1, "", "no such\nthing\n"), "its postStart hook failed: exit code 1: no such thing"),
        (exited("/bin/sh -c x", 2, "why", "why"), "its postStart hook failed: exit code 2: why"),
        (exited("/bin/sh -c x", 137, "", ""), "its postStart hook failed: exit code 137"),
        (kubelet("x", 'exec: "x": not found, message: ""'), 'its postStart hook failed: exec: "x": not found'),
        (kubelet("x", "command 'x and then it was cut o"), "its postStart hook failed"),
        ("Back-off pulling image", None),
    ],
)
def test_says_how_it_failed(message: str, said: str | None) -> None:
    """Exit code and output; of one that never ran, the runtime's words; of one cut off within its source, only that."""
    assert hook_failure(message) == said


def test_nothing_of_krayne_s_own_hook_is_told() -> None:
    """Which is a program of some 30 KB."""
    head = render(ClusterConfig(name="x"))["spec"]["headGroupSpec"]["template"]["spec"]["containers"][0]
    command = " ".join(head["lifecycle"]["postStart"]["exec"]["command"])
    assert hook_failure(exited(command, 126, "", "")) == "its postStart hook failed: exit code 126"
    condition = f"containers with unready status: [ray-head]; ray-head: {exited(command, 1, '', 'no')}"
    assert hook_failure(condition) == "its postStart hook failed: exit code 1: no"


@given(command=st.text(), code=st.integers(0, 255))
def test_any_command_is_left_out(command: str, code: int) -> None:
    """Whatever it is."""
    assert hook_failure(exited(command, code, "", "")) == f"its postStart hook failed: exit code {code}"
