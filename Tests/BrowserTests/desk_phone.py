"""The desk's phone and chat: a contact's end of Virtual Agent Hub, and what the script sees of it."""
import io, json, math, pathlib, re, struct, subprocess, urllib.parse, wave

from browser import eventually
from webchat import ATTACKS

NUMBER = "0090294837290"

# A microphone that hums at 440 Hz.
MICROPHONE = """
    navigator.mediaDevices.getUserMedia = async () => {
        const context = new AudioContext(), hum = context.createOscillator(), end = context.createMediaStreamDestination();
        hum.frequency.value = 440; hum.connect(end); hum.start();
        return end.stream;
    };
"""


# Whole characters, so that they can be turned and taken apart.
STRANGE = [attack.encode("utf-16", "surrogatepass").decode("utf-16") for attack in ATTACKS]

# Places where strange words have been read as something else: 520 in all.
WRAPS = [
    lambda text: text, lambda text: text[::-1], lambda text: f'"{text}"', lambda text: f"'{text}'", lambda text: f"<!--{text}-->", lambda text: f"<![CDATA[{text}]]>",
    lambda text: f"\u202e{text}\u2066", lambda text: f"\u2067مرحبا {text} שלום\u2069", lambda text: "\u200d".join(text),
    lambda text: "".join(c + "\u0302\u0316" for c in text),
    lambda text: f"👩🏽‍🚀🇨🇭{text}🏳️‍🌈", lambda text: text.replace(" ", "\u00a0"), lambda text: f"\n\t{text}\r\n\x0b", lambda text: f"\\{text}\\",
    lambda text: f"%3Cscript%3E{text}%00",
    lambda text: f"{{{{{text}}}}}", lambda text: f"${{{text}}}", lambda text: text * 20, lambda text: text.replace(" ", "") * 60, lambda text: f"&lt;{text}&gt;&#x3c;",
]


def phone(stage, open_page, place="phone"):
    page = stage.open_desk(open_page, place)
    page.get_by_role("combobox", name="App", exact=True).wait_for()
    return page


def app(stage, name, like="orders-phone", **changes):
    """Another app, set up as one that is there."""
    known = {found["name"]: found for found in stage.part("GET", "/hub/apps")}
    form = {key: known[like][key] for key in ["agent", "url", "version", "action"]}
    authorization = [{"name": "Authorization", "value": stage.environment["CAUSEWAY_AUTHORIZATION"]}]
    found = stage.part("PUT", f"/hub/apps/{urllib.parse.quote(name)}", {**form, "headers": authorization, **changes})
    assert found.get("name") == name, found
    return name


def choose(page, name):
    page.get_by_role("combobox", name="App", exact=True).select_option(name)


def last(page):
    return page.locator("li.turn").last


def turns(page, count):
    page.locator("li.turn").nth(count - 1).wait_for()


def look(stage, page, name):
    """At both sizes, one in light and one in dark."""
    for width, height, scheme in [(1440, 900, "light"), (390, 844, "dark")]:
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        stage.picture(page, f"phone-{name}-{width}")
        stage.accessible(page, f"{name}, {width}, {scheme}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} is wider than {width}"
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 1440, "height": 900})
    stage.picture(page, f"phone-{name}-dark")
    page.emulate_media(color_scheme="light")


def test_call_by_keys(stage):
    """an order-status call by keyboard alone: 13 digits with their leading zeros, three days late, a person (V25, V27, V99)"""
    with stage.person(1440, 900) as open_page:
        page = phone(stage, open_page)
        button = page.get_by_role("button", name="Call", exact=True)
        button.wait_for()
        look(stage, page, "first")
        for _ in range(30):
            if page.evaluate("document.activeElement?.classList.contains('call')"):
                break
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        turns(page, 1)
        page.get_by_role("log").get_by_text("How can I help you?").wait_for()
        page.keyboard.type("Where is my order?")
        page.keyboard.press("Enter")
        turns(page, 2)
        assert "13" in page.locator(".expects").text_content()
        eventually(lambda: page.evaluate("document.activeElement?.classList.contains('pad')"), "the keypad is focused")
        look(stage, page, "asked")
        # Not longer apart than five seconds.
        page.keyboard.type(NUMBER[:5])
        page.get_by_text("5 of 13").wait_for()
        assert page.locator(".boxes i.filled").all_text_contents() == list(NUMBER[:5])
        stage.picture(page, "phone-digits")
        page.keyboard.press("Backspace")
        page.get_by_text("0 of 13").wait_for()
        page.keyboard.type(NUMBER)
        turns(page, 3)
        page.get_by_role("log").get_by_text(f"Order {NUMBER} is in transit and delayed by three days.").wait_for()
        request = stage.part("GET", f"/hub/interactions/{page.url.rsplit('/', 1)[1]}")["turns"][2]["request"]
        assert (request["userInput"], request["userInputType"]) == (NUMBER, 6), (request["userInput"], request["userInputType"])
        page.keyboard.type("Can I talk to someone?")
        page.keyboard.press("Enter")
        page.locator(".closing").wait_for()
        eventually(lambda: page.evaluate("document.activeElement?.textContent") == "Call again", "the focus is where one goes on")
        assert "ReturnControlToScript" in last(page).locator(".branch").text_content()
        assert "PromptAndCollectNextResponse×3" in page.locator(".flow").text_content()
        for words in ["4turns", "0wrong fields"]:
            assert words in page.locator(".figures").text_content(), page.locator(".figures").text_content()
        assert "transfer" in page.locator(".closing").text_content().lower() or "person" in page.locator(".closing").text_content().lower()
        last(page).get_by_role("button", name="JSON of turn 4").click()
        page.get_by_text('"branchName": "ReturnControlToScript"').wait_for()
        look(stage, page, "ended")
        last(page).get_by_role("link", name="Turn 4 in the inspector").click()
        page.wait_for_url(re.compile(r"#inspector/\d+$"))
        page.get_by_text("CXone is answered").first.wait_for()
        assert "Can I talk to someone?" in page.locator("main").text_content()


def test_plays_itself(stage):
    """the sample conversation plays by itself, is drawn, saved, and found again by its address"""
    with stage.person(1440, 900) as open_page:
        page = phone(stage, open_page)
        page.get_by_role("button", name="Or watch it play by itself").click()
        page.locator(".closing").wait_for()
        turns(page, 4)
        address = page.url
        page.get_by_role("tab", name="Diagram").click()
        picture = page.get_by_role("img", name=re.compile("Sequence diagram"))
        eventually(lambda: picture.evaluate("image => image.naturalWidth > 0"), "the diagram")
        stage.picture(page, "phone-diagram")
        with page.expect_download() as saved:
            page.get_by_role("link", name="Save as a conversation file").click()
        assert saved.value.suggested_filename.endswith(".chat")
        text = pathlib.Path(saved.value.path()).read_text()
        assert f"contact keys {NUMBER}" in text and "contact says Where is my order?" in text, text
        played = subprocess.run([stage.programs / "causeway", "replay", saved.value.path(), "--url", stage.url, "--settings", stage.folder / "causeway.jsonc"],
            env=stage.environment, capture_output=True, text=True)
        assert played.returncode == 0, played.stdout + played.stderr
        page.get_by_role("tab", name="Script").click()
        page.get_by_role("combobox", name="Conversation shown").select_option("")
        page.get_by_role("button", name="Call", exact=True).wait_for()
        page.goto(address)
        turns(page, 4)
        page.get_by_role("log").get_by_text("delayed by three days").first.wait_for()


def test_chat(stage):
    """a chat with choices as buttons, in which right-to-left words stand right"""
    name = app(stage, "shop chat", like="standard-chat")
    with stage.person(1440, 900) as open_page:
        page = phone(stage, open_page)
        choose(page, name)
        page.get_by_role("button", name="Start chat").click()
        turns(page, 1)
        message = page.get_by_role("textbox", name="Message of the contact")
        message.fill("debugStandardBotDfoMessage")
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Morning").wait_for()
        look(stage, page, "chat")
        page.get_by_role("button", name="Evening").click()
        turns(page, 3)
        assert page.locator(".bubble.mine").last.text_content().endswith("Evening")
        assert page.get_by_role("button", name="Morning").is_disabled()
        assert json.dumps("slot-pm") in json.dumps(stage.part("GET", f"/hub/interactions/{page.url.rsplit('/', 1)[1]}")["turns"][2]["request"])
        message.fill("أين طلبي 00123؟")
        page.keyboard.press("Enter")
        turns(page, 4)
        assert page.locator(".bubble.mine p").last.evaluate("element => getComputedStyle(element).direction") == "rtl"
        page.get_by_role("button", name="Leave").click()
        page.locator(".closing").wait_for()


def test_silence(stage):
    """silence by a button and by itself; a branch that nobody connected is told (V47, V48)"""
    name = app(stage, "impatient", connectedBranches=["PromptAndCollectNextResponse", "ReturnControlToScript", "Error", "Default"], atDefault="asksAgain",
        rules={"millisecondsToWaitForUserResponse": 1500})
    with stage.person(1440, 900) as open_page:
        page = phone(stage, open_page)
        page.get_by_role("button", name="Call", exact=True).click()
        turns(page, 1)
        page.get_by_role("button", name="Stay silent").click()
        page.get_by_role("log").get_by_text("Are you still there?").wait_for()
        assert "UserInputTimeout" in last(page).locator(".branch").text_content()
        page.locator(".options summary").click()
        page.get_by_role("checkbox", name="Interrupt").check()
        page.locator(".pad").focus()
        page.keyboard.press("5")
        page.locator(".notice", has_text="clearDigits is on").wait_for()
        page.get_by_role("checkbox", name="Interrupt").uncheck()
        page.get_by_role("button", name="Hang up").click()
        page.locator(".closing").wait_for()
        choose(page, name)
        page.get_by_role("button", name="Call", exact=True).click()
        turns(page, 1)
        page.get_by_role("checkbox", name="Stay silent by itself").check()
        page.get_by_text("silence in").wait_for()
        turns(page, 2)
        page.get_by_role("checkbox", name="Stay silent by itself").uncheck()
        last(page).locator("li.warn", has_text="not connected").first.wait_for()
        assert page.locator(".flow li.loose.taken", has_text="UserInputTimeout").count() == 1
        stage.picture(page, "phone-default")


def recording(seconds=0.5, rate=16_000):
    """A hum as PCM, as any recorder saves it."""
    found = io.BytesIO()
    with wave.open(found, "wb") as file:
        file.setnchannels(2); file.setsampwidth(2); file.setframerate(rate)
        file.writeframes(b"".join(struct.pack("<hh", *[int(12_000 * math.sin(2 * math.pi * 440 * at / rate))] * 2) for at in range(int(seconds * rate))))
    return found.getvalue()


def test_sound(stage):
    """sound from a file and from the microphone goes out as G.711 µ-law, and both ends hear the same (V26)"""
    with stage.person(1440, 900) as open_page:
        open_page.context.add_init_script(MICROPHONE)
        page = phone(stage, open_page)
        worst = page.evaluate("""async () => {
            const audio = await import('/assets/phone-audio.js');
            let worst = 0;
            for (let value = -1; value <= 1; value += 0.001) {
                worst = Math.max(worst, Math.abs(audio.expand(audio.compress(value)) - value) / Math.max(0.02, Math.abs(value)));
            }
            const silence = [audio.compress(0), audio.expand(0xff), audio.expand(0x7f), audio.expand(0x80), audio.expand(0x00)];
            return [worst, ...silence]; }""")
        assert worst[0] < 0.05 and worst[1] == 0xff and worst[2] == 0 and worst[3] == 0, worst
        assert abs(worst[4] - 32_124 / 32_768) < 1e-6 and worst[5] == -worst[4], worst
        page.get_by_role("button", name="Call", exact=True).click()
        turns(page, 1)

        def sent(number):
            turns(page, number)
            found = stage.part("GET", f"/hub/interactions/{page.url.rsplit('/', 1)[1]}")["turns"][number - 1]
            assert found["input"]["kind"] == "audio" and found["request"]["userInputType"] == 2, found["input"]
            return found
        page.locator("#phone-file").set_input_files({"name": "hum.wav", "mimeType": "audio/wav", "buffer": recording()})
        assert sent(2)["input"]["shown"] == "500 ms of sound"
        page.locator(".bubble.mine[data-kind=audio]").first.wait_for()
        page.get_by_role("button", name="Microphone").click()
        page.get_by_text(re.compile(r"recording 0\.[5-9]|recording [1-9]")).wait_for()
        page.get_by_role("button", name="Stop and send").click()
        length = int(re.match(r"\d+", sent(3)["input"]["shown"]).group())
        assert 300 < length < 10_000, length
        page.locator(".heard-back .wave i").first.wait_for()
        page.locator("#phone-file").set_input_files({"name": "words.txt", "mimeType": "text/plain", "buffer": b"no sound"})
        page.get_by_text("no sound that the browser can read").wait_for()
        stage.picture(page, "phone-sound")


def test_hears(stage):
    """a prompt with sound is played by a button, with its loudness and length"""
    found = stage.part("POST", "/hub/interactions", {"app": "orders-phone"})
    found["turns"][0]["says"] = [{"kind": "audio", "text": "A tune.", "audioURL": "/hub/interactions/1/audio/1/0"}]
    with stage.person(1440, 900) as open_page:
        page = phone(stage, open_page)
        page.route(re.compile(r"/hub/interactions(/\d+)?$"), lambda route: route.fulfill(json=found))
        page.route("**/audio/1/0", lambda route: route.fulfill(body=recording(0.4), content_type="audio/wav"))
        page.get_by_role("button", name="Call", exact=True).click()
        page.get_by_role("log").get_by_text("A tune.").wait_for()
        page.get_by_text("0.4 s", exact=True).wait_for()
        assert page.locator(".wave i").count() > 40
        button = page.get_by_role("button", name="Play the recording")
        eventually(lambda: button.get_attribute("aria-pressed") == "false", "it came and was played to its end")
        button.click()
        eventually(lambda: button.get_attribute("aria-pressed") == "true", "it plays")
        eventually(lambda: button.get_attribute("aria-pressed") == "false", "it ends")


def test_app(stage):
    """the app's form names what is wrong, tests the app, and CXone's refusal of TEXTBOT CONVERSATION is told (V39, V63)"""
    with stage.person(1440, 900, allowed=["400 .*/hub/apps/"]) as open_page:
        page = phone(stage, open_page)
        page.get_by_role("combobox", name="App", exact=True).select_option(label="New app…")
        page.get_by_label("Name of the app").fill("made here")
        page.get_by_label("Virtual agent").fill("orders")
        page.get_by_label("Webhook URL").fill(f"{stage.url}/exchange")
        page.get_by_label("Studio action").select_option("textbotConversation")
        page.get_by_role("button", name="Add the app").click()
        page.locator(".outcome", has_text="TEXTBOT CONVERSATION is not supported").wait_for()
        page.get_by_label("Studio action").select_option("voicebotExchange")
        page.get_by_role("button", name="Add custom header").click()
        page.get_by_label("Custom header 1: name").fill("Authorization")
        page.get_by_label("Custom header 1: value").fill("wrong, and long enough")
        page.get_by_role("button", name="Save and test").click()
        page.locator(".outcome", has_text="401").wait_for()
        page.get_by_label("Custom header 1: value").fill(stage.environment["CAUSEWAY_AUTHORIZATION"])
        page.get_by_role("button", name="Save and test").click()
        page.locator(".outcome", has_text="The app may be added").wait_for()
        look(stage, page, "app")
        assert stage.environment["CAUSEWAY_AUTHORIZATION"] not in page.content()
        page.get_by_label("Integration version").select_option("1.0.0")
        assert page.get_by_text("Custom headers", exact=True).is_hidden() and page.get_by_label("Authorization header").is_visible()
        page.get_by_role("button", name="Remove", exact=True).click()
        eventually(lambda: "made here" not in [found["name"] for found in stage.part("GET", "/hub/apps")], "the app is gone")


def test_standard_bot(stage):
    """StandardBot's behaviours, each with what decides about it (V76)"""
    name = app(stage, "standard bot", like="standard-chat")
    with stage.person(1440, 900) as open_page:
        page = phone(stage, open_page)
        choose(page, name)
        page.get_by_role("tab", name="StandardBot").click()
        page.get_by_role("button", name="Run the behaviour tests").click()
        page.locator(".score").wait_for()
        rows = page.locator(".standard tbody tr")
        assert rows.count() >= 10, page.locator(".standard").text_content()
        assert page.locator(".standard .chip.bad").count() == 0, page.locator(".standard").text_content()
        look(stage, page, "standard-bot")


def test_faults(stage):
    """faults of both sides are ordered by buttons, and the turn tells what contact and script noticed"""
    with stage.person(1440, 900) as open_page:
        page = phone(stage, open_page)
        page.get_by_role("button", name="Call", exact=True).click()
        turns(page, 1)
        page.get_by_role("tab", name="Faults").click()
        page.get_by_role("button", name=re.compile("^Duplicate")).click()
        page.locator(".fault[data-kind=duplicate][aria-pressed=true]").wait_for()
        page.get_by_role("button", name=re.compile("^Unknown field")).click()
        page.locator(".fault[data-kind=unknownField][aria-pressed=true]").wait_for()
        look(stage, page, "faults")
        page.get_by_role("textbox", name="What the contact says").fill("Where is my order?")
        page.keyboard.press("Enter")
        page.get_by_role("tab", name="Script").click()
        turns(page, 2)
        last(page).locator("li", has_text="the same answer").wait_for()
        page.get_by_role("tab", name="Faults").click()
        page.get_by_role("button", name=re.compile("^HTML")).click()
        page.get_by_text("To come: html").wait_for()
        page.get_by_role("button", name="Call the agent that misbehaves").click()
        page.get_by_role("tab", name="Script").click()
        last(page).locator(".remarks", has_text="Script:").wait_for()
        stage.picture(page, "phone-fault-survived")


def test_digits_are_hidden(stage):
    """keyed digits are dots everywhere on the page when the person asks for it"""
    with stage.person(1440, 900) as open_page:
        page = phone(stage, open_page)
        page.get_by_role("button", name="Call", exact=True).click()
        turns(page, 1)
        page.locator(".options summary").click()
        page.get_by_role("checkbox", name="Hide the digits").check()
        page.get_by_role("textbox", name="What the contact says").fill("Where is my order?")
        page.keyboard.press("Enter")
        turns(page, 2)
        page.locator(".pad").focus()
        page.keyboard.type(NUMBER[:4])
        page.get_by_text("4 of 13").wait_for()
        assert page.locator(".boxes i.filled").all_text_contents() == ["•"] * 4
        page.keyboard.type(NUMBER[4:])
        turns(page, 3)
        page.get_by_role("button", name="JSON of turn 3").click()
        page.get_by_role("log").get_by_text("•" * 13).first.wait_for()
        assert NUMBER not in page.locator(".phone-page").inner_text()


def test_strange_words(stage):
    """script injections and strange letters, said, answered and set up, are text and nothing else"""
    with stage.person(1440, 900, allowed=["400 .*/hub/apps/"]) as open_page:
        page = phone(stage, open_page)
        choose(page, app(stage, "echo", like="standard-chat"))
        page.get_by_role("button", name="Start chat").click()
        turns(page, 1)
        words = page.get_by_role("textbox", name="Message of the contact")
        for number, attack in enumerate(ATTACKS[:12], 2):
            words.fill(attack)
            page.keyboard.press("Enter")
            turns(page, number)
        # What an agent says, twice a turn, in several conversations.
        for wraps in zip(WRAPS[::2], WRAPS[1::2]):
            interaction = stage.part("POST", "/hub/interactions", {"app": "echo"})["id"]
            for attack in STRANGE:
                direct, context = (wrap(attack) for wrap in wraps)
                payload = {"customPayload": {"echoValue": direct, "context": {"parameters": {"echoValue": context}}}}
                found = stage.part("POST", f"/hub/interactions/{interaction}/input", {"text": "debugStandardBotExchangeCustomInput", "customPayload": payload})
                assert found.get("turns"), found
            page.goto(f"{stage.desk_url}/#phone/{interaction}")
            turns(page, 1 + len(ATTACKS))
            assert page.locator(".bubble.theirs").count() == 1 + 2 * len(ATTACKS)
            for element in page.locator(".bubble, .turn").all()[:: 9]:
                assert element.evaluate("element => element.scrollWidth <= element.clientWidth + 2"), element.text_content()[:200]
        assert page.evaluate("document.querySelectorAll('.phone-page :is(script, iframe, img:not([alt]), svg script, base, style, template)').length") == 0
        # In every field of the form, in names and in addresses.
        for attack in [ATTACKS[0], ATTACKS[3], ATTACKS[-1]]:
            page.get_by_role("combobox", name="App", exact=True).select_option(label="New app…")
            form = page.locator(".app-form")
            form.get_by_role("button", name="Add custom header").click()
            form.get_by_role("button", name="Add endpoint parameter").click()
            form.locator("details.rest summary").click()
            for field in form.locator("input:not([type=checkbox]):not([type=password]), textarea").all():
                if field.is_visible():
                    field.fill(attack)
            form.get_by_role("button", name="Add the app").click()
            form.locator(".problem:not(:empty)").first.wait_for()
        name = "<img src=x onerror=window.hacked=1> \u202e\"'"
        path = "/hub/apps/" + urllib.parse.quote(name, safe="")
        headers = [{"name": "X-Key", "value": "a wrong one"}]
        stage.part("PUT", path, {"agent": ATTACKS[1], "url": f"{stage.url}/exchange", "headers": headers})
        page.goto(f"{stage.desk_url}/#phone")
        page.reload()
        page.get_by_role("combobox", name="App", exact=True).select_option(name)
        page.get_by_role("button", name="Call", exact=True).click()
        turns(page, 1)
        for tab in ["App", "StandardBot", "Faults", "Diagram", "Script"]:
            page.get_by_role("tab", name=tab).click()
        stage.picture(page, "phone-strange")
        for width in [1440, 390]:
            page.set_viewport_size({"width": width, "height": 844})
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"wider than {width}"
        assert page.evaluate("window.hacked") is None
        stage.part("DELETE", path)
