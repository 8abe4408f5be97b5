"""What every browser test needs: the functions behind nginx with CXone played beside them, headless Chromium, and an agent's desk to act at.

A suite is a file in this folder with functions `test_…(stage)`. `run.py` starts one stage for all of them; each test gets pages of its own.
"""
import contextlib, http.server, json, os, pathlib, re, secrets, signal, socket, subprocess, sys, tempfile, threading, time, urllib.error, urllib.request

from playwright.sync_api import sync_playwright

TOP = pathlib.Path(__file__).resolve().parents[2]
LIMIT = 15_000
"""Milliseconds that anything on a page may take; generous, because the machine may be busy."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def eventually(check, what, seconds=LIMIT / 1000):
    """Waits until `check` gives something true, and gives it."""
    limit = time.monotonic() + seconds
    while True:
        found = check()
        if found:
            return found
        assert time.monotonic() < limit, f"{what}: not within {seconds} s"
        time.sleep(0.05)


class Stage:
    """The whole of `make run` on ports of its own, and a browser."""

    def __init__(self, programs, pictures):
        self.programs = pathlib.Path(programs).resolve()
        self.pictures = pathlib.Path(pictures).resolve()
        self.pictures.mkdir(parents=True, exist_ok=True)
        self.cleanup = contextlib.ExitStack()
        self.complaints = []

    def __enter__(self):
        self.folder = pathlib.Path(self.cleanup.enter_context(tempfile.TemporaryDirectory(prefix="causeway-browser-")))
        self.port, self.desk_port, self.site_port = free_port(), free_port(), free_port()
        self.url, self.desk_url = f"http://127.0.0.1:{self.port}", f"http://127.0.0.1:{self.desk_port}"
        self.site_url = f"http://127.0.0.1:{self.site_port}"
        self.log = self.folder / "serve.log"
        self.serve()
        self.site()
        play = self.cleanup.enter_context(sync_playwright())
        executable = next(path for path in ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"] if os.path.exists(path))
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        self.browser = play.chromium.launch(executable_path=executable, args=arguments)
        self.cleanup.callback(self.browser.close)
        return self

    def __exit__(self, *_):
        self.cleanup.close()

    def serve(self):
        """`causeway serve` with the sample settings, in which another site may show the chat and leaving takes effect soon."""
        sample = subprocess.run([self.programs / "causeway", "settings", "--sample"], check=True, capture_output=True, text=True).stdout
        sample = sample.replace("127.0.0.1:8080", f"127.0.0.1:{self.port}").replace("127.0.0.1:8090", f"127.0.0.1:{self.desk_port}")
        wanted = json.dumps([self.site_url])
        assert '"origins": []' in sample, "the sample settings no longer have a web chat"
        sample = sample.replace('"origins": []', f'"origins": {wanted}, "graceSeconds": 2, "limits": {{"messagesPerMinute": 1000, '
            '"sessionsPerMinute": 1000, "requestsPerMinute": 10000, "fileMiB": 1}')
        settings = self.folder / "causeway.jsonc"
        settings.write_text(sample)
        environment = {**os.environ, "CAUSEWAY_SETTINGS": str(settings), "CAUSEWAY_PORT": str(self.port), "CAUSEWAY_DESK_PORT": str(self.desk_port)}
        for name in re.findall(r'"env": "(\w+)"', sample):
            environment.setdefault(name, secrets.token_hex(24))
        self.environment = environment
        with open(self.log, "wb") as log:
            process = subprocess.Popen([self.programs / "causeway", "serve", "--folder", self.folder / "run"], stdout=log, stderr=log,
                cwd=self.folder, env=environment, start_new_session=True)

        def end():
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
        self.cleanup.callback(end)
        eventually(lambda: process.poll() is not None or "ready" in self.log.read_text().splitlines(), "make run", 60)
        assert process.poll() is None, self.log.read_text()

    def site(self):
        """Another origin with pages that a test writes."""
        self.pages = pages = {}

        class Site(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = pages.get(self.path.split("?")[0])
                self.send_response(200 if body is not None else 204 if self.path == "/favicon.ico" else 404)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write((body or "").encode())

            def log_message(self, *_):
                pass
        server = http.server.ThreadingHTTPServer(("127.0.0.1", self.site_port), Site)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.cleanup.callback(server.shutdown)

    # The browser

    @contextlib.contextmanager
    def person(self, width=1280, height=860, allowed=(), **options):
        """A browser of somebody who was never here; gives a function that opens pages in it. What the console complains of, fails the test, but
        for what `allowed` patterns match."""
        context = self.browser.new_context(viewport={"width": width, "height": height}, locale=options.pop("locale", "en-GB"), **options)
        context.set_default_timeout(LIMIT)
        complaints = []

        def open_page(url=None):
            page = context.new_page()
            page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
            page.on("dialog", lambda dialog: (complaints.append(f"dialog: {dialog.message}"), dialog.dismiss()))
            page.on("console", lambda message: message.type in ("error", "warning") and complaints.append(f"{message.text} {message.location.get('url', '')}"))
            if url:
                page.goto(url)
            page.complaints = complaints
            return page
        open_page.context = context
        try:
            yield open_page
        finally:
            context.close()
        left = [text for text in complaints if not any(re.search(pattern, text) for pattern in allowed)]
        assert not left, f"the browser complained: {left}"

    def picture(self, page, name):
        page.screenshot(path=self.pictures / f"{name}.png")

    def accessible(self, page, what):
        """No rule of WCAG 2.2 A and AA that axe can test is broken."""
        from axe_playwright_python.sync_playwright import Axe
        heard = len(page.complaints)
        found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}).response["violations"]
        del page.complaints[heard:]  # what axe itself did to the page
        problems = [f"{rule['id']}: {rule['nodes'][0]['target']} {rule['nodes'][0].get('failureSummary', '')}" for rule in found]
        assert not problems, f"{what}: {problems}"

    # The agent's desk

    def desk(self, path, body=None, method=None, raw=None, type="application/json"):
        data = raw if raw is not None else None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.desk_url + "/desk" + path, data, {"Content-Type": type}, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text[:1] in (b"{", b"[") else text.decode()

    def contact(self, words):
        """The contact number of the message with these words, once CXone has it."""
        def find():
            return next((message for message in self.desk("/messages") if words in json.dumps(message, ensure_ascii=False)), None)
        message = eventually(find, f"a message with {words!r} at the desk")
        return message["contact"]

    def reply(self, contact, text=None, **more):
        answer = self.desk(f"/contacts/{contact}/reply", {"text": text, **more} if text is not None else more)
        assert "failure" not in answer or not answer["failure"], answer
        return answer

    def function_log(self, name):
        return (self.folder / "run" / f"{name}.log").read_text()
