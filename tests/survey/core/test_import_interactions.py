"""The command that reads ratings gathered elsewhere."""

import numpy as np
import pandas as pd
import pytest

from pirgan_tf.data.gallery import Gallery
from pirgan_tf.users import read_interactions

MTURK = """\
"HITId","AssignmentId","WorkerId","AssignmentStatus","WorkTimeInSeconds","Input.image_id",\
"Answer.rating"
"3X","3A","A1","Approved","12","img000000","5"
"3X","3B","A2","Submitted","9","img000000","4"
"3Y","3C","A1","Rejected","1","img000001","5"
"3Y","3D","A2","Approved","7","img000001",""
"3Y","3E","A3","Approved","7","img000001","1"
"3Y","3F","A3","Approved","7","img000001","2"
"3Z","3G","A3","Approved","7","img000009","2"
"""
TOLOKA = (
    "INPUT:image_id\tOUTPUT:rating\tGOLDEN:rating\tASSIGNMENT:worker_id\tASSIGNMENT:status\n"
    "https://example.org/a%20b/img000000.png?v=1\t3\t\tw1\tAPPROVED\n"
    "\n"
    "images/img000001.png\t6\t\tw1\tAPPROVED\n"
    "images/img000001.png\t1\t\tw2\tREJECTED\n"
    "images/img000001.png\t2\t\tw3\tACCEPTED\n"
    "images/img000001.png\t2\n"
)


@pytest.fixture
def images(tmp_path):
    """A gallery of three images."""
    folder = tmp_path / "gallery"
    folder.mkdir()
    Gallery(
        images=np.zeros((3, 64, 64, 3), np.uint8),
        latents=np.zeros((3, 2), np.float32),
        labels=np.zeros(3, np.int32),
        ids=np.array(["img000000", "img000001", "img000002"]),
    ).save(folder)
    return folder


@pytest.fixture
def call(commands, images, tmp_path):
    def call(text, *flags, output):
        file = tmp_path / "results.csv"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return commands.call(
            "import_interactions",
            f"--input={file}",
            f"--gallery={images}",
            *flags,
            output=output,
        )

    return call


def test_mturk(call, tmp_path):
    output = tmp_path / "imported"
    result = call(MTURK, "--source=mturk", output=output)
    assert (result.status, result.stderr) == (0, "")
    assert "3 ratings of 2 images, 1 images have none; 4 lines rejected" in result.stdout
    table = read_interactions(output)
    assert table.to_dict("list") == {
        "image_id": ["img000000", "img000001"],
        "impressions": [2, 1],
        "positives": [1.75, 0],
        "pir": [0.875, 0],
    }
    rejected = pd.read_csv(output / "rejected.csv", keep_default_na=False)
    assert rejected[["line", "reason"]].values.tolist() == [
        [4, "AssignmentStatus is Rejected"],
        [5, "rating must be from 1 to 5, but is ''"],
        [7, "the same rater has rated img000001 on line 6"],
        [8, "the gallery has no image 'img000009'"],
    ]
    assert rejected["AssignmentId"].tolist() == ["3C", "3D", "3F", "3G"]


def test_toloka(call, tmp_path):
    output = tmp_path / "imported"
    assert call(TOLOKA, "--source=toloka", output=output).status == 0
    assert read_interactions(output)["positives"].tolist() == [0.5, 0.25]
    rejected = pd.read_csv(output / "rejected.csv")
    assert rejected[["line", "reason"]].values.tolist() == [
        [4, "rating must be from 1 to 5, but is '6'"],
        [5, "ASSIGNMENT:status is REJECTED"],
        [7, "2 fields where the first line has 5"],
    ]


def test_any_columns_and_other_weights(call, tmp_path):
    text = 'note,picture,stars\n"a\nb",img000002, 4 \nx,nothing,4\n'
    flags = ("--columns=image=picture,rating=stars", "--pir_weights=0,0,0,.1,1")
    output = tmp_path / "imported"
    assert call(text, *flags, output=output).status == 0
    assert read_interactions(output)["positives"].tolist() == [0.1]
    assert pd.read_csv(output / "rejected.csv")["line"].tolist() == [4]


def test_without_names_of_raters_the_same_rating_may_come_twice(call, tmp_path):
    output = tmp_path / "imported"
    assert call("image_id,rating\n" + "img000001,5\n" * 3, output=output).status == 0
    assert read_interactions(output)["impressions"].tolist() == [3]


@pytest.mark.parametrize(
    ("text", "flags", "words"),
    [
        (MTURK, (), ["must have the columns image_id", "HITId, AssignmentId"]),
        (MTURK, ("--source=mturk", "--columns=rating=Answer.star"), ["columns Answer.star"]),
        (MTURK, ("--source=mturk", "--columns=stars=x"), ["columns", "image, rating", "'stars'"]),
        (MTURK, ("--source=mturk", "--columns=image"), ["like image=Input.url", "'image'"]),
        (MTURK, ("--source=turk",), ["source", "did you mean 'mturk'"]),
        (MTURK, ("--pir_weights=click=1",), ["five stars", "click=1"]),
        (MTURK, ("--pir_weights=1,.75,.5,.25,0",), ["more stars must not be worth less"]),
        ("", (), ["is empty"]),
        (b"\xff\xfe\x00", (), ["UTF-8"]),
        ("image_id,rating\n", (), ["at least one rating"]),
        ("image_id,rating\nx,5\n", (), ["rating (line 2: the gallery has no image 'x')"]),
    ],
)
def test_files_and_flags_that_cannot_be_used_are_refused(call, nowhere, text, flags, words):
    line = call(text, *flags, output=nowhere).refusal()
    for word in words:
        assert word in line


def test_a_mistake_is_told_without_tensorflow_or_a_database(commands, images, nowhere):
    result = commands.run_without_tensorflow(
        "import_interactions",
        "--input=no/such",
        f"--gallery={images}",
        f"--output={nowhere}",
    )
    assert "input must be a file. Received: no/such" in result.refusal()
