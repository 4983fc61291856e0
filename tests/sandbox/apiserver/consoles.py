"""Consoles: recorded sessions of the real kubectl, as a person would see them, run again on any API server.

A console file holds `$ command` lines, each followed by what it says (stdout and stderr as they come) and, unless it
succeeds, by `(exit N)`. To record them anew from a cluster: `python -m tests.sandbox.apiserver.consoles`.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import uuid
from pathlib import Path

FOLDER = Path(__file__).with_name("consoles")
# What differs from run to run, and what it is shown as. The order matters.
_MASKS = (
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "UID"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "TIME"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ [+-]\d{4}"), "TIME"),
    (re.compile(r'(resourceVersion"?: ?)"\d+"'), r'\1"VERSION"'),
    (re.compile(r"\S*/(LIVE|MERGED)-\d+/"), r"\1/"),
    (re.compile(r"in record \(\d+\)"), "in record (VERSION)"),
    (re.compile(r"(?<= )(\d+[smhd]){1,2}(?=$| )", re.MULTILINE), "AGE"),
    (re.compile(r" +AGE"), " AGE"),
    # What a newer kubectl adds (1.37 does, 1.33 does not).
    (re.compile(r"(?<=deleted) from NAMESPACE namespace"), ""),
    (re.compile(r"(is not valid for pod \S+) out of: .*"), r"\1"),
)


def names() -> list[str]:
    """Every console's name."""
    return sorted(path.stem for path in FOLDER.glob("*.console"))


def recorded(name: str) -> str:
    """The console as it was recorded."""
    return (FOLDER / f"{name}.console").read_text(encoding="utf-8")


def replay(name: str, kubeconfig: str) -> str:
    """The console with what that server says now, in a namespace of its own, which is gone afterwards."""
    env = {**os.environ, "KUBECONFIG": kubeconfig, "EDITOR": "true"}
    namespace = f"krayne-console-{uuid.uuid4().hex[:8]}"
    with tempfile.TemporaryDirectory() as folder:
        mine = Path(folder) / "kubeconfig"
        view = ["kubectl", "config", "view", "--raw", "--minify", "--flatten"]
        mine.write_text(subprocess.run(view, env=env, check=True, capture_output=True, text=True).stdout)
        mine.chmod(0o600)
        env["KUBECONFIG"] = str(mine)
        _quietly(env, "kubectl", "create", "namespace", namespace)
        try:
            _quietly(env, "kubectl", "config", "set-context", "--current", f"--namespace={namespace}")
            commands = [line[2:] for line in recorded(name).splitlines() if line.startswith("$ ")]
            return "".join(_run(command, env, namespace) for command in commands)
        finally:
            _quietly(env, "kubectl", "delete", "namespace", namespace, "--wait=false")


def _quietly(env: dict[str, str], *command: str) -> None:
    subprocess.run(command, env=env, check=True, capture_output=True)


def _run(command: str, env: dict[str, str], namespace: str) -> str:
    said = subprocess.run(
        command,
        shell=True,
        env=env,
        cwd=FOLDER,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=60,
    )
    text = said.stdout.replace(namespace, "NAMESPACE")
    for pattern, shown in _MASKS:
        text = pattern.sub(shown, text)
    text = "".join(f"{line.rstrip()}\n" for line in text.splitlines())
    return f"$ {command}\n{text}" + (f"(exit {said.returncode})\n" if said.returncode else "")


if __name__ == "__main__":
    for each in names():
        found = replay(each, os.environ["KUBECONFIG"])
        (FOLDER / f"{each}.console").write_text(found, encoding="utf-8")
