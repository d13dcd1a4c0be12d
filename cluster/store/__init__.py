"""etcd's semantics in Python: revisions, history, transactions, watches, leases.

from cluster.store.memory import MemoryStore

store = MemoryStore(clock)  # or, to keep it: await SqliteStore.open(path, clock), of cluster.store.sqlite
await store.put(Put(b"/registry/pods/default/web-0", value))
watch = store.watch(b"/registry/pods/", prefix_end(b"/registry/pods/"), start_revision=2)
"""
