"""What every browser test needs: the functions behind nginx with CXone played beside them, headless Chromium, and an agent's desk to act at.

A suite is a file in this folder with functions `test_…(stage)`. `run.py` starts one stage for all of them; each test gets pages of its own.
"""
import contextlib, http.server, json, os, pathlib, re, threading

from playwright.sync_api import sync_playwright

from running import LIMIT, Running, eventually, free_port  # noqa: F401

TOP = pathlib.Path(__file__).resolve().parents[2]


class Stage(Running):
    """The whole of `make run` on ports of its own, and a browser."""

    def __init__(self, programs, pictures):
        super().__init__(programs)
        self.pictures = pathlib.Path(pictures).resolve()
        self.pictures.mkdir(parents=True, exist_ok=True)
        self.complaints = []

    def __enter__(self):
        super().__enter__()
        self.site_port = free_port()
        self.site_url = f"http://127.0.0.1:{self.site_port}"
        self.serve()
        self.site()
        play = self.cleanup.enter_context(sync_playwright())
        executable = next(path for path in ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"] if os.path.exists(path))
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        self.browser = play.chromium.launch(executable_path=executable, args=arguments)
        self.cleanup.callback(self.browser.close)
        return self

    def adapted(self, sample):
        """Another site may show the chat, and leaving takes effect soon."""
        wanted = json.dumps([self.site_url, self.desk_url])
        origins = f'"origins": ["{self.desk_url}"]'
        assert origins in sample, "the sample settings no longer have a web chat"
        sample = sample.replace(origins, f'"origins": {wanted}, "graceSeconds": 2, "limits": {{"messagesPerMinute": 1000, '
            '"sessionsPerMinute": 1000, "requestsPerMinute": 10000, "fileMiB": 1}')
        # `make run` writes StandardBot's script beside its own settings; here it is where it is kept.
        script = TOP / "Sources/VirtualAgents/Scripted/Examples/standard-bot.bot"
        standard = {"caller": {"headers": [{"name": "Authorization", "values": [{"env": "CAUSEWAY_AUTHORIZATION"}]}]}, "carry": ["*"],
            "scripted": {"file": str(script)}}
        assert '"agents": {' in sample
        return sample.replace('"agents": {', f'"agents": {{ "standard": {json.dumps(standard)},', 1)

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

    def open_desk(self, open_page, place=""):
        """A page of the desk, let in by the run's token."""
        page = open_page()
        page.goto(f"{self.desk_url}/?token={self.desk_token}")
        if place:
            page.goto(f"{self.desk_url}/#{place}")
        return page
