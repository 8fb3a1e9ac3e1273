from . import batch_norm as batch_norm
from . import upsampling as upsampling
from . import winograd as winograd
