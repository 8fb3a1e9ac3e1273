"""Faces by fully connected networks (Yala & Song, section 3)."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
