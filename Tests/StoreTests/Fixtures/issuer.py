"""An authorization server and a bot behind it, for tests: prints its port, then serves until it is ended.

POST /token   grants a new token of an hour after 0.2 s and counts
POST /bot     answers 401 unless the bearer token is one of those granted; 500 otherwise, for nobody reads its answer
GET  /counts  {"tokens": n, "served": n, "refused": n}
"""

import http.server
import json
import threading
import time

lock = threading.Lock()
counts = {"tokens": 0, "served": 0, "refused": 0}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        with lock:
            self.answer(200, counts)

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/token":
            with lock:
                counts["tokens"] += 1
                number = counts["tokens"]
            time.sleep(0.2)
            self.answer(200, {"access_token": f"granted-{number}", "expires_in": 3600, "token_type": "Bearer"})
            return
        isKnown = (self.headers.get("Authorization") or "").startswith("Bearer granted-")
        with lock:
            counts["served" if isKnown else "refused"] += 1
        self.answer(500 if isKnown else 401, {})

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 256
    daemon_threads = True


server = Server(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
