"""Who may do what, and what every answer carries."""

import pytest
from fastapi import Request

from pirgan_tf import survey
from pirgan_tf.survey import limiter

_NOWHERE = """
    / /docs /openapi.json /s/ /s/wrong/ /s/wrong/rate /owner/wrong/ /demo/wrong
    /static/ /static/../app.py /static/%2e%2e/app.py
"""


@pytest.mark.parametrize("path", _NOWHERE.split())
def test_nothing_else_answers(site, path):
    answer = site.visitor().get(path)
    assert answer.status_code == 404
    assert list(answer.json()) == ["error"]


def test_a_wrong_method_is_405_and_a_person_gets_a_page(site):
    assert site.visitor().get(f"{site.link}api/rate").status_code == 405
    answer = site.visitor(accept="text/html").get("/s/wrong/")
    assert answer.status_code == 404
    assert "<h1>There is no such study.</h1>" in answer.text


def test_every_answer_forbids_what_the_pages_do_not_need(site):
    client = site.rater()
    paths = [site.link, f"{site.link}rate", site.owner, "/static/rate.js", "/wrong"]
    for answer in [client.get(path) for path in paths]:
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"]
        # Nothing that the policy would refuse.
        assert " style=" not in answer.text and "<style" not in answer.text
        assert "http://" not in answer.text.replace("http://survey.test/", "")


def test_cookies_are_for_this_study_this_site_and_not_for_scripts(site):
    cookie = site.visitor().post(f"{site.link}start").headers["set-cookie"]
    assert f"Path={site.link};" in cookie and "HttpOnly" in cookie and "SameSite=lax" in cookie
    assert "Secure" not in cookie
    secure = site.visitor().post(f"https://survey.test{site.link}start").headers["set-cookie"]
    assert "Secure" in secure
    form = {"token": site.token}
    cookie = site.visitor().post(f"{site.owner}login", data=form).headers["set-cookie"]
    assert f"Path={site.owner};" in cookie and "HttpOnly" in cookie and "SameSite=strict" in cookie


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://elsewhere.test"},
        {"origin": "null"},
        {"origin": "http://["},
        {"origin": "http://survey.test", "sec-fetch-site": "same-site"},
    ],
)
def test_a_page_of_another_site_cannot_vote(site, headers):
    client = site.rater()
    [assignment] = site.next(client, 1)
    client.headers.update(headers)
    assert site.rate(client, assignment["id"]).status_code == 403
    assert site.events() == []


def test_a_link_in_a_mail_or_on_another_site_opens_the_pages(site):
    client = site.rater(**{"sec-fetch-site": "none"})
    client.headers["sec-fetch-site"] = "cross-site"
    for path in (site.link, f"{site.link}rate", site.owner):
        assert client.get(path).status_code == 200


def test_the_servers_own_pages_can(site):
    client = site.rater()
    [assignment] = site.next(client, 1)
    client.headers.update({"origin": "http://survey.test"})
    assert site.rate(client, assignment["id"]).status_code == 200


def test_forwarded_headers_alone_change_nothing(site):
    forwarded = {"x-forwarded-proto": "https", "x-forwarded-for": "1.2.3.4"}
    assert "Secure" not in site.visitor(**forwarded).post(f"{site.link}start").headers["set-cookie"]


@pytest.mark.parametrize("token", ["", "wrong", "x" * 5000, "\x00", "é"])
def test_the_owners_page_is_closed_without_the_token(site, token):
    stranger = site.visitor()
    assert stranger.post(f"{site.owner}login", data={"token": token}).status_code == 403
    assert "Downloads" not in stranger.get(site.owner).text
    for name in ("interactions.csv", "events.csv", "events.jsonl", "images/img000000.png"):
        assert stranger.get(site.owner + name).status_code == 403


def test_the_token_of_one_study_opens_no_other(site, make_site):
    other = make_site("page")
    client = other.visitor()
    assert client.post(f"{other.owner}login", data={"token": site.token}).status_code == 403


def test_no_token_or_cookie_is_stored(site):
    client = site.rater()
    secrets = [site.token, client.cookies["rater"]]
    site.database.close()
    stored = b"".join(path.read_bytes() for path in site.path.parent.glob("rating.db*"))
    assert site.study.key.encode() in stored
    assert not [secret for secret in secrets if secret.encode() in stored]


def test_guessing_tokens_is_stopped_and_says_when_to_go_on(site):
    client = site.visitor()
    statuses = [
        client.post(f"{site.owner}login", data={"token": f"guess {number}"}).status_code
        for number in range(11)
    ]
    assert statuses == [403] * 10 + [429]
    answer = client.post(f"{site.owner}login", data={"token": site.token})
    assert answer.status_code == 429 and 0 < int(answer.headers["retry-after"]) <= 60


def test_a_raters_answers_are_limited_but_not_anothers(make_site, monkeypatch):
    monkeypatch.setitem(limiter.LIMITS, "answer", (3, 60))
    site = make_site()
    client, other = site.rater(), site.rater()
    assignments = site.next(client)
    statuses = [site.rate(client, each["id"]).status_code for each in assignments[:3]]
    assert statuses == [200, 200, 429]
    assert len(site.next(other)) == 5


def test_new_raters_of_one_network_are_few_but_for_links_of_their_own(make_site, monkeypatch):
    monkeypatch.setitem(limiter.LIMITS, "rater", (2, 3600))
    site = make_site()
    clients = [site.visitor() for _ in range(3)]
    starts = [client.post(f"{site.link}start").status_code for client in clients]
    assert starts == [303, 303, 429]
    # Who has begun goes on.
    assert clients[0].post(f"{site.link}start").status_code == 303
    assert clients[2].post(f"{site.link}start?PROLIFIC_PID=5f1").status_code == 429
    [code] = survey.make_invitations(site.database, site.study, 1)
    assert clients[2].post(f"{site.link}start?invitation={code}").status_code == 303


def test_a_limiter_remembers_few_clients_and_not_for_long(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(limiter.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(limiter, "MAX_CLIENTS", 50)
    counting = limiter.Limiter()
    for number in range(600):
        counting.check("login", str(number))
    assert len(counting._counts["login"]) == 50
    now[0] = 61
    counting.check("login", "another")
    assert list(counting._counts["login"]) == ["another"]


def test_forged_cookies_leave_no_trace(site):
    client = site.visitor()
    counting = client.app.state.web.limiter
    for number in range(30):
        client.cookies.set("rater", f"{number}" * 100, path=site.link)
        answer = client.post(f"{site.link}api/next", json={"count": 1})
        assert answer.status_code == 401
    assert not any(counting._counts.values())


@pytest.mark.parametrize(
    ("one", "other", "same", "neighbours"),
    [
        ("192.0.2.1", "192.0.2.9", False, True),
        ("192.0.2.1", "192.0.3.1", False, False),
        ("2001:db8::1", "2001:db8::2", True, True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False, True),
        ("2001:db8:1::1", "2001:db8:2::1", False, False),
        ("testclient", "testclient", True, True),
    ],
)
def test_addresses_of_one_network_are_one_client(one, other, same, neighbours):
    def address(host, **how):
        return limiter.address(Request({"type": "http", "client": (host, 1)}), **how)

    assert (address(one) == address(other)) == same
    assert (address(one, wide=True) == address(other, wide=True)) == neighbours
