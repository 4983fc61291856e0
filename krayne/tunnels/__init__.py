"""Local ports that lead to a cluster's head and stay up: a supervisor a cluster, and what others ask of it."""
