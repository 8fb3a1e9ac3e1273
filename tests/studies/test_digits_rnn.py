"""The study of digits by an LSTM: its networks, its measures, and what it writes."""

import json
import math

import keras
import numpy as np
import pytest
from scipy.special import expit

from pirgan_tf import kernels, studies
from pirgan_tf.studies import digits_rnn


@pytest.fixture(scope="module")
def networks():
    return digits_rnn.build_networks()


def test_the_generator_is_an_lstm_that_draws_columns(networks):
    generator = networks.generator
    latents = np.random.default_rng(0).standard_normal((2, 256)).astype(np.float32)
    weights = {variable.path: variable.numpy() for variable in generator.weights}
    state_kernel, state_bias, _, recurrent, bias, kernel, offset = weights.values()
    np.testing.assert_array_equal(bias, np.repeat([0, 1, 0, 0], 256))
    # Xavier's bound.
    assert np.abs(recurrent).max() == pytest.approx(math.sqrt(6 / (256 + 1024)), rel=0.01)

    hidden = cell = np.maximum(latents @ state_kernel + state_bias, 0)
    columns = []
    for _ in range(28):
        entry, forget, change, out = np.split(hidden @ recurrent + bias, 4, axis=1)
        cell = expit(forget) * cell + expit(entry) * np.tanh(change)
        hidden = expit(out) * np.tanh(cell)
        columns.append(np.tanh(hidden @ kernel + offset))
    expected = np.stack(columns, axis=2)[..., np.newaxis]
    np.testing.assert_allclose(generator(latents), expected, atol=1e-5)


def test_the_discriminator_is_the_papers(networks):
    convolutions = [layer for layer in networks.discriminator.layers if "conv" in layer.name]
    assert [layer.output.shape[1:] for layer in convolutions] == [
        (14, 14, 16),
        (7, 7, 32),
        (4, 4, 32),
    ]
    # Kernels, scales and offsets, and the last layer: no biases before batch norm.
    kernels = 9 * (1 * 16 + 16 * 32 + 32 * 32)
    weights = sum(math.prod(v.shape) for v in networks.discriminator.trainable_variables)
    assert weights == kernels + 2 * (16 + 32 + 32) + 4 * 4 * 32 + 1


def test_a_digit_is_covered_from_one_percent_of_the_samples_on():
    def of(*counts):
        return np.repeat(np.eye(4), counts, axis=0)

    even = digits_rnn.measure(of(50, 50, 50, 50))
    assert (even.digits, even.entropy, even.sureness) == (4, pytest.approx(math.log(4)), 1)
    assert digits_rnn.measure(of(198, 2, 0, 0)).digits == 2
    rare = digits_rnn.measure(np.stack([of(199, 1, 0, 0), of(100, 0, 0, 100)]))
    assert list(rare.digits) == [1, 2]
    assert rare.entropy[1] == pytest.approx(math.log(2))
    unsure = digits_rnn.measure(np.tile([0.4, 0.2, 0.2, 0.2], (10, 1)))
    assert (unsure.digits, unsure.entropy) == (1, 0)
    assert unsure.sureness == pytest.approx(0.4)


def test_the_networks_can_be_exchanged_for_faster_equals_and_back(networks):
    random = np.random.default_rng(1)
    for network in networks:
        inputs = random.standard_normal((2, *network.input_shape[1:])).astype(np.float32)
        faster = kernels.accelerate(network)
        np.testing.assert_allclose(faster(inputs), network(inputs), atol=1e-5)
        faster.set_weights([weight * 1.5 for weight in faster.get_weights()])
        copy = keras.models.clone_model(network)
        kernels.copy_weights(faster, copy)
        np.testing.assert_allclose(copy(inputs), faster(inputs), atol=1e-5)


def test_the_study_counts_the_digits_of_each_k(commands, tmp_path, monkeypatch):
    """Its generators make one digit with K = 0, and all with K = 20."""

    def train(build_networks, dataset, rates, folder, *, record_steps, unroll_steps, **_):
        images = dataset.images if unroll_steps else dataset.images[:1]
        samples = np.resize(images, (200, 28, 28, 1))
        return None, {
            "samples": np.tile(samples, (len(record_steps), 1, 1, 1, 1)),
            "seconds": np.array(9),
        }

    monkeypatch.setattr(studies, "train_image_gan", train)
    output = tmp_path / "output"
    flags = ("--steps=2", "--classifier_steps=24", "--batch_size=4")
    result = commands.call("study", "digits_rnn", *flags, output=output)
    assert (result.status, result.complaints) == (0, [])
    assert "1 with K = 0; 10 with K = 20" in result.stdout
    found = json.loads((output / "study.json").read_text())["findings"]
    figures = {finding["name"]: finding["value"] for finding in found}
    assert figures["classifier: accuracy on the images to test on"] > 0.5
    assert figures["K = 20: entropy of the digits at the end, nats, of at most 2.303"] > 2
    assert figures["K = 0: entropy of the digits at the end, nats, of at most 2.303"] == 0
    assert figures["K = 0: seconds per training"] == 9
    assert {path.name for path in (output / "figures").glob("*.png")} == {
        "samples.png",
        "measures.png",
    }
