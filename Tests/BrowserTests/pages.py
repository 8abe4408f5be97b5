"""The administrator's pages, as a browser sees them that comes from CXone with a one-time token (B37)."""
import json, re, urllib.parse

from browser import eventually


def link(stage, page="add", **more):
    """What CXone's button opens."""
    query = urllib.parse.urlencode({"backUrl": stage.desk_url + "/desk/log", **more})
    return stage.desk(f"/pages/{page}?{query}")["url"]


def channels(stage):
    """Those that are there, but for the Watering Hole's, which stay as they are."""
    return [channel for channel in stage.desk("/channels") if not channel.get("isDeleted") and not channel["id"].startswith("wateringhole")]


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def reach(page, role, name, most=40):
    """Walks by Tab until the element has the focus, as somebody without a mouse does."""
    for _ in range(most):
        page.keyboard.press("Tab")
        found = page.evaluate("""() => { const e = document.activeElement;
            const label = e.labels?.[0]?.innerText ?? e.innerText ?? ''; return [e.tagName.toLowerCase(), e.type ?? '', label.trim()]; }""")
        kind = {"button": "button", "a": "link", "input": "checkbox" if found[1] == "checkbox" else "textbox"}.get(found[0])
        if kind == role and found[2].startswith(name):
            return
    raise AssertionError(f"no {role} {name!r} by keyboard")


def test_arrival(stage):
    """the one-time token is gone from the address, and works once"""
    url = link(stage)
    token = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)["token"][0]
    with stage.person(allowed=["status of 40[13]"]) as open_page:
        page = open_page(url)
        assert page.url == stage.url + "/channels/add", page.url
        assert token not in page.content()
        assert page.get_by_role("link", name="Back to CXone").get_attribute("href") == stage.desk_url + "/desk/log"
        assert page.evaluate("document.cookie") == "", "the session is no script's business"
        stage.accessible(page, "Add")
        stage.picture(page, "pages-add")
        page.goto(url)
        page.get_by_role("heading", name="This link has been used, or has expired.").wait_for()
        stage.picture(page, "pages-used")
    with stage.person(allowed=["status of 40[13]"]) as open_page:
        page = open_page(stage.url + "/channels/add")
        page.get_by_role("heading", name="You are not signed in here").wait_for()
    assert token not in stage.function_log("channel-pages")


def test_life_by_keyboard(stage):
    """by keyboard alone: change a channel, delete it, add it again"""
    with stage.person(allowed=["status of 422"]) as open_page:
        page = open_page(link(stage, "reconnect"))
        reach(page, "textbox", "Name")
        press(page, "Control+A")
        page.keyboard.type("Chat on the site")
        press(page, "Enter")
        page.get_by_role("status").wait_for()
        assert [channel["name"] for channel in channels(stage)] == ["Chat on the site"]
        reach(page, "link", "Remove")
        press(page, "Enter")
        page.get_by_role("heading", name="Remove channels").wait_for()
        stage.accessible(page, "Remove")
        stage.picture(page, "pages-remove")
        reach(page, "button", "Delete")
        press(page, "Enter")
        # The browser holds the form back until the box is ticked.
        assert len(channels(stage)) == 1
        page.reload()
        reach(page, "checkbox", "I am sure")
        press(page, "Space")
        reach(page, "button", "Delete")
        press(page, "Enter")
        page.get_by_text("The channel was deleted in CXone.").wait_for()
        assert channels(stage) == []
        reach(page, "link", "Add")
        press(page, "Enter")
        page.get_by_role("heading", name="Add channels").wait_for()
        reach(page, "button", "Show the call first")
        press(page, "Enter")
        page.get_by_text("This is what would be sent").wait_for()
        assert '"channelIntegrationId": "causeway"' in page.locator("pre").inner_text()
        assert channels(stage) == []
        stage.picture(page, "pages-preview")
        reach(page, "textbox", "Name")
        press(page, "Control+A")
        page.keyboard.type("Web chat")
        reach(page, "button", "Add")
        press(page, "Enter")
        page.get_by_text("The channel was added in CXone.").wait_for()
        page.get_by_text("The settings know its id, webchat.").wait_for()
        found = channels(stage)
        assert [channel["id"] for channel in found] == ["webchat"], found


def test_mistakes(stage):
    """a name of blanks is refused in words, and nothing is lost"""
    with stage.person(allowed=["status of 422"]) as open_page:
        page = open_page(link(stage, "reconnect"))
        page.get_by_label("Name").first.fill("   ")
        page.get_by_role("button", name="Save").first.click()
        alert = page.get_by_role("alert")
        alert.wait_for()
        assert "Enter a name" in alert.inner_text()
        stage.accessible(page, "a mistake")
        stage.picture(page, "pages-mistake")


def test_hostile_links(stage):
    """hosts and ways back that are not CXone's: no request, no link, no script"""
    with stage.person(allowed=["status of 403"]) as open_page:
        page = open_page(link(stage, apiHost=f"127.0.0.1:{stage.site_port}"))
        page.get_by_role("heading", name="The link names a host that is not CXone's.").wait_for()
    for back in ["javascript:window.hacked=1", stage.site_url + "/", "//evil.example/", "\"><script>window.hacked=1</script>", "data:text/html,x"]:
        with stage.person() as open_page:
            page = open_page(link(stage, backUrl=back))
            page.get_by_text("not one of its own addresses").wait_for()
            assert not page.get_by_role("link", name="Back to CXone").count()
            assert page.evaluate("window.hacked") is None
            hrefs = page.evaluate("[...document.querySelectorAll('a')].map(a => a.getAttribute('href'))")
            assert set(hrefs) == {"#content", "add", "reconnect", "remove"}, hrefs


def test_small_and_dark(stage):
    """on a phone and in the dark, without scrolling sideways"""
    for scheme in ["light", "dark"]:
        with stage.person(390, 844, color_scheme=scheme, is_mobile=True, has_touch=True) as open_page:
            page = open_page(link(stage, "reconnect"))
            assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
            stage.accessible(page, f"a phone, {scheme}")
            stage.picture(page, f"pages-phone-{scheme}")
