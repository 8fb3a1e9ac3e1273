from .figures import draw_distances as draw_distances
from .measures import Measures as Measures
from .measures import compare_with as compare_with
