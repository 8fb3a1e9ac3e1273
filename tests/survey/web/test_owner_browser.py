"""The demonstration of page mode and the owner's page in a real browser."""

import functools
import http.server
import threading

import pytest

from pirgan_tf.users import read_interactions


def _kinds(live):
    return [event[0] for event in live.site.events()]


@pytest.fixture
def own_pages(tmp_path):
    """A server of somebody's own pages: its folder and its origin."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=tmp_path)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        yield tmp_path, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("allowed", [True, False])
def test_a_page_of_another_origin_shows_an_image_only_if_it_is_allowed(
    make_live_site, open_page, own_pages, allowed
):
    folder, origin = own_pages
    live = make_live_site("page", allowed_origins=(origin,) if allowed else ())
    script = f'<script src="{live.link}embed.js" async></script>'
    marked = "<a href='#x' data-pirgan='click'>x</a><button>not marked</button>"
    (folder / "own.html").write_text(f"<p>Mine</p>{marked}{script}")
    page = open_page("about:blank")
    messages = []
    page.on("console", lambda message: messages.append(message.text))
    page.goto(f"{origin}/own.html", wait_until="networkidle")
    assert page.locator("body > img").count() == allowed
    page.get_by_role("button").click()
    page.get_by_role("link").click()
    page.wait_for_timeout(500)
    assert _kinds(live) == (["impression", "click"] if allowed else [])
    assert any("CORS policy" in message for message in messages) is not allowed


def test_a_page_reports_impression_click_share_and_dwell(make_live_site, open_page, own_pages):
    folder, origin = own_pages
    live = make_live_site("page", allowed_origins=(origin,))
    (folder / "own.html").write_text(
        "<a href='#x' data-pirgan='click'>Read</a><button data-pirgan='share'>Share</button>"
        f'<script src="{live.link}embed.js" async></script>'
    )
    page = open_page(f"{origin}/own.html")
    picture = page.locator("body > img")
    picture.wait_for()
    page.wait_for_timeout(1000)
    page.get_by_role("link", name="Read").click()
    page.get_by_role("button", name="Share").click()
    first = picture.get_attribute("src")
    page.reload()
    picture.wait_for()
    # The same visitor, another image.
    assert picture.get_attribute("src") != first
    page.wait_for_load_state("networkidle")
    assert sorted(_kinds(live)) == ["click", "dwell", "impression", "impression", "share"]
    events = live.site.events()
    [seconds] = [event[1] for event in events if event[0] == "dwell"]
    assert 0.9 < seconds < 20
    assert len({event[2] for event in events}) == 2


def test_the_demonstration_shows_an_image_and_reports_nothing(make_live_site, open_page):
    live = make_live_site("page")
    page = open_page(f"{live.base}/demo/{live.site.study.key}")
    picture = page.locator("body > img")
    picture.wait_for()
    box = picture.bounding_box()
    assert (box["width"], box["height"]) == (1280, 720)
    page.get_by_role("link", name="Read more").click()
    page.reload()
    picture.wait_for()
    page.wait_for_load_state("networkidle")
    assert live.site.events() == []


def test_the_owner_logs_in_sees_the_study_and_downloads(make_live_site, open_page, tmp_path):
    live = make_live_site(images_per_rater=12)
    for _ in range(2):
        client = live.site.rater()
        for number in range(12):
            [assignment] = live.site.next(client, 1)
            live.site.rate(client, assignment["id"], number % 5 + 1)
    page = open_page(live.owner)
    page.get_by_label("The owner’s token").fill("wrong")  # noqa: RUF001
    page.get_by_role("button", name="Open").click()
    page.get_by_text("That is not the token of this study.").wait_for()
    page.get_by_label("The owner’s token").fill(live.site.token)  # noqa: RUF001
    page.get_by_role("button", name="Open").click()
    page.get_by_text("24 of 36 ratings").wait_for()
    page.wait_for_load_state("networkidle")
    loaded = "[...document.images].map(image => image.naturalWidth)"
    assert page.evaluate(loaded) == [64] * 12
    with page.expect_download() as download:
        page.get_by_role("link", name="interactions.csv").click()
    download.value.save_as(tmp_path / "interactions.csv")
    assert read_interactions(tmp_path)["impressions"].tolist() == [2] * 12
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390
