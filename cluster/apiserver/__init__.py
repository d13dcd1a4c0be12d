"""The API server over a store: discovery, and the verbs on Kubernetes' objects.

from cluster.apiserver.server import ApiServer, Request

api = await ApiServer.start(store, clock, seed=0)
answer = await api.handle(Request("GET", "/api/v1/namespaces/default/pods"))
"""
