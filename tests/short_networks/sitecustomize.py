"""Networks of fewer layers and a shorter start, in every process that has this folder on its path.

Inception v2 has two blocks instead of ten, the paper's generator three convolutions instead of
five and its discriminator three instead of six. They have every kind of layer, and are built and
traced in half of the time. Tests of the whole networks ask for `whole_networks`.

Keras is imported without libraries that it takes along where they are installed, a third of its
time, and that only some commands need.
"""

import importlib.abc
import importlib.machinery
import sys

SHORT = {
    "pirgan_tf.estimator.inception_v2": lambda whole: {
        "_BLOCKS": {name: whole._BLOCKS[name] for name in ("Mixed_3b", "Mixed_4a")}
    },
    "pirgan_tf.gan.networks.paper": lambda _: {
        "_FIRST_SIZE": 16,
        "_FIRST_DEPTH": 128,
        "_LAST_SIZE": 16,
        "_DEPTHS": (16, 32, 64),
        "_HALVING": (1, 3, 2),
        "_DROPOUT_AFTER": (1, 3),
    },
}


UNNEEDED = {"matplotlib", "pandas", "sklearn"}


class _Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name != "keras" and name not in SHORT:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        load = spec.loader.exec_module

        def load_keras(module):
            absent = dict.fromkeys(UNNEEDED - sys.modules.keys())
            sys.modules.update(absent)
            try:
                load(module)
            finally:
                for name in absent:
                    del sys.modules[name]

        def load_and_shorten(module):
            load(module)
            short = SHORT[name](module)
            module.WHOLE = {constant: getattr(module, constant) for constant in short}
            vars(module).update(short)

        spec.loader.exec_module = load_keras if name == "keras" else load_and_shorten
        return spec


sys.meta_path.insert(0, _Finder())
