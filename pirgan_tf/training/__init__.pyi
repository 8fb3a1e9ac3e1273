from . import loop as loop
from .devices import Devices as Devices
from .devices import configure as configure
from .grids import image_grid as image_grid
from .grids import save_png as save_png
from .grids import to_uint8 as to_uint8
from .records import format_time as format_time
from .reuse import TracedTrainers as TracedTrainers
