from .figures import draw_densities as draw_densities
from .measures import Measures as Measures
from .measures import measure as measure
from .settings import SETTINGS as SETTINGS
from .settings import Setting as Setting
from .training import train as train
