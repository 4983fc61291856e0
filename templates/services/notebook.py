"""Jupyter: the image's own, else one in an environment of its own whose kernel runs in the Ray environment."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess

from supervisor import Program, ServiceError

# Runs in the Ray environment: what is installed there, as pip takes constraints. It refuses all of them where one has
# no version by PEP 440 (a distribution's own 1.2-custom, a damaged one without any); the pattern is that of its
# appendix B, for versions as they are written without blanks.
FREEZE = r"""
import re
from importlib.metadata import distributions
VERSION = re.compile(
    r"v?(\d+!)?\d+(\.\d+)*([-_.]?(a|b|c|rc|alpha|beta|pre|preview)[-_.]?\d*)?(-\d+|[-_.]?(post|rev|r)[-_.]?\d*)?"
    r"([-_.]?dev[-_.]?\d*)?(\+[a-z0-9]+([-_.][a-z0-9]+)*)?", re.ASCII | re.IGNORECASE)
found = {(d.metadata["Name"], d.version or "") for d in distributions() if d.metadata["Name"]}
print(*sorted("%s==%s" % each for each in found if VERSION.fullmatch(each[1])), sep="\n")
"""
# Runs a kernel with the Ray environment's own versions first; only what it lacks comes from the folder.
KERNEL = """
import sys
sys.path.append(%r)
from ipykernel import kernelapp
kernelapp.launch_new_instance()
"""


def prepare(service):
    """The Jupyter server to run, installed if there is none."""
    command = existing(service, shutil.which("jupyter")) or installed(service)
    token = secrets.token_urlsafe(32)
    service.secrets = [token]
    config = service.path("jupyter", "server.json")
    # Without a command of ours its terminals are login shells, for which Debian's /etc/profile sets PATH anew.
    shell = {"shell_command": [os.environ.get("SHELL") or shutil.which("bash") or "/bin/sh"]}
    server = {"token": token, "terminado_settings": shell}
    # IdentityProvider: Jupyter Server 2; ServerApp: 1, and terminals; NotebookApp: the notebook before 7.
    told = {"IdentityProvider": {"token": token}, "ServerApp": server, "NotebookApp": server}
    service.write(config, json.dumps(told))
    port = service.settings["port"]
    flags = ["--ip=127.0.0.1", f"--port={port}", "--no-browser", "--config=" + config]
    flags += ["--allow-root"] if os.geteuid() == 0 else []
    env = {**os.environ, "JUPYTER_RUNTIME_DIR": service.path("jupyter", "runtime")}
    env["JUPYTER_PATH"] = os.pathsep.join(filter(None, [service.path("jupyter", "data"), env.get("JUPYTER_PATH")]))
    where = os.environ["HOME"] if os.getcwd() == "/" else os.getcwd()
    secret = {"token": token}
    return Program([*command, *flags], port, secret=secret, env=env, cwd=where, locked="/api/status")


def existing(service, jupyter):
    """The command of a Jupyter that can run a server; none where there is none."""
    for app in ("lab", "notebook", "server") if jupyter else ():
        if service.works(jupyter, app, "--version"):
            return [jupyter, app]
    return None


def installed(service):
    """The command of a Jupyter that nobody else uses, with one kernel: Python (Ray)."""
    ray = ray_python(service)
    venv = service.path("jupyter", "venv")
    python = os.path.join(venv, "bin", "python")
    jupyter = os.path.join(venv, "bin", "jupyter")
    if not existing(service, jupyter):
        service.report("installing", "pip install notebook")
        service.run(ray, "-m", "venv", "--clear", "--without-pip", venv)
        service.run(*pip(service, ray, python), "install", "notebook")
    kernel(service, ray, pip(service, ray, python))
    command = existing(service, jupyter)
    if not command:
        raise ServiceError(f"the Jupyter that pip installed in {venv} cannot run a server")
    return command


def ray_python(service):
    """The Python that has Ray, else the first one there is."""
    found = [path for path in map(shutil.which, ("python", "python3")) if path]
    has_ray = "import sys; from importlib.util import find_spec; sys.exit(find_spec('ray') is None)"
    return next((path for path in found if service.works(path, "-c", has_ray)), found[0])


def pip(service, ray, python):
    """The pip that installs for ``python``: the Ray environment's, which knows the image's pip.conf, or its own."""
    theirs = [ray, "-m", "pip", "--python", python]
    if not service.works(*theirs, "--version"):
        theirs = [python, "-m", "pip"]
        if not service.works(*theirs, "--version"):
            service.run(python, "-m", "ensurepip")
    return [*theirs, "--disable-pip-version-check", "--no-input"]


def kernel(service, ray, pip):
    """Offer a kernel in the Ray environment, which stays as it is: what ipykernel needs beside it is put elsewhere."""
    argv = [ray, "-m", "ipykernel_launcher"]
    if not service.works(ray, "-c", "import ipykernel"):
        folder = service.path("jupyter", "kernel")
        constraints = service.path("jupyter", "constraints.txt")
        service.report("installing", "pip install ipykernel, beside the Ray environment")
        service.write(constraints, subprocess.check_output([ray, "-c", FREEZE], text=True, timeout=60))
        service.run(*pip, "install", "--upgrade", "--target", folder, "--constraint", constraints, "ipykernel")
        argv = [ray, "-c", KERNEL % folder]
    spec = {"argv": [*argv, "-f", "{connection_file}"], "display_name": "Python (Ray)", "language": "python"}
    spec["metadata"] = {"debugger": True}
    # Under Jupyter's usual name, so that it stands for the kernel of Jupyter's own environment.
    service.write(service.path("jupyter", "data", "kernels", "python3", "kernel.json"), json.dumps(spec))
