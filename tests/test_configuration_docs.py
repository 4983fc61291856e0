"""What docs/configuration.md and docs/templates.md show works."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from krayne.config import ClusterConfig, load_configs
from krayne.render import render

DOCS = Path(__file__).parent.parent / "docs" / "configuration.md"


def test_example_of_the_docs_is_valid(tmp_path: Path) -> None:
    """The YAML that docs/configuration.md shows loads."""
    (example,) = re.findall(r"```yaml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    file = tmp_path / "example.yaml"
    file.write_text(example, encoding="utf-8")
    (config,) = load_configs(str(file))
    assert [group.name for group in config.worker_groups] == ["cpu", "gpu"]


def test_assignments_of_the_docs_work(tmp_path: Path) -> None:
    """Each --set that docs/configuration.md shows is accepted, together with the others."""
    text = DOCS.read_text(encoding="utf-8")
    block = re.search(r"```\n(--set.*?)```", text, re.DOTALL)
    assert block
    words = shlex.split(block[1], comments=True)
    file = tmp_path / "groups.yaml"
    file.write_text("name: a\nworker_groups: [{name: cpu}, {name: gpu}]\n", encoding="utf-8")
    (config,) = load_configs(str(file), assignments=[word for word in words if word != "--set"])
    assert config.labels == {"example.com/team": "ml"}
    assert [group.max_replicas for group in config.worker_groups] == [4, 4]
    assert config.head.node_selector == {"cloud.google.com/gke-spot": "true"}
    assert config.volumes[0].pvc == "training-data"


def test_template_of_the_docs_makes_the_cluster(tmp_path: Path) -> None:
    """With what it adds, and krayne's own pod."""
    (example,) = re.findall(
        r"```jinja\n(.*?)```", DOCS.with_name("templates.md").read_text(encoding="utf-8"), re.DOTALL
    )
    file = tmp_path / "mine.yaml.j2"
    file.write_text(example, encoding="utf-8")
    manifest = render(ClusterConfig(name="a", labels={"team": "b"}), file)
    assert manifest["metadata"]["labels"] == {"cost-centre": "42", "team": "b"}
    (container,) = manifest["spec"]["headGroupSpec"]["template"]["spec"]["containers"]
    assert container["name"] == "ray-head"
