from .bins import USE_TEMPERATURE as USE_TEMPERATURE
from .bins import bin_rates as bin_rates
from .inception_v2 import build_inception_v2 as build_inception_v2
from .pir_estimator import EstimatorShape as EstimatorShape
from .pir_estimator import PirEstimator as PirEstimator
from .rated_images import RatedImages as RatedImages
from .slim_checkpoint import load_slim_checkpoint as load_slim_checkpoint
from .trainer import EstimatorTrainer as EstimatorTrainer
