"""A list of objectives through the real command: two at a time, stopped, and finished in turn."""

import json

import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def sweep(sweeping):
    _, finished, run = sweeping.result()
    assert (finished.status, finished.complaints) == (0, []), finished
    return run


def test_sigterm_stops_the_workers_and_keeps_what_they_did(sweeping):
    stopped, _, _ = sweeping.result()
    assert stopped.status == 143, stopped
    assert stopped.complaints == ["reproduce: stopped by SIGTERM; the same command resumes it"]


def test_every_objective_has_its_row(sweep):
    rows = pd.read_csv(sweep / "report" / "results.csv")
    assert list(rows.objective) == ["color:red", "vgg16:pool1:0,7"]
    assert rows.num_before.tolist() == [40, 40]
    assert rows.failure.isna().all()
    assert (rows.seconds > 0).all()


def test_a_stopped_estimator_went_on_instead_of_beginning_anew(sweep, sweeping):
    # What a worker printed, and then this process.
    log = (sweep / "objectives" / "color-red" / "log.txt").read_text()
    lines = (log + sweeping.result()[1].stdout).splitlines()
    steps = [line.split("/")[0] for line in lines if line.startswith("step ")]
    trained = steps[: steps.index("step 12") + 1]
    assert trained == [f"step {step}" for step in range(1, 13)]


def test_the_table_of_filters_is_made_once_for_each_gallery(sweep):
    for gallery in ("gallery", "before"):
        assert len(list((sweep / gallery).glob("vgg16-*.npz"))) == 1
    place = sweep / "objectives" / "vgg16-pool1-0-7"
    assert len(list(place.glob("gallery/vgg16-*.npz"))) == 1


def test_the_rates_are_those_of_the_filters(sweep):
    """With the table that the run left, by the formula of section 3.2."""
    (path,) = (sweep / "before").glob("vgg16-*.npz")
    norms = np.load(path)["norms"][:, :64].astype(float)
    rates = np.sqrt(norms[:, [0, 7]].sum(axis=1) / norms.sum(axis=1))
    place = sweep / "objectives" / "vgg16-pool1-0-7"
    evaluation = json.loads((place / "evaluation" / "evaluation.json").read_text())
    np.testing.assert_allclose(evaluation["rates_before"], rates, rtol=1e-6)
    assert (evaluation["family"], evaluation["layer"]) == ("2 filters", "pool1")
