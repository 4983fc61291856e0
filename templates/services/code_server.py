"""Code Server: the image's own, else the standalone release for this architecture, its SHA-256 checked."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import secrets
import shutil
import tarfile
import time
import urllib.request

from supervisor import Program, ServiceError

ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
DOWNLOAD_SECONDS = 1800
# Code Server takes these before what it is told on its command line and in its file.
TAKEN = ("PASSWORD", "HASHED_PASSWORD", "PORT", "CODE_SERVER_HOST")


def prepare(service):
    """The Code Server to run, downloaded if there is none."""
    binary = shutil.which("code-server") or downloaded(service)
    password = secrets.token_urlsafe(24)
    service.secrets = [password]
    port = service.settings["port"]
    config = service.path("code-server", "config.yaml")  # JSON is YAML
    service.write(config, json.dumps({"auth": "password", "password": password, "cert": False}))
    flags = ["--config", config, "--bind-addr", f"127.0.0.1:{port}", "--auth", "password"]
    flags += ["--disable-telemetry", "--disable-update-check"]
    env = {name: value for name, value in os.environ.items() if name not in TAKEN}
    where = os.environ["HOME"] if os.getcwd() == "/" else os.getcwd()
    return Program([binary, *flags, where], port, secret={"password": password}, env=env, cwd=where, locked="/")


def downloaded(service):
    """Where the release's program is, downloaded, checked and unpacked."""
    machine = platform.machine()
    architecture = ARCHITECTURES.get(machine)
    wanted = service.settings["sha256"].get(architecture)
    if not wanted:
        known = f"services.code_server_sha256 has no {architecture}" if architecture else "there is no release for it"
        raise ServiceError(f"no Code Server for {machine}: {known}", lasting=True)
    version = service.settings["version"]
    name = f"code-server-{version}-linux-{architecture}"
    unpacked = service.path("code-server", name)
    binary = os.path.join(unpacked, "bin", "code-server")
    if not os.path.exists(binary):
        url = "{}/v{}/{}.tar.gz".format(service.settings["url"].rstrip("/"), version, name)
        service.report("installing", "downloading " + url)
        archive = service.path("code-server", "release.tar.gz")
        try:
            fetch(url, archive, wanted)
            service.report("installing", "unpacking Code Server " + version)
            unpack(archive, unpacked)
        finally:
            if os.path.exists(archive):
                os.remove(archive)
        if not os.path.exists(binary):
            raise ServiceError(f"{url} holds no bin/code-server", lasting=True)
    return binary


def fetch(url, path, wanted):
    """Download a file. ServiceError where it cannot be had, or is not the one with the wanted SHA-256."""
    digest, deadline = hashlib.sha256(), time.time() + DOWNLOAD_SECONDS
    try:
        with urllib.request.urlopen(url, timeout=60) as source, open(path, "wb") as target:
            for chunk in iter(lambda: source.read(1 << 20), b""):
                digest.update(chunk)
                target.write(chunk)
                if time.time() > deadline:
                    raise ServiceError(f"downloading {url} took longer than {DOWNLOAD_SECONDS} s")
    except (OSError, ValueError, EOFError) as error:
        raise ServiceError(f"cannot download {url}: {error}") from error
    if digest.hexdigest() != wanted.lower():
        found = f"its SHA-256 is {digest.hexdigest()}, not {wanted}"
        raise ServiceError(f"{url} was not used: {found}", lasting=True)


def unpack(archive, folder):
    """Unpack the one folder that an archive holds as ``folder``: as a whole or not at all."""
    new = folder + ".new"
    shutil.rmtree(new, ignore_errors=True)
    os.makedirs(new, mode=0o700)
    try:
        with tarfile.open(archive) as tar:
            for member in tar:
                extract(tar, member, new)
        for parent, folders, files in os.walk(new):
            for name in folders + files:
                inside(os.path.join(parent, name), new)
        tops = os.listdir(new)
        if len(tops) != 1 or not os.path.isdir(os.path.join(new, tops[0])):
            raise ServiceError(
                "the archive does not hold one folder, but {}".format(", ".join(sorted(tops)[:5])), lasting=True
            )
        shutil.rmtree(folder, ignore_errors=True)
        os.rename(os.path.join(new, tops[0]), folder)
    except (tarfile.TarError, EOFError) as error:
        raise ServiceError(f"cannot unpack the archive: {error}", lasting=True) from error
    finally:
        shutil.rmtree(new, ignore_errors=True)


def extract(tar, member, folder):
    """Write one member below ``folder``; ServiceError if it leads out of it, or is no file, folder or link."""
    path = inside(os.path.join(folder, member.name), folder)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if member.isdir():
        os.makedirs(path, exist_ok=True)
    elif member.isfile():
        with tar.extractfile(member) as source, open(path, "xb") as target:
            shutil.copyfileobj(source, target, 1 << 20)
        os.chmod(path, 0o700 if member.mode & 0o100 else 0o600)
    elif member.issym():
        inside(os.path.join(os.path.dirname(path), member.linkname), folder)
        os.symlink(member.linkname, path)
    elif member.islnk():
        os.link(inside(os.path.join(folder, member.linkname), folder), path)
    else:
        raise ServiceError(f"the archive holds {member.name}, which is no file, folder or link", lasting=True)


def inside(path, folder):
    """The path, links followed; ServiceError if that leaves ``folder``."""
    real, root = os.path.realpath(path), os.path.realpath(folder)
    if os.path.commonpath([real, root]) != root:
        raise ServiceError(f"the archive leads out of its folder: {os.path.relpath(path, folder)}", lasting=True)
    return real
