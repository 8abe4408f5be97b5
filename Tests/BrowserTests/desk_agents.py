"""The agents' desk, the Watering Hole and what goes wrong between them, as people use them."""
import json, re

from browser import eventually
from webchat import ATTACKS, png


def agents(stage, open_page, place="agents"):
    page = stage.open_desk(open_page, place)
    page.locator(".me select").first.wait_for()
    return page


def hole(stage, path, body=None, method="POST"):
    return stage.part(method, "/hole" + path, body)


def case(stage, words):
    """The number of the case in which these words came last."""
    def find():
        return next((found["number"] for found in stage.desk("/inbox")["cases"] if found.get("last", {}).get("text") == words), None)
    return eventually(find, f"a case with {words!r}")


def post(stage, words, who="otter-7", **more):
    made = hole(stage, "/messages", {"as": who, "text": words, "visibility": "post", **more})
    return made, case(stage, words)


def open_case(page, number):
    row = page.locator(f"button.row[data-case='{number}']")
    row.focus()
    page.keyboard.press("Enter")
    page.locator(".case-name .note", has_text=f"#{number}").wait_for()


def write(page, words):
    page.get_by_role("textbox", name="Answer").fill(words)
    page.keyboard.press("Enter")


def messages(stage, number):
    return stage.desk(f"/contacts/{number}")["messages"]


def look(stage, page, name, checked=((390, "dark"),)):
    """Pictures at both sizes, light and dark; the accessibility checker looks at those of `checked`."""
    for width, height in [(1440, 900), (390, 844)]:
        page.set_viewport_size({"width": width, "height": height})
        for scheme in ["light", "dark"]:
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            stage.picture(page, f"desk-{name}-{width}-{scheme}")
            if (width, scheme) in checked:
                stage.accessible(page, f"{name}, {width}, {scheme}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} is wider than {width}"
    page.set_viewport_size({"width": 1440, "height": 900})
    page.emulate_media(color_scheme="light")


def test_chat_answered_with_a_file(stage):
    """a web-chat contact beside the desk: taken, answered with a file by keyboard, seen, typing both ways, closed (B15)"""
    with stage.person(1440, 900) as open_page:
        page = stage.open_desk(open_page, "hole")
        chat = page.frame_locator("iframe")
        chat.get_by_role("textbox").fill("Where is order 00123?")
        chat.get_by_role("textbox").press("Enter")
        number = case(stage, "Where is order 00123?")
        open_case(page, number)
        page.get_by_role("button", name="Take", exact=True).click()
        page.get_by_role("button", name="Release").wait_for()
        chat.get_by_role("textbox").press_sequentially("hm", delay=20)
        page.locator(".case-name .typing").wait_for()
        page.get_by_label("Files to attach").nth(1).set_input_files({"name": "shoe.png", "mimeType": "image/png", "buffer": png()})
        page.locator(".picked", has_text="shoe.png").get_by_text("KiB").wait_for()
        box = page.get_by_role("textbox", name="Answer")
        box.press_sequentially("Here it is.", delay=5)
        chat.locator(".typing", has_text="is typing").wait_for()
        box.press("Enter")
        chat.get_by_text("Here it is.").wait_for()
        chat.get_by_alt_text("shoe.png").or_(chat.get_by_text("shoe.png")).first.wait_for()
        page.locator(".mark.seen").wait_for()
        stage.picture(page, "desk-hole-beside")
        page.get_by_text("Close", exact=True).click()
        page.get_by_role("button", name="Closed").click()
        page.get_by_text("This case is closed.").wait_for()
        chat.get_by_role("button", name=re.compile("new", re.I)).wait_for()


def test_comment_answered(stage):
    """a post with comments: the agent replies under one of them, and the platform shows it there (B17)"""
    with stage.person(1440, 900) as open_page:
        made, number = post(stage, "The water is muddy.", title="Mud")
        comment = hole(stage, "/messages", {"as": "hippo-3", "visibility": "post", "thread": made["thread"], "replyTo": made["id"], "text": "I like it."})
        page = agents(stage, open_page)
        open_case(page, number)
        nested = page.locator(".thread .bubble.nested", has_text="I like it.")
        nested.wait_for()
        nested.get_by_role("button", name="Reply").click()
        page.locator(".answering", has_text="I like it.").wait_for()
        page.keyboard.type("Then enjoy it.")
        page.keyboard.press("Enter")
        page.locator(".bubble.out", has_text="Then enjoy it.").locator(".mark").wait_for()
        look(stage, page, "post", checked=((1440, "light"), (390, "dark")))
        platform = stage.open_desk(open_page, "hole")
        shown = platform.locator(".item.nested", has_text="Then enjoy it.")
        shown.wait_for()
        thread = next(found for found in hole(stage, "", method="GET")["threads"] if found["id"] == made["thread"])
        answer = thread["messages"][-1]
        assert answer["author" if "author" in answer else "replyTo"] == comment["id"], answer
        # Seen by a person on the page, told to the agent.
        page.locator(".bubble.out .mark.seen").wait_for()
        look(stage, platform, "hole", checked=((1440, "light"), (390, "dark")))


def test_two_agents(stage):
    """a case is one agent's: transfer, the other's skill, taking over; both on one screen (B17)"""
    with stage.person(1440, 900) as open_page:
        hole(stage, "/messages", {"as": "zebra-12", "text": "Who has my umbrella?"})
        number = case(stage, "Who has my umbrella?")
        page = agents(stage, open_page)
        page.get_by_role("button", name="Second agent beside").click()
        ann, ben = page.locator(".inbox").nth(0), page.locator(".inbox").nth(1)
        ben.locator(f"button.row[data-case='{number}']").wait_for()
        ann.locator(f"button.row[data-case='{number}']").click()
        ann.get_by_role("textbox", name="Answer").fill("I look for it.")
        page.keyboard.press("Enter")
        ben.get_by_role("region", name="With others, second agent").locator(f"button.row[data-case='{number}']").click()
        ben.get_by_text("Ann Lee has this case.").wait_for()
        assert not ben.get_by_role("textbox", name="Answer").count()
        refused = stage.part("POST", f"/desk/contacts/{number}/reply", {"text": "Me too", "agent": 4712})
        assert "Ann Lee's" in refused["failure"], refused
        ann.get_by_text("Transfer", exact=True).click()
        look(stage, page, "two", checked=((1440, "dark"),))
        assert ann.get_by_role("button", name="Cleo Marsh").is_disabled()
        ann.get_by_role("button", name="Ben Okoro").click()
        ben.get_by_role("textbox", name="Answer").fill("Here it is.")
        page.keyboard.press("Enter")
        ben.locator(".bubble.out", has_text="Here it is.").locator(".mark").wait_for()
        ann.get_by_text("Ben Okoro has this case.").wait_for()
        assert [found["agent"] for found in messages(stage, number) if found["direction"] == "outbound"] == [4711, 4712]
        ben.get_by_text("Transfer", exact=True).click()
        ben.get_by_role("button", name="Specialists").click()
        ann.get_by_text("Ann has not the skill Specialists").wait_for()


def test_outbound(stage):
    """an agent begins: one who has left is refused in the platform's words, another reads it"""
    with stage.person(1440, 900, allowed=["status of 502"]) as open_page:
        page = agents(stage, open_page)
        page.get_by_role("button", name="New…").click()
        page.get_by_label("Channel").select_option("wateringhole")
        page.get_by_label("Whom, by the id on the platform").fill("heron-9")
        page.get_by_label("First message").fill("Are you there?")
        page.get_by_role("button", name="Begin", exact=True).click()
        page.get_by_role("alert").get_by_text("Hugo has left the Watering Hole").wait_for()
        stage.accessible(page, "beginning")
        page.get_by_label("Whom, by the id on the platform").fill("hippo-3")
        page.get_by_role("button", name="Begin", exact=True).click()
        page.locator(".bubble.out", has_text="Are you there?").locator(".mark.delivered").wait_for()
        assert any(message["text"] == "Are you there?" for found in hole(stage, "", method="GET")["threads"] for message in found["messages"])


def test_channel_by_our_page(stage):
    """set-up: our pages open in a new tab with a one-time token; a channel goes and comes again, and the desk follows (B37)"""
    with stage.person(1440, 900) as open_page:
        page = stage.open_desk(open_page, "agents/setup")
        row = page.get_by_role("row", name=re.compile("^webchat "))
        row.wait_for()
        look(stage, page, "setup")
        with open_page.context.expect_page() as opened:
            page.get_by_role("link", name="Remove").click()
        tab = opened.value
        form = tab.locator("form", has=tab.locator("input[value='webchat']")).first
        form.get_by_label("I am sure").check()
        form.get_by_role("button", name="Delete").click()
        tab.get_by_text("The channel was deleted in CXone.").wait_for()
        eventually(lambda: row.count() == 0, "the desk forgets the channel")
        with open_page.context.expect_page() as opened:
            page.get_by_role("link", name="Add a channel").click()
        tab = opened.value
        assert "token=" not in tab.url, tab.url
        tab.get_by_role("link", name="Back to CXone").wait_for()
        tab.get_by_label("Name").fill("webchat")
        tab.get_by_role("button", name="Add").click()
        tab.get_by_text("The channel was added in CXone.").wait_for()
        row.wait_for()


def test_faults(stage):
    """faults are pressed and survived: the contact's message comes once, the agent's answer is sent again or told why not"""
    with stage.person(1440, 900, allowed=["status of 502"]) as open_page:
        page = stage.open_desk(open_page, "agents/faults")
        for name, words in [("Reset after the request", "Does anything hold?"), ("429 with Retry-After", "Really?")]:
            page.get_by_role("button", name=f"{name}: once").click()
            page.get_by_role("region", name="To come").get_by_text(name).wait_for()
            hole(stage, "/messages", {"as": "otter-7", "text": words})
            page.locator(".happened li", has_text=name).locator(".chip.good").wait_for()
            number = case(stage, words)
            assert len([found for found in messages(stage, number) if found["text"] == words and found["creates"] == 1]) == 1
        look(stage, page, "faults")
        page.get_by_role("button", name="Recipient refused: once").click()
        page.get_by_role("region", name="To come").get_by_text("the platform, 1×").wait_for()
        page.get_by_role("link", name="Inbox").click()
        open_case(page, number)
        write(page, "It does.")
        page.get_by_role("alert").get_by_text("This person takes no messages at the Watering Hole").wait_for()
        stage.picture(page, "desk-refused")
        page.get_by_role("button", name="Send again").click()
        page.locator(".bubble.out", has_text="It does.").locator(".mark.delivered").wait_for()
        assert [found["text"] for found in messages(stage, number) if found["direction"] == "outbound"] == ["It does."]


def test_fidelity(stage):
    """the table comes from the simulator's page; a switch is turned there and holds"""
    with stage.person(1440, 900) as open_page:
        page = stage.open_desk(open_page, "fidelity")
        page.get_by_label("firstAttempt").select_option("withToken")
        eventually(lambda: stage.desk("/behaviour")["firstAttempt"] == "withToken", "the switch")
        page.locator(".switch.changed", has_text="firstAttempt").wait_for()
        page.get_by_label("Certainty").select_option(label="not known")
        page.get_by_text("A known idOnExternalPlatform").wait_for()
        page.get_by_text("A turn is not repeated").wait_for()
        page.get_by_label("Certainty").select_option(label="all")
        look(stage, page, "fidelity")
        page.get_by_role("button", name="All as at the start").click()
        eventually(lambda: stage.desk("/behaviour")["firstAttempt"] == "withoutToken", "all as at the start")


def test_hostile_words(stage):
    """nothing that anybody writes runs or breaks the layout, at the desk or on the platform"""
    with stage.person(1440, 900) as open_page:
        made = hole(stage, "/messages", {"as": "zebra-12", "visibility": "post", "title": ATTACKS[0], "text": ATTACKS[1]})
        number = case(stage, ATTACKS[1])
        for attack in ATTACKS[2:]:
            hole(stage, "/messages", {"as": "otter-7", "visibility": "post", "thread": made["thread"], "replyTo": made["id"], "text": attack.replace("\u0000", "")})
        eventually(lambda: len(messages(stage, number)) == len(ATTACKS) - 1, "all attacks at the desk", 30)
        page = agents(stage, open_page)
        open_case(page, number)
        eventually(lambda: page.locator(".bubble").count() == len(ATTACKS) - 1, "all are shown")
        platform = stage.open_desk(open_page, "hole")
        eventually(lambda: platform.locator(".item").count() >= len(ATTACKS) - 1, "all are on the platform")
        for shown in [page, platform]:
            assert shown.evaluate("window.hacked") is None
            assert shown.evaluate("document.documentElement.scrollWidth <= innerWidth")
