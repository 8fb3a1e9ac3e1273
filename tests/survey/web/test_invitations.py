"""Who may begin: by a platform's id, by a link made beforehand, and while the study is open."""

import csv
import io
import re

import pytest

from pirgan_tf import survey

PROLIFIC = "?PROLIFIC_PID=5f1&STUDY_ID=7&SESSION_ID=8"
NOT_INVITED = "Please open the link of your invitation"


def _begin(site, query, client=None):
    """Follows an invitation in a new browser, as its start page says."""
    client = client or site.visitor()
    start = client.get(f"{site.link}{query}")
    assert start.status_code == 200, start.text
    action = re.search(r'action="(start[^"]*)"', start.text)[1]
    assert client.post(f"{site.link}{action}").headers["location"] == "rate"
    return client


def _raters(site):
    client = site.visitor()
    client.post(f"{site.owner}login", data={"token": site.token})
    return list(csv.DictReader(io.StringIO(client.get(f"{site.owner}raters.csv").text)))


@pytest.mark.parametrize("query", [PROLIFIC, "?assignmentId=3&workerId=5f1"])
def test_one_id_is_one_rater_who_goes_on_in_another_browser(site, query):
    phone = _begin(site, query)
    [first, second] = site.next(phone, 2)
    site.rate(phone, first["id"])
    desk = _begin(site, query)
    assert site.next(desk, 1) == [second]
    assert [rater["invitation"] for rater in _raters(site)] == ["5f1"]
    # The browser before is told to use the link again.
    assert phone.post(f"{site.link}api/next", json={"count": 1}).status_code == 401
    _begin(site, query, phone)
    assert site.next(phone, 1) == [second]


def test_without_a_rule_the_links_id_is_not_needed_and_the_cookie_stays(site):
    client = _begin(site, "")
    [given] = site.next(client, 1)
    _begin(site, "", client)
    assert site.next(client, 1) == [given]
    other = _begin(site, PROLIFIC, client)
    assert site.next(other, 1) != [given]
    assert [rater["invitation"] for rater in _raters(site)] == ["", "5f1"]


def test_a_study_by_invitation_takes_nobody_else(make_site):
    site = make_site(presentation={"language": "de", "invited_by": "participant"})
    for query in (
        "",
        PROLIFIC,
        "?participant=",
        "?participant={{id}}",
        "?participant=" + "x" * 101,
    ):
        client = site.visitor()
        for answer in (client.get(site.link + query), client.post(f"{site.link}start{query}")):
            assert answer.status_code == 403
            assert "Bitte öffnen Sie den Link aus Ihrer Einladung" in answer.text
    assert _raters(site) == []
    client = _begin(site, "?participant=a.b")
    # Who has begun needs the id no more.
    assert _begin(site, "", client) is client
    assert "Außerdem wird die Kennung" in client.get(f"{site.link}?participant=a.b").text


def test_links_made_beforehand_begin_one_rater_each(site):
    codes = survey.make_invitations(site.database, site.study, 2)
    assert survey.make_invitations(site.database, site.study, 1) == codes
    more = survey.make_invitations(site.database, site.study, 3)
    assert more[:2] == codes and len(set(more)) == 3
    for query in ("", PROLIFIC, "?invitation=guessed", "?invitation=%00"):
        assert NOT_INVITED in site.visitor().get(f"{site.link}{query}").text
    for _ in range(2):
        _begin(site, f"?invitation={codes[1]}")
    assert [rater["invitation"] for rater in _raters(site)] == [codes[1]]


def test_the_last_page_leads_on_with_the_code(make_site):
    url = "https://example.org/done?cc={code}&x=1"
    site = make_site(images=1, presentation={"language": "en", "completion_url": url})
    client = _begin(site, PROLIFIC)
    [assignment] = site.next(client)
    site.rate(client, assignment["id"])
    site.next(client)
    page = client.get(f"{site.link}done").text
    [rater] = _raters(site)
    code = rater["completion_code"]
    assert re.fullmatch("[0-9A-F]{8}", code)
    assert f'href="https://example.org/done?cc={code}&amp;x=1"' in page
    assert (rater["answers"], rater["done"], rater["excluded"]) == ("1", "1", "False")
    assert float(rater["finished_at"]) >= float(rater["started_at"])


def test_a_closed_study_says_so_keeps_answers_and_can_be_reopened(site):
    owner = site.visitor()
    assert owner.post(f"{site.owner}state", data={"state": "closed"}).status_code == 403
    owner.post(f"{site.owner}login", data={"token": site.token})
    client = _begin(site, "")
    [late] = site.next(client, 1)
    assert owner.post(f"{site.owner}state", data={"state": "closed"}).status_code == 303
    assert "Reopen the study" in owner.get(site.owner).text
    for answer in (site.visitor().get(site.link), site.visitor().post(f"{site.link}start")):
        assert "This study is closed at the moment." in answer.text
    # What was on the page already is taken.
    assert site.rate(client, late["id"]).status_code == 200
    answer = client.post(f"{site.link}api/next", json={"count": 1}).json()
    assert (answer["assignments"], answer["closed"], answer["finished"]) == ([], True, False)
    assert len(_raters(site)) == 1
    owner.post(f"{site.owner}state", data={"state": "open"})
    assert len(site.next(client, 1)) == 1 and len(site.events()) == 1
    _begin(site, "")
    assert owner.post(f"{site.owner}state", data={"state": "gone"}).status_code == 422


def test_a_closed_page_study_shows_nothing(make_site):
    origin = "https://owner.test"
    site = make_site("page", allowed_origins=(origin,))
    owner = site.visitor()
    owner.post(f"{site.owner}login", data={"token": site.token})
    owner.post(f"{site.owner}state", data={"state": "closed"})
    given = site.visitor(origin=origin).post(f"{site.link}page/next", content="{}").json()
    assert given["image"] is None and _raters(site) == []


def test_a_rater_withdraws_by_the_link_on_every_page(site):
    stranger = site.visitor()
    assert stranger.get(f"{site.link}withdraw").headers["location"] == "./"
    assert stranger.post(f"{site.link}withdraw").status_code == 401
    client = _begin(site, PROLIFIC)
    for page in ("", "rate"):
        assert 'href="withdraw"' in client.get(site.link + page).text
    [given] = site.next(client, 1)
    site.rate(client, given["id"])
    assert "Withdraw everything" in client.get(f"{site.link}withdraw").text
    answer = client.post(f"{site.link}withdraw")
    assert "Your answers are withdrawn." in answer.text
    assert site.events() == [] and _raters(site) == []
    assert "rater" not in client.cookies
    assert client.get(f"{site.link}rate").headers["location"] == "./"
    # The same id is somebody new.
    _begin(site, PROLIFIC)
    assert [rater["rater"] for rater in _raters(site)] == ["2"]
