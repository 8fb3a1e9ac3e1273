"""The options that every training stage has."""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pirgan_tf import training
from pirgan_tf.cli.options import Options, option
from pirgan_tf.errors import InputError
from pirgan_tf.stages.shared.several_workers import check_same_flags

if TYPE_CHECKING:
    from pirgan_tf.training.devices import Devices
    from pirgan_tf.training.trainer import Trainer

_T = TypeVar("_T", bound="DeviceOptions")


@dataclasses.dataclass(frozen=True, kw_only=True)
class DeviceOptions(Options):
    """Where, how precisely and from which seed a run computes."""

    seed: int = option("Seed of all random draws.", 0, minimum=0, below=2**31 - 1)
    strategy: str = option(
        "Where to train; auto is mirrored where there are several GPUs.",
        "auto",
        choices=("auto", "one", "mirrored"),
    )
    replicas: int = option(
        "Devices that mirrored training uses; 0 is all GPUs. Without a GPU, the CPU is split.",
        0,
        minimum=0,
        below=1025,
    )
    precision: str = option(
        "Precision of the networks; bfloat16 is faster on some devices.",
        "float32",
        choices=("float32", "bfloat16"),
    )
    jit: str = option(
        "Compile the step with XLA; auto is on with one GPU.", "auto", choices=("auto", "on", "off")
    )
    deterministic: bool = option(
        "Run operations one at a time, so that every run on one CPU gives the same bits.", False
    )

    def differences(self, earlier: dict) -> list[str]:
        """Returns how the options that change the result differ from an earlier dump.

        Runs of earlier versions may have been begun with precision "auto", which was either.
        """
        if earlier.get("precision") == "auto":
            earlier = earlier | {"precision": self.precision}
        return super().differences(earlier)

    def check_replicas(self, batch_size: int) -> None:
        """Checks what can be said of replicas before the devices are known.

        Raises:
            InputError: if one device is to hold several replicas, if they are to be
                compiled, or if a batch cannot be split over them.
        """
        if self.strategy == "one" and self.replicas > 1:
            raise InputError(
                "replicas must be 0 or 1 with --strategy=one; did you mean --strategy=mirrored? "
                f"Received: {self.replicas}"
            )
        if self.jit == "on" and self.replicas > 1:
            raise InputError(
                f"jit must be off or auto with several replicas. Received: {self.replicas}"
            )
        if batch_size % max(self.replicas, 1):
            raise InputError(
                f"batch_size must be a multiple of the {self.replicas} replicas. "
                f"Received: {batch_size}"
            )


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainingOptions(DeviceOptions):
    """Length and records of a training run."""

    strategy: str = option(
        "Where to train; auto is mirrored where there are several GPUs. multi_worker is on several "
        "machines, which TF_CONFIG names; each runs the same command. tpu was never run.",
        "auto",
        choices=("auto", "one", "mirrored", "multi_worker", "tpu"),
    )
    steps: int = option("Training steps.", minimum=1, changes_result=False)
    batch_size: int = option(
        "Images per step, over all replicas (decision of ours).", 64, minimum=1, below=2**16
    )
    log_every: int = option("Steps between status lines.", 100, minimum=1, changes_result=False)
    checkpoint_every: int = option(
        "Steps between checkpoints; 0 is none.", 1000, minimum=0, changes_result=False
    )
    checkpoint_minutes: float = option(
        "Minutes between checkpoints; 0 is none.", 10.0, minimum=0.0, changes_result=False
    )
    keep_checkpoints: int = option(
        "Number of newest checkpoints kept while training.", 3, minimum=1, changes_result=False
    )

    def validate(self) -> None:
        """Checks the numbers, the workers, and that every replica gets as many images."""
        super().validate()
        self.check_replicas(self.batch_size)
        if self.strategy in ("multi_worker", "tpu"):
            if self.replicas:
                raise InputError(
                    f"replicas must be 0 with --strategy={self.strategy}, which uses all devices. "
                    f"Received: {self.replicas}"
                )
            if self.jit == "on":
                raise InputError(
                    f"jit must be off or auto with --strategy={self.strategy}. Received: {self.jit}"
                )
        if self.strategy == "multi_worker":
            count = len(training.read_cluster().addresses)
            if self.batch_size % count:
                raise InputError(
                    f"batch_size must be a multiple of the {count} workers. "
                    f"Received: {self.batch_size}"
                )


def set_up_devices(options: _T) -> tuple[_T, "Devices"]:
    """Starts the devices; returns the options with every "auto" resolved, and the devices.

    Raises:
        InputError: as `training.configure` does, or if workers have different options.
        TrainingError: if a worker does not answer.
    """
    devices = training.configure(
        strategy=options.strategy,
        replicas=options.replicas,
        precision=options.precision,
        jit=options.jit,
        seed=options.seed,
        deterministic=options.deterministic,
    )
    check_same_flags(options, devices.workers)
    strategy = options.strategy
    if strategy not in ("multi_worker", "tpu"):
        strategy = "mirrored" if devices.num_replicas > 1 else "one"
    resolved = dataclasses.replace(
        options,
        strategy=strategy,
        replicas=devices.num_replicas,
        precision=devices.precision,
        jit="on" if devices.jit else "off",
    )
    return resolved, devices


def train(
    trainer: "Trainer",
    options: TrainingOptions,
    folder: Path,
    *,
    evaluate_every: int = 0,
    images_every: int = 0,
) -> int:
    """Runs the shared loop as the options say; returns the last step made."""
    schedule = training.loop.Schedule(
        steps=options.steps,
        log_every=options.log_every,
        evaluate_every=evaluate_every,
        images_every=images_every,
        checkpoint_every=options.checkpoint_every,
        checkpoint_minutes=options.checkpoint_minutes,
        keep_checkpoints=options.keep_checkpoints,
    )
    return training.loop.run(trainer, schedule, folder)
