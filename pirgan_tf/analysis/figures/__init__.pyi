from . import pictures as pictures
from . import plan_figure as plan_figure
from . import style as style
