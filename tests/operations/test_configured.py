"""What the SDK takes as a configuration."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest

from krayne.api import apply_cluster, create_cluster, preview_apply, preview_create
from krayne.config import ClusterConfig
from krayne.errors import ConfigValidationError
from krayne.operations.configured import configured

if TYPE_CHECKING:
    from collections.abc import Callable

    from krayne.kubectl import Kubectl
    from tests.support.kubectl import FakeKubectl

every_function = pytest.mark.parametrize("function", [create_cluster, preview_create, apply_cluster, preview_apply])


def test_a_mapping_is_as_good_as_the_configuration_that_it_makes() -> None:
    """Any kind of mapping."""
    fields = {"name": "demo", "head": {"cpus": 2}}
    config = ClusterConfig(**fields)
    assert configured(config) is config
    assert configured(fields) == configured(MappingProxyType(fields)) == config
    assert preview_create(fields) == preview_apply(fields) == preview_create(config)


def test_it_is_what_is_created(fake_kubectl: FakeKubectl, kubectl: Kubectl, cluster: dict[str, Any]) -> None:
    """In the namespace that it names."""
    fake_kubectl.reply("create --namespace=team", json=cluster)
    assert create_cluster({"name": "demo", "namespace": "team"}, wait=False, kubectl=kubectl).name == "demo"


@every_function
def test_what_is_wrong_with_a_mapping_is_told_at_once(fake_kubectl: FakeKubectl, function: Callable[..., Any]) -> None:
    """Before any kubectl."""
    with pytest.raises(ConfigValidationError) as refused:
        function({"name": "No", "colour": "red"})
    assert len(refused.value.problems) == 2
    assert not fake_kubectl.calls


@every_function
@pytest.mark.parametrize("given", ["my-cluster", None, ["name"]])
def test_anything_else_is_refused_in_words(
    fake_kubectl: FakeKubectl, function: Callable[..., Any], given: object
) -> None:
    """Saying what to write."""
    with pytest.raises(TypeError, match=r"a ClusterConfig or a mapping .* not by .*: say ClusterConfig\(name="):
        function(given)
    assert not fake_kubectl.calls
