import subprocess
import sys

import pytest

from pirgan_tf.errors import InputError
from pirgan_tf.users import parse_objective


@pytest.mark.parametrize(
    ("text", "family", "slug"),
    [
        ("color:red", "single color", "color-red"),
        ("color:red-blue", "two colors", "color-red-blue"),
        ("color:green-blue-red", "three colors", "color-green-blue-red"),
    ],
)
def test_names(text, family, slug):
    objective = parse_objective(text)
    assert (objective.text, objective.family, objective.slug) == (text, family, slug)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("color:redd", "color:red"),
        ("color:Red", "color:red"),
        ("Color:Red", "color:red"),
        ("colour:red", "color:red"),
        ("colr:red-bleu", "color:red-blue"),
        ("color:red,blue", "color:red-blue"),
        ("color:red:blue", "color:red-blue"),
        ("color: red", "color:red"),
        ("color:gbr", "color:green-blue-red"),
        ("color:r", "color:red"),
        ("color:red-", "color:red"),
        ("color:red-red", "color:red"),
        ("color:red-green-blue-red", "color:red-green-blue"),
        ("red", "color:red"),
        ("red-blue", "color:red-blue"),
    ],
)
def test_nearly_right_text_gets_a_suggestion_that_works(text, meant):
    with pytest.raises(InputError) as raised:
        parse_objective(text)
    message = str(raised.value)
    assert text in message
    assert message.endswith(f"did you mean {meant}?")
    assert "\n" not in message
    assert parse_objective(meant).text == meant


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("shape:round", ["shape:round", "known kind", "color:red", "vgg16:pool5:17"]),
        ("beauty", ["beauty", "known kind", "color:red"]),
        ("", ["''", "known kind"]),
        ("color:", ["one to three different", "write color:red"]),
        ("color:purple", ["one to three different ones of red, green, blue", "write color:red"]),
        ("color:red-green-blue-red", ["one to three different"]),
        ("color:red-red", ["one to three different"]),
        (None, ["None", "color:red"]),
    ],
)
def test_wrong_text_says_what_is_right(text, words):
    with pytest.raises(InputError) as raised:
        parse_objective(text)
    for word in words:
        assert word in str(raised.value)
    assert "\n" not in str(raised.value)


def test_parsing_and_measuring_load_no_tensorflow():
    code = (
        "import sys, numpy; from pirgan_tf.users import parse_objective, read_interactions\n"
        "parse_objective('color:red')(numpy.zeros([1, 4, 4, 3], numpy.uint8))\n"
        "sys.exit(any(name.startswith('tensorflow') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
