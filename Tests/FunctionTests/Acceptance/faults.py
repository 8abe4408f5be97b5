"""What becomes of messages when something is slow, repeats itself or is not there: one effect, and a truthful answer."""
import time
from concurrent.futures import ThreadPoolExecutor

from conversations import thread
from running import eventually


def test_webhook_twice_at_once(stage):
    """B5: the platform delivers the same at once, under one name and under two: one message"""
    app, name = stage.app, thread()
    event = app.message(name, "Hello, hello")
    stage.behave(latency=150)
    try:
        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(lambda i: app.tell(stage.port, "jungle", event, identity="w-" + name if i < 3 else f"w-{name}-{i}"), range(6)))
        assert all(status in (200, 503) for status, _, _ in answers) and any(status == 200 for status, _, _ in answers), answers
        assert all(int(fields["Retry-After"]) >= 1 for status, fields, _ in answers if status == 503)
    finally:
        stage.behave(latency=0)
    stage.tell("jungle", event, identity="w-" + name)
    stage.one("jungle-direct", name)


def test_retries(stage):
    """B4: CXone gives slow answers up and repeats 0, 3 and 10 times: the contact reads it once, the agent is told the truth"""
    app, name = stage.app, thread()
    stage.tell("jungle", app.message(name, "Hello"))
    contact = stage.one("jungle-direct", name)["contact"]
    for retries in [0, 3, 10]:
        text = f"Repeated {retries} times"
        stage.behave(retries=retries, retrySpacing=100, callbackTimeout=500)
        app.delay = 1.2
        try:
            # Who does not ask again cannot know.
            answer = stage.reply(contact, text) if retries else stage.refusal(f"/contacts/{contact}/reply", {"text": text})
        finally:
            app.delay = 0.0
            stage.behave(retries=0, retrySpacing=1000, callbackTimeout=10_000)
        told = [post for post in app.posts if post["type"] == "message" and post.get("text") == text]
        assert len(told) == 1 and (answer["attempts"] > 1) == (retries > 0), (answer, told)
        if retries:
            eventually(lambda: told[0]["id"] in app.answers, "the app's answer")
            assert answer["message"]["idOnExternalPlatform"] == app.answers[told[0]["id"]][1]["id"]
    assert len(stage.messages("jungle-direct", name, "outbound")) == 2


def test_killed_on_the_way_out(stage):
    """B4: the process dies while the app takes an agent's message: CXone's repeat finds out, the contact reads it once"""
    app, name = stage.app, thread()
    stage.tell("jungle", app.message(name, "Hello"))
    contact = stage.one("jungle-direct", name)["contact"]
    stage.behave(retries=10, retrySpacing=1000)
    app.delay = 1.0
    try:
        with ThreadPoolExecutor(1) as pool:
            sending = pool.submit(stage.reply, contact, "Out of the ashes")
            eventually(lambda: any(post.get("text") == "Out of the ashes" for post in app.posts), "the app is told")
            stage.kill("byoc-outbound")
            app.delay = 0.0
            answer = sending.result()
    finally:
        app.delay = 0.0
        stage.behave(retries=0)
    (told,) = app.told("message", name)
    assert answer["attempts"] > 1 and answer["message"]["idOnExternalPlatform"] == app.answers[told["id"]][1]["id"], answer


def test_killed_on_the_way_in(stage):
    """B5: the process dies after CXone took a contact's message: the app's repeat finds it there, and it is there once"""
    app, name = stage.app, thread()
    event = app.message(name, "Into the fire")
    stage.desk("/faults", {"kind": "slow", "milliseconds": 2000, "operation": "createMessage", "count": 1})
    try:
        with ThreadPoolExecutor(1) as pool:
            telling = pool.submit(app.tell, stage.port, "jungle", event, identity="w-" + name)
            eventually(lambda: stage.messages("jungle-direct", name), "CXone has it")
            stage.kill("webhook")
            assert telling.result()[0] >= 500
    finally:
        stage.desk("/faults", method="DELETE")
    answers = []
    eventually(lambda: answers.append(app.tell(stage.port, "jungle", event, identity="w-" + name)[0]) or answers[-1] == 200, "it is taken")
    assert all(status in (200, 502, 503) for status in answers), answers
    stage.one("jungle-direct", name)


def test_cxone_is_down(stage):
    """B5: CXone is down: the platform is told when to come again, and then it is taken once"""
    app = stage.app
    faults = [{"kind": "status", "status": 503, "retryAfter": 3}, {"kind": "drop"}, {"kind": "html"}, {"kind": "reset"}]
    for fault in faults:
        name = thread()
        event = app.message(name, f"Is anybody there? {fault['kind']}")
        stage.desk("/faults", {**fault, "operation": "createMessage", "count": None})
        try:
            status, fields, _ = app.tell(stage.port, "jungle", event, identity="w-" + name)
        finally:
            stage.desk("/faults", method="DELETE")
        # After a reset the message is found to be there, which is as good.
        assert fault["kind"] == "reset" or status == 503 and int(fields["Retry-After"]) >= fault.get("retryAfter", 1), (fault, status)
        assert fault["kind"] == "reset" or not stage.messages("jungle-direct", name), fault
        if "retryAfter" in fault:
            time.sleep(fault["retryAfter"])
        stage.tell("jungle", event, identity="w-" + name)
        stage.one("jungle-direct", name)


def test_platform_is_down(stage):
    """B4, B8: the platform is down: the agent reads why, nothing is at either end; later it works"""
    app, name = stage.app, thread()
    stage.tell("jungle", app.message(name, "Hello"))
    contact = stage.one("jungle-direct", name)["contact"]
    for status, answer, sentence in [(503, {}, "cannot be reached"), (422, {"code": "contentRefused", "reason": "Only umbrellas."}, "Only umbrellas."),
            (429, {}, "no more messages")]:
        app.failures = [(status, answer, {})] * 8
        try:
            refusal = stage.refusal(f"/contacts/{contact}/reply", {"text": f"Answer {status}"})
        finally:
            app.failures = []
        assert sentence in refusal["failure"], refusal
    assert not app.told("message", name) and not stage.messages("jungle-direct", name, "outbound")
    stage.reply(contact, "Answer 503")
    assert [post["text"] for post in app.told("message", name)] == ["Answer 503"]


def test_store_is_stopped(stage):
    """P3: the store does not answer: nothing is taken, nothing is sent, both sides are asked to come again"""
    app, name = stage.app, thread()
    stage.tell("jungle", app.message(name, "Hello"))
    contact = stage.one("jungle-direct", name)["contact"]
    event = app.message(name, "Are you still there?")
    with stage.paused("token-cache"), ThreadPoolExecutor(2) as pool:
        inbound = pool.submit(app.tell, stage.port, "jungle", event, identity="w-" + name)
        outbound = pool.submit(stage.refusal, f"/contacts/{contact}/reply", {"text": "Still here"})
        status, fields, _ = inbound.result()
        refusal = outbound.result()
        assert status == 503 and int(fields["Retry-After"]) >= 1, status
        assert refusal["status"] == 503 and refusal["failure"] and not app.told("message", name), refusal
        assert len(stage.messages("jungle-direct", name)) == 1
    stage.tell("jungle", event, identity="w-" + name)
    stage.reply(contact, "Still here")
    assert len(stage.messages("jungle-direct", name, "inbound")) == 2 and len(app.told("message", name)) == 1


def test_tokens_are_void(stage):
    """P3: every token of both sides is void: each side signs in again, and nobody notices"""
    app, name = stage.app, thread()
    stage.tell("jungle", app.message(name, "Hello"))
    # A token this young would be taken for a mistake of the settings.
    time.sleep(max(0, 5.5 - (time.monotonic() - stage.begun)))
    before = stage.counters()
    stage.desk("/tokens", method="DELETE")
    stage.tell("jungle", app.message(name, "Hello again"))
    answer = stage.reply(stage.one_contact("jungle-direct", name), "Hello Zoe")
    after = stage.counters()
    assert answer["attempts"] == 2 and len(app.told("message", name)) == 1 and len(stage.messages("jungle-direct", name, "inbound")) == 2, answer
    # The refresh token is void too: it is tried, and then the access key.
    assert after["signIns"] == before["signIns"] + 2 and after["unauthorized"] == before["unauthorized"] + 1, (before, after)
    assert after["duplicates"] == before["duplicates"]
