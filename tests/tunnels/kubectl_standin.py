#!/usr/bin/env python3
"""Stand in for kubectl where forwards matter: it watches, and really forwards to a service of this machine.

The folder WORLD (its own path + ".world") says what it finds: ``cluster.json``, ``pods.json`` (a list),
``routes.json`` (pod -> port in the pod -> port of this machine), ``secret.json``, ``services`` (what the head's
services have written), ``login`` (absent, "fail", "offline", "slow", "prompt", "proxy": only with $MARK a way),
``forbidden`` (a part of the API paths that the user may not ask, or "pods/exec"). ``calls`` gets a line per call. As
the real one (1.30 to 1.37), a forward ends when the other end refuses one connection.
"""

import json
import os
import re
import signal
import socket
import sys
import threading
import time
from urllib.parse import unquote

WORLD = os.path.abspath(__file__) + ".world"
STEP = 0.01


def read(name, default=None):
    try:
        with open(os.path.join(WORLD, name), encoding="utf-8") as file:
            text = file.read()
    except FileNotFoundError:
        return default
    return json.loads(text) if name.endswith(".json") else text


def fail(words):
    sys.stderr.write(words + "\n")
    sys.stderr.flush()
    os._exit(1)


def log_in():
    how = read("login")
    if how == "fail":
        fail("error: You must be logged in to the server (Unauthorized)")
    if how == "offline":
        sys.stderr.write('Could not connect to the endpoint URL: "https://sts.eu-central-1.amazonaws.com/"\n')
        fail("Unable to connect to the server: getting credentials: exec: executable aws failed with exit code 255")
    if how == "proxy" and not os.environ.get("MARK"):
        fail("Unable to connect to the server: dial tcp 192.0.2.1:6443: connect: no route to host")
    if how == "slow":
        sys.stderr.write("Warning: client.authentication.k8s.io/v1alpha1 is deprecated\n")
        sys.stderr.flush()
        time.sleep(2.5)
    if how == "prompt":
        sys.stderr.write("To sign in, open https://login.example/device and enter the code ABCD-1234\n")
        sys.stderr.flush()
        while read("login") == "prompt":
            time.sleep(STEP)


def say(value):
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def get_raw(path):
    if (forbidden := read("forbidden")) and forbidden in path:
        fail('Error from server (Forbidden): rayclusters.ray.io is forbidden: User "me" cannot do that to it')
    if "/rayclusters/" in path:
        cluster = read("cluster.json")
        if cluster is None:
            fail('Error from server (NotFound): rayclusters.ray.io "demo" not found')
        say(cluster)
    elif "/rayclusters" in path and "watch=true" in path:
        watch(path, lambda: [cluster] if (cluster := read("cluster.json")) else [], [read("cluster.json")])
    elif "/rayclusters" in path:
        cluster = read("cluster.json")
        say({"metadata": {"resourceVersion": "1"}, "items": [cluster] if cluster else []})
    elif "/secrets/" in path:
        say(read("secret.json"))
    elif "/events" in path:
        say({"metadata": {"resourceVersion": "1"}, "items": []})
    elif "watch=true" in path:
        version = re.search(r"resourceVersion=(\d+)", path)[1]
        watch(path, lambda: read("pods.json", []), read(f"listed-{version}.json"))
    else:
        version, pods = str(time.time_ns()), read("pods.json", [])
        with open(os.path.join(WORLD, f"listed-{version}.json"), "w", encoding="utf-8") as file:
            json.dump(pods, file)
        say({"metadata": {"resourceVersion": version}, "items": pods})


def watch(path, look, listed):
    """Tell every change of what is there since it was listed."""
    seconds = re.search(r"timeoutSeconds=(\d+)", path)
    known = {item["metadata"]["name"]: item for item in listed if item}
    end = time.monotonic() + float(seconds[1] if seconds else 300)
    while time.monotonic() < end:
        there = {item["metadata"]["name"]: item for item in look()}
        for name, item in there.items():
            if known.get(name) != item:
                say({"type": "MODIFIED" if name in known else "ADDED", "object": item})
        for name in known.keys() - there.keys():
            say({"type": "DELETED", "object": known[name]})
        known = there
        time.sleep(STEP)


def forward(pod, local, remote):
    if pod not in {each["metadata"]["name"] for each in read("pods.json", [])}:
        fail(f'Error from server (NotFound): pods "{pod}" not found')
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", local))
    except OSError:
        fail(
            f"Unable to listen on port {local}: Listeners failed to create with the following errors: [unable to "
            f"create listener: Error listen tcp4 127.0.0.1:{local}: bind: address already in use]\n"
            f"error: unable to listen on any of the requested ports: [{{{local} {remote}}}]"
        )
    listener.listen(64)
    sys.stdout.write(f"Forwarding from 127.0.0.1:{local} -> {remote}\n")
    sys.stdout.flush()
    while True:
        near, _ = listener.accept()
        sys.stdout.write(f"Handling connection for {local}\n")
        sys.stdout.flush()
        threading.Thread(target=carry, args=(near, pod, remote), daemon=True).start()


def carry(near, pod, remote):
    port = read("routes.json", {}).get(pod, {}).get(str(remote))
    try:
        if port is None:
            raise ConnectionRefusedError
        far = socket.create_connection(("127.0.0.1", port))
    except OSError:
        fail(
            "E1123 16:00:00.000000       1 portforward.go:424] Unhandled Error: an error occurred forwarding: "
            f"failed to connect to localhost:{remote} inside namespace: dial tcp4 127.0.0.1:{remote}: connect: "
            "connection refused\nerror: lost connection to pod"
        )
    threading.Thread(target=pump, args=(near, far), daemon=True).start()
    pump(far, near)


def pump(source, target):
    buffer = bytearray(1 << 18)
    view = memoryview(buffer)
    try:
        while count := source.recv_into(buffer):
            target.sendall(view[:count])
        target.shutdown(socket.SHUT_WR)
    except OSError:
        for each in (source, target):
            each.close()


def execute(command):
    """Answer as the head's services would; anything else runs here."""
    if "authorized_keys" in " ".join(command):
        with open(os.path.join(WORLD, "authorized_keys"), "a", encoding="utf-8") as file:
            file.write(sys.stdin.read())
    elif command[0] == "/bin/bash" and "supervisor.pid" in command[2]:
        sys.stdout.write(read("services", ""))
        sys.stdout.flush()
    else:
        os.execv(command[0], command)


def main(argv):
    with open(os.path.join(WORLD, "calls"), "a", encoding="utf-8") as calls:
        call = {"argv": argv, "pid": os.getpid(), "program": sys.argv[0]}
        call |= {"mark": os.environ.get("MARK"), "kubeconfig": os.environ.get("KUBECONFIG")}
        calls.write(json.dumps(call) + "\n")
    log_in()
    words = [word for word in argv if not word.startswith("--")]
    if words[0] == "get":
        get_raw(unquote(words[1]))
    elif words[0] == "port-forward":
        local, _, remote = words[2].partition(":")
        forward(words[1].removeprefix("pod/"), int(local), int(remote))
    elif words[0] == "exec" and read("forbidden") == "pods/exec":
        fail('Error from server (Forbidden): pods "demo-head-1" is forbidden: User "me" cannot create "pods/exec"')
    elif words[0] == "exec":
        execute(argv[argv.index("--") + 1 :])
    elif words[0] == "delete":
        sys.stdout.write("raycluster.ray.io/demo\n")
        sys.stdout.flush()
        os.unlink(os.path.join(WORLD, "cluster.json"))
    else:
        fail(f"error: the stand-in does not do: {argv}")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        main(sys.argv[1:])
    except BrokenPipeError:
        pass
    os._exit(0)
