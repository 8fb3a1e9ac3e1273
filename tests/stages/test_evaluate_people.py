"""The verdict of people in place of an objective's, from the ratings to the report."""

import json

import numpy as np
import pandas as pd
import pytest

from pirgan_tf.data.gallery import Gallery
from pirgan_tf.users import write_ratings


@pytest.fixture
def study(tmp_path):
    """Two galleries, and what eight raters gave twelve images of each."""
    rng, rows, fingerprints = np.random.default_rng(0), [], {}
    for when, change in (("before", 0.0), ("after", 0.3)):
        images = rng.integers(0, 256, (12, 32, 32, 3), dtype=np.uint8)
        ids = np.array([f"img{index:06d}" for index in range(12)])
        gallery = Gallery(images, np.zeros((12, 4), np.float32), np.zeros(12, np.int32), ids)
        (tmp_path / when).mkdir()
        gallery.save(tmp_path / when)
        fingerprints[f"served {when}"] = gallery.fingerprint
        rows += [
            (f"served {when}", image, str(rater), round(rng.uniform(0, 0.6) + change, 2))
            for image in ids
            for rater in range(8)
        ]
    (tmp_path / "ratings").mkdir()
    table = pd.DataFrame(rows, columns=["gallery", "image_id", "rater", "rate"])
    write_ratings(table, fingerprints, tmp_path / "ratings")
    return tmp_path


def _flags(study, **changed):
    flags = {name: study / name for name in ("before", "after")}
    flags |= {"interactions": study / "ratings"} | changed
    return [f"--{name}={value}" for name, value in flags.items()]


def test_people_give_the_verdict_and_the_report_tells_it(commands, study):
    result = commands.call("evaluate", *_flags(study), output=study / "evaluation")
    assert (result.status, result.complaints) == (0, []), result
    found = json.loads((study / "evaluation" / "evaluation.json").read_text())
    table = pd.read_csv(study / "ratings" / "ratings.csv")
    means = table.groupby("gallery")["rate"].mean()
    change = means["served after"] - means["served before"]
    assert found["comparison"]["change"] == pytest.approx(change)
    assert found["comparison"]["ci_low"] < change < found["comparison"]["ci_high"]
    assert found["people"] == {"num_raters": 8, "num_ratings": 192}
    assert len(found["rates_before"]) == len(found["rates_after"]) == 12
    assert "people: mean rate" in result.stdout

    runs = f"--runs={study / 'evaluation'}"
    assert commands.call("report", runs, output=study / "report").status == 0
    page = (study / "report" / "index.html").read_text()
    assert "192\nratings of 8 people who saw images of both" in page
    # Its table can be read again.
    again = f"--runs={study / 'report' / 'results.csv'}"
    assert commands.call("report", again, output=study / "again").status == 0


def test_ratings_of_other_galleries_and_images_are_refused(commands, study, nowhere):
    def refusal(*flags):
        return commands.call("evaluate", *flags, output=nowhere).refusal()

    assert "exactly one of objective and interactions must be given. Received: both" in refusal(
        *_flags(study), "--objective=color:red"
    )
    galleries = study / "ratings" / "galleries.json"
    known = json.loads(galleries.read_text())
    galleries.write_text(json.dumps(known | {"served after": "another"}))
    assert "must be of a study of both galleries. Received:" in refusal(*_flags(study))
    galleries.write_text(json.dumps(known))
    table = pd.read_csv(study / "ratings" / "ratings.csv")
    write_ratings(table.assign(image_id=table["image_id"] + "x"), known, study / "ratings")
    assert "rated images must be in the gallery. Received: 'img000000x'" in refusal(*_flags(study))
