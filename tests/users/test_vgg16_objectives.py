"""VGG16 objectives by name."""

import pytest

from pirgan_tf.errors import InputError
from pirgan_tf.users import parse_objective

TWENTY_OF_FC6 = "vgg16:fc6:" + ",".join(str(number) for number in range(1000, 1020))


@pytest.mark.parametrize(
    ("text", "family", "layer", "slug"),
    [
        ("vgg16:pool1:63", "1 filter", "pool1", "vgg16-pool1-63"),
        ("vgg16:pool5:3,9,27", "3 filters", "pool5", "vgg16-pool5-3-9-27"),
        ("vgg16:fc8:0,999", "2 filters", "fc8", "vgg16-fc8-0-999"),
        ("color:red", "single color", None, "color-red"),
    ],
)
def test_names(text, family, layer, slug):
    objective = parse_objective(text)
    assert (objective.text, objective.family) == (text, family)
    assert (objective.layer, objective.slug) == (layer, slug)


def test_long_names_are_shortened_between_filters_and_stay_apart():
    slug = parse_objective(TWENTY_OF_FC6).slug
    other = parse_objective(TWENTY_OF_FC6.replace("1019", "1020")).slug
    assert len(slug) < 100
    assert slug != other
    # 15 filters are whole; then the 10 digits of the hash.
    whole, _, digest = slug.rpartition("-")
    assert whole == "vgg16-fc6-" + "-".join(str(number) for number in range(1000, 1015))
    assert len(digest) == 10
    assert parse_objective(TWENTY_OF_FC6).slug == slug


@pytest.mark.parametrize(
    ("text", "said", "meant"),
    [
        ("vgg16:pool5:9,3", "in ascending order", "vgg16:pool5:3,9"),
        ("vgg16:pool5:3,3,9", "must be different", "vgg16:pool5:3,9"),
        ("vgg16:pool6:3", "Received: 'pool6' in", "vgg16:pool5:3"),
        ("vgg16:Pool_4: 9 3", "Received: 'Pool_4' in", "vgg16:pool4:3,9"),
        ("vgg16:fc1:3", "Received: 'fc1' in", "vgg16:fc6:3"),
        ("vgg16:predictions:3", "Received: 'predictions' in", "vgg16:fc8:3"),
        ("vgg16:block2_pool:3", "Received: 'block2_pool' in", "vgg16:pool2:3"),
        ("vgg16:pool5:03", "Received: '03' in", "vgg16:pool5:3"),
        ("vgg16:pool5:٣", "Received: '٣' in", "vgg16:pool5:3"),
        ("vgg16:pool5:3,", "Received: '' in", "vgg16:pool5:3"),
        ("vgg16:pool5-3", "Received: 'pool5-3' in", "vgg16:pool5:3"),
        ("vgg:pool5:3", "must begin with color or vgg16", "vgg16:pool5:3"),
        ("VGG16:pool5:3", "must begin with color or vgg16", "vgg16:pool5:3"),
        ("pool5:3,9", "must begin with color or vgg16", "vgg16:pool5:3,9"),
    ],
)
def test_nearly_right_text_gets_a_suggestion_that_works(text, said, meant):
    with pytest.raises(InputError) as raised:
        parse_objective(text)
    message = str(raised.value)
    assert text in message and said in message
    assert message.endswith(f"did you mean {meant}?")
    assert "\n" not in message
    assert parse_objective(meant).text == meant


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("vgg16:pool1:64", ["'64'", "filters of pool1 must be numbers from 0 to 63"]),
        ("vgg16:fc8:1,1000", ["'1000'", "filters of fc8 must be numbers from 0 to 999"]),
        ("vgg16:pool2:" + "9" * 5000, ["filters of pool2 must be numbers from 0 to 127"]),
        ("vgg16:pool1:" + ",".join(map(str, range(65))), ["'64'", "0 to 63"]),
        ("vgg16:conv:3", ["Received: 'conv' in", "write vgg16:pool5:17"]),
        ("vgg16:pool5:", ["Received: '' in", "write vgg16:pool5:17"]),
        ("vgg16:pool5:all", ["Received: 'all' in"]),
        ("vgg16:", ["Received: '' in"]),
    ],
)
def test_wrong_text_says_what_is_right(text, words):
    with pytest.raises(InputError) as raised:
        parse_objective(text)
    for word in words:
        assert word in str(raised.value)
    assert "did you mean" not in str(raised.value)
    assert "\n" not in str(raised.value)
