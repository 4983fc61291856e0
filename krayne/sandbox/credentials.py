"""What a client needs to reach the sandbox and nobody else has: its certificates, its token, its kubeconfig."""

from __future__ import annotations

import json
import secrets
import ssl
from pathlib import Path

from krayne import private

NAME = "krayne-sandbox"
_CERTIFICATE, _KEY, _AUTHORITY, _TOKEN = "server.crt", "server.key", "ca.crt", "token"


def ensure(folder: Path) -> None:
    """Make the certificates and the token in the folder, unless they are there."""
    if not (folder / _TOKEN).is_file():
        private.write(f"{folder}/{_TOKEN}", secrets.token_urlsafe(32))
    if not (folder / _AUTHORITY).is_file():
        import trustme

        authority = trustme.CA(organization_name=NAME)
        issued = authority.issue_cert("127.0.0.1", "localhost")
        private.write(f"{folder}/{_KEY}", issued.private_key_pem.bytes())
        private.write(f"{folder}/{_CERTIFICATE}", b"".join(part.bytes() for part in issued.cert_chain_pems))
        private.write(f"{folder}/{_AUTHORITY}", authority.cert_pem.bytes())


def token(folder: Path) -> str:
    """The bearer token."""
    return (folder / _TOKEN).read_text(encoding="utf-8").strip()


def authority(folder: Path) -> str:
    """The CA's certificate as PEM."""
    return (folder / _AUTHORITY).read_text(encoding="utf-8")


def server_context(folder: Path) -> ssl.SSLContext:
    """TLS as the server speaks it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / _CERTIFICATE, folder / _KEY)
    return context


def client_context(folder: Path) -> ssl.SSLContext:
    """TLS as a client of the sandbox checks it."""
    return ssl.create_default_context(cafile=str(folder / _AUTHORITY))


def kubeconfig(folder: Path, port: int) -> str:
    """A kubeconfig of the sandbox alone. JSON is YAML, and needs no import."""
    cluster = {"server": f"https://127.0.0.1:{port}", "certificate-authority": str(folder / _AUTHORITY)}
    context = {"cluster": NAME, "user": NAME, "namespace": "default"}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": NAME, "cluster": cluster}],
        "users": [{"name": NAME, "user": {"token": token(folder)}}],
        "contexts": [{"name": NAME, "context": context}],
        "current-context": NAME,
    }
    return json.dumps(config, indent=2) + "\n"
