import json

import pytest

from pirgan_tf.errors import InputError
from pirgan_tf.estimator.initial import load_initial
from pirgan_tf.estimator.pir_estimator import EstimatorShape, PirEstimator


@pytest.fixture(scope="module")
def saved(small_network, tmp_path_factory):
    folder = tmp_path_factory.mktemp("estimator")
    PirEstimator(EstimatorShape(16, 0.1, 100)).save(folder)
    return folder


def damaged(saved, folder, name, content):
    for path in saved.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / name).unlink()
    if content is not None:
        (folder / name).write_bytes(content)
    return folder


@pytest.mark.parametrize("content", [None, b"", b"[1]", b'{"depth": 3}', b"\xff"])
def test_a_missing_or_broken_shape_file_is_refused(saved, tmp_path, content):
    with pytest.raises(InputError, match=r"must hold estimator\.json"):
        PirEstimator.load(damaged(saved, tmp_path, "estimator.json", content))


@pytest.mark.parametrize("damage", ["missing", "truncated", "flipped bytes"])
def test_a_missing_or_broken_network_is_refused(saved, tmp_path, damage):
    content = (saved / "estimator.keras").read_bytes()
    middle = len(content) // 2
    flipped = bytes(255 - byte for byte in content[middle : middle + 1000])
    content = {
        "missing": None,
        "truncated": content[:middle],
        "flipped bytes": content[:middle] + flipped + content[middle + 1000 :],
    }[damage]
    with pytest.raises(InputError, match=r"must be a \.keras file.*estimator\.keras, which "):
        PirEstimator.load(damaged(saved, tmp_path, "estimator.keras", content))


def test_a_network_of_another_shape_is_refused(saved, tmp_path):
    content = json.loads((saved / "estimator.json").read_text()) | {"num_bins": 99}
    with pytest.raises(InputError, match=r"the shape that estimator\.json gives"):
        PirEstimator.load(damaged(saved, tmp_path, "estimator.json", json.dumps(content).encode()))


@pytest.mark.parametrize(
    "change",
    [
        {"head": "both"},
        {"head": None},
        {"num_bins": 1},
        {"num_bins": 10**12},
        {"num_bins": 100.5},
        {"image_size": 0},
        {"depth_multiplier": -1},
        {"depth_multiplier": 1e9},
    ],
)
def test_shapes_that_no_estimator_has_are_refused(saved, tmp_path, change):
    content = json.loads((saved / "estimator.json").read_text()) | change
    folder = damaged(saved, tmp_path, "estimator.json", json.dumps(content).encode())
    with pytest.raises(InputError, match=r"Received: .*estimator\.json"):
        PirEstimator.load(folder)


def test_weights_that_are_not_finite_are_refused(saved, tmp_path):
    estimator = PirEstimator(EstimatorShape(16, 0.1, 100))
    weights = estimator.model.get_weights()
    weights[-1][0] = float("nan")
    estimator.model.set_weights(weights)
    estimator.save(tmp_path)
    with pytest.raises(InputError, match=r"must be finite.*estimator\.keras"):
        PirEstimator.load(tmp_path)
    with pytest.raises(InputError, match=r"must be finite.*estimator\.keras"):
        load_initial(PirEstimator(EstimatorShape(16, 0.1, 100)), tmp_path)
