"""The API server's room: the Kubernetes API over HTTPS, from a store in memory. It knows nothing of the player."""
