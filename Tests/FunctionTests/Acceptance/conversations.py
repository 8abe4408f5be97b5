"""What contacts and agents see of each other when nothing is broken."""
import json, os, time, urllib.error, urllib.parse, urllib.request, uuid
from concurrent.futures import ThreadPoolExecutor

SCRIPTS = [
    "👩🏽‍🚀 flag 🇳🇿 keycap 3️⃣", "مرحبا بك 123 في الغابة", "שלום \u202bעולם\u202c", "e\u0301 is not é, nor is ﬁ fi", "Z͑ͫ̓ͪ̂ͫ̽a̴̵̜̰l̷̢͔g̀o", "नमस्ते ไทย 한국어 漢字",
    "tab\there, line\nbreak, \"quotes\", \\back\\, a < b && List<Int>", "\U0001F9A9\u200d\u200c end",
]


def thread():
    return "t-" + uuid.uuid4().hex[:10]


def test_text_and_answer(stage):
    """B3, B4: a contact's message is one case; the answer reaches the contact once, by either path; 401 comes first"""
    app, name = stage.app, thread()
    event = app.message(name, "Did anyone find my umbrella?", threadName="Umbrellas")
    stage.tell("jungle", event)
    message = stage.one("jungle-direct", name)
    assert message["text"] == event["text"] and message["idOnExternalPlatform"] == event["id"], message
    contact = message["contact"]
    before = stage.counters()
    assert before["tokensFetched"] == 0, "the first callback of all is the one without a token"
    for usesV2, text in [(True, "We found it."), (False, "Come and see.")]:
        stage.desk("/integrations", {"id": "causeway", "usesOutboundV2": usesV2})
        answer = stage.reply(contact, text)
        told = app.told("message", name)[-1]
        assert told["text"] == text and told["replyTo"] == event["id"] and told["visibility"] == "direct", told
        assert answer["message"]["idOnExternalPlatform"] == app.answers[told["id"]][1]["id"], answer
        assert answer["attempts"] == (2 if usesV2 else 1), answer
    stage.desk("/integrations", {"id": "causeway", "usesOutboundV2": True})
    assert len(app.told("message", name)) == 2 and len(stage.messages("jungle-direct", name, "outbound")) == 2
    after = stage.counters()
    assert after["tokensFetched"] == before["tokensFetched"] + 1 and after["duplicates"] == before["duplicates"], (before, after)


def test_receipts(stage):
    """B5: delivered and seen come back to the message that they are about, each once, in order"""
    app, name = stage.app, thread()
    stage.tell("jungle", app.message(name, "Hello"))
    sent = stage.reply(stage.one("jungle-direct", name)["contact"], "Hello Zoe")["message"]["idOnExternalPlatform"]
    for status in ["delivered", "seen", "delivered", "seen"]:
        stage.tell("jungle", {"type": "receipt", "status": status, "message": sent, "thread": name, "time": int(time.time() * 1000)})
    (message,) = stage.messages("jungle-direct", name, "outbound")
    assert message["statuses"] == ["delivered", "seen"], message
    assert stage.counters()["regressions"] == 0


def test_typing(stage):
    """B5: each side sees that the other types"""
    app, name = stage.app, thread()
    stage.tell("jungle", app.message(name, "Hello"))
    contact = stage.one("jungle-direct", name)["contact"]
    stage.tell("jungle", {"type": "typing", "thread": name, "on": True})
    assert any("sender-action" in line and name in line for line in stage.desk("/log").splitlines() if "→ CXone" in line), stage.desk("/log")[-2000:]
    stage.desk(f"/contacts/{contact}/typing", {"isTyping": True})
    stage.desk(f"/contacts/{contact}/typing", {"isTyping": False})
    assert [post["on"] for post in app.told("typing", name)] == [True, False], app.told("typing", name)


def test_posts(stage):
    """B16: a post's tree is kept on the channel for posts, the private message goes to the other; answers hang where they belong"""
    app, post, private = stage.app, thread(), thread()
    first = app.message(post, "Who has seen my umbrella?", visibility="post", id=post)
    comment = app.message(post, "What colour?", visibility="post", replyTo=post, person="lion")
    answer = app.message(post, "Red.", visibility="post", replyTo=comment["id"])
    stage.tell("jungle", first, comment, answer)
    stage.tell("jungle", app.message(private, "It is the red one, by the way"))
    tree = {message["idOnExternalPlatform"]: message.get("replyTo") for message in stage.messages("jungle-posts", post)}
    assert tree == {post: None, comment["id"]: post, answer["id"]: comment["id"]}, tree
    public, direct = stage.messages("jungle-posts", post)[-1]["contact"], stage.one("jungle-direct", private)["contact"]
    assert public != direct and not stage.messages("jungle-direct", post)
    stage.reply(public, "We keep a red one.", replyTo=comment["id"])
    (told,) = app.told("message", post)
    assert (told["visibility"], told["replyTo"], told["thread"]) == ("post", comment["id"], post), told
    stage.reply(direct, "Shall we send it?")
    (told,) = app.told("message", private)
    assert told["visibility"] == "direct" and told["text"] == "Shall we send it?", told


def test_points_of_contact(stage):
    """B7: the same ids on two channels are two conversations"""
    app, name = stage.app, thread()
    event = app.message(name, "Which animal are you?")
    for channel in ["jungle", "den"]:
        stage.tell(channel, event)
    contacts = {}
    for channel in ["jungle", "den"]:
        # A live chat has threads of its own making once it begins anew; this is its first.
        contacts[channel] = stage.one(f"{channel}-direct", name)["contact"]
        stage.reply(contacts[channel], f"The {channel} answers.")
    assert contacts["jungle"] != contacts["den"]
    for channel in ["jungle", "den"]:
        assert [post["text"] for post in app.told("message", name, channel)] == [f"The {channel} answers."]


def test_directions(stage):
    """B6: what a channel does not do, is not there"""
    app, name = stage.app, thread()
    stage.tell("ears", app.message(name, "I only talk"))
    refusal = stage.refusal(f"/contacts/{stage.one('ears-direct', name)['contact']}/reply", {"text": "Pardon?"})
    assert refusal["status"] == 404 and refusal["failure"] and not app.told("message", name), refusal
    status, _, _ = app.tell(stage.port, "mouth", app.message(name, "I only listen"))
    assert status == 404 and not stage.messages("mouth-direct", name)
    body = {"thread": {"idOnExternalPlatform": name}, "messageContent": {"type": "TEXT", "payload": {"text": "Hear me"}}}
    assert stage.desk("/call", {"path": "/2.0/channel/mouth-direct/outbound", "body": body})["status"] == 200
    assert [post["text"] for post in app.told("message", name)] == ["Hear me"]


def get(url):
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def test_files(stage):
    """B8: text and three files both ways; links to contacts' files are sealed and capped"""
    app, name = stage.app, thread()
    files = {"umbrella ☂.png": b"\x89PNG\r\n\x1a\n" + os.urandom(3000), "list.pdf": b"%PDF-1.7\n" + os.urandom(200_000), "notes.txt": "Grüße".encode()}
    for file, octets in files.items():
        app.files["/" + urllib.parse.quote(file)] = ("application/octet-stream", octets)
    listed = [{"name": file, "url": f"{app.url}/{urllib.parse.quote(file)}", "size": len(octets)} for file, octets in files.items()]
    stage.tell("jungle", app.message(name, "Look at these", files=listed))
    message = stage.one("jungle-direct", name)
    assert message["text"] == "Look at these" and len(message["attachments"]) == 3, message
    for attachment, octets in zip(message["attachments"], files.values()):
        assert attachment["url"].startswith(stage.url + "/attachments/") and app.url not in attachment["url"], attachment
        status, fields, body = get(attachment["url"])
        assert (status, body, fields["X-Content-Type-Options"]) == (200, octets, "nosniff"), (status, len(body), fields.items())
        assert fields["Content-Disposition"].startswith("attachment"), fields.items()
    link = message["attachments"][0]["url"]
    middle = len(link) - 40
    for wrong in [link[:middle] + ("A" if link[middle] != "A" else "B") + link[middle + 1:], link[:-1], link + "A", stage.url + "/attachments/x"]:
        assert get(wrong)[0] == 404, wrong

    app.files["/large.bin"] = ("application/octet-stream", os.urandom((1 << 20) + 1))
    stage.tell("jungle", app.message(name, "And a large one", files=[{"name": "large.bin", "url": app.url + "/large.bin"}]))
    message = stage.messages("jungle-direct", name)[-1]
    status, _, body = get(message["attachments"][0]["url"])
    assert status == 413 and b"large" in body, (status, body[:200])

    urls = [stage.desk("/files", raw=octets, type="application/octet-stream")["url"] for octets in files.values()]
    stage.reply(message["contact"], "Thank you, three back", attachments=[{"friendlyName": file, "url": url} for file, url in zip(files, urls)])
    (told,) = app.told("message", name)
    assert told["text"] == "Thank you, three back" and [file["name"] for file in told["files"]] == list(files), told
    assert [get(file["url"])[2] for file in told["files"]] == list(files.values())


def test_choices(stage):
    """B8: choices become numbers where there are no buttons, and a typed number is the choice"""
    app, name = stage.app, thread()
    stage.tell("jungle", app.message(name, "A table, please"))
    contact = stage.one("jungle-direct", name)["contact"]
    actions = [{"type": "REPLY_BUTTON", "text": text, "postback": back} for text, back in [("Small", "size:s"), ("Large", "size:l"), ("None", "size:0")]]
    content = {"type": "QUICK_REPLIES", "payload": {"text": {"content": "How large?"}, "actions": actions}, "fallbackText": "How large?"}
    stage.reply(contact, content=content)
    (told,) = app.told("message", name)
    assert told["text"].splitlines() == ["How large?", "1. Small", "2. Large", "3. None"] and "choices" not in told, told
    stage.tell("jungle", app.message(name, "2"))
    content = stage.messages("jungle-direct", name, "inbound")[-1]["messageContent"]
    assert content["postback"] == "size:l" and content["payload"]["text"] == "Large", content
    # With buttons they stay choices.
    stage.tell("den", app.message(name, "A table, please"))
    stage.reply(stage.one("den-direct", name)["contact"], content={"type": "QUICK_REPLIES", "fallbackText": "?", "payload": {
        "text": {"content": "How large?"}, "actions": actions}})
    (told,) = app.told("message", name, "den")
    assert [(choice["title"], choice["value"]) for choice in told["choices"]] == [("Small", "size:s"), ("Large", "size:l"), ("None", "size:0")], told
    stage.tell("den", app.message(name, choice={"title": "Small", "value": "size:s"}))
    assert stage.messages("den-direct", name, "inbound")[-1]["messageContent"]["postback"] == "size:s"


def test_agent_begins(stage):
    """B6: an agent begins a conversation; one whom the platform refuses is refused in words"""
    app, person = stage.app, "p-" + uuid.uuid4().hex[:8]
    recipients = [{"idOnExternalPlatform": person, "name": "Zoe Zebra", "isPrimary": True, "isPrivate": True}]
    begun = len(app.posts)
    answer = stage.desk("/channels/jungle-direct/start", {"recipients": recipients, "text": "Your umbrella is here."})
    kinds = [post["type"] for post in app.posts[begun:]]
    assert kinds == ["check", "open", "message"], kinds
    told = app.posts[-1]
    assert told["thread"] == f"with-{person}" and told["text"] == "Your umbrella is here.", told
    assert answer["message"]["thread"] == f"with-{person}" and answer["message"]["idOnExternalPlatform"] == app.answers[told["id"]][1]["id"], answer
    stage.tell("jungle", app.message(f"with-{person}", "I am coming", person=person))
    assert stage.one("jungle-direct", f"with-{person}")["contact"] == answer["message"]["contact"]

    gone = "p-" + uuid.uuid4().hex[:8]
    app.refused.add(gone)
    begun = len(app.posts)
    refusal = stage.refusal("/channels/jungle-direct/start", {"recipients": [{**recipients[0], "idOnExternalPlatform": gone}], "text": "Hello?"})
    assert "Zoe has left the jungle." in refusal["failure"], refusal
    assert [post["type"] for post in app.posts[begun:]] == ["check"] and not stage.messages("jungle-direct", f"with-{gone}")


def test_contact_ends(stage):
    """B5: the contact ends: CXone learns of it once, and what is written next is a new contact that can be answered"""
    app = stage.app
    for channel in ["jungle", "den"]:
        name = thread()
        stage.tell(channel, app.message(name, "Hello"))
        place = f"{channel}-direct"
        contact = stage.one(place, name)["contact"]
        stage.reply(contact, "Hello Zoe")
        logged = len(stage.desk("/log"))
        for _ in range(2):
            stage.tell(channel, {"type": "ending", "thread": name})
        calls = [line for line in stage.desk("/log")[logged:].splitlines() if "/status" in line and contact in line]
        assert len(calls) == 1, calls
        assert not app.told("ended", name)
        stage.tell(channel, app.message(name, f"One more thing about {name}"))
        stage.reply(stage.contact(f"One more thing about {name}"), "Yes?")
        assert [post["text"] for post in app.told("message", name)] == ["Hello Zoe", "Yes?"]
        if channel == "den":
            assert stage.contact(f"One more thing about {name}") != contact


def test_agent_ends(stage):
    """B4: the agent closes the contact: the app learns of it once, and what is written next is a new contact"""
    app = stage.app
    for channel, shape in [("jungle", "flat"), ("den", "envelope")]:
        name = thread()
        stage.desk("/integrations", {"id": "causeway", "eventsShape": shape})
        stage.tell(channel, app.message(name, "Hello"))
        contact = stage.one(f"{channel}-direct", name)["contact"]
        stage.reply(contact, "Hello Zoe")
        for _ in range(3):
            assert stage.desk(f"/contacts/{contact}/close", {})["status"] == 204
        assert len(app.told("ended", name)) == 1 and sum(post["type"] == "ended" and post["thread"] == name for post in app.posts) == 1
        stage.tell(channel, app.message(name, f"Anything else about {name}"))
        assert stage.contact(f"Anything else about {name}") != contact
        stage.reply(stage.contact(f"Anything else about {name}"), "No.")
        assert app.told("message", name)[-1]["text"] == "No."


def chat(stage, path, body=None, token=None):
    """What a browser does."""
    request = urllib.request.Request(stage.url + "/chat/webchat" + path, None if body is None else json.dumps(body).encode(), {
        "Content-Type": "application/json", "Origin": stage.url, **({"Authorization": f"Bearer {token}"} if token else {})})
    with urllib.request.urlopen(request, timeout=40) as answer:
        text = answer.read()
    return json.loads(text) if text else None


def test_web_chat(stage):
    """B4, B5: a browser's message is one case, the answer is there while it waits, and so is the agent's ending, once"""
    session = chat(stage, "/sessions", {"name": "Zoe"})
    token, name = session["token"], session["thread"]
    body = {"id": uuid.uuid4().hex, "text": "Is this the lost property office?"}
    assert chat(stage, "/messages", body, token)["id"] == chat(stage, "/messages", body, token)["id"] == body["id"]
    contact = stage.one("webchat", name)["contact"]
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(chat, stage, "/messages?after=1&wait=20000", None, token)
        stage.reply(contact, "It is.")
        (entry,) = waiting.result()["entries"]
        assert entry["text"] == "It is." and entry["from"] == "agent", entry
        waiting = pool.submit(chat, stage, f"/messages?after={entry['number']}&wait=20000", None, token)
        for _ in range(2):
            assert stage.desk(f"/contacts/{contact}/close", {})["status"] == 204
        (entry,) = waiting.result()["entries"]
        assert (entry.get("event"), entry["from"]) == ("end", "agent"), entry
    assert len(chat(stage, "/messages", None, token)["entries"]) == 3
    assert chat(stage, "/sessions", {"new": True}, token)["thread"] != name


def test_scripts(stage):
    """B19: emoji, right to left and combining marks arrive octet by octet"""
    app, name = stage.app, thread()
    for text in SCRIPTS:
        stage.tell("jungle", app.message(name, text))
    kept = stage.messages("jungle-direct", name, "inbound")
    assert [message["text"].encode() for message in kept] == [text.encode() for text in SCRIPTS]
    for text in SCRIPTS:
        stage.reply(kept[0]["contact"], text)
    assert [post["text"].encode() for post in app.told("message", name)] == [text.encode() for text in SCRIPTS]
