"""Lists of objectives: given as words, as a file, and the paper's."""

import pytest

from pirgan_tf.errors import InputError
from pirgan_tf.users import (
    VGG16_LAYERS,
    format_objective_list,
    paper_objectives,
    parse_objective_list,
)


def refusal(text):
    with pytest.raises(InputError) as raised:
        parse_objective_list(str(text))
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_words():
    texts = ["color:red", "vgg16:pool5:3,9", "color:blue"]
    assert parse_objective_list(" color:red vgg16:pool5:3,9\n\tcolor:blue ") == texts
    long = [f"vgg16:fc6:{number}" for number in range(500)]
    assert parse_objective_list(" ".join(long)) == long


def test_a_file_with_comments_and_empty_lines(tmp_path):
    file = tmp_path / "my list.txt"
    file.write_bytes(
        b"\xef\xbb\xbf# Mine: color:green is not.\r\n\r\ncolor:red  # single color\r\n"
        b"  vgg16:pool5:3,9# 2 filters"
    )
    assert parse_objective_list(str(file)) == ["color:red", "vgg16:pool5:3,9"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("color:red color:gren", ["'color:gren'", "did you mean color:green?"]),
        ("color:red color:red", ["different", "color:red again"]),
        ("", ["one or several"]),
        (" ", ["one or several"]),
        ("no/such.txt", ["no such file", "Received: 'no/such.txt'"]),
        ("red", ["no such file", "did you mean color:red?"]),
    ],
)
def test_wrong_words(text, words):
    for word in words:
        assert word in refusal(text)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("color:red\n\n# x\ncolor:gren # y\n", ["(line 4 of", "'color:gren'", "did you mean"]),
        ("color:red\nvgg16:pool1:64\n", ["(line 2 of", "from 0 to 63"]),
        ("color:red\ncolor:blue\ncolor:red\n", ["(line 3 of", "color:red again"]),
        ("color:red color:blue\n", ["(line 1 of"]),
        ("# nothing\n", ["at least one"]),
    ],
)
def test_wrong_files(tmp_path, content, words):
    file = tmp_path / "list.txt"
    file.write_text(content)
    message = refusal(file)
    for word in [str(file), *words]:
        assert word in message


def test_files_that_cannot_be_read(tmp_path):
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    assert "UTF-8" in refusal(tmp_path / "binary")
    assert "no such file" in refusal(tmp_path)


def test_the_papers_objectives():
    objectives = paper_objectives()
    families = [objective.family for objective in objectives]
    assert len(objectives) == len({objective.text for objective in objectives}) == 161
    assert [families.count(f) for f in ("single color", "two colors", "three colors")] == [3, 6, 3]
    assert {o.text for o in objectives[9:12]} == {
        "color:red-green-blue",
        "color:green-blue-red",
        "color:blue-red-green",
    }
    for layer, sets in zip(VGG16_LAYERS, (3, 6, 10, 10, 10, 10, 10, 10), strict=True):
        chosen = [o for o in objectives if o.layer == layer]
        single = [o for o in chosen if o.family == "1 filter"]
        twenty = [o for o in chosen if o.family == "20 filters"]
        assert (len(single), len(twenty), len(chosen)) == (10, sets, 10 + sets)
        members = [number for o in twenty for number in o.text.split(":")[2].split(",")]
        assert len(set(members)) == len(members) == 20 * sets
    assert len({objective.slug for objective in objectives}) == 161
    assert max(len(objective.slug) for objective in objectives) < 100


def test_a_shorter_list_is_part_of_a_longer_one_and_another_seed_gives_others():
    def texts(**options):
        return {objective.text for objective in paper_objectives(**options)}

    short = texts(layers=["pool5", "pool2"], filters=2, sets=1, colors=False)
    assert len(short) == 6
    assert short < texts()
    assert texts() == texts(seed=0)
    assert len(texts(colors=False) & texts(colors=False, seed=1)) < 10


def test_other_shapes_of_lists():
    few = paper_objectives(layers=["pool1"], filters=0, sets=9, set_size=32, colors=False)
    assert [o.family for o in few] == ["32 filters", "32 filters"]
    assert len(paper_objectives(layers=[])) == 12
    assert len(paper_objectives(layers=["pool1"], filters=64, sets=0, colors=False)) == 64


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"layers": ["pool6"]}, ["pool1, pool2", "'pool6'"]),
        ({"layers": ["pool1", "pool1"]}, ["different", "pool1, pool1"]),
        ({"filters": 65}, ["filters must be at most 64", "pool1", "65"]),
        ({"layers": ["pool2"], "set_size": 129}, ["set_size must be at most 128", "pool2", "129"]),
        ({"filters": -1}, ["filters must be at least 0"]),
        ({"sets": -1}, ["sets must be at least 0"]),
        ({"set_size": 1}, ["set_size must be at least 2", "1"]),
        ({"seed": -1}, ["seed must be at least 0"]),
    ],
)
def test_lists_that_cannot_be(options, words):
    with pytest.raises(InputError) as raised:
        paper_objectives(**options)
    for word in words:
        assert word in str(raised.value)


def test_a_written_list_is_read_back(tmp_path):
    objectives = paper_objectives(layers=["pool1"], filters=1, sets=1)
    content = format_objective_list(objectives)
    assert content.startswith("color:red  # single color\n")
    (tmp_path / "list.txt").write_text(content)
    assert parse_objective_list(str(tmp_path / "list.txt")) == [o.text for o in objectives]
