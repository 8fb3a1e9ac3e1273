from . import speed as speed
from . import work as work
