"""Plays the parts of KubeRay, the scheduler and the kubelet against any Kubernetes API server, as a client of it."""

from krayne.sandbox.player.client import Connection
from krayne.sandbox.player.kubelet.node import NodeSpec
from krayne.sandbox.player.player import Player
from krayne.sandbox.player.timing import DEMO, FAST, Timing

__all__ = ["DEMO", "FAST", "Connection", "NodeSpec", "Player", "Timing"]
