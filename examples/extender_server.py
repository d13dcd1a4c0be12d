"""An extender: a server that keeps pods off nodes whose names end in an odd digit, and likes high ones."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import kubesched as ks


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        names = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["NodeNames"]
        even = [name for name in names if int(name[-1]) % 2 == 0]
        failed = {name: "node(s) were odd" for name in names if name not in even}
        answer = {"NodeNames": even, "FailedNodes": failed}
        if self.path.endswith("prioritize"):
            answer = [{"Host": name, "Score": int(name[-1])} for name in names]
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *args):
        pass


def make_scheduler(objects, port):
    extender = {"urlPrefix": f"http://127.0.0.1:{port}", "filterVerb": "filter", "nodeCacheCapable": True}
    config = {"extenders": [extender | {"prioritizeVerb": "prioritize", "weight": 5}]}
    return ks.Scheduler(objects, config)


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    nodes = [
        {"kind": "Node", "metadata": {"name": f"n{i}"}, "status": {"allocatable": {"pods": "10"}}} for i in range(6)
    ]
    pod = {"metadata": {"name": "web"}, "spec": {"containers": [{"name": "main", "image": "app"}]}}
    print(make_scheduler(nodes, server.server_address[1]).explain(pod))
    server.shutdown()
    server.server_close()
