from .dataset import IMAGE_SIZE as IMAGE_SIZE
from .dataset import NUM_LANDSCAPES as NUM_LANDSCAPES
from .dataset import dataset_folder as dataset_folder
from .dataset import load_dataset as load_dataset
from .dataset import validate_dataset_spec as validate_dataset_spec
from .image_dataset import ImageDataset as ImageDataset
from .landscapes.render import render_landscapes as render_landscapes
from .photos import import_photos as import_photos

__all__ = [
    "IMAGE_SIZE",
    "NUM_LANDSCAPES",
    "ImageDataset",
    "dataset_folder",
    "import_photos",
    "load_dataset",
    "render_landscapes",
    "validate_dataset_spec",
]
