"""One training step of the GAN after the paper's text alone, in float64.

Appendix A and section 2.1.4, written with plain TensorFlow operations for the
forward passes and NumPy for the updates: no Keras, nothing of the package. The
networks are dictionaries from a variable's path to its value, without the
network's name, such as "conv_1/kernel".
"""

import numpy as np
import tensorflow as tf

STRIDES = (2, 1, 2, 1, 2, 1)
BATCH_NORM_MOMENTUM, BATCH_NORM_EPSILON = 0.99, 1e-3
EPSILON = 1e-7


def leaky_relu(x):
    return tf.where(x > 0, x, 0.2 * x)


def convolve(x, kernel, stride, padding):
    return tf.nn.conv2d(x, kernel, stride, [[0, 0], padding, padding, [0, 0]])


def generate(weights, latents, labels, num_classes):
    x = tf.constant(latents)
    if num_classes:
        x = tf.concat([x, np.eye(num_classes)[labels]], 1)
    x = x @ weights["dense/kernel"] + weights["dense/bias"]
    x = tf.reshape(x, [len(latents), 4, 4, -1])
    for i in range(1, 6):
        if i > 1:
            x = tf.repeat(tf.repeat(x, 2, axis=1), 2, axis=2)
        x = convolve(x, weights[f"conv_{i}/kernel"], 1, [1, 1]) + weights[f"conv_{i}/bias"]
        x = tf.tanh(x) if i == 5 else leaky_relu(x)
    return x


def discriminate(weights, statistics, images, masks):
    """Returns source logits, class logits or None, and the new moving statistics."""
    x, masks, new = images, list(masks), {}
    for i, stride in enumerate(STRIDES, start=1):
        # An even size leaves a stride of 2 one pixel to pad, which goes after the image.
        x = convolve(x, weights[f"conv_{i}/kernel"], stride, [0, 1] if stride == 2 else [1, 1])
        name = f"batch_norm_{i}"
        mean = tf.reduce_mean(x, [0, 1, 2])
        variance = tf.reduce_mean((x - mean) ** 2, [0, 1, 2])
        x = (x - mean) / tf.sqrt(variance + BATCH_NORM_EPSILON)
        x = x * weights[f"{name}/gamma"] + weights[f"{name}/beta"]
        for kind, value in (("mean", mean), ("variance", variance)):
            path = f"{name}/moving_{kind}"
            new[path] = (
                BATCH_NORM_MOMENTUM * statistics[path] + (1 - BATCH_NORM_MOMENTUM) * value.numpy()
            )
        x = leaky_relu(x)
        if i in (1, 3, 5):
            x = x * tf.cast(masks.pop(0), tf.float64)
    x = tf.reshape(x, [len(images), -1])
    a = (x @ weights["source/kernel"] + weights["source/bias"])[:, 0]
    classes = None
    if "class_logits/kernel" in weights:
        classes = x @ weights["class_logits/kernel"] + weights["class_logits/bias"]
    return 2 * a, classes, new


def log_sigmoid(x):
    return -tf.math.log(1 + tf.exp(-x))


def log_probability(logits, labels):
    chosen = tf.reduce_sum(logits * np.eye(logits.shape[1])[labels], 1)
    return chosen - tf.math.log(tf.reduce_sum(tf.exp(logits), 1))


class Adam:
    def __init__(self, learning_rate, beta_1, beta_2=0.999):
        self.settings, self.step, self.m, self.v = (learning_rate, beta_1, beta_2), 0, {}, {}

    def change(self, path, gradient):
        rate, beta_1, beta_2 = self.settings
        self.m[path] = beta_1 * self.m.get(path, 0) + (1 - beta_1) * gradient
        self.v[path] = beta_2 * self.v.get(path, 0) + (1 - beta_2) * gradient**2
        # Keras corrects the bias of both averages in the rate, so epsilon comes after.
        rate *= np.sqrt(1 - beta_2**self.step) / (1 - beta_1**self.step)
        return -rate * self.m[path] / (np.sqrt(self.v[path]) + EPSILON)


class RmsProp:
    def __init__(self, learning_rate, rho=0.9):
        self.settings, self.step, self.v = (learning_rate, rho), 0, {}

    def change(self, path, gradient):
        rate, rho = self.settings
        self.v[path] = rho * self.v.get(path, 0) + (1 - rho) * gradient**2
        # Keras adds epsilon under the root.
        return -rate * gradient / np.sqrt(self.v[path] + EPSILON)


class ReferenceGan:
    def __init__(self, generator, discriminator, settings, rate_function=None):
        as_float64 = {path: np.float64(value) for path, value in discriminator.items()}
        self.generator = {path: np.float64(value) for path, value in generator.items()}
        self.discriminator = {p: v for p, v in as_float64.items() if "moving" not in p}
        self.statistics = {p: v for p, v in as_float64.items() if "moving" in p}
        self.settings, self.rate_function = settings, rate_function
        self.adam = Adam(settings.generator_learning_rate, settings.adam_beta_1)
        self.rms_prop = RmsProp(settings.discriminator_learning_rate)

    def step(self, batch, masks):
        """Makes one step; returns the losses.

        Args:
            batch: a `GanBatch`.
            masks: the dropout masks of each pass, by the name of its seed.
        """
        settings, terms = self.settings, {}

        def judge(weights, images, of_pass):
            source, classes, self.statistics = discriminate(
                weights, self.statistics, images, of_pass
            )
            return source, classes

        def fakes(weights):
            return generate(
                weights,
                np.float64(batch.latents),
                batch.fake_labels.numpy(),
                settings.num_classes,
            )

        def discriminator_loss(weights):
            source, classes = judge(weights, np.float64(batch.images), masks["dropout_real"])
            terms["loss/real"] = tf.reduce_mean(log_sigmoid(source))
            if classes is not None:
                terms["loss/real_class"] = tf.reduce_mean(
                    log_probability(classes, batch.real_labels.numpy())
                )
            source, _ = judge(weights, fakes(self.generator), masks["dropout_fake"])
            terms["loss/fake"] = tf.reduce_mean(log_sigmoid(-source))
            return -(
                terms["loss/fake"]
                + terms["loss/real"]
                + settings.real_class_weight * terms.get("loss/real_class", 0)
            )

        def generator_loss(weights):
            images = fakes(weights)
            source, classes = judge(self.discriminator, images, masks["dropout_fools"])
            terms["loss/fools"] = tf.reduce_mean(log_sigmoid(source))
            if classes is not None:
                terms["loss/fake_class"] = tf.reduce_mean(
                    log_probability(classes, batch.fake_labels.numpy())
                )
            if self.rate_function:
                terms["loss/pir"] = tf.reduce_mean(self.rate_function(images))
            return -(
                settings.adversarial_weight * terms["loss/fools"]
                + settings.fake_class_weight * terms.get("loss/fake_class", 0)
                + settings.pir_weight * terms.get("loss/pir", 0)
            )

        terms["loss/discriminator"] = _descend(
            self.discriminator, discriminator_loss, self.rms_prop
        )
        terms["loss/generator"] = _descend(self.generator, generator_loss, self.adam)
        return {name: float(value) for name, value in terms.items()}


def _descend(weights, loss_function, optimizer):
    tensors = {path: tf.constant(value) for path, value in weights.items()}
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        loss = loss_function(tensors)
    optimizer.step += 1
    for path, gradient in tape.gradient(loss, tensors).items():
        weights[path] = weights[path] + optimizer.change(path, gradient.numpy())
    return loss
