"""Mode collapse on a mixture of Gaussians, with and without unrolling (Unrolled GANs, 3.1)."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
