"""Trains on several workers, and in one process; a program for test_workers.py.

TensorFlow is loaded once, and every worker is a fork of this process, which itself never
starts it. Writes how they ended as JSON to the folder named on the command line.
"""

import json
import os
import signal
import socket
import sys
import time
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from conftest import LineTrainer

from pirgan_tf.estimator import pir_estimator
from pirgan_tf.stages import train_estimator
from pirgan_tf.training import configure

FLAGS = (
    *("--steps=24", "--batch_size=6", "--log_every=4", "--checkpoint_every=4"),
    *("--learning_rate=1e-3", "--evaluate_every=8", "--heldout=0.2", "--patience=50"),
)
COUNT = 40
SECONDS = 500


def small_inception(image_size, *_, dtype=None, **__):
    images = keras.Input((image_size, image_size, 3))
    x = keras.layers.Conv2D(8, 3, 2, use_bias=False, dtype=dtype, name="conv")(images)
    x = keras.layers.BatchNormalization(scale=False, dtype=dtype, name="batch_norm")(x)
    return keras.Model(images, keras.layers.GlobalAveragePooling2D(dtype=dtype)(x))


class Fork:
    """A process that does something, and what it printed and how it ended."""

    def __init__(self, do, name, folder, cluster=()):
        self._outputs = [folder / f"{name}.{stream}" for stream in ("out", "err")]
        sys.stdout.flush()
        self.pid = os.fork()
        if self.pid:
            return
        for number, path in enumerate(self._outputs, 1):
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
        if cluster:
            os.environ["TF_CONFIG"] = json.dumps(
                {"cluster": {"worker": cluster}, "task": {"type": "worker", "index": int(name[-1])}}
            )
        status = 0
        try:
            do()
        except SystemExit as end:
            status = end.code
        # As at the end of a command: what TensorFlow waits for belongs to its time.
        sys.exit(status)

    def ended(self):
        """Waits for the end."""
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                out, err = (path.read_text() for path in self._outputs)
                return {"status": os.waitstatus_to_exitcode(status), "out": out, "err": err}
            time.sleep(0.05)
        os.kill(self.pid, signal.SIGKILL)
        raise TimeoutError(f"{self._outputs[1].read_text()}")


def free_addresses(count):
    servers = [socket.create_server(("localhost", 0)) for _ in range(count)]
    addresses = [f"localhost:{server.getsockname()[1]}" for server in servers]
    for server in servers:
        server.close()
    return addresses


def together(do, name, folder, count):
    """Starts workers."""
    addresses = free_addresses(count)
    return [Fork(do, f"{name}-{place}", folder, addresses) for place in range(count)]


def estimating(folder, name, *flags):
    """Returns the command on a small gallery, as a function."""

    def do():
        pir_estimator.build_inception_v2 = small_inception
        sys.argv = ["train_estimator", *FLAGS, *flags]
        inputs = folder / "inputs"
        sys.argv += [f"--gallery={inputs}", f"--interactions={inputs}", f"--output={folder / name}"]
        train_estimator.main()

    return do


def drawing(folder, **options):
    """Returns some steps on points that every replica draws for itself, as a function."""

    def do():
        devices = configure(precision="float32", jit="off", seed=0, **options)
        with devices.strategy.scope():
            trainer = LineTrainer(devices)
        trainer.train(tf.constant(0, tf.int64), tf.constant(5, tf.int64))
        name = f"{options['strategy']}-{devices.workers.place}"
        np.savez(folder / f"{name}.npz", *trainer.values())
        devices.workers.gather(0)

    return do


def write_gallery(folder):
    folder.mkdir()
    rng = np.random.default_rng(0)
    ids = [f"img{index:06d}" for index in range(COUNT)]
    images = rng.integers(0, 256, (COUNT, 32, 32, 3), np.uint8)
    np.savez(
        folder / "gallery.npz",
        images=images,
        latents=np.zeros((COUNT, 4), np.float32),
        labels=np.zeros(COUNT, np.int32),
        ids=np.array(ids),
    )
    rows = [f"{name},100,{positives},{positives / 100}" for positives, name in enumerate(ids)]
    text = "\n".join(["image_id,impressions,positives,pir", *rows])
    (folder / "interactions.csv").write_text(text + "\n")


def wait_for(path, processes):
    until = time.monotonic() + SECONDS
    while not path.exists():
        if time.monotonic() > until:
            raise TimeoutError([process.ended() for process in processes])
        time.sleep(0.02)


def main():
    folder = Path(sys.argv[1])
    write_gallery(folder / "inputs")
    several = "--strategy=multi_worker"
    seen = {"one": Fork(estimating(folder, "one"), "one", folder).ended()}

    # One of three is killed, and the same commands are given again.
    do = estimating(folder, "three", several)
    workers = together(do, "killed", folder, 3)
    wait_for(folder / "three.partial" / "checkpoints" / "ckpt-4.index", workers)
    os.kill(workers[1].pid, signal.SIGKILL)
    started = time.monotonic()
    seen["killed"] = [worker.ended() for worker in workers]
    seen["seconds"] = time.monotonic() - started
    seen["three"] = [worker.ended() for worker in together(do, "three", folder, 3)]

    mirrored = {"strategy": "mirrored", "replicas": 2}
    seen["mirrored"] = Fork(drawing(folder, **mirrored), "mirrored", folder).ended()
    do = drawing(folder, strategy="multi_worker", replicas=0)
    seen["two"] = [worker.ended() for worker in together(do, "two", folder, 2)]
    (folder / "seen.json").write_text(json.dumps(seen, indent=1))


if __name__ == "__main__":
    main()
