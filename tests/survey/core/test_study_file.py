"""The settings file of a study: what it may hold, and one line for what it may not."""

import json

import pytest

from pirgan_tf import survey
from pirgan_tf.errors import InputError
from pirgan_tf.survey.study_file import LANGUAGES, page_words

FRENCH = {
    "language": "fr",
    "question": "Est-ce beau ?",
    "labels": ["pas du tout", "beaucoup"],
    "intro": "Bonjour",
    "closing": "Merci",
    "texts": dict.fromkeys(sorted(set(page_words("en")) - {"question", "low", "high"}), "x"),
}


@pytest.fixture
def write(tmp_path):
    def write(content):
        path = tmp_path / "study.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return write


def test_long_texts_may_be_lists_of_lines(write):
    given = {"language": "de-AT", "intro": ["# Hallo", "", "Los!"], "minutes": 5}
    assert survey.read_study_file(write(given)) == given | {"intro": "# Hallo\n\nLos!"}
    assert survey.read_study_file(write(FRENCH)) == FRENCH


def test_our_languages_say_the_same_things():
    english = page_words("en")
    for language in LANGUAGES:
        words = page_words(language)
        assert list(words) == list(english)
        for name, text in words.items():
            # What the page puts in.
            assert sorted(part.split("}")[0] for part in text.split("{")[1:]) == sorted(
                part.split("}")[0] for part in english[name].split("{")[1:]
            ), name


@pytest.mark.parametrize(
    "content, words",
    [
        ('{"language": "en",\n"name": "a"\n"question": "b"}', ("which is not JSON", "line 3")),
        ("[]", ("study must be a JSON file of settings", "holds no object")),
        ({"question": "How blue?"}, ("lacks the field 'language'",)),
        ({"language": "en", "qestion": "?"}, ("'qestion'; did you mean 'question'?",)),
        ({"language": ""}, ("language must be like en, de or pt-BR", "''")),
        ({"language": "Deutsch!"}, ("language must be like", "'Deutsch!'")),
        ({"language": "fr", "question": "Beau ?"}, ("labels must be given in a language", "'fr'")),
        (FRENCH | {"texts": {"undo": "x"}}, ("texts must have all of agree, ", "'fr'")),
        ({"language": "en", "texts": {"udno": "x"}}, ("'udno'; did you mean 'undo'?",)),
        ({"language": "en", "texts": {"undo": 3}}, ("texts must be text that is not empty", "3")),
        ({"language": "en", "question": "  "}, ("question must be text that is not empty",)),
        ({"language": "en", "question": "a\0"}, ("question must be text", "'a\\x00'")),
        ({"language": "en", "question": 3}, ("a field 'question' that is not text",)),
        ({"language": "en", "labels": ["bad"]}, ("labels must be two texts", "['bad']")),
        ({"language": "en", "labels": ["bad", ""]}, ("labels must be text",)),
        ({"language": "en", "intro": []}, ("intro must be text that is not empty",)),
        ({"language": "en", "intro": ["a", 1]}, ("intro must be text", "1")),
        ({"language": "en", "image_size": 15}, ("image_size must be from 16 to 4096", "15")),
        ({"language": "en", "images_per_rater": 0}, ("images_per_rater must be from 1", "0")),
        ({"language": "en", "invited_by": "a b"}, ("invited_by must be a name like", "'a b'")),
        ({"language": "en", "completion_url": "javascript:1"}, ("completion_url must be like",)),
        ({"language": "en", "minutes": 0}, ("minutes must be from 0.1", "0")),
        ({"language": "en", "minutes": True}, ("a field 'minutes' that is not a number",)),
    ],
)
def test_a_mistake_is_one_line_that_names_the_file(write, content, words):
    path = write(content)
    with pytest.raises(InputError) as refused:
        survey.read_study_file(path)
    text = str(refused.value)
    assert "\n" not in text and str(path) in text
    for word in words:
        assert word in text
