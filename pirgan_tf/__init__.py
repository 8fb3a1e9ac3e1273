"""Improve a GAN with the interactions of the people who look at its images.

An implementation of "Improving image generative models with human
interactions" in TensorFlow and Keras. Its three components, `gan`, `users` and
`estimator`, know nothing of each other; `stages` connects them.
"""

import lazy_loader as lazy

__version__ = "0.1.0"

# Submodules load on first use, so that a command can answer --help, or refuse a
# flag, without waiting for TensorFlow.
__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
