import numpy as np
import pandas as pd
import pytest

from pirgan_tf.errors import InputError
from pirgan_tf.users import match_gallery, read_interactions, write_interactions

HEADER = "image_id,impressions,positives,pir\n"


def written(folder, text):
    file = folder / "interactions.csv"
    file.write_text(text, encoding="utf-8")
    return file


def test_round_trip(tmp_path):
    table = pd.DataFrame(
        {
            "image_id": ["007", "nan", "été, 1"],
            "impressions": [3, 1000, 7],
            "positives": [1, 1000, 0],
            "pir": [1 / 3, 1.0, 0.0],
        }
    )
    write_interactions(table, tmp_path / "rates.csv")
    read = read_interactions(tmp_path / "rates.csv")
    assert list(read["image_id"]) == ["007", "nan", "été, 1"]
    assert read["positives"].dtype == np.int64
    assert read["pir"].tolist() == [1 / 3, 1.0, 0.0]
    write_interactions(table, tmp_path)
    assert read_interactions(tmp_path).equals(read)


def test_weighted_sums_may_be_fractional_and_pir_may_be_absent(tmp_path):
    file = written(tmp_path, "positives,image_id,note,impressions\n2.5,a,x,4\n0,b,y,1\n")
    read = read_interactions(file)
    assert list(read.columns) == ["image_id", "impressions", "positives", "pir"]
    assert read["positives"].tolist() == [2.5, 0]
    assert read["pir"].tolist() == [0.625, 0]


def test_spreadsheet_habits_are_read(tmp_path):
    file = tmp_path / "interactions.csv"
    file.write_bytes(b"\xef\xbb\xbfimage_id,impressions,positives\r\n\r\na,10,5\r\n\r\n")
    assert read_interactions(file)["pir"].tolist() == [0.5]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["empty"]),
        (HEADER, ["must have rows"]),
        ("image_id,positives\na,1\n", ["columns impressions", "image_id, positives"]),
        (
            "image_id;impressions;positives\na;1;1\n",
            ["the columns", "image_id;impressions"],
        ),
        ("image_id,impressions,positives,positives\n", ["repeats 'positives'"]),
        (HEADER + "a,10,5,0.5\nb,10\n", ["line 3", "fields as the first, 4", "2"]),
        (HEADER + "a,10,5,0.5\n\na,10,5,0.5\n", ["line 4", "differ from those before", "'a'"]),
        (HEADER + ",10,5,0.5\n", ["line 2", "image_id", "empty"]),
        (HEADER + "a,10,many,0.5\n", ["line 2", "positives", "'many'"]),
        (HEADER + "a,10,nan,0.5\n", ["line 2", "positives", "'nan'"]),
        (HEADER + "a,,5,0.5\n", ["line 2", "impressions", "''"]),
        (HEADER + "a,0,0,0\n", ["line 2", "impressions", "'0'"]),
        (HEADER + "a,1.5,1,0.5\n", ["line 2", "impressions", "'1.5'"]),
        (HEADER + "a,10,11,1\n", ["line 2", "exceed", "'11'"]),
        (HEADER + "a,10,-1,0\n", ["line 2", "negative", "'-1'"]),
        (HEADER + "a,10,5,1.2\n", ["line 2", "[0, 1]", "'1.2'"]),
        (HEADER + "a,10,5,0.6\n", ["line 2", "positives / impressions", "'0.6'"]),
        (HEADER + 'a,10,5,0.5\n"b,10,5,0.5\n', ["comma-separated"]),
    ],
)
def test_wrong_files_are_refused_in_one_line_that_names_the_place(tmp_path, text, words):
    file = written(tmp_path, text)
    with pytest.raises(InputError) as raised:
        read_interactions(file)
    message = str(raised.value)
    for word in [str(file), *words]:
        assert word in message
    assert "\n" not in message


def test_unreadable_files(tmp_path):
    with pytest.raises(InputError, match=r"nowhere\.csv, which does not exist"):
        read_interactions(tmp_path / "nowhere.csv")
    with pytest.raises(InputError, match=r"interactions\.csv, which does not exist"):
        read_interactions(tmp_path)
    binary = tmp_path / "binary.csv"
    binary.write_bytes(b"\x89PNG\xff\xfe")
    with pytest.raises(InputError, match="UTF-8"):
        read_interactions(binary)


def test_a_wrong_table_is_not_written(tmp_path):
    table = pd.DataFrame({"image_id": ["a"], "impressions": [1], "positives": [2]})
    with pytest.raises(InputError, match=r"positives must not exceed .*row 0"):
        write_interactions(table, tmp_path / "rates.csv")
    assert not (tmp_path / "rates.csv").exists()
    with pytest.raises(InputError, match="number"):
        match_gallery(table.assign(positives=np.nan), ["a"])


def rates_of(*image_ids):
    return pd.DataFrame(
        {"image_id": image_ids, "impressions": 10, "positives": range(len(image_ids))}
    )


def test_match_gallery_orders_rows_as_the_gallery():
    matched = match_gallery(rates_of("c", "a", "b"), ["a", "b", "c"])
    assert list(matched["image_id"]) == ["a", "b", "c"]
    assert list(matched["positives"]) == [1, 2, 0]
    assert list(matched.columns) == ["image_id", "impressions", "positives", "pir"]
    assert list(matched.index) == [0, 1, 2]


def test_match_gallery_tells_which_ids_differ():
    with pytest.raises(InputError) as raised:
        match_gallery(rates_of("a", "x"), ["a", "b", "c", "d", "e"])
    message = str(raised.value)
    assert "one row for each of the gallery's 5 images" in message
    assert "Received: none for 4 (b, c, d, ...), and rows for 1 (x) that it lacks" in message
    with pytest.raises(InputError, match="one row for each"):
        match_gallery(rates_of("a"), ["a", "a"])
