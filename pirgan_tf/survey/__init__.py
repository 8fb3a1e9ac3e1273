"""Real people: who was shown which image, what they did, and the rates that follow."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
