"""The SDK does what the command line does, with the same words for what goes wrong."""

from __future__ import annotations

import sys
import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.shell import Result, Shell


def python(shell: Shell, code: str) -> Result:
    """Run a user's script."""
    return shell.run(sys.executable, "-c", textwrap.dedent(code))


def test_a_cluster_s_life(shell: Shell) -> None:
    """Every verb, by its function."""
    done = python(
        shell,
        """
        from krayne.api import (apply_cluster, create_cluster, delete_cluster, describe_cluster, get_cluster,
                                list_clusters, scale_cluster, wait_until_ready)
        from krayne.config import ClusterConfig

        seen = []
        config = ClusterConfig(name="sdk", worker_groups=[{"name": "w", "replicas": 1, "max_replicas": 3}])
        create_cluster(config)
        info = wait_until_ready("sdk", progress=seen.append)
        assert info.status == "ready", info
        assert get_cluster("sdk").name == "sdk"
        assert [cluster.name for cluster in list_clusters()] == ["sdk"]
        scale_cluster("sdk", group="w", replicas=2)
        wait_until_ready("sdk")
        assert describe_cluster("sdk").info.name == "sdk"
        apply_cluster(ClusterConfig(name="sdk", worker_groups=[{"name": "w", "max_replicas": 4}]))
        delete_cluster("sdk")
        assert not list_clusters()
        print("done")
        """,
    )
    assert done.ok().out == "done\n", str(done)


def test_errors_are_typed(shell: Shell) -> None:
    """A script can tell them apart."""
    done = python(
        shell,
        """
        from krayne.api import create_cluster, get_cluster
        from krayne.config import ClusterConfig
        from krayne.errors import (ClusterAlreadyExistsError, ClusterNotFoundError, ConfigValidationError,
                                   KrayneError, NamespaceNotFoundError)

        def raises(kind, call):
            try:
                call()
            except kind as error:
                assert isinstance(error, KrayneError) and str(error)
                print(type(error).__name__)

        raises(ClusterNotFoundError, lambda: get_cluster("nobody"))
        create_cluster(ClusterConfig(name="x"), wait=False)
        raises(ClusterAlreadyExistsError, lambda: create_cluster(ClusterConfig(name="x"), wait=False))
        raises(ConfigValidationError, lambda: ClusterConfig(name="X"))
        elsewhere = ClusterConfig(name="x", namespace="nowhere-to-be")
        raises(NamespaceNotFoundError, lambda: create_cluster(elsewhere, wait=False))
        """,
    )
    expected = ["ClusterNotFoundError", "ClusterAlreadyExistsError", "ConfigValidationError", "NamespaceNotFoundError"]
    assert done.ok().out.split() == expected, str(done)


def test_krayne_prints_nothing_of_its_own(shell: Shell) -> None:
    """A library is silent."""
    done = python(
        shell,
        """
        from krayne.api import create_cluster
        from krayne.config import ClusterConfig
        create_cluster(ClusterConfig(name="quiet"), wait=False)
        """,
    ).ok()
    assert (done.out, done.err) == ("", "")
