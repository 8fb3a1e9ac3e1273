import os
import shutil

import keras
import numpy as np
import pytest
import slim_reference

from pirgan_tf.errors import InputError
from pirgan_tf.estimator.inception_v2 import ENDPOINTS, build_inception_v2
from pirgan_tf.estimator.initial import load_slim_initial
from pirgan_tf.estimator.pir_estimator import EstimatorShape, PirEstimator, build_estimator
from pirgan_tf.estimator.slim_checkpoint import load_slim_checkpoint
from pirgan_tf.kernels import accelerate

pytestmark = pytest.mark.usefixtures("whole_networks")

SMALL = 0.25
# Odd at three of the five halvings, where another 'same' padding than TensorFlow's would show.
SIZE = 75
WEIGHTS = "InceptionV2/Mixed_3b/Branch_0/Conv2d_0a_1x1/weights"


def random_images(size):
    return np.random.default_rng(1).uniform(-1, 1, (2, size, size, 3)).astype("float32")


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Return the path of a small TF-slim checkpoint, its variables and its activations."""
    path = tmp_path_factory.mktemp("slim") / "model.ckpt-1000"
    ends = slim_reference.save_random(path, random_images(SIZE), SMALL)
    return path, slim_reference.read(path), ends


@pytest.fixture(scope="module")
def built():
    model = build_inception_v2(SIZE, SMALL)
    return model, model.get_weights()


@pytest.fixture
def model(built):
    model, initial = built
    model.set_weights(initial)
    return model


def test_an_accelerated_estimator_begins_with_a_checkpoint(small):
    shape = EstimatorShape(SIZE, SMALL)
    estimator = PirEstimator(shape, accelerate(build_estimator(shape)))
    load_slim_initial(estimator, small[0])
    features = estimator.trunk(random_images(SIZE), training=False)
    expected = small[2]["features"]
    np.testing.assert_allclose(features, expected, rtol=0, atol=1e-5 * expected.max())


def check_activations(model, images, expected, names=(*ENDPOINTS, "features")):
    probe = keras.Model(model.input, {name: model.get_layer(name).output for name in names})
    for name, actual in probe(images, training=False).items():
        scale = expected[name].max()
        assert scale > 0.1
        np.testing.assert_allclose(actual, expected[name], rtol=0, atol=1e-5 * scale, err_msg=name)


def check_features(model, small):
    check_activations(model, random_images(SIZE), small[2], ["features"])


def test_activations_are_those_of_tf_slim(small, model):
    load_slim_checkpoint(model, small[0])
    check_activations(model, random_images(SIZE), small[2])


def test_every_variable_arrives_as_it_was(small, model):
    path, variables, _ = small
    load_slim_checkpoint(model, path)
    expected = sorted(
        value.tobytes()
        for name, value in variables.items()
        if "Logits" not in name and name != "global_step"
    )
    assert sorted(v.numpy().tobytes() for v in model.variables if "seed" not in v.path) == expected


def test_a_folder_gives_its_latest_checkpoint(small, model):
    load_slim_checkpoint(model, small[0].parent)
    check_features(model, small)


def test_the_old_format_of_one_file(small, model, tmp_path):
    slim_reference.write(tmp_path / "inception_v2.ckpt", small[1], version=1)
    assert (tmp_path / "inception_v2.ckpt").is_file()
    load_slim_checkpoint(model, tmp_path / "inception_v2.ckpt")
    check_features(model, small)


def test_what_training_with_tf_slim_adds_is_ignored(small, model, tmp_path):
    extra = {}
    for name, value in small[1].items():
        if name != "global_step":
            for slot in ("RMSProp", "RMSProp_1", "ExponentialMovingAverage"):
                extra[f"{name}/{slot}"] = np.full_like(value, 9)
    slim_reference.write(tmp_path / "model.ckpt", small[1] | extra)
    load_slim_checkpoint(model, tmp_path / "model.ckpt")
    check_features(model, small)


def test_layers_after_the_features_are_left_alone(small, model):
    head = keras.layers.Dense(3)
    classifier = keras.Model(model.input, head(model.output))
    before = head.kernel.numpy()
    load_slim_checkpoint(classifier, small[0])
    np.testing.assert_array_equal(head.kernel, before)
    check_features(model, small)


def without(variables, *names):
    return {name: value for name, value in variables.items() if name not in names}


def with_gamma(variables):
    names = [name for name in variables if name.endswith("BatchNorm/beta")]
    return variables | {n.replace("beta", "gamma"): np.ones_like(variables[n]) for n in names}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda v: without(v, WEIGHTS), f"it lacks 1 variable: {WEIGHTS}."),
        (
            lambda v: {n: x for n, x in v.items() if not n.endswith("moving_mean")},
            "it lacks 68 variables: InceptionV2/Conv2d_2b_1x1/BatchNorm/moving_mean, ",
        ),
        (lambda v: v | {"extra": np.ones(3)}, "it adds 1 variable: extra."),
        (
            lambda v: v | {"InceptionV2/Logits/extra": np.ones(3)},
            "it adds 1 variable: InceptionV2/Logits/extra.",
        ),
        (lambda v: v | {"extra/RMSProp": np.ones(3)}, "it adds 1 variable: extra/RMSProp."),
        (
            lambda v: v | {WEIGHTS: v[WEIGHTS][:, :, :-1]},
            f"it has another shape in 1 variable: {WEIGHTS} ((1, 1, 47, 16) instead of"
            " (1, 1, 48, 16)).",
        ),
        (
            lambda v: v | {WEIGHTS: v[WEIGHTS].astype("int32")},
            f"it has no floating-point numbers in 1 variable: {WEIGHTS} (int32).",
        ),
        (
            lambda v: without(v, WEIGHTS) | {"extra": np.ones(3)},
            f"it lacks 1 variable: {WEIGHTS}; it adds 1 variable: extra.",
        ),
        (with_gamma, "batch norm has scales (gamma), which TF-slim's Inception v2 has not: 68 "),
    ],
)
def test_another_network_is_refused_and_nothing_changes(change, expected, small, model, tmp_path):
    slim_reference.write(tmp_path / "model.ckpt", change(small[1]))
    before = [variable.numpy() for variable in model.variables]
    with pytest.raises(InputError, match=r"^[^\n]+ Received: '[^\n]+model.ckpt'$") as error:
        load_slim_checkpoint(model, tmp_path / "model.ckpt")
    assert expected in str(error.value)
    assert str(error.value).count("InceptionV2/") <= 3
    for variable, value in zip(model.variables, before, strict=True):
        np.testing.assert_array_equal(variable, value)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("moving_mean", np.nan, "checkpoint must hold finite numbers"),
        ("beta", np.float64(1e300), "checkpoint must hold finite numbers"),
        ("moving_variance", -1.0, "variances of batch norm must not be negative"),
    ],
)
def test_numbers_that_no_network_has_are_refused(name, value, words, small, model, tmp_path):
    wrong = next(n for n in small[1] if n.endswith(name))
    slim_reference.write(
        tmp_path / "model.ckpt", small[1] | {wrong: np.full(small[1][wrong].shape, value)}
    )
    with pytest.raises(InputError, match=f"^{words}. Received: 1 variable: {wrong} with "):
        load_slim_checkpoint(model, tmp_path / "model.ckpt")


def test_another_depth_is_refused(small):
    with pytest.raises(InputError, match="it has another shape in"):
        load_slim_checkpoint(build_inception_v2(32, 0.5), small[0])


def test_unreadable_paths_are_one_line(small, model, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "other.txt").write_text("no checkpoint")
    index = small[0].with_name(small[0].name + ".index")
    (tmp_path / "no_data.ckpt.index").write_bytes(index.read_bytes())
    for path in ("absent", "empty", "other.txt", "no_data.ckpt"):
        with pytest.raises(InputError, match=r"^path must be [^\n]+ Received: '[^\n]+'$"):
            load_slim_checkpoint(model, tmp_path / path)
    with pytest.raises(InputError, match=r"Received: ''$"):
        load_slim_checkpoint(model, "")


@pytest.mark.parametrize("of_folder", [False, True])
def test_a_pipe_in_place_of_a_file_is_refused(of_folder, small, model, tmp_path):
    for source in small[0].parent.glob("*"):
        shutil.copy(source, tmp_path)
    pipe = tmp_path / ("checkpoint" if of_folder else f"{small[0].name}.data-00000-of-00001")
    pipe.unlink()
    os.mkfifo(pipe)
    with pytest.raises(InputError, match=f"Received: {pipe}, which is not a regular file$"):
        load_slim_checkpoint(model, tmp_path if of_folder else tmp_path / small[0].name)


def test_a_cut_off_checkpoint_changes_nothing(small, model, tmp_path):
    for source in small[0].parent.glob("model.ckpt-1000.*"):
        data = source.read_bytes()
        end = len(data) // 2 if ".data-" in source.name else len(data)
        (tmp_path / source.name).write_bytes(data[:end])
    before = [variable.numpy() for variable in model.variables]
    with pytest.raises(InputError, match=r"^path must be [^\n]+ Received: '[^\n]+'$"):
        load_slim_checkpoint(model, tmp_path / small[0].name)
    for variable, value in zip(model.variables, before, strict=True):
        np.testing.assert_array_equal(variable, value)
