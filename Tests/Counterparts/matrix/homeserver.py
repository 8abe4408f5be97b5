"""A Synapse and everything of ours, on free ports of this machine."""
import asyncio, json, os, pathlib, secrets, shutil, signal, subprocess, sys, time, urllib.error, urllib.parse, urllib.request

from stage import free_port, wait_for

EXTRA = """
listeners: [{{port: {port}, bind_addresses: ['127.0.0.1'], type: http, tls: false, resources: [{{names: [client, media]}}]}}]
app_service_config_files: ['{folder}/registration.yaml']
trusted_key_servers: []
federation_domain_whitelist: []
encryption_enabled_by_default_for_room_type: 'off'
rc_message: {{per_second: 1000, burst_count: 1000}}
rc_login: {{address: {{per_second: 1000, burst_count: 1000}}, account: {{per_second: 1000, burst_count: 1000}}}}
rc_registration: {{per_second: 1000, burst_count: 1000}}
"""


class Site:
    def __init__(self, stage, programs):
        self.stage, self.programs = stage, programs
        self.front_port, self.desk_port, self.port = free_port(), free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.folder = stage.folder / "synapse"
        self.desk = Desk(f"http://127.0.0.1:{self.desk_port}/desk", f"http://127.0.0.1:{self.front_port}")
        names = ["SESSION_KEY", "STORE_KEY", "CACHE_SECRET", "AUTHORIZATION", "TOKEN_KEY", "LINK_KEY", "EVENTS", "CAUSEWAY_BYOC_SECRET",
                 "CAUSEWAY_CXONE_CLIENT_SECRET", "CAUSEWAY_CXONE_ACCESS_KEY_SECRET", "AS_TOKEN", "HS_TOKEN"]
        self.environment = {**os.environ, **{name: secrets.token_hex(32) for name in names}, "CAUSEWAY_PORT": str(self.front_port),
                            "CAUSEWAY_DESK_PORT": str(self.desk_port), "CAUSEWAY_SETTINGS": str(stage.folder / "causeway.jsonc"),
                            "CAUSEWAY_DESK_START": str(stage.folder / "desk.json")}
        self.homeserver = None

    # Ours.

    def settings(self):
        front, desk = f"http://127.0.0.1:{self.front_port}", f"http://127.0.0.1:{self.desk_port}"
        env = lambda name: {"env": name}
        return {
            "publicURL": front,
            "exchange": {"sessionKeys": [env("SESSION_KEY")], "allowPlainHTTP": True},
            "agents": {"orders": {"caller": {"headers": [{"name": "Authorization", "values": [env("AUTHORIZATION")]}]}, "scripted": {}}},
            "store": {"keys": [env("STORE_KEY")], "cache": {"url": front + "/cache", "secrets": [env("CACHE_SECRET")], "file": "cache.sqlite"}},
            "byoc": {"clients": {"cxone": {"secrets": [env("CAUSEWAY_BYOC_SECRET")]}}, "tokenKeys": [env("TOKEN_KEY")], "allowPlainHTTP": True},
            "events": {"caller": {"headers": [{"name": "Authorization", "values": [env("EVENTS")]}]}, "allowPlainHTTP": True},
            # The desk's files lie on this machine.
            "attachments": {"allowLoopback": True},
            "tenants": {"acme": {"issuer": desk, "apiURL": desk, "clientId": "{clientId}", "clientSecret": env("CAUSEWAY_CXONE_CLIENT_SECRET"),
                                 "accessKeyId": "{accessKeyId}", "accessKeySecret": env("CAUSEWAY_CXONE_ACCESS_KEY_SECRET"), "hosts": ["127.0.0.1"]}},
            "channels": {"matrix": {"tenant": "acme", "integrationId": "causeway", "channelId": "matrix", "matrix": {
                "homeserver": self.url, "serverName": "localhost", "asToken": env("AS_TOKEN"), "hsTokens": [env("HS_TOKEN")]}}},
        }

    def start(self):
        """Seconds until the homeserver was ready."""
        front = f"http://127.0.0.1:{self.front_port}"
        causeway = self.programs / "causeway"
        (self.stage.folder / "desk.json").write_text(json.dumps({
            "integrations": [{"id": "causeway", "boxURL": front + "/byoc", "authorizationURL": front + "/byoc/1.0/token", "eventsURL": front + "/events/contact",
                              "eventsAuthorization": self.environment["EVENTS"]}],
            "channels": [{"name": "matrix", "integration": "causeway"}]}))
        # The desk tells its tenant's ids only when it runs.
        probe = subprocess.Popen([causeway, "simulate", "--port", str(self.desk_port)], env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(self.desk.url, 10)
        known = self.desk.get("")
        probe.terminate()
        probe.wait()
        text = json.dumps(self.settings(), indent=1).replace("{clientId}", known["clientId"]).replace("{accessKeyId}", known["accessKeyId"])
        (self.stage.folder / "causeway.jsonc").write_text(text)
        os.chmod(self.stage.folder, 0o755)
        self.serving = self.stage.start(
            causeway, "serve", "--folder", self.stage.folder / "run", env=self.environment, stdout=open(self.stage.folder / "serve.log", "wb"), stderr=subprocess.STDOUT)
        self.folder.mkdir()
        subprocess.run([causeway, "registration", "matrix", "--out", self.folder / "registration.yaml"], env=self.environment, check=True, stdout=subprocess.DEVNULL)
        self.generate()
        ready = self.launch()
        limit = time.monotonic() + 20
        while "ready" not in (self.stage.folder / "serve.log").read_text().splitlines():
            if time.monotonic() > limit or self.serving.poll() is not None:
                sys.exit((self.stage.folder / "serve.log").read_text())
            time.sleep(0.05)
        return ready

    def stop(self, keep=False):
        if keep:
            copy = pathlib.Path("/tmp") / f"causeway-matrix-{os.getpid()}"
            shutil.copytree(self.stage.folder, copy, ignore_dangling_symlinks=True, ignore=lambda folder, names: [n for n in names if n.endswith(".sock")])
            print(f"kept in {copy}", file=sys.stderr)

    def fetch(self, url):
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return answer.read()
        except urllib.error.HTTPError as answer:
            return answer.code

    # The homeserver.

    def generate(self):
        synapse = [sys.executable, "-m", "synapse.app.homeserver", "-c", "homeserver.yaml"]
        subprocess.run([*synapse, "-H", "localhost", "--generate-config", "--report-stats=no", "--data-directory", "."], cwd=self.folder, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        (self.folder / "extra.yaml").write_text(EXTRA.format(port=self.port, folder=self.folder))
        self.command = [*synapse, "-c", "extra.yaml"]

    def launch(self):
        began = time.monotonic()
        self.homeserver = self.stage.start(*self.command, cwd=self.folder, stdout=open(self.folder / "out.log", "ab"), stderr=subprocess.STDOUT)
        wait_for(self.url + "/_matrix/client/versions", 60)
        return time.monotonic() - began

    async def stop_homeserver(self):
        await asyncio.to_thread(self.stage.end, self.homeserver)

    async def start_homeserver(self):
        await asyncio.to_thread(self.launch)

    async def restart_homeserver(self):
        await self.stop_homeserver()
        await self.start_homeserver()

    def register(self, name):
        subprocess.run([sys.executable, "-m", "synapse._scripts.register_new_matrix_user", "-u", name, "-p", "pw-" + name, "--no-admin", "-c",
                        self.folder / "homeserver.yaml", self.url], check=True, stdout=subprocess.DEVNULL)


class Desk:
    """The agent's side: the simulator's `/desk`."""

    def __init__(self, url, front):
        self.url, self.front = url, front

    def call(self, method, path, body=None, kind="application/json"):
        octets = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, octets, {"Content-Type": kind}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                text = answer.read()
        except urllib.error.HTTPError as answer:
            text = answer.read()
        try:
            return json.loads(text) if text else {}
        except ValueError:
            return text.decode()

    def get(self, path):
        return self.call("GET", path)

    def messages(self):
        return self.get("/messages")

    def message(self, text):
        return next((m for m in self.messages() if m["text"] == text), {"contact": "none", "author": None, "statuses": [], "idOnExternalPlatform": "none"})

    def is_deleted(self, event):
        return any(m["idOnExternalPlatform"] == event and m["isDeleted"] for m in self.messages())

    def order(self, texts):
        texts = list(texts)
        return [m["text"] for m in self.messages() if m["text"] in texts] == texts

    def contact_in(self, thread):
        numbers = [m["contact"] for m in self.messages() if m["thread"] == thread]
        return next((c for c in self.get("/contacts") if str(c.get("contactNumber", c.get("number", c.get("id")))) in map(str, numbers)), {})

    def log(self):
        return self.get("/log")

    def counters(self):
        return self.get("/counters")

    def fail(self, operation, status, count):
        self.call("POST", "/faults", {"kind": "status", "status": status, "operation": operation, "count": count})

    async def post(self, path, body):
        return await asyncio.to_thread(self.call, "POST", path, body)

    async def reply(self, contact, text=None, **members):
        return await self.post(f"/contacts/{contact}/reply", {**({"text": text} if text is not None else {}), **members})

    async def type(self, contact):
        return await self.post(f"/contacts/{contact}/typing", {"isTyping": True})

    async def close(self, contact):
        return await self.post(f"/contacts/{contact}/close", {})

    async def start(self, channel, user, name, text):
        return await self.post(f"/channels/{channel}/start", {"text": text, "recipients": [
            {"idOnExternalPlatform": user, "name": name, "isPrimary": True, "isPrivate": True}]})

    async def send_file(self, contact, name, kind, octets):
        kept = await asyncio.to_thread(self.call, "POST", "/files", octets, kind)
        return await self.reply(contact, "", attachments=[{"friendlyName": name, "url": kept["url"]}])

    @staticmethod
    def choices(text, titles):
        return {"type": "QUICK_REPLIES", "fallbackText": text, "payload": {
            "text": {"content": text}, "actions": [{"text": title, "type": "REPLY_BUTTON", "postback": title.lower()} for title in titles]}}
