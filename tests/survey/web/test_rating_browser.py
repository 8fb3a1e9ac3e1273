"""The rating page in a real browser: by keyboard, by touch, and with a lost connection."""

import re

import pytest

PHONE = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 2,
}
OFFLINE = "No connection. Your answers are kept, and sent when it is back."


@pytest.fixture
def live(make_live_site):
    """A study of 30 images, of which a rater sees 20."""
    return make_live_site(images=30, images_per_rater=20)


def _begin(page):
    page.get_by_role("button", name="I agree, begin").click()
    _at(page, 1)


def _at(page, number, total=20):
    """Waits until an image is on the page, and has been for as long as a double tap takes."""
    page.wait_for_function(
        "text => document.getElementById('position').textContent === text &&"
        " document.getElementById('frame').ariaBusy === 'false'",
        arg=f"Image {number} of {total}",
    )
    page.wait_for_timeout(200)


def _press(page, keys, start):
    """Answers by keyboard, one image after another, from image `start` on."""
    for number, key in enumerate(keys, start):
        _at(page, number)
        page.keyboard.press(key)


def _sent(page):
    """Waits until the server has all answers: the next image does not wait for that."""
    page.wait_for_function(
        "() => !Object.keys(localStorage).some(key => key.startsWith('pirgan '))"
    )


def _status(page, text):
    page.wait_for_function(
        "text => document.getElementById('status').textContent.startsWith(text)", arg=text
    )


def test_twenty_images_by_keyboard_with_undo_change_skip_and_reload(live, open_page):
    page = open_page(live.link)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    _press(page, "12345", 1)
    _at(page, 6)
    page.keyboard.press("Backspace")
    _at(page, 5)
    _status(page, "Undone.")
    page.keyboard.press("1")
    _at(page, 6)
    _status(page, "1 star given.")
    page.keyboard.press("s")
    _at(page, 7)
    _status(page, "Skipped.")
    page.reload()
    _press(page, "4" * 14, 7)
    page.wait_for_url("**/done")
    code = page.locator(".code").inner_text()
    assert re.fullmatch("[0-9A-F]{8}", code)
    values = [1, 2, 3, 4, 5, 5, 1, None, *[4] * 14]
    kinds = [*["rating"] * 5, "undo", "rating", "skip", *["rating"] * 14]
    events = live.site.events()
    assert [event[:2] for event in events] == list(zip(kinds, values, strict=True))
    # What was changed is what was undone, and no other image came twice.
    assert events[4][2] == events[5][2] == events[6][2]
    assert len({event[2] for event in events}) == 20
    page.get_by_role("button", name="Take back my last answer").click()
    _press(page, "2", 20)
    page.wait_for_url("**/done")
    assert [event[:2] for event in live.site.events()[22:]] == [("undo", 22), ("rating", 2)]
    page.goto(f"{live.link}rate")
    page.wait_for_url("**/done")
    assert page.locator(".code").inner_text() == code


def test_buttons_do_what_keys_do_and_have_names(live, open_page):
    page = open_page(live.link)
    _begin(page)
    for number in range(1, 6):
        page.get_by_role("button", name=f"{number} star", exact=number > 1)
    page.get_by_role("button", name="2 stars", exact=True).click()
    _at(page, 2)
    page.get_by_role("button", name="Skip").click()
    _at(page, 3)
    page.get_by_role("button", name="Undo").click()
    _at(page, 2)
    page.get_by_role("button", name="1 star", exact=True).focus()
    page.keyboard.press("Enter")
    _at(page, 3)
    page.wait_for_function("() => document.activeElement.value === '1'")
    _sent(page)
    events = [event[:2] for event in live.site.events()]
    assert events == [("rating", 2), ("skip", None), ("undo", 2), ("rating", 1)]
    assert page.get_by_role("status").get_attribute("id") == "status"
    assert page.get_by_role("group", name="How much do you like this image?").count() == 1
    assert page.get_by_role("progressbar", name="Image 3 of 20").count() == 1


def test_nothing_to_undo_is_said_and_the_image_stays(live, open_page):
    page = open_page(live.link)
    _begin(page)
    page.keyboard.press("Backspace")
    _status(page, "There is nothing to undo.")
    _at(page, 1)
    assert live.site.events() == []


def test_a_double_tap_or_a_key_held_down_rates_one_image(live, open_page):
    page = open_page(live.link)
    _begin(page)
    page.get_by_role("button", name="3 stars").dblclick()
    _at(page, 2)
    page.keyboard.down("5")
    for _ in range(5):
        page.keyboard.down("5")
        page.wait_for_timeout(60)
    _at(page, 3)
    _sent(page)
    assert [event[:2] for event in live.site.events()] == [("rating", 3), ("rating", 5)]


def test_the_next_images_are_there_before_they_are_needed(live, open_page):
    page = open_page(live.link)
    _begin(page)
    loaded = "performance.getEntriesByType('resource').filter(each => each.name.endsWith('.png'))"
    page.wait_for_function(f"() => {loaded}.length === 5")


def test_on_a_phone_everything_is_in_sight_and_large_enough(live, open_page):
    page = open_page(live.link, **PHONE)
    page.get_by_role("button", name="I agree, begin").tap()
    _at(page, 1)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.evaluate("document.documentElement.scrollHeight") <= 844
    image = page.locator("#frame img").bounding_box()
    assert image["width"] == pytest.approx(351) and image["height"] == pytest.approx(351)
    for button in page.get_by_role("button").all():
        box = button.bounding_box()
        assert min(box["width"], box["height"]) >= 44, button
        assert box["x"] >= 0 and box["x"] + box["width"] <= 390
        assert box["y"] + box["height"] <= 844
    page.get_by_role("button", name="5 stars").tap()
    _at(page, 2)
    _sent(page)
    assert [event[:2] for event in live.site.events()] == [("rating", 5)]


def test_an_invited_rater_reaches_the_completion_page_on_a_phone(make_live_site, open_page):
    done = "https://example.org/done?cc={code}"
    shown = {"language": "de", "invited_by": "PROLIFIC_PID", "completion_url": done}
    live = make_live_site(images=2, presentation=shown)
    page = open_page(f"{live.link}?PROLIFIC_PID=5f1", **PHONE)
    page.route("https://example.org/**", lambda route: route.fulfill(body="Paid"))
    page.get_by_role("button", name="Einverstanden, los geht’s").tap()  # noqa: RUF001
    page.get_by_role("heading", name="Wie gut gefällt Ihnen dieses Bild?").wait_for()
    for number in (1, 2):
        page.get_by_text(f"Bild {number} von 2").wait_for()
        page.wait_for_function("document.getElementById('frame').ariaBusy === 'false'")
        page.wait_for_timeout(200)
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        page.get_by_role("button", name="4 Sterne").tap()
    page.wait_for_url("**/done")
    code = page.locator(".code").inner_text()
    page.get_by_role("link", name="Abschließen").tap()
    page.wait_for_url(done.format(code=code))
    assert [event[:2] for event in live.site.events()] == [("rating", 4)] * 2


@pytest.mark.parametrize("size", [(1280, 720), (844, 390), (320, 568)])
def test_other_windows_show_everything_too(live, open_page, size):
    page = open_page(live.link, viewport={"width": size[0], "height": size[1]})
    _begin(page)
    question = page.locator("#question").bounding_box()
    image = page.locator("#frame img").bounding_box()
    assert image["y"] + image["height"] <= question["y"]
    assert page.evaluate("document.documentElement.scrollWidth") == size[0]
    for locator in (page.locator("#frame img"), page.locator("#undo"), page.locator("#skip")):
        box = locator.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= size[0]
        assert box["y"] >= 0 and box["y"] + box["height"] <= size[1]


def _answer_503(route):
    route.fulfill(status=503, json={"error": "Nothing can be saved at this moment."})


@pytest.mark.parametrize("how", ["no network", "503"])
def test_a_lost_connection_keeps_the_votes_and_sends_each_once(live, open_page, how):
    page = open_page(live.link)
    _begin(page)
    page.route(
        "**/api/*", lambda route: route.abort() if how != "503" else route.fulfill(status=503)
    )
    _press(page, "54", 1)
    _status(page, OFFLINE)
    assert live.site.events() == []
    # What waits survives the page.
    page.reload()
    _status(page, OFFLINE)
    page.unroute("**/api/*")
    page.evaluate("dispatchEvent(new Event('online'))")
    _at(page, 3)
    assert [event[:2] for event in live.site.events()] == [("rating", 5), ("rating", 4)]


def test_a_vote_whose_acknowledgement_was_lost_is_not_counted_twice(live, open_page):
    page = open_page(live.link)
    _begin(page)

    def lose_the_answer(route):
        route.fetch()
        route.abort()

    page.route("**/api/rate", lose_the_answer, times=1)
    page.keyboard.press("5")
    _at(page, 2)
    _sent(page)
    page.keyboard.press("4")
    _at(page, 3)
    _sent(page)
    assert [event[:2] for event in live.site.events()] == [("rating", 5), ("rating", 4)]


def test_tabs_of_one_rater_do_not_lose_each_others_votes(live, open_page):
    page = open_page(live.link)
    _begin(page)
    context = page.context
    other = context.new_page()
    other.goto(f"{live.link}rate")
    _at(other, 1)
    context.route("**/api/*", lambda route: route.abort())
    _press(page, "54", 1)
    _status(page, OFFLINE)
    # It shows the same images, and was there before the votes.
    other.keyboard.press("3")
    _status(other, OFFLINE)
    page.close()
    other.close()
    context.unroute("**/api/*")
    again = context.new_page()
    again.goto(f"{live.link}rate")
    _at(again, 3)
    assert sorted(event[:2] for event in live.site.events()) == [("rating", 3), ("rating", 4)]


def test_who_waits_for_images_is_told_and_can_undo(make_live_site, open_page):
    live = make_live_site(images=2, raters_per_image=1)
    page = open_page(live.link)
    page.get_by_role("button", name="I agree, begin").click()
    _at(page, 1, total=2)
    page.keyboard.press("5")
    _at(page, 2, total=2)
    # The second image is kept for this rater, so another one has to wait.
    other = open_page(live.link)
    other.get_by_role("button", name="I agree, begin").click()
    _status(other, "There is no image for you at this moment.")
    page.keyboard.press("Backspace")
    _at(page, 1, total=2)


def test_a_lost_cookie_leads_back_to_the_beginning(live, open_page):
    page = open_page(live.link)
    _begin(page)
    page.context.clear_cookies()
    page.keyboard.press("5")
    page.get_by_role("button", name="I agree, begin").wait_for()
    assert live.site.events() == []


_CONTRAST = """
selector => {
  const light = text => {
    const [r, g, b] = text.match(/[0-9.]+/g).slice(0, 3).map(Number).map(c => c / 255)
      .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const element = document.querySelector(selector);
  let behind = element;
  while (getComputedStyle(behind).backgroundColor === "rgba(0, 0, 0, 0)")
    behind = behind.parentElement;
  const both = [getComputedStyle(element).color, getComputedStyle(behind).backgroundColor]
    .map(light).sort((a, b) => b - a);
  return (both[0] + 0.05) / (both[1] + 0.05);
}
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_in_light_and_dark(live, open_page, scheme):
    page = open_page(live.link, color_scheme=scheme)
    pages = {"body": 7, "button.primary": 4.5}
    assert all(page.evaluate(_CONTRAST, name) >= least for name, least in pages.items())
    _begin(page)
    page.get_by_role("button", name="3 stars").hover()
    # WCAG 2.2: 4.5 for text, 3 for what is not.
    for selector, least in {"#position": 7, ".key": 4.5, "kbd": 4.5, ".star": 3}.items():
        assert page.evaluate(_CONTRAST, selector) >= least, selector
