"""Ray clusters on Kubernetes in one line."""

__version__ = "0.1.0"
