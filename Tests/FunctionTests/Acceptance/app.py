"""A messaging app of one's own, as the webhook channel joins it: the platform of the acceptance tests.

It signs what it posts, verifies what it is sent, recognises repeats by `webhook-id`, and keeps a record of everything.
"""
import base64, hashlib, hmac, http.client, http.server, json, sys, threading, time, uuid


def signature(key, identity, timestamp, body):
    mac = hmac.new(key, f"{identity}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(mac).decode()


def library():
    """The specification's own implementation, where it is installed; the arithmetic above otherwise."""
    try:
        from standardwebhooks.webhooks import Webhook
    except ImportError:
        return None
    return Webhook


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client):
        # Whoever asked may give up; that is what some tests are about. What goes wrong in here must be seen.
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client)


class App:
    """What happened stands in `posts`, in order: every request with its channel, id and body, refused ones included."""

    def __init__(self, secret):
        self.secret = secret
        self.key = secret.encode()
        self.posts, self.answers, self.files, self.refused = [], {}, {}, set()
        self.failures, self.delay, self.count = [], 0.0, 0
        self.lock = threading.Lock()
        self.server = Server(("127.0.0.1", 0), self.handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    # What Causeway tells the app

    def handler(app):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, answer, fields = app.take(self.path.strip("/"), dict((k.lower(), v) for k, v in self.headers.items()), body)
                self.answer(status, json.dumps(answer, ensure_ascii=False).encode(), "application/json", fields)

            def do_GET(self):
                kind, octets = app.files.get(self.path, (None, None))
                self.answer(404 if octets is None else 200, octets or b"", kind or "text/plain")

            def answer(self, status, body, kind, fields=()):
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                for name, value in dict(fields).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass
        return Handler

    def take(self, channel, fields, body):
        signed = signature(self.key, fields["webhook-id"], fields["webhook-timestamp"], body)
        if not hmac.compare_digest(signed, fields["webhook-signature"]) or abs(time.time() - int(fields["webhook-timestamp"])) > 60:
            raise AssertionError("a post with a wrong signature")
        Webhook = library()
        if Webhook:
            Webhook(base64.b64encode(self.key).decode()).verify(body, fields)
        post = {"channel": channel, "id": fields["webhook-id"], "raw": body, **json.loads(body)}
        with self.lock:
            failure = self.failures.pop(0) if self.failures and post["type"] in ("message", "ended") else None
            post["refused"] = failure[0] if failure else None
            self.posts.append(post)
        if post["type"] == "message" and self.delay:
            time.sleep(self.delay)
        if failure:
            return failure
        with self.lock:
            if post["id"] not in self.answers:
                self.answers[post["id"]] = self.answer(post)
            return self.answers[post["id"]]

    def answer(self, post):
        kind = post["type"]
        if kind == "check" and post["recipient"]["id"] in self.refused:
            return 422, {"code": "recipientRefused", "reason": "Zoe has left the jungle."}, {}
        if kind == "message":
            self.count += 1
            return 200, {"id": f"app-{self.count}", "time": int(time.time() * 1000)}, {}
        if kind == "open":
            return 200, {"thread": "with-" + post["recipients"][0]["id"]}, {}
        return 200, {}, {}

    def told(self, kind, thread=None, channel=None):
        """What was told and not refused, each `webhook-id` once: what people see."""
        seen, found = set(), []
        with self.lock:
            for post in self.posts:
                if post["type"] != kind or post["refused"] or post["id"] in seen:
                    continue
                if thread in (None, post.get("thread")) and channel in (None, post["channel"]):
                    seen.add(post["id"])
                    found.append(post)
        return found

    # What the app tells Causeway

    def tell(self, port, channel, *events, identity=None, key=None):
        """Posts events. Gives status, fields and body."""
        body = json.dumps({"events": events}, ensure_ascii=False).encode()
        identity, timestamp = identity or uuid.uuid4().hex, str(int(time.time()))
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.request("POST", f"/webhook/{channel}", body, {
                "Content-Type": "application/json", "webhook-id": identity, "webhook-timestamp": timestamp,
                "webhook-signature": signature(key or self.key, identity, timestamp, body)})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def message(self, thread, text=None, **more):
        """A contact's message, ready to be told."""
        person = more.pop("person", "zoe")
        event = {"type": "message", "id": "m-" + uuid.uuid4().hex[:12], "thread": thread, "from": {"id": person, "firstName": "Zoe"},
            "time": int(time.time() * 1000)}
        if text is not None:
            event["text"] = text
        return {**event, **more}
