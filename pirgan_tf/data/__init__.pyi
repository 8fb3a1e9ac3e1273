from .dataset import IMAGE_SIZE as IMAGE_SIZE
from .dataset import NUM_LANDSCAPES as NUM_LANDSCAPES
from .dataset import dataset_folder as dataset_folder
from .dataset import load_dataset as load_dataset
from .dataset import validate_dataset_spec as validate_dataset_spec
from .grammar import GRAMMAR as GRAMMAR
from .grammar import Grammar as Grammar
from .image_dataset import ImageDataset as ImageDataset
from .landscapes.render import render_landscapes as render_landscapes
from .photos import import_photos as import_photos
from .splits import Splits as Splits
from .splits import load_splits as load_splits
from .splits import validate_splits_spec as validate_splits_spec
from .text import END as END
from .text import Text as Text
from .text import load_text as load_text
from .text import validate_text_spec as validate_text_spec

__all__ = [
    "END",
    "GRAMMAR",
    "IMAGE_SIZE",
    "NUM_LANDSCAPES",
    "Grammar",
    "ImageDataset",
    "Splits",
    "Text",
    "dataset_folder",
    "import_photos",
    "load_dataset",
    "load_splits",
    "load_text",
    "render_landscapes",
    "validate_dataset_spec",
    "validate_splits_spec",
    "validate_text_spec",
]
