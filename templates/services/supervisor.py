"""Installs, starts and watches the services of a Ray head, by Python's library alone (3.8 or newer).

In the folder above this file's: NAME.json says how a service stands, NAME.log what it wrote. One supervisor runs at a
time; settings.json beside this file says which services there are, with ports and limits.
"""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module

FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LOG_LIMIT = 5_000_000  # bytes; a log that grows beyond starts anew
children = set()  # every process that runs
closing = threading.Event()


class ServiceError(Exception):
    """Why a service cannot be had. ``lasting``: trying once more is of no use."""

    def __init__(self, why, lasting=False):
        super().__init__(why)
        self.lasting = lasting


class Program:
    """What runs as a service: ``public`` and ``secret`` fields join its state.

    ``locked``: an HTTP path that must not be given to somebody without the secret.
    """

    def __init__(self, argv, port, *, public=None, secret=None, env=None, cwd=None, locked=None):
        self.argv, self.port, self.public, self.secret = argv, port, public or {}, secret or {}
        self.env, self.cwd, self.locked = env or dict(os.environ), cwd, locked


class Service:
    """One service's files, state and settings."""

    def __init__(self, name, settings):
        self.name, self.settings, self.secrets, self.restarts = name, settings, [], 0
        self.log = self.path(name + ".log")

    def path(self, *names):
        """A path in the folder; the folder that it stands in is made."""
        path = os.path.join(FOLDER, *names)
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        return path

    def write(self, path, text):
        """Write a file that only this user can read, as a whole or not at all."""
        new = f"{path}.{threading.get_ident()}"
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
        os.replace(new, path)

    def report(self, state, why=None, **fields):
        """Write the state: installing, running or failed."""
        said = {"service": self.name, "state": state, "why": why, "restarts": self.restarts}
        since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        self.write(self.path(self.name + ".json"), json.dumps({**said, "since": since, **fields}))

    def run(self, *argv, seconds=900, env=None):
        """Run a step of the installation to its end, its words in the log. ServiceError where it fails."""
        begun = self.log_size()
        process = self.start(argv, env)
        deadline = time.time() + seconds
        while not ended(process) and time.time() < deadline:
            time.sleep(0.1)
        how = outcome(process) if ended(process) else f"took longer than {seconds} s"
        end(process)
        if process.returncode or time.time() >= deadline:
            raise ServiceError("{} {}: {}".format(" ".join(argv[:4]), how, self.said_since(begun)))

    def works(self, *argv):
        """Whether a command that only asks something succeeds."""
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        try:
            return subprocess.run(argv, timeout=60, check=False, **quiet).returncode == 0
        except (OSError, subprocess.TimeoutExpired):
            return False

    def start(self, argv, env=None, cwd=None):
        """Start a process whose words go to the log, with a process group of its own."""
        with open(os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as log:
            log.write(("$ {}\n".format(" ".join(argv))).encode())
            log.flush()
            if closing.is_set():
                raise ServiceError("the supervisor has been ended")
            options = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log, "start_new_session": True}
            try:
                process = subprocess.Popen(argv, env=env, cwd=cwd, **options)
            except OSError as error:
                raise ServiceError(f"cannot run {argv[0]}: {error.strerror}") from error
        children.add(process)
        return process

    def log_size(self):
        """How many bytes the log has."""
        return os.path.getsize(self.log) if os.path.exists(self.log) else 0

    def said_since(self, begun):
        """The last lines that were logged since, without the service's secrets."""
        size = self.log_size()
        with open(self.log, "rb") as log:
            log.seek(max(begun if begun < size else 0, size - 4000))
            lines = log.read().decode(errors="replace").splitlines()
        text = " / ".join([line.strip() for line in lines if line.strip() and not line.startswith("$ ")][-3:])[-400:]
        for secret in self.secrets:
            text = text.replace(secret, "…")
        return text


def ended(process, block=False):
    """Whether a process has ended. It is not reaped, so that its id stays its own."""
    flags = os.WEXITED | os.WNOWAIT | (0 if block else os.WNOHANG)
    return process.returncode is not None or os.waitid(os.P_PID, process.pid, flags) is not None


def end(process):
    """End a process and all of its group, if they have not ended; reap it."""
    deadline = time.time() + 5
    with contextlib.suppress(OSError):
        os.killpg(process.pid, signal.SIGTERM)
    while not ended(process) and time.time() < deadline:
        time.sleep(0.02)
    with contextlib.suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    children.discard(process)


def outcome(process):
    """How a process ended, which is reaped."""
    code = process.wait()
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"


def can_bind(port):
    """Whether a server may listen on a loopback port, and nobody else does."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def tend(service, limits):
    """Install a service and keep it running, until it has failed for good."""
    try:
        keep(service, installed(service, limits), limits)
    except ServiceError as failed:
        service.report("failed", str(failed))
    except Exception as error:  # noqa: BLE001 - a full disk, say; the other services go on
        service.report("failed", f"{type(error).__name__}: {error}")


def installed(service, limits):
    """The program that a service's module prepares, tried again where that may help."""
    prepare = import_module(service.name.replace("-", "_")).prepare
    pauses = iter(limits["install_pauses"])
    while True:
        # In a thread of its own, whose low priority ends with it: installing must not slow down Ray's start.
        with ThreadPoolExecutor(1) as pool:
            pool.submit(os.setpriority, os.PRIO_PROCESS, 0, 10)
            future = pool.submit(prepare, service)
        try:
            return future.result()
        except ServiceError as failed:
            pause = None if failed.lasting else next(pauses, None)
            if pause is None:
                raise
            service.report("installing", f"{failed}; trying again in {pause} s")
            time.sleep(pause)


def keep(service, program, limits):
    """Start a program again whenever it ends; ServiceError where that happens too often."""
    times = []
    while True:
        if not can_bind(program.port):
            raise ServiceError(f"port {program.port} is in use in the pod")
        begun = service.log_size()
        process = service.start(program.argv, program.env, program.cwd)
        try:
            how = serve(service, program, process, limits["listen"])
        finally:
            end(process)
        how = f"{how or outcome(process)}: {service.said_since(begun)}"
        times = [when for when in times if when > time.time() - limits["window"]] + [time.time()]
        if len(times) > limits["restarts"]:
            raise ServiceError(f"{len(times)} times within {limits['window']} s it {how}")
        service.restarts += 1
        service.report("installing", "starting again, since it " + how)
        time.sleep(min(limits["restart_pause"] * 2 ** (len(times) - 1), 30))


def serve(service, program, process, seconds):
    """Wait for a program to listen, say that it runs, wait for its end; what went wrong, if it did not end itself."""
    deadline = time.time() + seconds
    while not ended(process) and not listens(program.port):
        if time.time() > deadline:
            return f"did not listen on port {program.port} within {seconds} s"
        time.sleep(0.1)
    if not ended(process):
        if program.locked and is_open(program.port, program.locked):
            raise ServiceError(
                "would let anybody in without its secret: look for a configuration of its own in the image"
            )
        service.report("running", port=program.port, pid=process.pid, **program.public, **program.secret)
        ended(process, block=True)
    return None


def listens(port):
    """Whether somebody listens on a loopback port."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True


def is_open(port, path):
    """Whether an HTTP server gives a path to anybody."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def home():
    """Services want a home folder that they can write to."""
    if not os.access(os.environ.get("HOME") or "", os.W_OK):
        os.environ["HOME"] = os.path.join(FOLDER, "home")
        os.makedirs(os.environ["HOME"], mode=0o700, exist_ok=True)


def stop(*_):
    """End in order; being told again does not get in between."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(0)


def main():
    """Look after every service; returns when there is nothing left to look after."""
    with contextlib.suppress(OSError):
        os.setsid()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, stop)
    lock = os.open(os.path.join(FOLDER, "lock"), os.O_WRONLY | os.O_CREAT, 0o600)  # until this process ends
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return  # another one looks after them
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
        score.write("1000")  # where memory runs out, these go before Ray
    home()
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "settings.json")) as file:
        settings = json.load(file)
    services = [Service(name, own) for name, own in settings["services"].items()]
    services[0].write(services[0].path("supervisor.pid"), f"{os.getpid()}\n")  # first: no state without its writer
    for service in services:
        service.report("installing", "starting")
    for service in services:
        threading.Thread(target=tend, args=(service, settings["limits"]), daemon=True).start()
    try:
        while True:  # also when all have failed: their states go on being somebody's, a second hook changes nothing
            time.sleep(60)
            for service in services:
                if service.log_size() > LOG_LIMIT:
                    os.truncate(service.log, 0)
    finally:
        closing.set()
        for process in list(children):
            end(process)
        os._exit(0)  # not to wait for a download


if __name__ == "__main__":
    sys.modules["supervisor"] = sys.modules["__main__"]  # what the services import
    main()
