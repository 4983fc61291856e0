"""What krayne can do with clusters: one module per verb, the same for the command line and the SDK."""
