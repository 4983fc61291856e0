"""Plays KubeRay's, the scheduler's and the kubelet's parts against any Kubernetes API server, as a mere client of it."""
