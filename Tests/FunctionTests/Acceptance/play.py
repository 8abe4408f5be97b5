#!/usr/bin/env python3
"""Contacts on one end, agents on the other, everything in between real: play.py --programs FOLDER [--only PART]

`causeway serve` with its nginx, functions and store; CXone is played by the simulator, the messaging platform by `app.py`. Plays every `test_…`
of conversations.py and faults.py, and prints a line for each. Exit status 1 when one fails.
"""
import argparse, contextlib, importlib, json, os, pathlib, signal, sys, time, traceback, urllib.error

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "BrowserTests")]

from app import App  # noqa: E402
from running import Running  # noqa: E402


class Stage(Running):
    """Channels: `jungle` (posts and private messages, no buttons), `den` (live chat), `ears` (inbound only), `mouth` (outbound only)."""

    def __enter__(self):
        super().__enter__()
        self.app = App("a-secret-of-this-acceptance-test-0123456789")
        self.cleanup.callback(self.app.close)
        os.environ["ACCEPTANCE_SECRET"] = self.app.secret
        self.serve()
        self.begun = time.monotonic()
        for name, flags in [("jungle-direct", {}), ("jungle-posts", {"isPrivate": False, "hasTreeStructure": True}), ("den-direct", {}),
                ("ears-direct", {}), ("mouth-direct", {})]:
            self.desk("/channels", {"name": name, **flags})
        return self

    def adapted(self, sample):
        def channel(name, more="", **webhook):
            own = json.dumps({"url": f"{self.app.url}/{name}", "secrets": [{"env": "ACCEPTANCE_SECRET"}], **webhook})
            return f'"{name}": {{"tenant": "simulator", "integrationId": "causeway", "channelId": "{name}-direct"{more}, "webhook": {own}}},\n'
        mine = (channel("jungle", ', "postsChannelId": "jungle-posts"', posts=True, choices=0, opensThreads=True) + channel("den", liveChat=True)
            + channel("ears", ', "directions": "inbound"') + channel("mouth", ', "directions": "outbound"'))
        for before, after in [('"channels": {', '"channels": {\n' + mine), ('"allowLoopback": true', '"allowLoopback": true, "maximumMegabytes": 1')]:
            assert before in sample, f"the sample settings have no {before}"
            sample = sample.replace(before, after)
        return sample

    # Both ends

    def tell(self, channel, *events, **more):
        """As the app does, and it must be taken."""
        status, _, body = self.app.tell(self.port, channel, *events, **more)
        assert status == 200, (status, body)

    def messages(self, channel, thread=None, direction=None):
        query = f"/messages?channel={channel}" + (f"&thread={thread}" if thread else "")
        return [message for message in self.desk(query) if direction in (None, message["direction"])]

    def one(self, channel, thread):
        """The thread's only inbound message; made once."""
        found = self.messages(channel, thread, "inbound")
        assert len(found) == 1 and found[0]["creates"] == 1, found
        return found[0]

    def one_contact(self, channel, thread):
        (number,) = {message["contact"] for message in self.messages(channel, thread)}
        return number

    def counters(self):
        return self.desk("/counters")

    def refusal(self, path, body):
        """What the agent reads when a message was not sent."""
        try:
            answer = self.desk(path, body)
        except urllib.error.HTTPError as error:
            assert error.code == 502, error
            return json.loads(error.read())
        raise AssertionError(f"it was sent: {answer}")

    def behave(self, **switches):
        self.desk("/behaviour", switches, method="PATCH")

    def running(self, function):
        """The process of a function."""
        for entry in pathlib.Path("/proc").iterdir():
            try:
                parent = entry.name.isdigit() and int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
                program = os.readlink(entry / "exe") if parent == self.process.pid else ""
            except (OSError, IndexError):
                continue
            if program.rsplit("/", 1)[-1] == function:
                return int(entry.name)
        raise AssertionError(f"{function} does not run")

    def kill(self, function):
        """Ends a function at once; `causeway serve` starts another."""
        os.kill(self.running(function), signal.SIGKILL)

    @contextlib.contextmanager
    def paused(self, function):
        """Stops a function in its tracks."""
        number = self.running(function)
        os.kill(number, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(number, signal.SIGCONT)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--programs", required=True, help="folder of the executables")
    arguments.add_argument("--only", default="", help="part of a test's name")
    chosen = arguments.parse_args()
    failures, begun = [], time.monotonic()
    with Stage(chosen.programs) as stage:
        print(f"-- the stage took {time.monotonic() - begun:.1f} s", flush=True)
        for suite in ["conversations", "faults"]:
            for name, test in list(vars(importlib.import_module(suite)).items()):
                if not name.startswith("test_") or chosen.only not in name:
                    continue
                start, logged = time.monotonic(), len(stage.desk("/log"))
                try:
                    test(stage)
                    outcome = "ok"
                except Exception:
                    outcome = "FAILED"
                    failures.append(name)
                    traceback.print_exc(file=sys.stdout)
                    print(stage.desk("/log")[logged:][-3000:])
                print(f"{outcome:7}{time.monotonic() - start:6.1f} s  {suite}: {test.__doc__.strip().splitlines()[0]}", flush=True)
        if not chosen.only and not failures:
            final = stage.counters()
            final["refused"] -= 1  # the refresh token of test_tokens_are_void
            wrong = {name: final[name] for name in ["overlaps", "disorders", "regressions", "unknown", "badAnswers", "refused"] if final[name]}
            if wrong or final["breaches"]:
                failures.append(f"CXone saw {wrong or final['breaches']}")
        if failures:
            print(stage.warnings())
    print(f"-- {time.monotonic() - begun:.1f} s, {len(failures)} failed{': ' + ', '.join(failures) if failures else ''}")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
