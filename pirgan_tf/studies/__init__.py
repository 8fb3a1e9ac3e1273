"""The experiments of the other seed papers, one module or folder each; `registry.py` names them."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
