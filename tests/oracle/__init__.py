"""The slow, obvious twin of the engine: dicts and loops, straight from manifests. It shares no code with kubesched."""
