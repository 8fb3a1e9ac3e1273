from .figures import draw_histograms as draw_histograms
from .figures import draw_reconstructions as draw_reconstructions
from .networks import IMAGE_SIZE as IMAGE_SIZE
from .networks import build_networks as build_networks
