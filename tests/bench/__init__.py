"""krayne beside bare kubectl: `make bench`."""
