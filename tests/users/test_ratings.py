"""The table of ratings: what is written is read again, and what is wrong is named."""

import json

import pandas as pd
import pytest

from pirgan_tf.errors import InputError
from pirgan_tf.users import read_ratings, write_ratings

TABLE = pd.DataFrame(
    {
        "gallery": ["first", "second", "second"],
        "image_id": ["img0", "img0", "img1"],
        "rater": ["1", "1", "2"],
        "rate": [0.25, 1.0, 0.0],
    }
)
GALLERIES = {"first": "abc", "second": "def"}


def test_what_is_written_is_read_again(tmp_path):
    write_ratings(TABLE, GALLERIES, tmp_path)
    table, galleries = read_ratings(tmp_path)
    pd.testing.assert_frame_equal(table, TABLE)
    assert galleries == GALLERIES


@pytest.mark.parametrize(
    "changed, message",
    [
        ({"rate": ["0.5", "nan", "1"]}, "rate must be a number from 0 to 1. Received: 'nan' on li"),
        ({"rate": ["0.5", "2", "1"]}, "rate must be a number from 0 to 1. Received: '2' on line 3"),
        ({"gallery": ["first", "third", "second"]}, "gallery must be one of first, second. Receiv"),
        ({"rater": ["1", "2", "2"], "image_id": ["img0", "img1", "img1"]}, "rated an image once."),
    ],
)
def test_wrong_lines_are_named(tmp_path, changed, message):
    write_ratings(TABLE.assign(**changed), GALLERIES, tmp_path)
    with pytest.raises(InputError) as error:
        read_ratings(tmp_path)
    assert message in str(error.value)


def test_missing_files_empty_tables_and_other_json_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"galleries\.json"):
        read_ratings(tmp_path)
    write_ratings(TABLE[:0], GALLERIES, tmp_path)
    with pytest.raises(InputError, match="must have rows"):
        read_ratings(tmp_path)
    (tmp_path / "galleries.json").write_text(json.dumps({"first": 1}))
    with pytest.raises(InputError, match="must be fingerprints"):
        read_ratings(tmp_path)
