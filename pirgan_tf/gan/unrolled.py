"""Unrolled discriminators: what the generator's gradient knows of the discriminator's answer.

Source: Metz, Poole, Pfau & Sohl-Dickstein 2017, "Unrolled Generative Adversarial Networks",
sections 2.2 to 2.4.
"""

from collections.abc import Callable

import keras
import tensorflow as tf

Weights = list[tf.Tensor]


def unroll(
    loss: Callable[[Weights], tf.Tensor],
    weights: Weights,
    optimizer: keras.optimizers.Optimizer,
    steps: int,
) -> Weights:
    """Returns the weights after some steps of an optimizer, as a differentiable function.

    These are theta_D^K of equation 7 to 9, with the optimizer's own update in place of gradient
    ascent. A tape around the call follows all steps, and so the generator's gradient has the
    second term of equation 12. Neither the weights nor the optimizer change: the steps begin
    with its present averages and step count, for Adam from zero has no usable derivative.

    Batch norm must be that of `kernels.accelerate`: `tf.nn.moments`, which Keras's layer uses,
    takes the mean for a constant in the variance's derivative, and the second one is then off by
    the order of 1 / n.

    Args:
        loss: from weights to a scalar, one replica's share of the loss, whose batch is the same
            in every step.
        weights: those to begin with, which are the optimizer's variables in their order.
        optimizer: `Adam` without `amsgrad` or `RMSprop` without momentum and centring, built.
        steps: K; with 0 the weights are returned as they are.

    Raises:
        ValueError: for another optimizer.
    """
    update = _differentiable_update(optimizer)
    # Joined, for small networks are slow by the number of their operations.
    joined = _join(weights)
    shapes = [weight.shape for weight in weights]
    # Unlike gradients of a loop in the graph, those of a Python loop may be taken twice.
    for step in range(1, steps + 1):
        with tf.GradientTape() as tape:
            tape.watch(joined)
            value = loss(_divide(joined, shapes))
        gradient = _sum_over_replicas(tape.gradient(value, joined))
        joined = update(joined, gradient, step)
    return _divide(joined, shapes) if steps else weights


def _join(tensors: Weights) -> tf.Tensor:
    return tf.concat([tf.reshape(tensor, [-1]) for tensor in tensors], axis=0)


def _divide(joined: tf.Tensor, shapes: list[tf.TensorShape]) -> Weights:
    parts = tf.split(joined, [shape.num_elements() for shape in shapes])
    return [tf.reshape(part, shape) for part, shape in zip(parts, shapes, strict=True)]


def _differentiable_update(optimizer: keras.optimizers.Optimizer) -> Callable:
    """Returns the optimizer's update as a function of joined weights, gradients and step."""
    if type(optimizer) is keras.optimizers.Adam and not optimizer.amsgrad:
        return _adam(optimizer)
    if type(optimizer) is keras.optimizers.RMSprop and not (
        optimizer.momentum or optimizer.centered
    ):
        return _rms_prop(optimizer)
    raise ValueError(
        "optimizer must be Adam without amsgrad, or RMSprop without momentum and centring. "
        f"Received: {optimizer.get_config()}"
    )


def _adam(optimizer: keras.optimizers.Adam) -> Callable:
    mean, square = _average(optimizer, "momentum"), _average(optimizer, "velocity")
    beta_1, beta_2, epsilon = optimizer.beta_1, optimizer.beta_2, optimizer.epsilon

    def update(weights: tf.Tensor, gradient: tf.Tensor, step: int) -> tf.Tensor:
        nonlocal mean, square
        rate = tf.cast(optimizer.learning_rate, weights.dtype)
        count = tf.cast(optimizer.iterations, rate.dtype) + step
        rate *= tf.sqrt(1 - beta_2**count) / (1 - beta_1**count)
        mean += (gradient - mean) * (1 - beta_1)
        square += (gradient**2 - square) * (1 - beta_2)
        return weights - rate * mean / (_root(square) + epsilon)

    return update


def _rms_prop(optimizer: keras.optimizers.RMSprop) -> Callable:
    square = _average(optimizer, "velocity")
    rho, epsilon = optimizer.rho, optimizer.epsilon

    def update(weights: tf.Tensor, gradient: tf.Tensor, _: int) -> tf.Tensor:
        nonlocal square
        square = rho * square + (1 - rho) * gradient**2
        rate = tf.cast(optimizer.learning_rate, weights.dtype)
        return weights - rate * gradient / tf.sqrt(square + epsilon)

    return update


def _average(optimizer: keras.optimizers.Optimizer, name: str) -> tf.Tensor:
    """Returns the optimizer's present averages of one kind, joined."""
    found = [v.value for v in optimizer.variables if v.path.endswith(f"_{name}")]
    return _join([tf.convert_to_tensor(value) for value in found])


def _root(square: tf.Tensor) -> tf.Tensor:
    """Returns the square root, whose derivative is 0 at 0 and not infinite."""
    positive = square > 0
    ones, zeros = tf.ones_like(square), tf.zeros_like(square)
    return tf.where(positive, tf.sqrt(tf.where(positive, square, ones)), zeros)


def _sum_over_replicas(gradient: tf.Tensor) -> tf.Tensor:
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return gradient
    return context.all_reduce(tf.distribute.ReduceOp.SUM, gradient)
