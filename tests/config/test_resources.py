"""What CPUs and bytes are refused, and in which words."""

from __future__ import annotations

import pytest

from krayne.config.resources import cpu_problem, memory_problem


@pytest.mark.parametrize("value", [1, 0.5, "500m", "1m", 64, "0.001", "1e3", 1 / 3])
def test_cpu(value: float | str) -> None:
    """From a thousandth upwards."""
    assert cpu_problem(value) is None


@pytest.mark.parametrize("value", ["5Gi", "512Mi", "1Mi", 2**20, "10G", "1e9", "1048576", 5368709120.0])
def test_memory(value: float | str) -> None:
    """From a mebibyte upwards; whole bytes without a unit, too."""
    assert memory_problem(value) is None


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        (5, "5Gi"),
        ("2", "2Gi"),
        (1.5, "1.5Gi"),
        ("127", "127Gi"),
        (128, "128Mi"),
        (8192, "8192Mi"),
        ("1Ki", "1Mi"),
        ("512Ki", "512Mi"),
        ("512m", "512Mi"),
        ("100k", "100Mi"),
        ("5GB", "5Gi"),
        ("5 gb", "5Gi"),
        ("1.5gib", "1.5Gi"),
        ("512mb", "512Mi"),
        ("2 Gi", "2Gi"),
        ("5g", "5Gi"),
    ],
)
def test_memory_that_is_meant_otherwise(value: float | str, meant: str) -> None:
    """The message shows what to write, and that is valid."""
    problem = memory_problem(value)
    assert problem is not None
    assert f'did you mean "{meant}"?' in problem
    assert memory_problem(meant) is None


@pytest.mark.parametrize("value", ["0.0001", "1e3", "0.5m", "1K", 1e-7])
def test_memory_whose_meaning_nobody_can_guess(value: float | str) -> None:
    """Nothing is offered that would be refused in its turn."""
    problem = memory_problem(value)
    assert problem is not None
    assert "did you mean" not in problem


@pytest.mark.parametrize("value", ["8Gi", "4G", "1k", "2Ki", "1M", "1000000000n", "1000000u", "1E"])
def test_cpus_have_no_unit_of_bytes(value: str) -> None:
    """Kubernetes would take 8Gi for eight billion CPUs."""
    problem = cpu_problem(value)
    assert problem is not None
    assert "is no quantity of CPU" in problem


@pytest.mark.parametrize("value", ["0", "-1", "0.1m", "1n", "2000E", "8Ei", "1e99", "x", "1K", "1" * 41, "1" * 200])
def test_no_cpus(value: str) -> None:
    """Nothing, less than nothing, less than a thousandth, and more than any machine has."""
    assert cpu_problem(value) is not None


@pytest.mark.parametrize("value", ["0", "-1Gi", "1Ki", "1023Ki", "8Ei", "9.3E", "x", "", "1" * 200])
def test_no_memory(value: str) -> None:
    """Nothing, less than a mebibyte, and more than any machine has."""
    assert memory_problem(value) is not None
