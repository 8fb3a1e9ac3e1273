from . import analysis as analysis
from . import benchmark as benchmark
from . import cli as cli
from . import data as data
from . import errors as errors
from . import estimator as estimator
from . import gan as gan
from . import kernels as kernels
from . import stages as stages
from . import studies as studies
from . import survey as survey
from . import sweep as sweep
from . import training as training
from . import users as users

__version__: str
