"""Dynamic resources (resource.k8s.io/v1): what devices, classes and claims say, and CEL selectors."""
