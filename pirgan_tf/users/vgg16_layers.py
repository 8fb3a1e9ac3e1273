"""The layers of VGG16 that objectives name, in the order of the network."""

# Layer -> number of its filters.
VGG16_LAYERS = {
    "pool1": 64,
    "pool2": 128,
    "pool3": 256,
    "pool4": 512,
    "pool5": 512,
    "fc6": 4096,
    "fc7": 4096,
    "fc8": 1000,
}

# The fully connected layers, which some files of weights leave out.
TOP_LAYERS = ("fc6", "fc7", "fc8")

# What keras.applications.VGG16 calls them.
KERAS_NAMES = {
    "pool1": "block1_pool",
    "pool2": "block2_pool",
    "pool3": "block3_pool",
    "pool4": "block4_pool",
    "pool5": "block5_pool",
    "fc6": "fc1",
    "fc7": "fc2",
    "fc8": "predictions",
}
