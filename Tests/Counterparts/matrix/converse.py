#!/usr/bin/env python3
"""A conversation through a real Matrix homeserver, checked step by step: Synapse and matrix-nio on one side, CXone's simulator on the other, nginx and
the functions between them.

    <environment>/bin/python converse.py --programs <folder of causeway and the functions> [--record]

The environment holds matrix-synapse and matrix-nio. Starts everything on 127.0.0.1, has two customers write, edit, delete, send a file, read, type, leave;
has agents answer, send a file, type, begin a conversation, close one; lets CXone fail, the homeserver restart, and a message be repeated.
Fails when something is missing, doubled, out of order or late. With --record it prints the conversation as Markdown, with times.
"""
import argparse, asyncio, pathlib, sys, time

HERE = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path[:0] = [str(HERE.parent), str(HERE)]
from customer import Customer
from homeserver import Site
from stage import Stage

SERVICE = "@_cx_service:localhost"
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 200


class Talk:
    """What happened, for the record, and what went wrong."""

    def __init__(self, is_recording):
        self.is_recording, self.number, self.failures = is_recording, 0, []
        if is_recording:
            print("| | What happens | What the other side sees | ms |\n| --- | --- | --- | ---: |")

    async def step(self, what, act, seen, seconds=5.0):
        """Does `act`, then waits until `seen` is true; what it gives, is recorded."""
        self.number += 1
        began = time.monotonic()
        try:
            done = await act if act is not None else None
            result = await until(lambda: seen(done), seconds)
        except Exception as problem:
            done, result = None, None
            self.failures.append(f"step {self.number} ({what}): {type(problem).__name__} {problem}")
        took = (time.monotonic() - began) * 1000
        if result is None and not (self.failures and f"step {self.number} " in self.failures[-1]):
            self.failures.append(f"step {self.number} ({what}): nothing seen within {seconds} s")
        if self.is_recording:
            print(f"| {self.number} | {what} | {shown(result)} | {took:.0f} |", flush=True)
        return result

    def check(self, what, is_good, told):
        if not is_good:
            self.failures.append(f"{what}: {told}")


def shown(result):
    if result is None:
        return "**nothing**"
    text = result if isinstance(result, str) else result.get("text") or result.get("body") or "yes" if isinstance(result, dict) else "yes"
    return text.replace("\n", " ⏎ ").replace("|", "\\|")


async def until(seen, seconds):
    limit = time.monotonic() + seconds
    while True:
        result = seen()
        if asyncio.iscoroutine(result):
            result = await result
        if result:
            return result
        if time.monotonic() > limit:
            return None
        await asyncio.sleep(0.02)


async def converse(site, talk):
    alice = await Customer.enter(site, "alice", "Alice Example")
    bob = await Customer.enter(site, "bob", "Bob")

    def at_desk(text, **members):
        """The message of this text at the agent's desk."""
        return lambda _: next((m for m in site.desk.messages() if m["text"] == text and all(m.get(k) == v for k, v in members.items())), None)

    def at_alice(text):
        return lambda _: alice.received(lambda e: e["content"].get("body") == text).get("content")

    # From the contact.
    room = await alice.open(SERVICE)
    await talk.step("Alice opens a room with the service", None, lambda _: alice.joined(room, SERVICE) and "the service joins")
    await talk.step("Alice writes", alice.say(room, "Where is my order? 👋"), at_desk("Where is my order? 👋", direction="inbound"))
    asked = site.desk.message("Where is my order? 👋")
    contact = asked["contact"]
    talk.check("the author's name", "Alice Example" in str(asked["author"]), asked["author"])

    # From the agent.
    await talk.step("The agent answers", site.desk.reply(contact, "It left on Tuesday 🚚 & arrives soon."), at_alice("It left on Tuesday 🚚 & arrives soon."))
    answer = alice.received(lambda e: e["content"].get("body", "").startswith("It left"))
    await talk.step("Alice reads it", alice.read(room, answer.get("event_id")),
                    lambda _: "seen" in site.desk.message("It left on Tuesday 🚚 & arrives soon.")["statuses"] and "seen")
    await talk.step("Alice types", alice.type(room), lambda _: "sender-actions" in site.desk.log() and "typing")
    await talk.step("The agent types", site.desk.type(contact), lambda _: alice.sees_typing(room, SERVICE) and "typing")
    await talk.step("Alice quotes the answer", alice.say(room, "Which Tuesday?", reply_to=answer.get("event_id")),
                    at_desk("Which Tuesday?", replyTo=answer.get("event_id")))
    question = site.desk.message("Which Tuesday?")["idOnExternalPlatform"]
    await talk.step("The agent quotes the question", site.desk.reply(contact, "This week's.", replyTo=question, isQuote=True),
                    lambda _: alice.received(lambda e: e["content"].get("body") == "This week's."
                                             and e["content"].get("m.relates_to", {}).get("m.in_reply_to", {}).get("event_id") == question
                                             and e["content"]))

    # Files.
    await talk.step("Alice sends a picture", alice.send_file(room, "label – 1.png", "image/png", PICTURE),
                    lambda _: next((m for m in site.desk.messages() if m["direction"] == "inbound" and m["attachments"]), None)
                    and "a link to `label – 1.png`")
    attachment = next((m for m in site.desk.messages() if m["direction"] == "inbound" and m["attachments"]), {"attachments": [{}]})["attachments"][0]
    await talk.step("CXone fetches it", None, lambda _: site.fetch(attachment.get("url", site.url)) == PICTURE and f"{len(PICTURE)} octets, the same")
    await talk.step("The agent sends a file", site.desk.send_file(contact, "invoice.pdf", "application/pdf", b"%PDF-1.4 " + PICTURE),
                    lambda _: alice.received(lambda e: e["content"].get("msgtype") == "m.file" and e["content"].get("body") == "invoice.pdf") and "m.file `invoice.pdf`")
    file = alice.received(lambda e: e["content"].get("msgtype") == "m.file")
    await talk.step("Alice opens it", None, lambda _: file and alice.has(file["content"]["url"], b"%PDF-1.4 " + PICTURE) and "the same octets")

    # Changes of mind.
    await talk.step("Alice edits her question", alice.edit(room, question, "Which Tuesday, please?"), at_desk("Edited: Which Tuesday, please?"))
    await talk.step("Alice reacts", alice.react(room, answer.get("event_id"), "👍"), at_desk("Reacted with 👍"))
    slip = await alice.say(room, "My card is 4111")
    await talk.step("Alice writes something", None, at_desk("My card is 4111"))
    await talk.step("Alice deletes it", alice.redact(room, slip), at_desk("This message was deleted.", replyTo=slip))

    # Choices, where there are no buttons.
    await talk.step("The agent offers a choice", site.desk.reply(contact, content=site.desk.choices("How?", ["By post", "By courier"])),
                    lambda _: alice.received(lambda e: "2" in e["content"].get("body", "") and "By courier" in e["content"].get("body", "")).get("content"))
    await talk.step("Alice types 2", alice.say(room, "2"), at_desk("By courier", direction="inbound"))

    # The agent begins.
    await talk.step("The agent writes to Bob first", site.desk.start("matrix", bob.user, "Bob", "Your parcel is here."),
                    lambda _: bob.invitations() and "an invitation")
    theirs = await bob.accept() if bob.invitations() else "!none"
    await talk.step("Bob accepts", None, lambda _: bob.received(lambda e: e["content"].get("body") == "Your parcel is here.").get("content"))
    await talk.step("Bob answers", bob.say(theirs, "I am coming."), at_desk("I am coming.", thread=theirs))
    await talk.step("The agent writes to nobody", site.desk.start("matrix", "@nobody:localhost", "Nobody", "x"),
                    lambda sent: sent.get("failure") or None)

    # Trouble.
    await talk.step("CXone fails four times; Alice writes five messages", trouble(site, alice, room),
                    lambda _: site.desk.order(f"trouble {n}" for n in range(5)) and "five, in order, once each", seconds=90)
    await site.restart_homeserver()
    await talk.step("The homeserver restarted; Alice writes", alice.say(room, "Still there?"), at_desk("Still there?"), seconds=30)
    await talk.step("The agent answers", site.desk.reply(contact, "Always."), at_alice("Always."))
    await site.stop_homeserver()
    await talk.step("The homeserver is away; the agent writes", site.desk.reply(contact, "Lost?"), lambda sent: sent.get("failure") or sent.get("status") and "not sent")
    await site.start_homeserver()
    await talk.step("The agent writes again", site.desk.reply(contact, "Found."), at_alice("Found."), seconds=15)

    # Rooms that cannot be read.
    secret = await alice.open(SERVICE, encrypted=True)
    await talk.step("Alice opens an encrypted room", None,
                    lambda _: alice.received(lambda e: e["room_id"] == secret and e["content"].get("msgtype") == "m.notice").get("content"), seconds=10)

    # Ends.
    await talk.step("The agent closes the conversation", site.desk.close(contact),
                    lambda _: alice.received(lambda e: e["room_id"] == room and "has ended" in e["content"].get("body", "")).get("content"), seconds=20)
    await talk.step("Bob leaves", bob.leave(theirs), lambda _: site.desk.contact_in(theirs).get("status") not in (None, "new", "open") and site.desk.contact_in(theirs)["status"])

    counters = site.desk.counters()
    talk.check("nothing doubled, out of order or beyond a limit",
               not counters["duplicates"] and not counters["disorders"] and not counters["breaches"] and not counters["unknown"], counters)
    talk.check("each message created once", all(m["creates"] == 1 for m in site.desk.messages() if m["direction"] == "inbound"), "creates")
    doubles = alice.doubles()
    talk.check("no message doubled in the room", not doubles, doubles)
    for customer in (alice, bob):
        await customer.close()


async def trouble(site, alice, room):
    site.desk.fail("createMessage", 503, 4)
    for number in range(5):
        await alice.say(room, f"trouble {number}")


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--programs", required=True, type=lambda text: pathlib.Path(text).absolute())
    options.add_argument("--record", action="store_true")
    options.add_argument("--keep", action="store_true", help="leave the folder with the logs")
    options = options.parse_args()
    with Stage() as stage:
        site = Site(stage, options.programs)
        try:
            ready = site.start()
            if options.record:
                print(f"Synapse was ready after {ready:.1f} s.\n")
            talk = Talk(options.record)
            asyncio.run(converse(site, talk))
        finally:
            site.stop(keep=options.keep)
    if talk.failures:
        sys.exit("\n".join(talk.failures))
    print("the conversation went as expected", file=sys.stderr)


if __name__ == "__main__":
    main()
