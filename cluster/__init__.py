"""A cluster in one process: store, API server, controllers, kubelets. Only its name is here so far."""
