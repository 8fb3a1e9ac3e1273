"""How fast something is, and how fast this machine's arithmetic could make it."""

import dataclasses
import math
import resource
import statistics
import sys
import time
from collections.abc import Callable

import tensorflow as tf

_MATRIX = 4096


@dataclasses.dataclass(frozen=True)
class Timing:
    """Seconds of one step, measured several times.

    Attributes:
        seconds: mean seconds per step, one number per repetition.
    """

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """The median over the repetitions."""
        return statistics.median(self.seconds)

    @property
    def spread(self) -> float:
        """The largest less the smallest, as a part of the median."""
        return (max(self.seconds) - min(self.seconds)) / self.median


def time_steps(work: Callable[[int], object], steps: int, repetitions: int) -> Timing:
    """Times something that has run before, so that nothing is traced any more.

    Args:
        work: makes as many steps as it is told, and returns when their results are there.
        steps: of one repetition.
        repetitions: how many.
    """
    seconds = []
    for _ in range(repetitions):
        started = time.perf_counter()
        work(steps)
        seconds.append((time.perf_counter() - started) / steps)
    return Timing(tuple(seconds))


def matrix_rate(precision: str, repetitions: int) -> float:
    """Measures the rate of a product of two 4096x4096 matrices.

    Args:
        precision: "float32" or "bfloat16".
        repetitions: of which the median counts.

    Returns:
        Floating-point operations per second, a multiplication and an addition being two.
    """
    factor = tf.cast(tf.random.stateless_normal([_MATRIX, _MATRIX], [0, 0]), precision)

    multiply = tf.function(lambda: tf.cast((factor @ factor)[0, 0], tf.float32))

    def work(_: int) -> None:
        multiply().numpy()

    work(1)
    return 2 * _MATRIX**3 / time_steps(work, 1, repetitions).median


def count_operations(function) -> int:
    """Counts the floating-point operations of the products in a traced function.

    Those of convolutions, their gradients and matrix products, a multiplication and an
    addition being two; everything else is small beside them. What has no influence on
    results or variables is never computed and not counted.

    Args:
        function: of `tf.function(...).get_concrete_function`, with all shapes known. The
            functions that it calls, such as the body of a loop, are not looked into.

    Returns:
        Operations of one call.
    """
    graph = function.graph
    waiting = [tensor.op for tensor in graph.outputs] + list(graph.control_outputs)
    needed: set[tf.Operation] = set()
    while waiting:
        op = waiting.pop()
        if op not in needed:
            needed.add(op)
            waiting += [tensor.op for tensor in op.inputs] + list(op.control_inputs)
    return sum(_COUNTS[op.type](op) for op in needed if op.type in _COUNTS)


def peak_memory() -> int:
    """Returns the most memory this process has held, in bytes; of several GPUs, the most of one."""
    if gpus := tf.config.list_logical_devices("GPU"):
        return max(tf.config.experimental.get_memory_info(gpu.name)["peak"] for gpu in gpus)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _size(tensor: tf.Tensor) -> int:
    return math.prod(tensor.shape.as_list())


def _convolution(images: tf.Tensor, kernel_shape: list[int]) -> int:
    """Counts by the pixels of the (smaller) image that a convolution gives."""
    height, width, before, _ = kernel_shape
    return 2 * _size(images) * height * width * before


def _matrix_product(transposed: str) -> Callable[[tf.Operation], int]:
    """Counts a product whose attribute `transposed` tells of its left factor."""
    return lambda op: (
        2 * _size(op.outputs[0]) * op.inputs[0].shape[-2 if op.get_attr(transposed) else -1]
    )


_COUNTS: dict[str, Callable[[tf.Operation], int]] = {
    "Conv2D": lambda op: _convolution(op.outputs[0], op.inputs[1].shape.as_list()),
    "Conv2DBackpropInput": lambda op: _convolution(op.inputs[2], op.inputs[1].shape.as_list()),
    "Conv2DBackpropFilter": lambda op: _convolution(op.inputs[2], op.outputs[0].shape.as_list()),
    "DepthwiseConv2dNative": lambda op: (
        2 * _size(op.outputs[0]) * math.prod(op.inputs[1].shape.as_list()[:2])
    ),
    "DepthwiseConv2dNativeBackpropInput": lambda op: (
        2 * _size(op.inputs[2]) * math.prod(op.inputs[1].shape.as_list()[:2])
    ),
    "DepthwiseConv2dNativeBackpropFilter": lambda op: (
        2 * _size(op.inputs[2]) * math.prod(op.outputs[0].shape.as_list()[:2])
    ),
    "MatMul": _matrix_product("transpose_a"),
    "BatchMatMulV2": _matrix_product("adj_x"),
}
