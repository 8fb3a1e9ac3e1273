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
    # Unlike gradients of a loop in the graph, those of a Python loop may be taken twice.
    for step in range(1, steps + 1):
        with tf.GradientTape() as tape:
            tape.watch(weights)
            value = loss(weights)
        gradients = tape.gradient(value, weights)
        weights = update(weights, _sum_over_replicas(gradients), step)
    return weights


def _differentiable_update(optimizer: keras.optimizers.Optimizer) -> Callable:
    """Returns the optimizer's update as a function of weights, gradients and step."""
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
    means, squares = _averages(optimizer, "momentum"), _averages(optimizer, "velocity")
    beta_1, beta_2, epsilon = optimizer.beta_1, optimizer.beta_2, optimizer.epsilon

    def update(weights: Weights, gradients: Weights, step: int) -> Weights:
        rate = tf.cast(optimizer.learning_rate, weights[0].dtype)
        count = tf.cast(optimizer.iterations, rate.dtype) + step
        rate *= tf.sqrt(1 - beta_2**count) / (1 - beta_1**count)
        for i, gradient in enumerate(gradients):
            means[i] += (gradient - means[i]) * (1 - beta_1)
            squares[i] += (gradient**2 - squares[i]) * (1 - beta_2)
        return [
            weight - rate * mean / (_root(square) + epsilon)
            for weight, mean, square in zip(weights, means, squares, strict=True)
        ]

    return update


def _rms_prop(optimizer: keras.optimizers.RMSprop) -> Callable:
    squares = _averages(optimizer, "velocity")
    rho, epsilon = optimizer.rho, optimizer.epsilon

    def update(weights: Weights, gradients: Weights, step: int) -> Weights:
        rate = tf.cast(optimizer.learning_rate, weights[0].dtype)
        for i, gradient in enumerate(gradients):
            squares[i] = rho * squares[i] + (1 - rho) * gradient**2
        return [
            weight - rate * gradient / tf.sqrt(square + epsilon)
            for weight, gradient, square in zip(weights, gradients, squares, strict=True)
        ]

    return update


def _averages(optimizer: keras.optimizers.Optimizer, name: str) -> Weights:
    """Returns the optimizer's present averages of one kind."""
    return [
        tf.convert_to_tensor(variable.value)
        for variable in optimizer.variables
        if variable.path.endswith(f"_{name}")
    ]


def _root(square: tf.Tensor) -> tf.Tensor:
    """Returns the square root, whose derivative is 0 at 0 and not infinite."""
    positive = square > 0
    ones, zeros = tf.ones_like(square), tf.zeros_like(square)
    return tf.where(positive, tf.sqrt(tf.where(positive, square, ones)), zeros)


def _sum_over_replicas(gradients: Weights) -> Weights:
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return gradients
    return context.all_reduce(tf.distribute.ReduceOp.SUM, gradients)
