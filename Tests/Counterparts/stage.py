"""What every conversation with a real counterpart needs: a folder, processes that end with it, the exchange function behind nginx, and turns as CXone
sends them, checked and recorded. Needs nothing outside the standard library and nginx.
"""
import json, os, pathlib, secrets, shutil, signal, socket, subprocess, sys, tempfile, time, urllib.error, urllib.request
from typing import Callable, NamedTuple

CONTACT, UNIT = 900000000123, 4600001

NGINX = """
worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 64; }}
http {{
  access_log off; client_body_temp_path {folder}/body; fastcgi_temp_path {folder}/fcgi; proxy_temp_path {folder}/proxy;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    location /exchange {{
      fastcgi_param REQUEST_METHOD $request_method; fastcgi_param REQUEST_URI $request_uri; fastcgi_param SCRIPT_NAME /exchange;
      fastcgi_param CONTENT_TYPE $content_type; fastcgi_param CONTENT_LENGTH $content_length; fastcgi_param REMOTE_ADDR $remote_addr;
      fastcgi_param REQUEST_SCHEME $scheme; fastcgi_param SERVER_PROTOCOL $server_protocol; fastcgi_param REQUEST_ID $request_id;
      fastcgi_param GATEWAY_INTERFACE CGI/1.1; fastcgi_param HTTP_PROXY ""; fastcgi_keep_conn on;
      fastcgi_pass unix:{folder}/exchange.sock;
    }}
  }}
}}
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(url, seconds):
    """Waits until something answers there, with whatever status."""
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        try:
            return urllib.request.urlopen(url, timeout=1).status
        except urllib.error.HTTPError as answer:
            return answer.code
        except OSError:
            time.sleep(0.2)
    sys.exit(f"{url} did not answer within {seconds} s")


class Stage:
    """A temporary folder and the processes that were started in it; all of them are gone when the `with` block ends."""

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="causeway-"))
        self.processes = []
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            self.end(process)
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, *command, **options):
        self.processes.append(subprocess.Popen(command, **{"cwd": self.folder, "stdout": subprocess.DEVNULL, **options}))
        return self.processes[-1]

    def end(self, process):
        # A process that was stopped for a while cannot end before it goes on.
        for number in (signal.SIGCONT, signal.SIGTERM):
            process.send_signal(number)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def tunnel(self, exchange, agents, environment={}):
        """The exchange function under FastCGI behind nginx, with these agents. Gives its URL and the header that callers show."""
        authorization = "Bearer " + secrets.token_urlsafe(24)
        caller = {"headers": [{"name": "Authorization", "values": [{"env": "AUTHORIZATION"}]}]}
        settings = self.folder / "causeway.jsonc"
        settings.write_text(json.dumps({
            "exchange": {"sessionKeys": [{"env": "SESSION_KEY"}], "allowPlainHTTP": True},
            "agents": {name: {"caller": caller, **agent} for name, agent in agents.items()}}))
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self.folder / "exchange.sock"))
        listener.listen(64)
        # nginx's worker may be another user.
        os.chmod(self.folder, 0o755)
        os.chmod(self.folder / "exchange.sock", 0o666)
        self.start(exchange, stdin=listener, stderr=open(self.folder / "exchange.log", "wb"), env={
            "CAUSEWAY_SETTINGS": str(settings), "SESSION_KEY": secrets.token_hex(32), "AUTHORIZATION": authorization, **environment})
        port = free_port()
        configuration = self.folder / "nginx.conf"
        configuration.write_text(NGINX.format(folder=self.folder, port=port))
        nginx = shutil.which("nginx") or "/usr/sbin/nginx"
        self.start(nginx, "-p", self.folder, "-c", configuration, "-e", self.folder / "nginx.log")
        wait_for(f"http://127.0.0.1:{port}/exchange", 10)
        return f"http://127.0.0.1:{port}/exchange", authorization


class Turn(NamedTuple):
    """What CXone sends, and what it must receive."""
    what: str
    kind: int
    words: str | None
    branch: str | None
    """The branch that is expected; `None` for any."""
    text: str = ""
    """What the prompts, or the explanation of a failure, must hold."""
    agent: str = "orders"
    medium: str = "voip"
    is_first: bool = False
    """Whether another contact begins here."""
    check: Callable[[dict], bool] = lambda received: True
    seconds: tuple[float, float] = (0, 4.6)
    """At least and at most so long may it take."""


class Conversation:
    """Plays turns one after another, keeps the session state, and writes a Markdown table when it records."""

    def __init__(self, tunnel, is_recording, shown):
        """`shown` is the number of the turn that a record shows in full."""
        self.url, self.authorization = tunnel
        self.is_recording, self.shown, self.full = is_recording, shown, ""
        self.number, self.contact, self.state, self.failures = 0, CONTACT, None, []
        if is_recording:
            print("| Turn | CXone sends | CXone receives | ms |\n| --- | --- | --- | ---: |")

    def play(self, *turns):
        for turn in turns:
            self.number += 1
            if turn.is_first:
                self.contact, self.state = self.contact + 1, None
            sending = {
                "virtualAgentId": turn.agent, "userInput": turn.words, "userInputType": turn.kind, "botSessionState": self.state,
                "mediaType": turn.medium, "executionInfo": {
                    "contactId": self.contact, "busNo": UNIT, "requestId": self.number, "actionType": "VoiceBotExchange", "actionId": 12,
                    "scriptName": "Demo\\Orders"}}
            request = urllib.request.Request(
                self.url, json.dumps(sending).encode(), {"Content-Type": "application/json", "Authorization": self.authorization})
            began = time.monotonic()
            with urllib.request.urlopen(request, timeout=10) as answer:
                received = json.loads(answer.read())
            took = time.monotonic() - began
            self.state = received.get("botSessionState")
            said = " / ".join(prompt["transcript"] for prompt in received.get("nextPromptSequence", {}).get("prompts", []))
            said = said or received.get("errorDetails", {}).get("systemErrorMessage", "")
            least, most = turn.seconds
            if turn.branch not in (None, received["branchName"]) or turn.text not in said or not turn.check(received) or not least <= took <= most:
                self.failures.append(f"turn {self.number} ({turn.what}), {took:.2f} s: {received}")
            if self.is_recording:
                self.record(turn, sending, received, said, took)

    def record(self, turn, sending, received, said, took):
        if self.number == self.shown:
            self.full = f"```\nPOST /exchange\n{json.dumps(sending, indent=1)}\n\n200\n{json.dumps(received, indent=1)}\n```"
        sent = "–" if turn.words is None else f"`{turn.words}`" if len(turn.words) < 100 else f"`{turn.words[:20]}…` ({len(turn.words)} characters)"
        payload = f", `customPayload` `{json.dumps(received['customPayload'])}`" if "customPayload" in received else ""
        said = f": {said}" if said else ""
        print(f"| {self.number} | {turn.what}: type {turn.kind}, {sent} | {received['branchName']}{said}{payload} | {took * 1000:.1f} |")

    def finish(self):
        """Ends the record, or the program when something was not as expected."""
        if self.is_recording:
            print(f"\nTurn {self.shown} in full:\n\n{self.full}")
        if self.failures:
            sys.exit("\n".join(self.failures))
        print("the conversation went as expected", file=sys.stderr)
