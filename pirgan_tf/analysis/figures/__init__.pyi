from . import pictures as pictures
from . import style as style
