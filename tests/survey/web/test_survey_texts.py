"""The texts that raters read."""

import pytest

from pirgan_tf.errors import InputError
from pirgan_tf.survey.texts import read_texts


def test_ours_are_there_and_an_owners_stand_in_their_place(tmp_path):
    ours = read_texts(None)
    (tmp_path / "closing.md").write_text("Danke **schön**!\n", encoding="utf-8")
    theirs = read_texts(tmp_path)
    assert "<h1>Which images do you like?</h1>" in ours.intro
    assert theirs.intro == ours.intro
    assert theirs.closing == "<p>Danke <strong>schön</strong>!</p>\n"


def test_html_is_shown_as_text(tmp_path):
    (tmp_path / "intro.md").write_text("<script>alert(1)</script>\n\n[x](javascript:alert(1))")
    intro = read_texts(tmp_path).intro
    assert "<script" not in intro and "&lt;script&gt;" in intro
    assert "href" not in intro


def test_a_page_shows_the_owners_text(make_site, tmp_path):
    (tmp_path / "intro.md").write_text("# Rate our hills")
    site = make_site(texts=tmp_path)
    text = site.visitor().get(site.link).text
    assert "<h1>Rate our hills</h1>" in text and "I agree, begin" in text


def test_a_folder_without_either_is_refused(tmp_path):
    with pytest.raises(InputError) as refused:
        read_texts(tmp_path)
    assert str(refused.value) == (
        f"texts must be a folder with intro.md or closing.md. Received: {tmp_path}"
    )


def test_a_text_that_is_not_utf8_is_refused(tmp_path):
    (tmp_path / "intro.md").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match=r"must be in UTF-8. Received: .*intro\.md"):
        read_texts(tmp_path)
