"""How long to wait by default, in seconds; of no weight, so that the command line's options can tell them."""

# For a cluster to come or to go: pulling a Ray image onto a new node takes minutes, and with GCS fault tolerance
# KubeRay 1.6 itself gives its clean-up 300 s.
CLUSTER = 600.0
# For a tunnel to come up; pulling a head's image is `wait`'s to wait for.
TUNNEL = 60.0
# For an SSH service that is being installed.
SSH = 60.0
