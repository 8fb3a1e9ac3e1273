"""The owner's page: its numbers against counts by hand, and the downloads."""

import csv
import io
import json
import re
import sqlite3

import krippendorff
import numpy as np
import pytest

from pirgan_tf import survey
from pirgan_tf.survey.overview import agreement, overview
from pirgan_tf.users import read_interactions


@pytest.fixture
def rated(make_site):
    """Twelve images, of which three raters have rated all, and one half, as their ids say."""
    site = make_site(images_per_rater=12, raters_per_image=4)
    # One who does not care, two who agree, and one who left.
    for number, answers in enumerate((12, 12, 12, 6)):
        client = site.rater()
        for _ in range(answers):
            [assignment] = site.next(client, 1)
            site.rate(client, assignment["id"], 3 if number == 0 else assignment["id"] % 5 + 1)
    return site


def _owner(site):
    client = site.visitor()
    answer = client.post(f"{site.owner}login", data={"token": f" {site.token}\n"})
    assert (answer.status_code, answer.headers["location"]) == (303, "./")
    return client


def test_the_numbers_are_those_of_the_events(rated):
    with rated.database.read() as session:
        numbers = overview(session, rated.study, survey.judge_raters(session, rated.study))
    events = rated.events()
    assert numbers.events == {"rating": 42}
    assert (numbers.raters, numbers.finished, numbers.wanted, numbers.answers) == (4, 0, 48, 42)
    counts = [sum(event[2] == f"img{index:06}" for event in events) for index in range(12)]
    assert numbers.impressions.tolist() == counts
    assert numbers.images_by_impressions == {3: 6, 4: 6}
    assert numbers.below_target == 6
    stars = [sum(event[1] == star for event in events) for star in range(1, 6)]
    assert numbers.stars.tolist() == stars
    assert numbers.judged.values.tolist() == [
        [1, "same star: 12 of 12 ratings were 3; 6 of the others' 30 were the same", "", True],
        *([rater, "", "", False] for rater in (2, 3, 4)),
    ]
    assert numbers.not_run == {"too_fast": 1, "same_star": 1, "agreement": 4, "consistency": 4}
    assert len(numbers.best) == len(numbers.worst) == 6
    assert not set(numbers.best["image_id"]) & set(numbers.worst["image_id"])
    assert numbers.best["pir"].min() >= numbers.worst["pir"].max()
    assert numbers.rates.sum() == 12
    assert 0 <= numbers.reliability <= 1
    assert 0 < numbers.interval_width < 1
    assert numbers.pace.per_hour > 42


def test_agreement_is_krippendorffs_alpha_of_the_single_ratings():
    ratings = np.array(
        [[1, 2, 5, 4, np.nan], [1, 3, 5, 4, 2], [2, 2, 4, np.nan, np.nan]]  # Raters by images.
    )
    counts = np.array([(ratings == star).sum(axis=0) for star in range(1, 6)]).T
    expected = krippendorff.alpha(ratings, level_of_measurement="ordinal")
    assert agreement(counts) == pytest.approx(expected, abs=1e-12)
    assert 0.5 < expected < 1


@pytest.mark.parametrize("counts", [[[1, 0, 0], [0, 1, 0]], [[0, 2, 0], [0, 3, 0]], [[0, 0, 0]]])
def test_agreement_is_none_where_there_is_nothing_to_compare(counts):
    assert agreement(np.array(counts)) is None


def test_the_page_shows_them_and_names_who_is_suspicious(rated):
    text = _owner(rated).get(rated.owner).text
    # Without those of the rater who is left out.
    assert "30 of 48 ratings: 4 raters for each of 12 images" in text
    assert re.search(r"2 to 3 per image.\s+12 images have fewer than 4\.", text)
    assert "1 of 4 is left out" in text
    assert "<td>1</td><td>same star: 12 of 12 ratings were 3; 6 of the others" in text
    assert re.search(r"Krippendorff.s alpha -?0\.\d\d", text)
    assert re.search(r"mean rates: 0\.\d\d", text)
    assert re.search(r"intervals are 0\.\d\d wide", text)
    assert 'aria-label="Ratings by stars: 1: ' in text
    assert f"http://survey.test{rated.link}" in text


def _decide(site, client, rater, decision):
    return client.post(f"{site.owner}raters/{rater}", data={"decision": decision})


def test_the_owner_keeps_and_excludes_raters(rated):
    client = _owner(rated)
    for rater, decision, answers in ((1, "keep", 42), (2, "exclude", 30), (1, "rules", 18)):
        answer = _decide(rated, client, rater, decision)
        assert (answer.status_code, answer.headers["location"]) == (303, "../")
        text = client.get(rated.owner).text
        assert f"{answers} of 48 ratings" in text
        rows = csv.DictReader(io.StringIO(client.get(f"{rated.owner}interactions.csv").text))
        assert sum(int(row["impressions"]) for row in rows) == answers
    assert re.search(r'value="exclude" aria-pressed="true"', text)
    assert _decide(rated, client, 99, "keep").status_code == 404
    assert _decide(rated, client, 1, "delete").status_code == 422
    assert _decide(rated, rated.visitor(), 3, "exclude").status_code == 403
    assert "18 of 48 ratings" in client.get(rated.owner).text


def test_places_are_returned_when_somebody_finds_no_image(make_site):
    site = make_site(images=2, raters_per_image=1)
    bot = site.rater(**{"user-agent": "curl/8.0"})
    for assignment in site.next(bot):
        site.rate(bot, assignment["id"])
    # The bot finds that it is finished, and so its places are free.
    assert site.next(bot) == []
    assert len(site.next(site.rater())) == 2


def test_the_page_of_a_study_without_answers_says_so(site):
    text = _owner(site).get(site.owner).text
    assert "There are no answers yet." in text and "Nobody of 0 is left out" in text


def test_a_page_studys_numbers_are_of_what_visitors_did(make_site):
    site = make_site("page", allowed_origins=("https://owner.test",))
    visitor = site.visitor(origin="https://owner.test")
    given = visitor.post(f"{site.link}page/next", content="{}").json()
    for kind in ("impression", "click"):
        body = {"visitor": given["visitor"], "assignment": given["assignment"], "kind": kind}
        visitor.post(f"{site.link}page/event", content=json.dumps(body))
    with site.database.read() as session:
        numbers = overview(session, site.study, survey.judge_raters(session, site.study))
    assert numbers.events == {"impression": 1, "click": 1}
    assert numbers.stars is None and numbers.alpha is None
    text = _owner(site).get(site.owner).text
    assert "1 of 36 impressions" in text and "embed.js" in text and "Ratings by stars" not in text


def test_all_images_can_be_browsed_in_an_order(make_site):
    site = make_site(images=61, raters_per_image=1)
    rater, client = site.rater(), _owner(site)
    for value in (5, 1):
        [assignment] = site.next(rater, 1)
        site.rate(rater, assignment["id"], value)
    best, worst = (event[2] for event in site.events())

    def shown(query):
        text = client.get(f"{site.owner}images{query}").text
        return re.findall(r'alt="(img\d+)"', text), 'rel="next"' in text, 'rel="prev"' in text

    gallery = [f"img{index:06}" for index in range(61)]
    assert shown("?order=gallery") == (gallery[:60], True, False)
    assert shown("?order=gallery&page=2") == (gallery[60:], False, True)
    assert shown("")[0][:2] == [best, worst]
    assert shown("?order=worst")[0][:2] == [worst, best]
    for query in ("?page=0", "?page=two", "?order=none"):
        assert client.get(f"{site.owner}images{query}").status_code == 422
    assert site.visitor().get(f"{site.owner}images").status_code == 403


def test_the_preview_is_the_raters_pages_and_leaves_no_trace(make_site):
    shown = {"language": "de", "completion_url": "https://example.org/{code}"}
    site = make_site(presentation=shown, settings={"repeats": 2})
    client = _owner(site)
    site.next(site.rater(), 3)
    stored = _dump(site)
    preview = f"{site.owner}preview/"
    start = client.get(preview).text
    assert "Einverstanden" in start and "<dd>12</dd>" in start
    assert client.post(f"{preview}start").headers["location"] == "rate"
    assert "data-words=" in client.get(f"{preview}rate").text
    assert "https://example.org/0123ABCD" in client.get(f"{preview}done").text
    given = client.post(f"{preview}api/next", json={"count": 5}).json()
    assert (len(given["assignments"]), given["total"], given["finished"]) == (5, 10, False)
    [first, second, *_] = given["assignments"]
    assert client.get(preview + first["image"]).content.startswith(b"\x89PNG")
    for path in ("rate", "skip"):
        body = {"assignment": first["id"], "value": 3}
        assert client.post(f"{preview}api/{path}", json=body).status_code == 200
    for _ in range(8):
        client.post(f"{preview}api/rate", json=body)
    given = client.post(f"{preview}api/next", json={"count": 5}).json()
    assert (given["assignments"], given["done"], given["finished"]) == ([], 10, True)
    undone = client.post(f"{preview}api/undo", json={"assignment": first["id"]}).json()
    assert undone == {"assignment": first, "last": None}
    client.post(f"{preview}start")
    given = client.post(f"{preview}api/next", json={"count": 2}).json()
    assert (given["assignments"], given["done"]) == ([first, second], 0)
    assert "Alles zurückziehen" in client.get(f"{preview}withdraw").text
    assert client.post(f"{preview}withdraw").headers["location"] == "./"
    assert client.get(f"{preview}images/{2**70}.png").status_code == 404
    assert _dump(site) == stored
    for path in ("", "rate", "done", first["image"]):
        assert site.visitor().get(preview + path).status_code == 403


def _dump(site):
    with sqlite3.connect(site.path) as connection:
        return list(connection.iterdump())


def test_images_are_the_galleries_by_id(rated):
    client = _owner(rated)
    assert client.get(f"{rated.owner}images/img000003.png").content.startswith(b"\x89PNG")
    assert client.get(f"{rated.owner}images/img999999.png").status_code == 404


def test_downloads_are_what_the_estimator_takes_and_everything_that_happened(rated, tmp_path):
    client = _owner(rated)
    (tmp_path / "interactions.csv").write_text(client.get(f"{rated.owner}interactions.csv").text)
    table = read_interactions(tmp_path)
    # Without the rater who always gave 3 stars.
    assert len(table) == 12 and table["impressions"].sum() == 30
    rows = list(csv.DictReader(io.StringIO(client.get(f"{rated.owner}events.csv").text)))
    lines = client.get(f"{rated.owner}events.jsonl").text.splitlines()
    parsed = [json.loads(line) for line in lines]
    assert len(rows) == len(parsed) == 42
    assert [(row["kind"], float(row["value"]), row["image_id"]) for row in rows] == rated.events()
    assert [str(event["propensity"]) for event in parsed] == [row["propensity"] for row in rows]
    assert client.get(f"{rated.owner}events.xml").status_code == 422


def test_the_owner_of_a_mixed_study_is_told_what_to_export(make_site):
    site = make_site(settings={"galleries": {"before": "1", "after": "2"}})
    text = _owner(site).get(site.owner).text
    assert "bin/export_interactions" in text and "bin/train_estimator" not in text
