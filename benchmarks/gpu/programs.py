"""Runs XLA programs that export.py wrote, with JAX's client; needs jax, numpy and Pillow alone."""

import dataclasses
import json
import re
import time
from pathlib import Path
from typing import Any

import jax
import numpy as np
from arrays import draw, read_photos, shuffled_rows
from jax._src.interpreters import mlir
from jax._src.lib import xla_client
from jax._src.lib.mlir import ir


@dataclasses.dataclass
class Program:
    """A compiled program.

    Attributes:
        executable: of JAX's client.
        captured: names of the arrays of the state that it reads.
        written: those of them that it writes, in the order of its results.
        outputs: names of its results proper.
        seconds: what compiling took.
    """

    executable: Any
    captured: list[str]
    written: list[str]
    outputs: list[str]
    seconds: float

    def __call__(self, state: dict[str, Any], *arguments: Any) -> dict[str, Any]:
        """Runs the program on a state, which it changes, and returns its results proper."""
        device = self.executable.local_devices()[0]
        inputs = [jax.device_put(argument, device) for argument in arguments]
        inputs += [state[name] for name in self.captured]
        results = self.executable.execute_sharded(inputs).disassemble_into_single_device_arrays()
        values = [shards[0] for shards in results]
        for name, value in zip(self.written, values[len(self.outputs) :], strict=True):
            state[name] = value
        return dict(zip(self.outputs, values, strict=False))


def load(path: Path) -> Program:
    """Compiles a program, given its path without a suffix."""
    started = time.perf_counter()
    device = jax.devices()[0]
    module = stablehlo(path.with_name(path.name + ".hlo").read_bytes())
    devices = xla_client.DeviceList((device,))
    executable = device.client.compile_and_load(module, devices, xla_client.CompileOptions())
    said = json.loads(path.with_name(path.name + ".json").read_text())
    written = [n for n, flag in zip(said["captured"], said["written"], strict=True) if flag]
    seconds = time.perf_counter() - started
    return Program(executable, said["captured"], written, said["outputs"], seconds)


def stablehlo(hlo: bytes) -> str:
    """Translates a program as TensorFlow writes it to what JAX's client for GPUs takes."""
    module = xla_client._xla.mlir.hlo_to_stablehlo(hlo)
    with mlir.make_ir_context():
        text = str(ir.Module.parse(module))
    # The only operation of another dialect; a reshape to the same shape does the same.
    return re.sub(r"mhlo\.copy (%\S+) : (\S+)", r"stablehlo.reshape \1 : (\2) -> \2", text)


def first_state(folder: Path, without: str = "no prefix") -> dict[str, Any]:
    """Returns the state from which every program begins, on the device.

    Arrays whose names begin with `without` are left out.

    Images and labels of the estimator are some of the photographs, with labels for checks.
    """
    state = {}
    for name, entry in json.loads((folder / "state.json").read_text()).items():
        if name.startswith(without):
            continue
        shape, dtype = entry["shape"], entry["dtype"]
        if "value" in entry:
            value = np.array(entry["value"], dtype).reshape(shape)
        elif "full" in entry:
            value = np.full(shape, entry["full"], dtype)
        elif "std" in entry:
            value = draw(name, shape, entry["std"])
        else:
            value = _given(name, shape, dtype, folder, state)
        state[name] = jax.device_put(value, jax.devices()[0])
    return state


def training_arguments(step: str, state: dict[str, Any], first: int, count: int) -> tuple:
    """Returns the arguments of a training program for `count` steps from step `first` on."""
    if step != "estimator":
        return np.int64(first), np.int64(count)
    return shuffled_rows(len(state["images"]), first), np.int64(count)


def _given(name: str, shape: list[int], dtype: str, folder: Path, state: dict) -> np.ndarray:
    if name == "photos_by_class":
        return np.arange(shape[0], dtype=dtype)
    if name in ("photos", "images"):
        return read_photos(folder / "photos.webp", shape[0])
    if name == "labels":
        bins = np.arange(shape[0]) * 37 % 1000 // (1000 // shape[1])
        return np.eye(shape[1], dtype=dtype)[bins]
    raise ValueError(f"state.json must say how {name} begins. Received: neither value nor std")
