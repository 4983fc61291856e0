"""The sandbox: a stand-in for a cluster, one local process that speaks the Kubernetes API."""

from krayne.sandbox.lifecycle import SandboxStatus, down, status, up

__all__ = ["SandboxStatus", "down", "status", "up"]
