"""Public sets of traces: what is known of them, and how they are downloaded and checked."""

from kubesched.traces.download.fetch import fetch
from kubesched.traces.download.public_sets import PUBLIC_SETS, PublicFile, PublicSet

__all__ = ["PUBLIC_SETS", "PublicFile", "PublicSet", "fetch"]
