"""Weights for Inception v2 from checkpoints that TF-slim wrote."""

import glob
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from pirgan_tf.errors import InputError
from pirgan_tf.files.path import check_file, is_folder

_SCOPE = "InceptionV2/"

_NOT_FEATURES = frozenset(
    {
        "global_step",
        "InceptionV2/Logits/Conv2d_1c_1x1/weights",
        "InceptionV2/Logits/Conv2d_1c_1x1/biases",
    }
)

# What TF-slim's train_image_classifier.py, with its default optimizer, keeps beside a variable.
_SLOTS = frozenset({"ExponentialMovingAverage", "RMSProp", "RMSProp_1"})

_WANTED = (
    "path must be a TF-slim checkpoint: its prefix (without .index), a single file in the old "
    "format, or a folder with a 'checkpoint' file"
)

_NAMES_SHOWN = 3


def load_slim_checkpoint(model: keras.Model, path: str | os.PathLike[str]) -> None:
    """Set the weights of `model` to those of a TF-slim Inception v2 checkpoint.

    Every variable of the network is read from the checkpoint's variable of the
    same meaning and shape: `InceptionV2/Conv2d_1a_7x7/depthwise_weights`,
    `pointwise_weights` and `biases`, and for every other convolution `weights`
    and `BatchNorm/beta`, `moving_mean` and `moving_variance`. The model then
    gives TF-slim's activations (is_training=False, epsilon 0.001) to float32
    rounding. Images must be in [-1, 1], as TF-slim's Inception preprocessing
    makes them.

    Three variables of the checkpoint are not looked at, for they are not part
    of the network up to its features: `InceptionV2/Logits/Conv2d_1c_1x1/weights`
    and `/biases`, and `global_step`. Nor is what TF-slim's own training adds to
    a variable named above, `<variable>/<slot>` with the slots RMSProp, RMSProp_1
    and ExponentialMovingAverage: the plain variables are loaded, never their
    moving averages. Nothing else may be there.

    Args:
      model: what `build_inception_v2` returned, with the checkpoint's
        depth_multiplier and any image_size (for an estimator, see
        `load_slim_initial`). If layers follow it in the same functional model
        (such as a dense output), they are left as they are.
      path: a checkpoint's prefix (`model.ckpt-1000`, without `.index`), a single
        file in the old format (`inception_v2.ckpt` as published), or a folder
        with a `checkpoint` file, of which the latest is taken.

    Raises:
      InputError: there is no readable checkpoint at `path`; or it lacks a
        variable, adds one (batch norm's gamma among them), has one of another
        shape or type, or holds NaN, infinity or a negative variance. Nothing in
        the model has changed then.

    Source: TF-slim, `nets/inception_v2.py` and `nets/inception_utils.py`.
    """
    targets = _variables_by_slim_name(model)
    values = _read(os.fspath(path), targets)
    broken = sorted(name for name, value in values.items() if not np.isfinite(value).all())
    if broken:
        raise InputError(
            f"checkpoint must hold finite numbers. Received: {_some(broken)} with others in {path}"
        )
    negative = sorted(
        name for name in values if name.endswith("/moving_variance") and values[name].min() < 0
    )
    if negative:
        raise InputError(
            "variances of batch norm must not be negative. "
            f"Received: {_some(negative)} with such in {path}"
        )
    for name, variable in targets.items():
        variable.assign(values[name])


def _variables_by_slim_name(model: keras.Model) -> dict[str, Any]:
    variables: dict[str, Any] = {}
    for layer in model.layers:
        scope = _SCOPE + layer.name.replace(".", "/")
        if isinstance(layer, keras.layers.SeparableConv2D):
            variables[f"{scope}/depthwise_weights"] = layer.depthwise_kernel
            variables[f"{scope}/pointwise_weights"] = layer.pointwise_kernel
            variables[f"{scope}/biases"] = layer.bias
        elif isinstance(layer, keras.layers.Conv2D):
            variables[f"{scope.removesuffix('/Conv2D')}/weights"] = layer.kernel
        elif isinstance(layer, keras.layers.BatchNormalization):
            variables[f"{scope}/beta"] = layer.beta
            variables[f"{scope}/moving_mean"] = layer.moving_mean
            variables[f"{scope}/moving_variance"] = layer.moving_variance
    return variables


def _read(path: str, targets: dict[str, Any]) -> dict[str, np.ndarray]:
    try:
        _check_files(path)
        reader = tf.train.load_checkpoint(path)
        _check(path, reader, targets)
        # What a double holds and float32 does not becomes infinite, and is refused with it.
        with np.errstate(over="ignore"):
            return {name: reader.get_tensor(name).astype(np.float32) for name in targets}
    except InputError:
        raise
    # Some of the reader's failures keep the type that its C++ gave them: a data file which ends
    # too early is an IndexError.
    except (tf.errors.OpError, IndexError, OSError, RuntimeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{_WANTED} ({reason}). Received: {path!r}") from error


def _check_files(path: str) -> None:
    """Refuses pipes and devices, on which TensorFlow would wait for ever."""
    folder, name = (path, "") if is_folder(path) else os.path.split(path)
    for file in Path(folder).glob(f"{glob.escape(name)}*") if path else ():
        if file.exists() and not file.is_dir():
            check_file(file, _WANTED)


def _check(path: str, reader: Any, targets: dict[str, Any]) -> None:
    shapes = reader.get_variable_to_shape_map()
    dtypes = reader.get_variable_to_dtype_map()
    added = sorted(
        name for name in shapes if name not in targets and not _is_ignored(name, targets)
    )
    gammas = [name for name in added if name.endswith("/BatchNorm/gamma")]
    if gammas:
        raise InputError(
            "the checkpoint's batch norm has scales (gamma), which TF-slim's Inception v2 has not:"
            f" {_some(gammas)}. Received: {path!r}"
        )

    faults = []
    lacking = sorted(name for name in targets if name not in shapes)
    if lacking:
        faults.append(f"it lacks {_some(lacking)}")
    if added:
        faults.append(f"it adds {_some(added)}")
    different = sorted(
        f"{name} ({tuple(shapes[name])} instead of {tuple(variable.shape)})"
        for name, variable in targets.items()
        if name in shapes and tuple(shapes[name]) != tuple(variable.shape)
    )
    if different:
        faults.append(f"it has another shape in {_some(different)}")
    not_float = sorted(f"{n} ({dtypes[n].name})" for n in targets if not _is_float(dtypes.get(n)))
    if not_float:
        faults.append(f"it has no floating-point numbers in {_some(not_float)}")
    if faults:
        raise InputError(
            f"the checkpoint does not fit the network: {'; '.join(faults)}. Received: {path!r}"
        )


def _is_ignored(name: str, targets: Iterable[str]) -> bool:
    variable, _, slot = name.rpartition("/")
    return name in _NOT_FEATURES or (
        slot in _SLOTS and (variable in targets or variable in _NOT_FEATURES)
    )


def _is_float(dtype: tf.DType | None) -> bool:
    return dtype is None or dtype.is_floating


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:_NAMES_SHOWN])
    more = ", ..." if len(names) > _NAMES_SHOWN else ""
    return f"{len(names)} variable{'s' * (len(names) != 1)}: {shown}{more}"
