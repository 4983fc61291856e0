"""SSH: sshd as this user, with host keys of its own and without PAM; the image's, else the package manager's."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess

from supervisor import Program, ServiceError, can_bind

FOLDERS = os.environ.get("PATH", os.defpath) + ":/usr/local/sbin:/usr/sbin:/sbin"
# By package manager, the commands that install OpenSSH's server. RUNLEVEL=1: Debian's package starts no server then.
INSTALL = {
    "apt-get": (["update", "-q"], ["install", "-qy", "--no-install-recommends", "openssh-server"]),
    "dnf": (["install", "-y", "openssh-server"],),
    "microdnf": (["install", "-y", "openssh-server"],),
    "yum": (["install", "-y", "openssh-server"],),
    "zypper": (["--non-interactive", "install", "openssh-server"],),
    "apk": (["add", "--no-cache", "openssh-server"],),
}
INSTALL_ENV = ("DEBIAN_FRONTEND=noninteractive", "RUNLEVEL=1")
PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
ADVICE = "add openssh-server to the image (Debian, Ubuntu: apt-get install openssh-server)"
# The session's own, not the container's.
OWN = {"HOME", "USER", "LOGNAME", "SHELL", "PWD", "OLDPWD", "SHLVL", "_", "TERM", "MAIL"}

# The folders above the keys are nobody else's, but /tmp is everybody's, which StrictModes would refuse.
CONFIG = """
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/authorized_keys
StrictModes no
AllowUsers {user}
AuthenticationMethods publickey
PubkeyAuthentication yes
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
UsePAM no
PidFile none
AllowTcpForwarding local
AllowStreamLocalForwarding local
GatewayPorts no
PermitTunnel no
X11Forwarding no
PrintMotd no
AcceptEnv LANG LC_*
Subsystem sftp internal-sftp
"""


def prepare(service):
    """The SSH server to run, installed if there is none and that is allowed."""
    keys = service.path("ssh", "authorized_keys")  # first: keys may come before the server
    os.close(os.open(keys, os.O_WRONLY | os.O_CREAT, 0o600))
    user = user_of()
    sshd = shutil.which("sshd", path=FOLDERS) or installed(service)
    host_key = service.path("ssh", "host_key")
    if not os.path.exists(host_key):
        service.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "krayne", "-f", host_key)
    with open(host_key + ".pub") as file:
        public = " ".join(file.read().split()[:2])
    if os.geteuid() == 0:
        os.makedirs("/run/sshd", mode=0o755, exist_ok=True)  # where root's sshd puts those who are not logged in yet
    port = next(filter(can_bind, [service.settings["port"], *range(*service.settings["fallback_ports"])]), None)
    if port is None:
        raise ServiceError("no port is free for it in the pod")
    config = service.path("ssh", "sshd_config")
    text = CONFIG.format(port=port, folder=os.path.dirname(config), user=user)
    service.write(config, text + environment(os.environ, quotes=version(sshd) >= (8, 7)))
    service.run(sshd, "-t", "-f", config)
    return Program([sshd, "-D", "-e", "-f", config], port, public={"user": user, "host_key": public})


def user_of():
    """The container's user, who must be one that can log in."""
    try:
        user = pwd.getpwuid(os.geteuid())
    except KeyError:
        raise ServiceError(f"user id {os.geteuid()} has no line in /etc/passwd", lasting=True) from None
    if os.path.basename(user.pw_shell) in ("nologin", "false") or not os.access(user.pw_shell or "/bin/sh", os.X_OK):
        raise ServiceError(f"user {user.pw_name} has no shell to log in to: {user.pw_shell}", lasting=True)
    return user.pw_name


def installed(service):
    """sshd, by the image's package manager."""
    manager = next((name for name in INSTALL if shutil.which(name, path=FOLDERS)), None)
    if not manager:
        raise ServiceError("the image has no sshd, nor a package manager that krayne knows: " + ADVICE, lasting=True)
    root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if root and not service.works(*root, "true"):
        raise ServiceError("the image has no sshd, nor sudo without a password to install it: " + ADVICE, lasting=True)
    env = [*INSTALL_ENV, *(f"{name}={os.environ[name]}" for name in PROXIES if name in os.environ)]
    for arguments in INSTALL[manager]:
        service.report("installing", f"{manager} {arguments[0]}")
        try:
            service.run(*root, "env", *env, manager, *arguments)
        except ServiceError as failed:
            raise ServiceError(f"the image has no sshd, and installing it failed: {failed}; {ADVICE}") from failed
    sshd = shutil.which("sshd", path=FOLDERS)
    if not sshd:
        raise ServiceError(f"{manager} installed no sshd: {ADVICE}", lasting=True)
    return sshd


def version(sshd):
    """OpenSSH's version; any option that it does not know makes it say so too."""
    asked = subprocess.run([sshd, "-V"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False)
    found = re.search(rb"OpenSSH_(\d+)\.(\d+)", asked.stdout)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def environment(variables, quotes):
    """The line that gives sessions the container's environment. Only its first SetEnv counts for sshd.

    A line cannot hold a line break; before OpenSSH 8.7 it had no way (``quotes``) to hold a quote or a backslash.
    """
    words = []
    for name, value in variables.items():
        if name in OWN or name.startswith("SSH_") or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            continue
        if re.search(r"[\r\n]" if quotes else r"[\r\n\"\\]", value):
            continue
        words.append('"{}={}"'.format(name, re.sub(r'(["\\])', r"\\\1", value)))
    return "SetEnv {}\n".format(" ".join(words)) if words else ""
