"""Adam by TensorFlow's fused kernel."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("pirgan_tf")
class FusedAdam(keras.optimizers.Adam):
    """`keras.optimizers.Adam` with one operation a variable instead of some fifteen.

    Its kernel goes once through weights, gradient and moments. Updates are Keras's,
    to rounding.

    Args:
        kwargs: those of `keras.optimizers.Adam`; there is no `amsgrad`.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.amsgrad:
            raise ValueError("the fused kernel has no amsgrad. Received: amsgrad=True")

    def update_step(self, gradient, variable, learning_rate):
        """Updates one variable, as each replica does for its own copy."""
        index = self._get_variable_index(variable)
        step = tf.cast(self.iterations + 1, tf.float32)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].value.handle,
            v=self._velocities[index].value.handle,
            beta1_power=tf.pow(self.beta_1, step),
            beta2_power=tf.pow(self.beta_2, step),
            lr=learning_rate,
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=gradient,
        )
