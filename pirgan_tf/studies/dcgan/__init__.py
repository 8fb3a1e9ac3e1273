"""What the latents of a GAN mean (Radford et al. 2016)."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
