"""What raters read: ours in two languages, and a study's own in their place."""

import html
import json
import re

import pytest


def _pages(site):
    """Returns the start page, the rating page and the last page."""
    client = site.visitor()
    start = client.get(site.link).text
    client.post(f"{site.link}start")
    rate = client.get(f"{site.link}rate").text
    while assignments := site.next(client):
        for assignment in assignments:
            site.rate(client, assignment["id"])
    return start, rate, client.get(f"{site.link}done").text


def test_a_study_without_settings_is_in_english(site):
    start, rate, done = _pages(site)
    for text in (start, rate, done):
        assert '<html lang="en">' in text
    assert "<h1>Which images do you like?</h1>" in start and "I agree, begin" in start
    assert re.search(r"<dt>Images</dt><dd>10</dd>", start) and "minutes" not in start
    assert ">How much do you like this image?</h1>" in rate and "<span>not at all</span>" in rate
    assert "Your completion code" in done


def test_settings_stand_where_they_belong(make_site):
    site = make_site(
        presentation={
            "language": "de",
            "name": "Farben",
            "question": "Wie <blau>?",
            "labels": ["grau", "blau"],
            "image_size": 200,
            "minutes": 2.5,
            "closing": "Danke **schön**!",
            "contact": "Fragen an <farben@example.org>",
            "retention": "zwei Jahre",
            "withdrawal": "Schreiben Sie uns.",
            "texts": {"agree": "Los"},
        }
    )
    start, rate, done = _pages(site)
    for text in (start, rate, done):
        assert '<html lang="de">' in text and "<title>Farben</title>" in text
    assert "<h1>Welche Bilder gefallen Ihnen?</h1>" in start and ">Los</button>" in start
    assert "<dt>Minuten, ungefähr</dt><dd>2.5</dd>" in start
    for text in (start, done):
        assert '<a href="mailto:farben@example.org">' in text
        assert "zwei Jahre" in text and "Schreiben Sie uns." in text
    assert ">Wie &lt;blau&gt;?</h1>" in rate and 'data-size="200"' in rate
    assert "<span>grau</span>" in rate and "<span>blau</span>" in rate
    assert 'aria-label="1 Stern"' in rate and 'aria-label="3 Sterne"' in rate
    words = json.loads(html.unescape(re.search(r"data-words='([^']*)'", rate)[1]))
    assert words["agree"] == "Los" and words["undone"] == "Zurückgenommen."
    assert "Danke <strong>schön</strong>!" in done and "Letzte Antwort zurücknehmen" in done


@pytest.mark.parametrize("name", ["intro", "contact"])
def test_html_in_a_text_is_shown_as_text(make_site, name):
    given = {"language": "en", name: "<script>alert(1)</script>\n\n[x](javascript:alert(1))"}
    site = make_site(presentation=given)
    text = site.visitor().get(site.link).text
    assert "<script" not in text and "&lt;script&gt;" in text
    assert "javascript:" in text and 'href="javascript' not in text
