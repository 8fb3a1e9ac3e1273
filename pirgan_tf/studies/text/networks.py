"""The network of section 4.1, of which generator and discriminator are one each."""

import keras
import tensorflow as tf

UNITS = 200
"""Of the recurrent layer, and of the words' embeddings."""


class RecurrentNetwork(keras.Model):
    """Reads words one after another, and answers after each: embeddings, one GRU, one dense layer.

    The generator's outputs are the logits of the next word, the discriminator's is that of
    P(real), sigmoid(W h_t + b).

    Args:
        num_words: size of the vocabulary.
        outputs: how many.
        units: see `UNITS`.
    """

    def __init__(self, num_words: int, outputs: int, units: int = UNITS):
        super().__init__()
        self.units = units
        self.embedding = keras.layers.Embedding(num_words, units)
        self.recurrent = GatedRecurrentUnits(units)
        self.answer = keras.layers.Dense(outputs)
        self.embedding.build((None, None))
        self.recurrent.build((None, None, units))
        self.answer.build((None, None, units))
        self.built = True

    def call(self, tokens, state):
        """Reads on.

        Args:
            tokens: numbers of words `[n, length]`; the length is known.
            state: after the words before, `[n, units]`.

        Returns:
            Outputs `[n, length, outputs]`, and the state after the last word.
        """
        states = self.recurrent(self.embedding(tokens), state)
        return self.answer(states), states[:, -1]


class GatedRecurrentUnits(keras.Layer):
    """The GRU of section 4.1, with the names of its equations.

    It is Keras's with `reset_after=False` and i = 1 - z. Keras multiplies by W anew for every
    word; here that is one product for all, and only U is left for each, which takes less than
    two thirds of the time on a CPU.

    Args:
        units: length of a state.
    """

    def __init__(self, units: int):
        super().__init__()
        self.units = units

    def build(self, input_shape):
        """Makes W and U, each for i, r and c, and the biases."""

        def weights(name, rows, columns, initializer):
            return self.add_weight(name=name, shape=(rows, columns), initializer=initializer)

        self.kernel = weights("kernel", input_shape[-1], 3 * self.units, "glorot_uniform")
        self.recurrent_gates = weights("gates", self.units, 2 * self.units, "orthogonal")
        self.recurrent_change = weights("change", self.units, self.units, "orthogonal")
        self.bias = self.add_weight(name="bias", shape=(3 * self.units,), initializer="zeros")
        super().build(input_shape)

    def call(self, inputs, state):
        """Returns the state after each of the inputs.

        Args:
            inputs: `[n, length, size]`; the length is known.
            state: `[n, units]`.

        Returns:
            `[n, length, units]`.
        """
        projected = tf.unstack(tf.matmul(inputs, self.kernel) + self.bias, axis=1)
        states = []
        for each in projected:
            gates, change = tf.split(each, [2 * self.units, self.units], axis=1)
            i, r = tf.split(tf.sigmoid(gates + tf.matmul(state, self.recurrent_gates)), 2, axis=1)
            c = tf.tanh(change + tf.matmul(r * state, self.recurrent_change))
            state = state + i * (c - state)
            states.append(state)
        return tf.stack(states, axis=1)
