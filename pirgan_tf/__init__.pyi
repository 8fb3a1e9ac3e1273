from . import analysis as analysis
from . import data as data
from . import errors as errors
from . import estimator as estimator
from . import gan as gan
from . import stages as stages
from . import training as training
from . import users as users

__version__: str
