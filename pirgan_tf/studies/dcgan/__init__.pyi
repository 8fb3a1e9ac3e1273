from .latents import ATTRIBUTES as ATTRIBUTES
from .latents import EXEMPLARS as EXEMPLARS
from .latents import combine as combine
from .latents import draw_exemplars as draw_exemplars
from .latents import interpolate as interpolate
from .latents import largest_step as largest_step
from .latents import measure as measure
from .latents import percentiles as percentiles
