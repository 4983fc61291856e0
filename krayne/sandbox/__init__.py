"""The sandbox: a stand-in for a cluster, one local process that speaks the Kubernetes API."""
