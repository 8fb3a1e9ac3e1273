"""The rating page's requests: what is given, stored, and refused with nothing stored."""

import io
import sqlite3
import time

import numpy as np
import PIL.Image
import pytest


def _error(answer, status):
    assert answer.status_code == status, answer.text
    assert list(answer.json()) == ["error"]
    return answer.json()["error"]


def test_a_rater_rates_all_images_once_and_gets_a_code(site):
    client = site.rater()
    given = []
    while assignments := site.next(client, 4):
        for assignment in assignments:
            assert site.rate(client, assignment["id"]).status_code == 200
            given.append(assignment["id"])
    assert len(set(given)) == len(given) == 10
    kinds, values, images = zip(*site.events(), strict=True)
    assert set(kinds) == {"rating"} and set(values) == {4} and len(set(images)) == 10
    page = client.get(f"{site.link}done")
    with site.database.read() as session:
        [code] = session.connection().exec_driver_sql("SELECT completion_code FROM raters").one()
    assert page.status_code == 200 and f'<p class="code">{code}</p>' in page.text


def test_done_before_the_end_leads_back_to_the_images(site):
    answer = site.rater().get(f"{site.link}done")
    assert (answer.status_code, answer.headers["location"]) == (303, "rate")


def test_next_tells_progress_and_gives_what_is_open_again(site):
    client = site.rater()
    first = site.next(client)
    site.rate(client, first[0]["id"])
    answer = client.post(f"{site.link}api/next", json={"count": 4}).json()
    assert answer == {
        "assignments": first[1:],
        "done": 1,
        "total": 10,
        "last": first[0]["id"],
        "finished": False,
        "closed": False,
    }


def test_an_assigned_image_is_the_gallerys(site):
    client = site.rater()
    [assignment] = site.next(client, 1)
    answer = client.get(site.link + assignment["image"])
    assert answer.headers["content-type"] == "image/png"
    pixels = np.asarray(PIL.Image.open(io.BytesIO(answer.content)))
    site.rate(client, assignment["id"])
    [(_, _, image_id)] = site.events()
    index = int(image_id.removeprefix("img"))
    colors = np.random.default_rng(0).integers(0, 256, (12, 1, 1, 3), np.uint8)
    assert pixels.shape == (64, 64, 3) and (pixels == colors[index]).all()


def _undo(site, client, assignment):
    return client.post(f"{site.link}api/undo", json={"assignment": assignment["id"]})


def test_undo_opens_the_last_answer_which_can_be_changed(site):
    client = site.rater()
    first, second = site.next(client, 2)
    site.rate(client, first["id"], 2)
    client.post(f"{site.link}api/skip", json={"assignment": second["id"]})
    # Each is sent twice, as when the first answer was lost.
    for taken, before in ((second, first["id"]), (first, None)):
        for _ in range(2):
            answer = _undo(site, client, taken)
            assert answer.json() == {"assignment": taken, "last": before}
    [third] = [each for each in site.next(client, 3) if each not in (first, second)]
    assert _error(_undo(site, client, third), 409) == "There is nothing to undo."
    assert site.rate(client, first["id"], 5).status_code == 200
    assert [event[:2] for event in site.events()] == [
        ("rating", 2),
        ("skip", None),
        ("undo", 2),
        ("undo", 1),
        ("rating", 5),
    ]


@pytest.mark.parametrize(
    "body, status, words",
    [
        ({"assignment": 999, "value": 3}, 404, "not given to you"),
        ({"assignment": 2**70, "value": 3}, 404, "not given to you"),
        ({"assignment": -1, "value": 3}, 404, "not given to you"),
        ({"assignment": "OWN", "value": 0}, 422, "from 1 to 5"),
        ({"assignment": "OWN", "value": 6}, 422, "from 1 to 5"),
        ({"assignment": "OWN", "value": 4.5}, 422, "value"),
        ({"assignment": "OWN", "value": "4"}, 422, "value"),
        ({"assignment": "OWN", "value": True}, 422, "value"),
        ({"assignment": "OWN", "value": None}, 422, "value"),
        ({"assignment": "OWN"}, 422, "value"),
        ({"value": 4}, 422, "assignment"),
        ({"assignment": "OWN", "value": 4, "shown_ms": -1}, 422, "shown_ms"),
        ({"assignment": "OWN", "value": 4, "shown_ms": "soon"}, 422, "shown_ms"),
        ({"assignment": "OWN", "value": 4, "rater": 1}, 422, "rater"),
        ([4], 422, "body"),
    ],
)
def test_a_wrong_vote_is_refused_and_not_stored(site, body, status, words):
    client = site.rater()
    [own] = site.next(client, 1)
    if isinstance(body, dict) and body.get("assignment") == "OWN":
        body = body | {"assignment": own["id"]}
    assert words in _error(client.post(f"{site.link}api/rate", json=body), status)
    assert site.events() == []


@pytest.mark.parametrize(
    "content, status",
    [(b'{"assignment":', 400), (b"\xff\xfe", 400), (b"", 422), (b"[" * 16000, 400)],
)
def test_a_malformed_body_is_refused(site, content, status):
    client = site.rater()
    json_type = {"content-type": "application/json"}
    _error(client.post(f"{site.link}api/rate", content=content, headers=json_type), status)
    assert site.events() == []


def test_a_long_body_is_refused_also_when_it_does_not_tell_its_length(site):
    client = site.rater()
    headers = {"content-type": "application/json"}
    content = b'{"count": ' + b" " * 20_000 + b"5}"
    chunks = (content[start : start + 1000] for start in range(0, len(content), 1000))
    for body in (content, chunks):
        answer = client.post(f"{site.link}api/next", content=body, headers=headers)
        assert _error(answer, 413) == "The request is longer than 16384 bytes."


def test_a_second_vote_is_refused(site):
    client = site.rater()
    [assignment] = site.next(client, 1)
    site.rate(client, assignment["id"], 2)
    assert "before" in _error(site.rate(client, assignment["id"], 5), 409)
    assert [event[:2] for event in site.events()] == [("rating", 2)]


def test_anothers_image_can_be_neither_rated_nor_seen(site):
    mine, yours = site.rater(), site.rater()
    [assignment] = site.next(yours, 1)
    _error(site.rate(mine, assignment["id"]), 404)
    _error(mine.get(site.link + assignment["image"]), 404)
    assert site.events() == []


@pytest.mark.parametrize("cookie", [None, "forged", "x" * 4000])
def test_without_the_servers_cookie_nothing_is_given_or_stored(site, cookie):
    [assignment] = site.next(site.rater(), 1)
    stranger = site.visitor()
    if cookie:
        stranger.cookies.set("rater", cookie, path=site.link)
    _error(stranger.post(f"{site.link}api/next", json={"count": 1}), 401)
    _error(site.rate(stranger, assignment["id"]), 401)
    _error(_undo(site, stranger, assignment), 401)
    _error(stranger.get(site.link + assignment["image"]), 401)
    for page in ("rate", "done"):
        answer = stranger.get(site.link + page)
        assert (answer.status_code, answer.headers["location"]) == (303, "./")
    assert site.events() == []


def test_a_forged_cookie_is_replaced_and_a_good_one_kept(site):
    client = site.visitor()
    client.cookies.set("rater", "forged", domain="survey.test", path=site.link)
    issued = client.post(f"{site.link}start").cookies["rater"]
    assert issued != "forged" and len(issued) >= 20
    client = site.visitor()
    client.cookies.set("rater", issued, domain="survey.test", path=site.link)
    assert client.post(f"{site.link}start").cookies["rater"] == issued
    with site.database.read() as session:
        assert session.connection().exec_driver_sql("SELECT count(*) FROM raters").scalar() == 1


def test_a_late_answer_is_kept_though_its_image_went_to_somebody_else(make_site):
    site = make_site(images=1, raters_per_image=1, assignment_seconds=0.05)
    late = site.rater()
    [assignment] = site.next(late, 1)
    time.sleep(0.1)
    [again] = site.next(site.rater(), 1)
    assert again["id"] != assignment["id"]
    assert site.rate(late, assignment["id"]).status_code == 200


def test_who_finds_all_images_held_is_not_finished(make_site):
    site = make_site(images=2, raters_per_image=1)
    holder, other = site.rater(), site.rater()
    site.next(holder)
    answer = other.post(f"{site.link}api/next", json={"count": 5}).json()
    assert (answer["assignments"], answer["finished"]) == ([], False)
    assert other.get(f"{site.link}done").headers["location"] == "rate"


def test_a_study_that_wants_no_more_answers_takes_no_more_raters(make_site):
    site = make_site(images=1, raters_per_image=1)
    first = site.rater()
    [assignment] = site.next(first, 1)
    assert site.rate(first, assignment["id"]).status_code == 200
    answer = site.visitor().post(f"{site.link}start")
    assert answer.status_code == 200 and "set-cookie" not in answer.headers
    assert "All images have their answers" in answer.text
    assert len(_rows(site, "raters")) == 1
    # Who has begun gets to the end.
    assert site.next(first) == []
    assert first.get(f"{site.link}done").status_code == 200


def test_the_last_answer_can_be_taken_back_on_the_last_page(make_site):
    site = make_site(images=1)
    client = site.rater()
    for value in (1, 5):
        [assignment] = site.next(client, 1)
        site.rate(client, assignment["id"], value)
        assert site.next(client) == []
        last = client.get(f"{site.link}done")
        assert f'name="assignment" value="{assignment["id"]}"' in last.text
        if value == 1:
            answer = client.post(f"{site.link}undo", data={"assignment": assignment["id"]})
            assert (answer.status_code, answer.headers["location"]) == (303, "rate")
            assert client.get(f"{site.link}done").headers["location"] == "rate"
    assert [event[:2] for event in site.events()] == [("rating", 1), ("undo", 1), ("rating", 5)]


def test_looking_at_the_last_page_writes_nothing(site):
    client = site.rater()
    for _ in range(3):
        assert client.get(f"{site.link}done").status_code == 303
    assert _rows(site, "assignments") == []


def test_strangers_do_not_wait_for_the_right_to_write(site, monkeypatch):
    written = []
    write = site.database.write
    monkeypatch.setattr(type(site.database), "write", lambda self: written.append(self) or write())
    stranger = site.visitor()
    for path, body in {
        "api/next": {"count": 1},
        "api/rate": {"assignment": 1, "value": 3},
        "api/skip": {"assignment": 1},
        "api/undo": {"assignment": 1},
    }.items():
        _error(stranger.post(site.link + path, json=body), 401)
        _error(stranger.post(f"/s/wrong/{path}", json=body), 404)
    _error(stranger.post("/s/wrong/start"), 404)
    assert stranger.get(f"{site.link}done").status_code == 303
    assert written == []


def test_a_repeat_looks_like_another_image_and_counts_in_the_progress(make_site):
    site = make_site(images=4, images_per_rater=4, settings={"repeats": 1})
    client = site.rater()
    for _ in range(2):
        [assignment] = site.next(client, 1)
        site.rate(client, assignment["id"])
    answer = client.post(f"{site.link}api/next", json={"count": 1}).json()
    assert (answer["done"], answer["total"]) == (2, 5)
    new, again = answer["assignments"]
    assert again == {"id": -2, "image": "images/2.png?again"}
    assert client.get(site.link + again["image"]).status_code == 200
    assert site.rate(client, -2, 1).status_code == 200
    answer = client.post(f"{site.link}api/next", json={"count": 1}).json()
    assert (answer["done"], answer["assignments"]) == (3, [new])
    assert [event[0] for event in site.events()] == ["rating", "rating", "repeat"]


def _rows(site, table):
    with site.database.read() as session:
        return session.connection().exec_driver_sql(f"SELECT * FROM {table}").all()


@pytest.mark.parametrize("count", [0, -1, 11, 10**30])
def test_only_a_few_images_are_given_ahead(site, count):
    assert "1 to 10" in _error(
        site.rater().post(f"{site.link}api/next", json={"count": count}), 422
    )


def test_a_locked_database_is_503_and_the_vote_is_not_acknowledged(site, monkeypatch):
    client = site.rater()
    [assignment] = site.next(client, 1)
    other = sqlite3.connect(site.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    # The wait is 5 s for users; a test need not take so long.
    with site.database.read() as session:
        session.connection().exec_driver_sql("PRAGMA busy_timeout = 50")
    answer = site.rate(client, assignment["id"])
    assert "saved" in _error(answer, 503) and answer.headers["retry-after"] == "5"
    other.execute("ROLLBACK")
    assert site.events() == []
    assert site.rate(client, assignment["id"]).status_code == 200


def test_an_absent_database_is_503(site):
    client = site.rater()
    [assignment] = site.next(client, 1)
    moved = site.path.rename(site.path.with_name("elsewhere"))
    _error(site.rate(client, assignment["id"]), 503)
    moved.rename(site.path)
    assert site.rate(client, assignment["id"]).status_code == 200


def test_a_full_disk_is_503_and_every_acknowledged_vote_is_stored(make_site):
    site = make_site(images=300, images_per_rater=300)
    client = site.rater()
    with site.database.read() as session:
        connection = session.connection()
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    acknowledged = 0
    answer = None
    while answer is None or answer.status_code == 200:
        acknowledged += answer is not None
        answer = client.post(f"{site.link}api/next", json={"count": 1})
        if answer.status_code == 200:
            answer = site.rate(client, answer.json()["assignments"][0]["id"])
    _error(answer, 503)
    assert acknowledged == len(site.events()) > 0
