"""A kubelet in small: it runs nothing, and writes what a real one would have seen."""
