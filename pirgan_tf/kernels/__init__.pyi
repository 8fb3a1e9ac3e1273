from . import batch_norm as batch_norm
from . import upsampling as upsampling
from . import winograd as winograd
from .accelerate import accelerate as accelerate
from .dropout import StatelessDropout as StatelessDropout
from .dropout import dropout_seed as dropout_seed
from .weights import copy_weights as copy_weights
