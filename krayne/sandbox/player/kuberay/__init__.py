"""KubeRay 1.6.2 in small: what it makes of a RayCluster, and what it says of it."""
