"""The web chat, as visitors and agents use it."""
import io, json, re, struct, time, zlib

from browser import eventually

ATTACKS = [
    "<script>window.hacked=1</script>", "<img src=x onerror=window.hacked=1>", "<svg/onload=window.hacked=1>", "\"><script>window.hacked=1</script>",
    "javascript:window.hacked=1", "<a href=javascript:window.hacked=1>click</a>", "<iframe srcdoc='<script>parent.hacked=1</script>'>",
    "{{constructor.constructor('window.hacked=1')()}}", "${window.hacked=1}", "</textarea><script>window.hacked=1</script>",
    "<style>*{display:none}</style>", "<base href=//evil.example>", "<math><mi//xlink:href=\"data:x,<script>window.hacked=1</script>\">",
    "https://x.example/\"onmouseover=\"window.hacked=1", "http://x.example/<script>window.hacked=1</script>", "data:text/html,<script>window.hacked=1</script>",
    "\u202egnp.exe", "\u0000\u0001\u001b[31m", "&lt;script&gt;", "<!--<img src=\"--><img src=x onerror=window.hacked=1>\">", "<template><script>window.hacked=1</script>",
    "'-window.hacked=1-'", "\u2028window.hacked=1\u2029", "<details open ontoggle=window.hacked=1>", "<video><source onerror=window.hacked=1>", "\ud83d\udc69\u200d\ud83d\ude80 مرحبا שלום",
]


SENT = re.compile("^(Sent|Seen|Gesendet|Gesehen)")


def png(width=120, height=80):
    """A small picture."""
    rows = b"".join(b"\0" + bytes(value for x in range(width) for value in (80 + x % 120, 90 + y % 120, 200)) for y in range(height))
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def chat(stage, query=""):
    return f"{stage.url}/chat/webchat{query}"


def write(page, text):
    page.get_by_label("Message", exact=True).fill(text)
    page.keyboard.press("Enter")


def begin(stage, open_page, words, query=""):
    """A conversation that CXone knows: its page and contact number."""
    page = open_page(chat(stage, query))
    page.get_by_role("textbox").wait_for()
    page.get_by_role("textbox").fill(words)
    page.keyboard.press("Enter")
    page.locator(".meta", has_text=SENT).wait_for()
    return page, stage.contact(words)


def is_over(stage, contact):
    return next(found for found in stage.desk("/contacts") if found["id"] == contact)["status"] in ("resolved", "closed", "abandoned", "trashed")


def test_keyboard(stage):
    """write by keyboard alone, answered from the desk, with marks both ways"""
    with stage.person() as open_page:
        page = open_page(chat(stage))
        page.get_by_role("textbox").wait_for()
        eventually(lambda: page.evaluate("document.querySelector('main').shadowRoot.activeElement?.id") == "message", "focus in the field")
        stage.picture(page, "webchat-empty")
        page.keyboard.type("Where is my order 00123?")
        page.keyboard.press("Shift+Enter")
        page.keyboard.type("It was paid on Monday.")
        page.keyboard.press("Enter")
        page.locator(".meta", has_text=SENT).wait_for()
        contact = stage.contact("Where is my order 00123?")
        sent = stage.reply(contact, "We found it: https://shop.example/orders/00123. It comes tomorrow.")
        page.get_by_text("We found it").wait_for()
        page.locator(".meta", has_text="Seen").wait_for()
        assert page.get_by_role("link", name="https://shop.example/orders/00123").get_attribute("rel") == "noopener noreferrer nofollow"
        def seen():
            statuses = json.dumps([message for message in stage.desk("/messages") if "We found it" in json.dumps(message)]).lower()
            return "seen" in statuses
        eventually(seen, "the desk sees that the answer was seen")
        names = page.evaluate("""() => {
            const root = document.querySelector('main').shadowRoot, names = [];
            for (const element of root.querySelectorAll('button, textarea, [tabindex="0"]'))
                if (element.offsetParent !== null) names.push(element.getAttribute('aria-label') ?? element.textContent ?? element.id);
            return names; }""")
        assert names[0] == "End chat" and names[-1] == "Send", names
        stage.accessible(page, "a conversation")
        stage.picture(page, "webchat-conversation")


def test_choices(stage):
    """choices are buttons; the chosen one goes back with its postback"""
    with stage.person() as open_page:
        page, contact = begin(stage, open_page, "choices please")
        stage.reply(contact, content={"type": "QUICK_REPLIES", "fallbackText": "Which one?", "payload": {"text": {"content": "Which order is it?"}, "actions": [
            {"type": "REPLY_BUTTON", "text": "Running shoes", "postback": "order-1"}, {"type": "REPLY_BUTTON", "text": "A hat", "postback": "order-2"}]}})
        page.get_by_role("button", name="A hat").wait_for()
        stage.picture(page, "webchat-choices")
        stage.accessible(page, "choices")
        page.get_by_role("button", name="A hat").focus()
        page.keyboard.press("Enter")
        eventually(lambda: "order-2" in json.dumps(stage.desk("/messages")), "the postback at the desk")
        assert page.get_by_role("button", name="Running shoes").is_disabled()


def test_typing(stage):
    """typing both ways; an agent's ends with the message"""
    with stage.person() as open_page:
        page, contact = begin(stage, open_page, "typing please")
        stage.desk(f"/contacts/{contact}/typing", {"isTyping": True})
        page.locator(".typing", has_text="is typing").wait_for()
        stage.picture(page, "webchat-typing")
        page.get_by_role("textbox").press_sequentially("hm", delay=20)
        eventually(lambda: "sender-action" in stage.desk("/log"), "the visitor's typing at the desk")
        stage.reply(contact, "Here I am.")
        page.get_by_text("Here I am.").wait_for()
        eventually(lambda: page.locator(".dots").count() == 0, "typing is over")


def test_files(stage):
    """files both ways: by button, paste and drop; pictures are shown; what is too large or of a wrong kind is told"""
    with stage.person() as open_page:
        page, contact = begin(stage, open_page, "files please")
        page.locator("input[type=file]").set_input_files([
            {"name": "receipt.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4 receipt"}, {"name": "shoe.png", "mimeType": "image/png", "buffer": png()},
            {"name": "large.png", "mimeType": "image/png", "buffer": png() + bytes(1 << 20)}, {"name": "run.exe", "mimeType": "application/x-msdownload", "buffer": b"MZ"}])
        page.get_by_text("large.png is larger").wait_for()
        page.get_by_text("run.exe is of a kind").wait_for()
        stage.picture(page, "webchat-picked")
        page.get_by_role("textbox").fill("Two files")
        page.keyboard.press("Enter")
        page.locator(".message", has_text="Two files").locator(".meta", has_text=SENT).wait_for()
        assert stage.contact("receipt.pdf") == contact
        page.evaluate("""() => {
            const box = new DataTransfer();
            box.items.add(new File(['a,b'], 'list.csv', {type: 'text/csv'}));
            const field = document.querySelector('main').shadowRoot.querySelector('textarea');
            field.dispatchEvent(new ClipboardEvent('paste', {clipboardData: box, bubbles: true, cancelable: true}));
            const drop = new DataTransfer();
            drop.items.add(new File(['hello'], 'note.txt', {type: 'text/plain'}));
            field.dispatchEvent(new DragEvent('drop', {dataTransfer: drop, bubbles: true, cancelable: true, composed: true})); }""")
        page.get_by_text("list.csv").wait_for()
        page.get_by_text("note.txt").wait_for()
        page.get_by_role("button", name="Send", exact=True).click()
        assert stage.contact("note.txt") == contact
        url = stage.desk("/files", raw=png(300, 200), type="image/png")["url"]
        stage.reply(contact, "This one?", attachments=[{"friendlyName": "new-shoe.png", "url": url}])
        page.get_by_role("img", name="new-shoe.png").wait_for()
        eventually(lambda: page.evaluate("[...document.querySelector('main').shadowRoot.querySelectorAll('img')].every((image) => image.naturalWidth > 0)"), "pictures")
        stage.picture(page, "webchat-files")
        with page.expect_download() as download:
            page.get_by_role("button", name=re.compile("Download new-shoe.png")).click()
        assert download.value.suggested_filename == "new-shoe.png" and download.value.path().read_bytes() == png(300, 200)


def test_reload(stage):
    """a reload goes on with the conversation and with what was being written"""
    with stage.person() as open_page:
        page, contact = begin(stage, open_page, "before the reload")
        page.get_by_role("textbox").fill("half a sentence")
        page.reload()
        page.get_by_text("before the reload").wait_for()
        assert page.get_by_role("textbox").input_value() == "half a sentence"
        time.sleep(3)
        stage.reply(contact, "after the reload")
        page.get_by_text("after the reload").wait_for()


def test_end(stage):
    """the visitor ends: asked once, told to CXone, a new conversation is another thread"""
    with stage.person() as open_page:
        page, contact = begin(stage, open_page, "to be ended")
        page.get_by_role("button", name="End chat").click()
        dialog = page.get_by_role("dialog")
        stage.picture(page, "webchat-end")
        page.keyboard.press("Escape")
        dialog.wait_for(state="hidden")
        page.get_by_role("button", name="End chat").click()
        dialog.get_by_role("button", name="End chat").click()
        page.get_by_text("You ended the conversation.").wait_for()
        eventually(lambda: is_over(stage, contact), "the contact is over")
        stage.picture(page, "webchat-over")
        stage.accessible(page, "an ended conversation")
        page.get_by_role("button", name="New conversation").click()
        write(page, "a new beginning")
        assert stage.contact("a new beginning") != contact


def test_agent_ends(stage):
    """the agent ends: the visitor is told"""
    with stage.person() as open_page:
        page, contact = begin(stage, open_page, "end me")
        stage.desk(f"/contacts/{contact}/close", {})
        page.get_by_text("The agent ended the conversation.").wait_for()
        page.get_by_role("button", name="New conversation").wait_for()


def test_leave(stage):
    """closing the last window ends the conversation after the grace; closing one of two does not"""
    with stage.person() as open_page:
        page, contact = begin(stage, open_page, "soon gone")
        other = open_page(chat(stage))
        other.get_by_text("soon gone").wait_for()
        page.close(run_before_unload=True)
        time.sleep(4)
        stage.reply(contact, "still there?")
        other.get_by_text("still there?").wait_for()
        other.close(run_before_unload=True)
        eventually(lambda: is_over(stage, contact), "the contact is over")


def test_two_windows(stage):
    """two windows of one browser show the same conversation, once each"""
    with stage.person() as open_page:
        page, contact = begin(stage, open_page, "from the first")
        other = open_page(chat(stage))
        other.get_by_text("from the first").wait_for()
        write(other, "from the second")
        page.get_by_text("from the second").wait_for()
        stage.reply(contact, "to both")
        for window in (page, other):
            window.get_by_text("to both").wait_for()
            assert window.locator(".bubble").count() == 3


def test_offline(stage):
    """without network: a banner, what is written is kept over a reload of the page, and sent once when it is back"""
    with stage.person(allowed=["ERR_INTERNET_DISCONNECTED", "ERR_FAILED"]) as open_page:
        page, contact = begin(stage, open_page, "while online")
        open_page.context.set_offline(True)
        page.locator(".banner", has_text="No connection").wait_for()
        write(page, "while offline one")
        write(page, "while offline two")
        page.locator(".meta", has_text="Not sent yet").first.wait_for()
        stage.picture(page, "webchat-offline")
        stage.accessible(page, "without network")
        open_page.context.set_offline(False)
        eventually(lambda: page.locator(".banner").is_hidden(), "the banner goes")
        stage.contact("while offline two")
        texts = [text for text in stage.desk("/log").splitlines() if "while offline" in text]
        assert len(texts) == 2 and "one" in texts[0] and "two" in texts[1], texts


def test_cxone_down(stage):
    """while CXone does not take messages, they wait; each arrives once"""
    with stage.person(allowed=["503"]) as open_page:
        page, contact = begin(stage, open_page, "before the trouble")
        stage.desk("/faults", {"kind": "status", "status": 503, "count": 3, "operation": "createMessage"})
        try:
            write(page, "in the trouble")
            page.locator(".meta", has_text="Not sent yet").wait_for()
            page.locator(".message", has_text="in the trouble").locator(".meta", has_text=SENT).wait_for(timeout=40_000)
        finally:
            stage.desk("/faults", method="DELETE")
        found = [message for message in stage.desk("/messages") if "in the trouble" in json.dumps(message)]
        assert len(found) == 1


def test_attacks(stage):
    """nothing that people write runs, wherever it is shown"""
    with stage.person(allowed=["503"]) as open_page:
        page, contact = begin(stage, open_page, "attack me")
        for attack in ATTACKS:
            write(page, attack.replace("\u0000", "")[:3900])
        page.locator(".message.mine").nth(len(ATTACKS) - 3).wait_for()
        stage.reply(contact, "\n".join(ATTACKS))
        stage.reply(contact, content={"type": "QUICK_REPLIES", "fallbackText": "x", "payload": {"text": {"content": ATTACKS[0]}, "actions": [
            {"type": "REPLY_BUTTON", "text": attack[:60] or "x", "postback": attack} for attack in ATTACKS[:12]]}})
        for address in ["javascript:window.hacked=1", "data:text/html,<script>window.hacked=1</script>", "https://x.example/\"><script>window.hacked=1</script>"]:
            try:
                stage.reply(contact, content={"type": "RICH_LINK", "fallbackText": "x", "payload": {"media": {"fileName": "x", "mimeType": "image/png", "url": "https://x.example/x.png"},
                    "title": {"content": ATTACKS[1]}, "url": address}})
            except Exception:
                pass  # CXone itself would not let it pass
        stage.reply(contact, "the end of it")
        page.get_by_text("the end of it").wait_for()
        page.wait_for_timeout(300)
        assert page.evaluate("window.hacked") is None
        for link in page.get_by_role("link").all():
            assert re.match("https?://", link.get_attribute("href")), link.get_attribute("href")
        odd = page.evaluate("[...document.querySelector('main').shadowRoot.querySelectorAll('script, iframe, base, style, video, template, object, embed')].map((e) => e.outerHTML)")
        assert odd == [], odd
        stage.picture(page, "webchat-attacks")


def test_languages(stage):
    """German, and right to left: the page, and each message by itself"""
    with stage.person(locale="de-DE") as open_page:
        page, contact = begin(stage, open_page, "Wo ist meine Bestellung?")
        page.get_by_role("button", name="Beenden").wait_for()
        assert page.evaluate("document.documentElement.lang") == "de-DE"
    with stage.person() as open_page:
        page, contact = begin(stage, open_page, "أين طلبي رقم 00123؟", "?dir=rtl")
        stage.reply(contact, "وجدناه. سيصل غدًا.")
        stage.reply(contact, "Order 00123 comes tomorrow.")
        page.get_by_text("Order 00123 comes").wait_for()
        sides = page.evaluate("""() => [...document.querySelector('main').shadowRoot.querySelectorAll('.bubble')].map((bubble) => {
            const box = bubble.getBoundingClientRect(), log = bubble.closest('.log').getBoundingClientRect();
            return [getComputedStyle(bubble).direction, box.left - log.left < log.right - box.right]; })""")
        assert sides == [["rtl", True], ["rtl", False], ["ltr", False]], sides
        stage.picture(page, "webchat-rtl")


def test_phone(stage):
    """on a phone, light and dark: nothing outside the screen, targets large enough"""
    for scheme in ("light", "dark"):
        with stage.person(390, 844, color_scheme=scheme, has_touch=True, is_mobile=True, reduced_motion="reduce") as open_page:
            page, contact = begin(stage, open_page, f"Hello from my {scheme} phone, where things are narrow and a long word like Donaudampfschifffahrtsgesellschaftskapitän must break")
            stage.reply(contact, "Hello! How can I help you today?")
            stage.reply(contact, content={"type": "QUICK_REPLIES", "fallbackText": "x", "payload": {"text": {"content": "Is it about"}, "actions": [
                {"type": "REPLY_BUTTON", "text": "an order", "postback": "1"}, {"type": "REPLY_BUTTON", "text": "a return", "postback": "2"}, {"type": "REPLY_BUTTON", "text": "something else", "postback": "3"}]}})
            page.get_by_role("button", name="something else").wait_for()
            assert page.evaluate("document.documentElement.scrollWidth") <= 390
            small = page.evaluate("""() => [...document.querySelector('main').shadowRoot.querySelectorAll('button')].filter((button) => button.offsetParent)
                .map((button) => [button.textContent || button.ariaLabel, button.getBoundingClientRect()]).filter(([, box]) => box.height < 40 || box.width < 40).map(([name]) => name)""")
            assert small == [], small
            stage.accessible(page, f"phone, {scheme}")
            stage.picture(page, f"webchat-phone-{scheme}")
    with stage.person(color_scheme="dark") as open_page:
        page, contact = begin(stage, open_page, "In the dark")
        stage.reply(contact, "Still readable.")
        page.get_by_text("Still readable.").wait_for()
        stage.accessible(page, "dark")
        stage.picture(page, "webchat-dark")


def test_embedded(stage):
    """on another site: opened, used and closed by keyboard, unread messages counted, styles of neither side reach the other"""
    stage.pages["/shop"] = f"""<!DOCTYPE html><html lang="en"><title>Shop</title><style>* {{ color: red !important; font-size: 30px; box-sizing: content-box }} button {{ display: none }}</style>
        <main><h1>A shop</h1><p>With a chat.</p></main><script src="{stage.url}/chat/causeway-chat.js" data-channel="webchat" data-title="Shop help" data-name="Ada" async></script></html>"""
    with stage.person() as open_page:
        page = open_page(stage.site_url + "/shop")
        launcher = page.get_by_role("button", name="Open chat")
        launcher.wait_for()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.get_by_role("dialog", name="Shop help").wait_for()
        page.keyboard.type("from the shop")
        page.keyboard.press("Enter")
        page.locator(".meta", has_text=SENT).wait_for()
        contact = stage.contact("from the shop")
        stage.reply(contact, "welcome to the shop")
        page.get_by_text("welcome to the shop").wait_for()
        stage.picture(page, "webchat-embedded")
        page.keyboard.press("Escape")
        launcher.wait_for()
        assert page.evaluate("document.querySelector('causeway-chat').shadowRoot.activeElement.className") == "launcher"
        stage.reply(contact, "are you there?")
        page.get_by_role("button", name=re.compile("1 unread")).wait_for()
        stage.picture(page, "webchat-launcher")
        stage.accessible(page, "the launcher")
        page.keyboard.press("Enter")
        page.get_by_text("are you there?").wait_for()
        page.reload()
        page.get_by_role("dialog", name="Shop help").get_by_text("are you there?").wait_for()
        assert page.evaluate("getComputedStyle(document.querySelector('causeway-chat').shadowRoot.querySelector('.bubble')).color") != "rgb(255, 0, 0)"


def test_foreign_site(stage):
    """a site that is not in the settings gets nothing, and is told why"""
    stage.pages["/evil"] = f"""<!DOCTYPE html><html lang="en"><title>Evil</title><h1>x</h1>
        <script src="{stage.url}/chat/causeway-chat.js" data-channel="webchat"></script></html>"""
    with stage.person(allowed=["CORS", "ERR_FAILED", "403"]) as open_page:
        page = open_page(stage.site_url.replace("127.0.0.1", "localhost") + "/evil")
        page.get_by_role("button", name="Open chat").click()
        write(page, "let me in")
        page.locator(".banner").wait_for()
        assert "let me in" not in json.dumps(stage.desk("/messages"))
