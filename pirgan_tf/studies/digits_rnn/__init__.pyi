from .classifier import classify as classify
from .classifier import train_classifier as train_classifier
from .measures import Measures as Measures
from .measures import measure as measure
from .networks import IMAGE_SIZE as IMAGE_SIZE
from .networks import LATENT_SIZE as LATENT_SIZE
from .networks import build_networks as build_networks
