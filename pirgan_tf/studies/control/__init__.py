"""Reinforcement learning in classic control: episodes, and trust region policy optimisation."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
