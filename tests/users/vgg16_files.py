"""Files of VGG16's weights, made by Keras or, with shapes alone, by h5py."""

import h5py
import keras

_SHAPES = {
    "conv2d": (3, 64),
    "conv2d_1": (64, 64),
    "conv2d_2": (64, 128),
    "conv2d_3": (128, 128),
    "conv2d_4": (128, 256),
    "conv2d_5": (256, 256),
    "conv2d_6": (256, 256),
    "conv2d_7": (256, 512),
    **{f"conv2d_{index}": (512, 512) for index in range(8, 13)},
    "dense": (25088, 4096),
    "dense_1": (4096, 4096),
    "dense_2": (4096, 1000),
}


def random_vgg16(*, top):
    """Keras's own network, with biases too."""
    keras.utils.set_random_seed(7)
    network = keras.applications.VGG16(
        include_top=top, weights=None, input_shape=(224, 224, 3), classifier_activation=None
    )
    for variable in network.weights:
        if len(variable.shape) == 1:
            variable.assign(keras.random.normal(variable.shape, stddev=0.1, seed=3))
    return network


def write_shapes(path, *, top, change=None):
    """A file in the layout of Keras 3 which takes no room, as no number is written to it.

    `change` replaces the kernel's shape of some layers; None leaves the layer out.
    """
    with h5py.File(path, "w") as file:
        for name, (inputs, outputs) in _SHAPES.items():
            dense = name.startswith("dense")
            if dense and not top:
                continue
            shape = (inputs, outputs) if dense else (3, 3, inputs, outputs)
            shape = (change or {}).get(name, shape)
            if shape is not None:
                file.create_dataset(f"layers/{name}/vars/0", shape, "f4")
                file.create_dataset(f"layers/{name}/vars/1", shape[-1:], "f4")
    return str(path)
