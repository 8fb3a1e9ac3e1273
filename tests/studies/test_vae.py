"""The vae study: autoregressive networks, densities of posteriors, bounds, and the command."""

import json
import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from pirgan_tf.studies import vae
from pirgan_tf.studies.vae.study import describe

SIZE = 3
SEED = (1, 2)


def _posterior(kind):
    """Returns a small posterior, and parameters for one image."""
    posterior = {
        "diagonal": lambda: vae.Diagonal(SIZE),
        "linear": lambda: vae.Linear(SIZE),
        "iaf": lambda: vae.InverseAutoregressive(SIZE, depth=2, width=16),
    }[kind]()
    random = np.random.default_rng(0)
    parameters = 0.4 * random.standard_normal((1, posterior.num_parameters))
    return posterior, tf.constant(parameters.astype("float32"))


def test_an_output_depends_on_the_variables_before_it_and_on_the_context():
    network = vae.build_masked_network(5, 2, width=24)
    variables, context = tf.random.stateless_normal((1, 5), SEED), tf.ones((1, 2))
    for output in range(2):
        with tf.GradientTape(persistent=True) as tape:
            tape.watch((variables, context))
            numbers = network([variables, context])[output]
        jacobian = tape.jacobian(numbers, variables)[0, :, 0].numpy()
        assert (np.triu(jacobian) == 0).all()
        assert (jacobian[np.tril_indices(5, -1)] != 0).all()
        seen = tape.jacobian(numbers, context)[0, :, 0].numpy()
        # The first variable sees no hidden unit: all have seen it.
        assert (seen[1:] != 0).all()


def test_the_density_of_a_flow_is_that_of_a_change_of_variables():
    posterior, parameters = _posterior("iaf")
    with tf.GradientTape() as tape:
        tape.watch(parameters)
        z, log_density = posterior(parameters, seed=SEED)
    # The base is mean + scale * noise, so that the derivative by the mean is the flow's own.
    jacobian = tape.jacobian(z, parameters)[0, :, 0, :SIZE].numpy()
    _, base = vae.Diagonal(SIZE)(parameters[:, : 2 * SIZE], seed=SEED)
    _, log_determinant = np.linalg.slogdet(jacobian)
    assert abs(log_determinant) > 0.05
    assert float(log_density[0]) == pytest.approx(float(base[0]) - log_determinant, abs=1e-4)


@pytest.mark.parametrize("kind", ["diagonal", "linear", "iaf"])
def test_densities_are_normalised(kind):
    posterior, parameters = _posterior(kind)
    z, log_density = posterior(tf.repeat(parameters, 40_000, axis=0), seed=SEED)
    # Of a narrow Gaussian around the samples' mean, whose weights are small everywhere.
    distance = tf.reduce_sum(tf.square(z - tf.reduce_mean(z, axis=0)), axis=1) / (2 * 0.5**2)
    log_narrow = -distance - SIZE * math.log(0.5 * math.sqrt(2 * math.pi))
    assert float(tf.reduce_mean(tf.exp(log_narrow - log_density))) == pytest.approx(1, abs=0.02)


def test_only_the_linear_posterior_of_the_gaussians_has_covariances():
    def correlations(kind):
        posterior, parameters = _posterior(kind)
        z, _ = posterior(tf.repeat(parameters, 20_000, axis=0), seed=SEED)
        return np.corrcoef(z.numpy().T)[np.triu_indices(SIZE, 1)]

    assert np.abs(correlations("diagonal")).max() < 0.03
    assert np.abs(correlations("linear")).max() > 0.1


@pytest.fixture(scope="module")
def model():
    """A model whose decoder makes all images equally likely."""
    keras.utils.set_random_seed(0)
    model = vae.VariationalAutoencoder(vae.build_posterior("iaf:1x40", vae.LATENT_SIZE))
    for weights in model.decoder.layers[-1].weights:
        weights.assign(tf.zeros_like(weights))
    return model


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (4, 28, 28, 1), np.uint8)


def test_the_bound_is_below_a_likelihood_that_is_known(model, images):
    estimate = vae.make_estimator(model, images, seed=0)
    one, many = estimate(1), estimate(4000)
    assert one.bound == pytest.approx(one.log_likelihood, abs=1e-3)
    assert many.bound < many.log_likelihood
    assert many.log_likelihood == pytest.approx(-784 * math.log(2), abs=0.5)
    # The posterior is not the prior.
    assert many.bound < -784 * math.log(2) - 0.5


def test_binarised_images_have_the_probabilities_of_their_greys():
    greys = np.repeat(np.array([0, 51, 255], np.uint8), 10_000)
    drawn = vae.binarise(greys, SEED).numpy().reshape(3, -1)
    assert set(np.unique(drawn)) == {0.0, 1.0}
    assert drawn.mean(1) == pytest.approx([0, 0.2, 1], abs=0.02)


@pytest.mark.parametrize(
    "flags, words",
    [
        (("--posteriors=iaf",), ("iaf:2x320", "iaf")),
        (("--posteriors=iaf:0x320",), ("iaf:0x320",)),
        (("--posteriors=diagonal,diagonal",), ("different", "diagonal,diagonal")),
        (("--dataset=digit",), ("did you mean 'digits'",)),
        (("--batch_size=5000",), ("batch_size", "images to train on")),
    ],
)
def test_a_mistake_is_one_line_with_nothing_written(commands, nowhere, flags, words):
    line = commands.call("study", "vae", *flags, output=nowhere).refusal()
    assert all(word in line for word in words)


def test_a_gain_is_that_over_the_diagonal_posterior_of_the_same_seed():
    def found(bound):
        return {"bound": bound, "log_likelihood": -1.0, "seconds": 1.0}

    flow, diagonal = {0: found(-3.0), 1: found(-4.0)}, {0: found(-5.0), 1: found(-4.5)}
    figures = {f.name: f for f in describe("iaf:2x320", flow, diagonal)}
    gain = figures["iaf:2x320: bound above the diagonal posterior's, nats"]
    assert (dict(gain.seeds), gain.paper) == ({0: 2.0, 1: 0.5}, "2.06 on MNIST (table 1)")


def test_the_command_tells_bound_and_likelihood_and_keeps_its_trainings(commands, tmp_path):
    output = tmp_path / "vae"
    flags = ("--epochs=1", "--batch_size=700", "--importance_samples=2")
    result = commands.call("study", "vae", "--posteriors=iaf:1x8", *flags, output=output)
    assert (result.status, result.complaints) == (0, [])
    found = json.loads((output / "study.json").read_text())
    figures = {finding["name"]: finding["value"] for finding in found["findings"]}
    bound = figures["iaf:1x8: variational bound, nats"]
    assert bound < figures["iaf:1x8: log p(x) by importance sampling, nats"] < 0
    with np.load(output / "trainings" / "iaf-1x8-seed-0.npz") as kept:
        assert kept["samples"].shape == (12, 28, 28, 1)
        assert kept["train"].shape == kept["test"].shape == (1,)
