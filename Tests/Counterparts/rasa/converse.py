#!/usr/bin/env python3
"""A conversation with a real Rasa server, through nginx and the exchange function, checked turn by turn.

    converse.py --rasa <environment with rasa> --exchange <exchange executable> [--record]

Trains the assistant of this folder once (kept beside the environment), starts Rasa, the function behind nginx over FastCGI, and nginx, all on
127.0.0.1; sends turns as CXone sends them; fails when an answer is not the expected one. With --record it prints the conversation as
Markdown, with times. Needs nothing outside the standard library and nginx.
"""
import argparse, hashlib, json, os, pathlib, secrets, shutil, signal, socket, subprocess, sys, tempfile, time, urllib.error, urllib.request

HERE = pathlib.Path(__file__).resolve().parent
CONTACT, UNIT = 900000000123, 4600001

# (what happens, userInputType, userInput, mediaType, expected branch, text that the answer must hold)
CONVERSATION = [
    ("the call begins", 5, "WELCOME", "voip", "PromptAndCollectNextResponse", "Welcome to Acme Orders"),
    ("a question", 1, "where is my order", "voip", "PromptAndCollectNextResponse", "13-digit order number"),
    ("keys, with leading zeros", 6, "0090294837290", "voip", "PromptAndCollectNextResponse", "Order 0090294837290 is in transit and delayed by three days"),
    ("silence", 0, None, "voip", "UserInputTimeout", "Are you still there?"),
    ("nonsense", 1, "blargh fnord xyzzy", "voip", "UserInputNotUnderstood", "I did not understand that"),
    ("a command that the contact types", 1, " /call_started", "voip", None, None),
    ("the number as words", 1, "my order number is 2390294837290", "voip", "PromptAndCollectNextResponse", "Order 2390294837290"),
    ("a person is wanted", 1, "can i talk to someone", "voip", "ReturnControlToScript", "I will connect you with a colleague"),
    ("another contact says goodbye", 1, "bye", "Chat", "ReturnControlToScript", "Goodbye"),
]
# Shown in full in a record.
SHOWN = 3


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(url, seconds):
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        try:
            return urllib.request.urlopen(url, timeout=1).status
        except urllib.error.HTTPError as answer:
            return answer.code
        except OSError:
            time.sleep(0.2)
    sys.exit(f"{url} did not answer within {seconds} s")


def model(environment):
    """The trained assistant; made again when a file of this folder changed."""
    files = [HERE / name for name in ("config.yml", "domain.yml", "nlu.yml", "rules.yml")]
    mark = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]
    folder = environment / "causeway-model"
    if not (folder / f"{mark}.tar.gz").exists():
        print("-- training", file=sys.stderr)
        subprocess.run(
            [environment / "bin/rasa", "train", "-c", files[0], "-d", files[1], "--data", files[2], files[3], "--out", folder,
             "--fixed-model-name", mark], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, "RASA_TELEMETRY_ENABLED": "false"}, cwd=HERE)
    return folder / f"{mark}.tar.gz"


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


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rasa", required=True, type=lambda text: pathlib.Path(text).absolute())
    options.add_argument("--exchange", required=True, type=lambda text: pathlib.Path(text).absolute())
    options.add_argument("--record", action="store_true")
    options = options.parse_args()

    folder = pathlib.Path(tempfile.mkdtemp(prefix="causeway-rasa-"))
    started = []
    try:
        rasa, front = free_port(), free_port()
        began = time.monotonic()
        started.append(subprocess.Popen(
            [options.rasa / "bin/rasa", "run", "-i", "127.0.0.1", "-p", str(rasa), "-m", model(options.rasa),
             "--credentials", HERE / "credentials.yml", "--endpoints", HERE / "endpoints.yml"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder, env={**os.environ, "RASA_TELEMETRY_ENABLED": "false"}))
        wait_for(f"http://127.0.0.1:{rasa}/", 120)
        ready = time.monotonic() - began

        authorization = "Bearer " + secrets.token_urlsafe(24)
        (folder / "causeway.jsonc").write_text(json.dumps({
            "exchange": {"sessionKeys": [{"env": "SESSION_KEY"}], "allowPlainHTTP": True},
            "agents": {"orders": {
                "caller": {"headers": [{"name": "Authorization", "values": [{"env": "AUTHORIZATION"}]}]},
                "rasa": {"url": f"http://127.0.0.1:{rasa}"}}}}))
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(folder / "exchange.sock"))
        listener.listen(64)
        os.chmod(folder, 0o755)
        os.chmod(folder / "exchange.sock", 0o666)
        log = open(folder / "exchange.log", "wb")
        started.append(subprocess.Popen(
            [options.exchange], stdin=listener, stderr=log,
            env={"CAUSEWAY_SETTINGS": str(folder / "causeway.jsonc"), "SESSION_KEY": secrets.token_hex(32), "AUTHORIZATION": authorization}))
        (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=front))
        nginx = shutil.which("nginx") or "/usr/sbin/nginx"
        started.append(subprocess.Popen([nginx, "-p", folder, "-c", folder / "nginx.conf", "-e", folder / "nginx.log"]))
        wait_for(f"http://127.0.0.1:{front}/exchange", 10)

        failures = converse(f"http://127.0.0.1:{front}/exchange", authorization, options.record, ready)
        if failures:
            sys.exit("\n".join(failures))
        print("the conversation went as expected", file=sys.stderr)
    finally:
        for process in reversed(started):
            process.send_signal(signal.SIGTERM)
        for process in reversed(started):
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
        shutil.rmtree(folder, ignore_errors=True)


def converse(url, authorization, is_recording, ready):
    state, failures, shown = None, [], ""
    if is_recording:
        print(f"Rasa was ready after {ready:.1f} s.\n\n| Turn | CXone sends | CXone receives | ms |\n| --- | --- | --- | ---: |")
    for number, (what, kind, words, medium, branch, text) in enumerate(CONVERSATION, 1):
        another = what.startswith("another")
        sending = {
            "virtualAgentId": "orders", "userInput": words, "userInputType": kind, "botSessionState": None if another else state,
            "mediaType": medium, "executionInfo": {
                "contactId": CONTACT + another, "busNo": UNIT, "requestId": number, "actionType": "VoiceBotExchange", "actionId": 12,
                "scriptName": "Demo\\Orders"}}
        body = json.dumps(sending).encode()
        request = urllib.request.Request(url, body, {"Content-Type": "application/json", "Authorization": authorization})
        began = time.monotonic()
        with urllib.request.urlopen(request, timeout=10) as answer:
            received = json.loads(answer.read())
        took = (time.monotonic() - began) * 1000
        state = received.get("botSessionState")
        said = " / ".join(prompt["transcript"] for prompt in received.get("nextPromptSequence", {}).get("prompts", []))
        if branch is None:
            # Typed commands are words: Rasa must not have run the intent.
            if received["intentInfo"]["intent"] == "call_started" or "Welcome" in said:
                failures.append(f"turn {number} ({what}): the command was run: {received}")
        elif received["branchName"] != branch or text not in said:
            failures.append(f"turn {number} ({what}): {received}")
        if is_recording:
            if number == SHOWN:
                shown = f"```\nPOST /exchange\n{json.dumps(sending, indent=1)}\n\n200\n{json.dumps(received, indent=1)}\n```"
            sent = "–" if words is None else f"`{words}`"
            payload = f", `customPayload` `{json.dumps(received['customPayload'])}`" if "customPayload" in received else ""
            print(f"| {number} | {what}: type {kind}, {sent} | {received['branchName']}: {said}{payload} | {took:.1f} |")
    if is_recording:
        print(f"\nTurn {SHOWN} in full:\n\n{shown}")
    return failures


if __name__ == "__main__":
    main()
