"""Where a run computes, and in which precision."""

import contextlib
import dataclasses
import signal
from pathlib import Path

import keras
import tensorflow as tf

from pirgan_tf.errors import InputError
from pirgan_tf.training.cluster import read_cluster, wait_for_workers
from pirgan_tf.training.workers import ALONE, Workers

_POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16"}


@dataclasses.dataclass(frozen=True)
class Devices:
    """A resolved choice of devices.

    Attributes:
        strategy: the `tf.distribute.Strategy` under which everything is built.
        precision: `"float32"` or `"bfloat16"`.
        jit: whether the training step is compiled by XLA.
        reason: what was chosen, with advice where another precision is faster, for people.
        kind: `"CPU"`, `"GPU"` or `"TPU"`.
        workers: the processes that train together.
        host_input: whether batches are drawn by the host's processor, ahead of the step.
    """

    strategy: tf.distribute.Strategy
    precision: str
    jit: bool
    reason: str
    kind: str = "CPU"
    workers: Workers = ALONE
    host_input: bool = False

    @property
    def dtype(self) -> str:
        """The Keras dtype policy of the networks."""
        return _POLICIES[self.precision]

    @property
    def num_replicas(self) -> int:
        """The number of replicas over which a batch is split."""
        return self.strategy.num_replicas_in_sync


def configure(
    *,
    strategy: str,
    replicas: int,
    precision: str,
    jit: str,
    seed: int,
    deterministic: bool = False,
) -> Devices:
    """Sets up TensorFlow for a run and resolves every `"auto"`.

    Initial weights are drawn from `seed`.

    Args:
        strategy: `"one"`, `"mirrored"`, `"multi_worker"`, `"tpu"` or `"auto"`: mirrored
            where there are several GPUs, or several replicas are asked for. Several workers
            find each other by TF_CONFIG, and each uses all its GPUs, or its CPU.
        replicas: how many devices `"mirrored"` uses; 0 is all GPUs. Without a
            GPU, the CPU is split into as many logical ones.
        precision: `"float32"` or `"bfloat16"`.
        jit: `"on"`, `"off"` or `"auto"`: on with one GPU.
        seed: seed of the initial weights.
        deterministic: whether the same run gives the same bits each time on one
            CPU, as operations run one at a time. This holds until the process ends.

    Raises:
        InputError: if there are fewer devices than `replicas`, if several replicas
            are to be compiled, if TensorFlow has started and can no longer be
            split or made deterministic, if TF_CONFIG is none, or if there is no TPU.
        TrainingError: if a worker does not answer.
    """
    if deterministic:
        _make_deterministic()
    gpus = tf.config.list_physical_devices("GPU")
    for gpu in gpus:
        _set_once(tf.config.experimental.set_memory_growth, gpu, True)
    keras.utils.set_random_seed(seed)

    if strategy == "auto":
        strategy = "mirrored" if (replicas or len(gpus)) > 1 else "one"
    workers = ALONE
    if strategy == "multi_worker":
        kind = "GPU" if gpus else "CPU"
        chosen, workers = _join_workers()
        count = chosen.num_replicas_in_sync
        where = f"{workers.count} workers of {count // workers.count} {kind}s each"
    elif strategy == "tpu":
        kind, chosen = "TPU", _find_tpu()
        count = chosen.num_replicas_in_sync
        where = f"{count} TPU cores"
    else:
        kind, names = _device_names(replicas if strategy == "mirrored" else 1, gpus)
        count = len(names)
        # A mirror of one would only keep XLA out.
        if count > 1:
            chosen = tf.distribute.MirroredStrategy(names)
            where = f"{count} {kind}s, mirrored"
        else:
            chosen = tf.distribute.get_strategy()
            where = f"one {kind}"
    if jit == "on" and count > 1:
        raise InputError(f"jit must be off or auto with several replicas. Received: {count}")
    if jit == "auto":
        jit = "on" if gpus and chosen is tf.distribute.get_strategy() else "off"
    parts = [where, precision, f"XLA {jit}"] + ["deterministic"] * deterministic
    fast = kind == "TPU" or _bfloat16_is_fast(gpus)
    if precision == "bfloat16" and not fast:
        parts.append(f"warning: float32 would be faster on this {kind}: --precision=float32")
    if precision == "float32" and fast:
        parts.append(f"bfloat16 would be faster on this {kind}: --precision=bfloat16")
    return Devices(chosen, precision, jit == "on", "; ".join(parts), kind, workers, kind == "TPU")


def _find_tpu() -> tf.distribute.Strategy:
    try:
        # Of a TPU's own machine, or of a name in TPU_NAME.
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver.connect()
    except (tf.errors.OpError, OSError, RuntimeError, ValueError) as error:
        raise InputError(
            "strategy=tpu must find a TPU, by the variable TPU_NAME of the environment (local on "
            f"a TPU's own machine). Received: {' '.join(str(error).split())}"
        ) from error
    return tf.distribute.TPUStrategy(resolver)


def _join_workers() -> tuple[tf.distribute.Strategy, Workers]:
    cluster = read_cluster()
    wait_for_workers(cluster)
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    # TensorFlow has put its own handler of this signal there, which does nothing.
    with contextlib.suppress(ValueError):
        signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGTERM))
    return strategy, Workers(strategy, cluster.place, len(cluster.addresses))


def _make_deterministic() -> None:
    # Operations that run side by side end in an order of their own, in which sums are taken.
    try:
        tf.config.threading.set_inter_op_parallelism_threads(1)
    except RuntimeError as error:
        raise InputError(
            "deterministic must be set before TensorFlow starts, and this process has started it "
            "without. Received: --deterministic"
        ) from error
    tf.config.experimental.enable_op_determinism()


def _set_once(setter, *args) -> None:
    """Applies a setting that TensorFlow takes only before its devices start."""
    # In a later stage of the same process, the first one has set it already.
    with contextlib.suppress(RuntimeError):
        setter(*args)


def _device_names(count: int, gpus: list) -> tuple[str, list[str]]:
    if gpus:
        count = count or len(gpus)
        if count > len(gpus):
            raise InputError(
                f"replicas must be at most the number of GPUs, {len(gpus)}. Received: {count}"
            )
        return "GPU", [f"GPU:{i}" for i in range(count)]
    count = count or 1
    cpu = tf.config.list_physical_devices("CPU")[0]
    if count > 1:
        _set_once(
            tf.config.set_logical_device_configuration,
            cpu,
            [tf.config.LogicalDeviceConfiguration()] * count,
        )
    if len(tf.config.list_logical_devices("CPU")) < count:
        raise InputError(
            "replicas on a CPU must be set before TensorFlow starts, and this process has "
            f"started it with fewer. Received: {count}"
        )
    return "CPU", [f"CPU:{i}" for i in range(count)]


def _bfloat16_is_fast(gpus: list) -> bool:
    if gpus:
        capability = tf.config.experimental.get_device_details(gpus[0]).get("compute_capability")
        return capability is not None and capability >= (8, 0)
    try:
        cpu_flags = Path("/proc/cpuinfo").read_text().split()
    except OSError:
        return False
    return "amx_bf16" in cpu_flags or "avx512_bf16" in cpu_flags
