from .impressions import simulate_impressions as simulate_impressions
from .interactions import match_gallery as match_gallery
from .interactions import read_interactions as read_interactions
from .interactions import write_interactions as write_interactions
from .objectives import parse_objective as parse_objective
from .rates import Objective as Objective
