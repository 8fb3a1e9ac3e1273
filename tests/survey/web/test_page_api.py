"""Page mode's requests: origins, visitors, and what they did."""

import base64
import json

import pytest

from pirgan_tf import survey
from pirgan_tf.survey import limiter

OWN = "https://owner.test"
ELSEWHERE = "https://elsewhere.test"


@pytest.fixture
def page_site(make_site):
    return make_site("page", allowed_origins=(OWN,), images_per_rater=12)


def _next(site, client, visitor=None, **headers):
    body = json.dumps({"visitor": visitor})
    return client.post(f"{site.link}page/next", content=body, headers=headers)


def _event(site, client, given, kind, value=None, **headers):
    body = {name: given[name] for name in ("visitor", "assignment")} | {"kind": kind}
    body |= {} if value is None else {"value": value}
    return client.post(f"{site.link}page/event", content=json.dumps(body), headers=headers)


def test_a_visitor_gets_an_image_and_what_happens_is_stored(page_site):
    client = page_site.visitor(origin=OWN)
    answer = _next(page_site, client)
    assert answer.headers["access-control-allow-origin"] == "https://owner.test"
    given = answer.json()
    png = base64.b64decode(given["image"].removeprefix("data:image/png;base64,"))
    assert png.startswith(b"\x89PNG")
    for kind, value in [("impression", None), ("click", None), ("dwell", 3.5), ("dwell", 9.25)]:
        assert _event(page_site, client, given, kind, value).status_code == 204
    assert [event[:2] for event in page_site.events()] == [
        ("impression", None),
        ("click", None),
        ("dwell", 3.5),
        ("dwell", 9.25),
    ]


def test_a_visitor_sees_each_image_once_and_then_none(page_site):
    client = page_site.visitor(origin=OWN)
    visitor, seen = None, set()
    for _ in range(12):
        given = _next(page_site, client, visitor).json()
        visitor = given["visitor"]
        _event(page_site, client, given, "impression")
        seen.add(given["image"])
    assert len(seen) == 12
    last = _next(page_site, client, visitor).json()
    assert last == {"visitor": visitor, "assignment": None, "image": None}


def test_an_image_that_was_not_seen_comes_again(page_site):
    client = page_site.visitor(origin=OWN)
    given = _next(page_site, client).json()
    assert _next(page_site, client, given["visitor"]).json() == given


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "http://["},
        {"origin": ELSEWHERE},
        {"origin": "null"},
        {"origin": "https://owner.test.elsewhere.test"},
        {"origin": "http://owner.test"},
        {"origin": ELSEWHERE, "sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "cross-site"},
    ],
)
def test_another_origin_gets_and_stores_nothing(page_site, headers):
    client = page_site.visitor(origin=OWN)
    given = _next(page_site, client).json()
    other = page_site.visitor()
    for answer in (
        _next(page_site, other, **headers),
        _event(page_site, other, given, "impression", **headers),
    ):
        assert answer.status_code == 403
        assert "origin" in answer.json()["error"]
        assert "access-control-allow-origin" not in answer.headers
    assert page_site.events() == []


@pytest.mark.parametrize(
    "change, status",
    [
        ({"kind": "rating", "value": 5}, 422),
        ({"kind": "dwell"}, 422),
        ({"kind": "dwell", "value": -1}, 422),
        ({"kind": "click", "value": 1}, 422),
        ({"visitor": "forged"}, 401),
        ({"assignment": 999}, 404),
        ({"assignment": "1"}, 422),
        ({"more": 1}, 422),
    ],
)
def test_a_wrong_event_is_refused_and_not_stored(page_site, change, status):
    client = page_site.visitor(origin=OWN)
    given = _next(page_site, client).json()
    body = {"visitor": given["visitor"], "assignment": given["assignment"], "kind": "click"}
    answer = client.post(f"{page_site.link}page/event", content=json.dumps(body | change))
    assert (answer.status_code, list(answer.json())) == (status, ["error"])
    assert page_site.events() == []


def test_a_second_click_is_not_counted(page_site):
    client = page_site.visitor(origin=OWN)
    given = _next(page_site, client).json()
    assert _event(page_site, client, given, "click").status_code == 204
    assert _event(page_site, client, given, "click").status_code == 409
    assert len(page_site.events()) == 1


@pytest.mark.parametrize(
    "content, status", [(b"", 400), (b"{", 400), (b"\xff", 400), (b" " * 20_000, 413)]
)
def test_a_malformed_body_of_a_page_is_refused(page_site, content, status):
    answer = page_site.visitor(origin=OWN).post(f"{page_site.link}page/next", content=content)
    assert (answer.status_code, list(answer.json())) == (status, ["error"])


def test_each_mode_has_its_own_pages(site, page_site):
    visitor = page_site.visitor(origin=OWN)
    for path in ("", "rate", "done"):
        assert visitor.get(page_site.link + path).status_code == 404
    for path in (f"{site.link}embed.js", f"/demo/{site.study.key}"):
        assert site.visitor().get(path).status_code == 404
    assert _next(site, site.visitor(origin="http://survey.test")).status_code == 404
    script = visitor.get(f"{page_site.link}embed.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert "sendBeacon" in script.text


def test_strangers_do_not_wait_for_the_right_to_write(page_site, monkeypatch):
    def refuse(*_):
        raise AssertionError("written")

    monkeypatch.setattr(type(page_site.database), "write", refuse)
    client = page_site.visitor(origin=OWN)
    given = {"visitor": "forged", "assignment": 1}
    assert _event(page_site, client, given, "click").status_code == 401
    page_site.study.key = "wrong"
    assert _event(page_site, client, given, "click").status_code == 404
    assert _next(page_site, client).status_code == 404


def test_the_demonstration_shows_an_image_and_is_not_recorded(page_site):
    client = page_site.visitor(origin="http://survey.test")
    given = _next(page_site, client).json()
    assert (given["visitor"], given["assignment"]) == (None, None)
    assert base64.b64decode(given["image"].partition(",")[2]).startswith(b"\x89PNG")
    # Nor does somebody's visit go on there.
    visit = _next(page_site, page_site.visitor(origin=OWN)).json()
    assert _event(page_site, client, visit, "click").status_code == 204
    assert page_site.events() == [] and _visitors(page_site) == 1


def test_a_visitor_for_whom_there_is_no_image_leaves_no_row(make_site):
    site = make_site("page", images=1, raters_per_image=1, allowed_origins=(OWN,))
    first = site.visitor(origin=OWN)
    given = _next(site, first).json()
    nothing = {"assignment": None, "image": None}
    # It is before somebody else at the moment; then it is answered.
    assert nothing.items() <= _next(site, site.visitor(origin=OWN)).json().items()
    assert _event(site, first, given, "impression").status_code == 204
    assert nothing.items() <= _next(site, site.visitor(origin=OWN)).json().items()
    assert _visitors(site) == 1


def test_new_visitors_of_one_network_are_few_and_known_ones_go_on(page_site, monkeypatch):
    monkeypatch.setitem(limiter.LIMITS, "visitor", (3, 3600))
    client = page_site.visitor(origin=OWN)
    visitor, *_ = [_next(page_site, client).json()["visitor"] for _ in range(3)]
    assert _next(page_site, client).status_code == 429
    assert _next(page_site, client, visitor).status_code == 200
    assert _visitors(page_site) == 3


def _visitors(site):
    with site.database.read() as session:
        return session.query(survey.Rater).count()
