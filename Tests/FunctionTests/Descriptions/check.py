#!/usr/bin/env python3
"""Runs schemathesis against the real functions, each held to the OpenAPI description that is published for it.

    check.py --programs FOLDER --schemathesis PROGRAM [--only NAME] [--examples N]

For each description: the function on a port of its own, the embedded store, and a small CXone that takes everything. Beside this file, NAME.py holds
what schemathesis must do before each call, such as signing; without it calls go as they are.
"""
import argparse
import http.server
import json
import os
import pathlib
import secrets
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[2]

# Description → function, the file, and what must hold beside "no 5xx, no breach of the description".
DESCRIPTIONS = {
    "webhook": ("webhook", "Sources/Channels/Webhook/openapi.json"),
    "webchat": ("webchat", "Sources/Channels/WebChat/openapi.json"),
    "byoc-token": ("byoc-token", "functions/byoc-token/openapi.yaml"),
}


# What is too long may also be told by 413.
CONFIGURATION = """[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 428, 429, "5xx"]
"""


class CXone(http.server.BaseHTTPRequestHandler):
    """Signs everybody in, takes every message, knows none."""

    protocol_version = "HTTP/1.1"

    def answer(self, body):
        octets = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(octets)))
        self.end_headers()
        self.wfile.write(octets)

    def do_GET(self):
        root = f"http://{self.headers['Host']}"
        self.answer({"issuer": root, "token_endpoint": root + "/auth/token", "data": []})

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/auth/token":
            return self.answer({"access_token": "t", "token_type": "Bearer", "expires_in": 3600})
        self.answer({"consumerContact": {"id": "1"}, "message": {"id": "2", "contactNumber": "1"}})

    do_PUT = do_POST

    def log_message(self, *_):
        pass


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def settings(cxone, store):
    tenant = {
        "tenantId": "t", "issuer": cxone, "apiURL": cxone, "accessKeyId": "k", "accessKeySecret": {"file": "key"}, "clientId": "c",
        "clientSecret": {"file": "key"},
    }
    return {
        "publicURL": "https://causeway.example",
        "store": {"keys": [{"file": "key"}], "cache": {"url": store + "/cache", "secrets": [{"file": "key"}], "file": "cache.sqlite"},
                  "deadlineMilliseconds": 2000},
        "byoc": {"clients": {"cxone": {"secrets": [{"file": "key"}]}}, "tokenKeys": [{"file": "key"}], "allowPlainHTTP": True},
        "authorization": {"issuer": "https://causeway.example/byoc/tunnel", "keys": [{"file": "signing.pem"}], "allowPlainHTTP": True,
                          "clients": {"orders": {"secrets": [{"file": "key"}], "audience": ["orders"]}}},
        "tenants": {"acme": tenant},
        "channels": {"savanna": {"tenant": "acme", "channelId": "chat", "webchat": {
                         "sessionKeys": [{"file": "key"}],
                         "limits": {"messagesPerMinute": 1000, "sessionsPerMinute": 100000, "requestsPerMinute": 1000000}}},
                     "jungle": {"tenant": "acme", "channelId": "direct", "postsChannelId": "posts",
                                "inbound": {"answerWithinMilliseconds": 30000}, "webhook": {"secrets": [{"file": "key"}], "posts": True}}},
    }


def start(program, port, folder):
    environment = {"PATH": "/usr/bin:/bin", "PORT": str(port), "CAUSEWAY_SETTINGS": str(folder / "causeway.jsonc"), "SWIFT_BACKTRACE": "enable=no"}
    process = subprocess.Popen([program], env=environment, stdout=subprocess.DEVNULL, stderr=open(folder / "log", "ab"))
    for _ in range(500):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return process
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.02)
    process.kill()
    raise SystemExit(f"{program} does not start:\n{(folder / 'log').read_text()[-2000:]}")


def check(name, options):
    function, description = DESCRIPTIONS[name]
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        secret = secrets.token_hex(24)
        (folder / "key").write_text(secret)
        subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", str(folder / "signing.pem")], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        cxone = http.server.ThreadingHTTPServer(("127.0.0.1", 0), CXone)
        threading.Thread(target=cxone.serve_forever, daemon=True).start()
        store = free_port()
        (folder / "causeway.jsonc").write_text(json.dumps(settings(f"http://127.0.0.1:{cxone.server_port}", f"http://127.0.0.1:{store}")))
        running = [start(options.programs / "token-cache", store, folder)]
        try:
            port = free_port()
            running.append(start(options.programs / function, port, folder))
            environment = dict(os.environ, DESCRIPTION_SECRET=secret, DESCRIPTION_URL=f"http://127.0.0.1:{port}",
                               PYTHONPATH=str(HERE), PYTHONDONTWRITEBYTECODE="1")
            if (HERE / f"{name}.py").exists():
                environment["SCHEMATHESIS_HOOKS"] = name
            (folder / "schemathesis.toml").write_text(CONFIGURATION)
            command = [options.schemathesis, "--config-file", str(folder / "schemathesis.toml"), "run", str(TOP / description), "--url", f"http://127.0.0.1:{port}", "--no-color",
                       "--max-examples", str(options.examples), "--seed", "1", "--no-shrink", "--warnings", "off",
                       "--generation-database", "none", "--request-timeout", "40",
                       "--checks", "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
                       "response_schema_conformance,negative_data_rejection,unsupported_method"]
            done = subprocess.run(command, env=environment, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            print(done.stdout[-12000:])
            if done.returncode:
                print((folder / "log").read_text()[-3000:])
            return done.returncode == 0
        finally:
            for process in running:
                process.terminate()
            for process in running:
                process.wait()
            cxone.shutdown()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--programs", type=pathlib.Path, required=True)
    parser.add_argument("--schemathesis", required=True)
    parser.add_argument("--only", choices=DESCRIPTIONS)
    parser.add_argument("--examples", type=int, default=100)
    options = parser.parse_args()
    names = [options.only] if options.only else list(DESCRIPTIONS)
    failed = [name for name in names if not check(name, options)]
    sys.exit(f"breaches: {', '.join(failed)}" if failed else 0)


main()
