from . import winograd as winograd
from .accelerate import accelerate as accelerate
from .dropout import StatelessDropout as StatelessDropout
from .dropout import dropout_seed as dropout_seed
from .freeze import freeze as freeze
from .weights import copy_weights as copy_weights
