"""What `bin/benchmark` measures: the work of each stage, and how it is timed."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
