"""`delete` of several clusters, some of which cannot be deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.cli.test_main import krayne

if TYPE_CHECKING:
    from tests.support.kubectl import FakeKubectl

FORBIDDEN = 'Error from server (Forbidden): rayclusters.ray.io "{}" is forbidden: User "me" cannot delete resource'
GONE = 'Error from server (NotFound): rayclusters.ray.io "{}" not found'


def there(fake: FakeKubectl, *names: str) -> None:
    """These are the clusters of the namespace."""
    fake.reply("get --raw *rayclusters", json={"items": [{"metadata": {"name": n, "namespace": "ml"}} for n in names]})


def test_one_that_may_not_be_deleted_does_not_keep_the_others(fake_kubectl: FakeKubectl) -> None:
    """As with kubectl: all are tried, each failure is told with its object, and the exit code says that there were."""
    there(fake_kubectl, "a", "b")
    fake_kubectl.reply("delete rayclusters.ray.io a", stderr=FORBIDDEN.format("a"), code=1)
    fake_kubectl.reply("delete rayclusters.ray.io b")
    fake_kubectl.reply("get --raw *rayclusters/b", stderr=GONE.format("b"), code=1)
    done = krayne("delete", "a", "gone", "b", "-y", "-n", "ml")
    assert (done.exit_code, done.stdout) == (1, "raycluster.ray.io/b deleted\n")
    assert "Error: raycluster gone in namespace ml not found\n" in done.stderr
    assert "Error: cannot delete raycluster a in namespace ml: Error from server (Forbidden)" in done.stderr


def test_what_is_missing_is_told_before_the_question(fake_kubectl: FakeKubectl) -> None:
    """Which is about the others alone."""
    there(fake_kubectl, "a")
    done = krayne("delete", "a", "gone", "-n", "ml")
    assert done.exit_code == 2
    missing, asked = done.stderr.index("raycluster gone in"), done.stderr.index("add -y to delete raycluster a in")
    assert missing < asked


def test_a_dry_run_of_several_tells_of_the_missing_one(fake_kubectl: FakeKubectl) -> None:
    """And of those that would go."""
    there(fake_kubectl, "a")
    done = krayne("delete", "gone", "a", "--dry-run=client", "-n", "ml")
    assert (done.exit_code, done.stdout) == (1, "raycluster.ray.io/a deleted (dry run)\n")


def test_naming_a_cluster_takes_no_right_to_list(fake_kubectl: FakeKubectl) -> None:
    """Each is then asked for by its name; what is there besides is not known, so nothing is said of it."""
    no = 'Error from server (Forbidden): rayclusters.ray.io is forbidden: User "me" cannot list resource'
    fake_kubectl.reply("get --raw *rayclusters", stderr=no, code=1)
    fake_kubectl.reply("get --raw *rayclusters/a", json={"metadata": {"name": "a", "namespace": "ml"}})
    fake_kubectl.reply("get --raw *rayclusters/gone", stderr=GONE.format("gone"), code=1)
    fake_kubectl.reply("delete rayclusters.ray.io a")
    fake_kubectl.reply("get --raw *rayclusters/a", stderr=GONE.format("a"), code=1)
    done = krayne("delete", "a", "gone", "-y", "-n", "ml")
    assert (done.exit_code, done.stdout) == (1, "raycluster.ray.io/a deleted\n")
    assert done.stderr == "Error: raycluster gone in namespace ml not found\n"


def test_deleting_all_takes_the_right_to_list(fake_kubectl: FakeKubectl) -> None:
    """Which the error names."""
    no = 'Error from server (Forbidden): rayclusters.ray.io is forbidden: User "me" cannot list resource'
    fake_kubectl.reply("get --raw *rayclusters", stderr=no, code=1)
    done = krayne("delete", "--all", "-y", "-n", "ml")
    assert done.exit_code == 1
    assert "cannot list RayClusters in namespace ml" in done.stderr
