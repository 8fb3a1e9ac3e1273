"""GANs of text (Generating Gaussians, Pictures and Stories, section 4)."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
