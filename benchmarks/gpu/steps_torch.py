"""The same training steps in PyTorch, on a GPU: the strongest forms that we know of.

    python3 steps_torch.py --step=gan --precision=bfloat16

Forms are eager; compiled (torch.compile of each network); eager_graph and compiled_graph (the
whole step, both updates, as one CUDA graph). All have channels last and, in float32, tf32.
Prints "ready", waits for a line on standard input, and prints JSON.
"""

import argparse
import contextlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

sys.path.append(str(Path(__file__).parents[1] / "steps"))
from gan_torch import CLASSES, LATENT, SIZE, Discriminator, Generator

BINS, LEARNED, PHOTOGRAPHS = 100, 900, 2996
# A CPU is enough for tests of the eager form alone.
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
CAPTURABLE = {"capturable": DEVICE == "cuda"}
FUSED, FOREACH = {"fused": True, **CAPTURABLE}, {"foreach": True, **CAPTURABLE}


class Conv(nn.Module):
    """A convolution without bias, batch norm without gamma, ReLU."""

    def __init__(self, before: int, depth: int, kernel: int, stride: int = 1):
        super().__init__()
        self.conv = nn.Conv2d(before, depth, kernel, stride, kernel // 2, bias=False)
        # Its gamma is never trained.
        self.norm = nn.BatchNorm2d(depth, eps=1e-3, momentum=0.1)
        self.norm.weight.requires_grad_(False)

    def forward(self, x):
        """Returns the block's output."""
        return F.relu(self.norm(self.conv(x)))


def pool(kind: str, stride: int) -> nn.Module:
    """Returns a 3x3 pooling layer."""
    return (nn.MaxPool2d if kind == "max" else nn.AvgPool2d)(3, stride, 1)


class Mixed(nn.Module):
    """A block of branches; a depth of 0 leaves its convolution out."""

    def __init__(self, before, single, double, triple, kind, pooled, stride=1):
        super().__init__()
        branches = [nn.Sequential(Conv(before, single, 1))] if single else []
        branches += [
            nn.Sequential(Conv(before, double[0], 1), Conv(double[0], double[1], 3, stride)),
            nn.Sequential(
                Conv(before, triple[0], 1),
                Conv(triple[0], triple[1], 3),
                Conv(triple[1], triple[1], 3, stride),
            ),
        ]
        last = [pool(kind, stride)] + ([Conv(before, pooled, 1)] if pooled else [])
        self.branches = nn.ModuleList([*branches, nn.Sequential(*last)])

    def forward(self, x):
        """Returns the channels of all branches."""
        return torch.cat([branch(x) for branch in self.branches], 1)


class Inception(nn.Module):
    """Inception v2 to 100 bins (section 2.1.3)."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 24, 7, 2, 3, groups=3, bias=False), nn.Conv2d(24, 64, 1), nn.ReLU()
        )
        blocks = [
            (192, 64, (64, 64), (64, 96), "avg", 32),
            (256, 64, (64, 96), (64, 96), "avg", 64),
            (320, 0, (128, 160), (64, 96), "max", 0, 2),
            (576, 224, (64, 96), (96, 128), "avg", 128),
            (576, 192, (96, 128), (96, 128), "avg", 128),
            (576, 160, (128, 160), (128, 160), "avg", 96),
            (576, 96, (128, 192), (160, 192), "avg", 96),
            (576, 0, (128, 192), (192, 256), "max", 0, 2),
            (1024, 352, (192, 320), (160, 224), "avg", 128),
            (1024, 352, (192, 320), (192, 224), "max", 128),
        ]
        self.body = nn.Sequential(
            pool("max", 2),
            Conv(64, 64, 1),
            Conv(64, 192, 3),
            pool("max", 2),
            *(Mixed(*block) for block in blocks),
        )
        self.logits = nn.Linear(1024, BINS)

    def forward(self, images):
        """Returns logits [n, 100]."""
        return self.logits(self.body(self.stem(images)).mean((2, 3)).float())


def put(network: nn.Module) -> nn.Module:
    """Moves a network to the device, channels last."""
    return network.to(DEVICE, memory_format=torch.channels_last)


def random_photos(count: int) -> torch.Tensor:
    """Returns random images, uint8."""
    shape = (count, 3, SIZE, SIZE)
    photos = torch.randint(0, 256, shape, dtype=torch.uint8, device=DEVICE)
    return photos.contiguous(memory_format=torch.channels_last)


def gan_step(n: int, autocast: Callable, compiler: Callable, tuning: bool) -> Callable[[], None]:
    """Returns the step that updates both networks; in tuning with an estimator."""
    generator, discriminator = put(Generator()), put(Discriminator())
    judge = put(Inception()).eval().requires_grad_(False)
    generate, discriminate, rate = map(compiler, (generator, discriminator, judge))
    adam = torch.optim.Adam(generator.parameters(), 1e-5, (0.5, 0.999), **FUSED)
    rmsprop = torch.optim.RMSprop(discriminator.parameters(), 1e-5, 0.9, **FOREACH)
    photographs = random_photos(PHOTOGRAPHS)
    centers = (torch.arange(BINS, device=DEVICE) + 0.5) / BINS

    def draw(high: int) -> torch.Tensor:
        return torch.randint(0, high, (n,), device=DEVICE)

    def step() -> None:
        labels, real_labels = draw(CLASSES), draw(CLASSES)
        images = photographs[draw(PHOTOGRAPHS)].float() / 127.5 - 1
        latents = torch.randn(n, LATENT, device=DEVICE)
        with autocast():
            fakes = generate(latents, F.one_hot(labels, CLASSES).float()).float()
            source, classes = discriminate(images)
            loss = F.cross_entropy(classes, real_labels) - F.logsigmoid(source).mean()
            source, _ = discriminate(fakes.detach())
            loss = loss - F.logsigmoid(-source).mean()
        rmsprop.zero_grad(set_to_none=True)
        loss.backward()
        rmsprop.step()
        discriminator.requires_grad_(False)
        with autocast():
            source, classes = discriminate(fakes)
            loss = 1.5 * F.cross_entropy(classes, labels) - F.logsigmoid(source).mean()
            if tuning:
                loss = loss - 1000 * ((rate(fakes) / 0.01).softmax(1) @ centers).mean()
        adam.zero_grad(set_to_none=True)
        loss.backward()
        adam.step()
        discriminator.requires_grad_(True)

    return step


def estimator_step(n: int, autocast: Callable, compiler: Callable) -> Callable[[], None]:
    """Returns the estimator's step."""
    network = put(Inception())
    forward = compiler(network)
    weights = [p for p in network.parameters() if p.requires_grad]
    adam = torch.optim.Adam(weights, 5e-4, **FUSED)
    images = random_photos(LEARNED)
    labels = torch.randint(0, BINS, (LEARNED,), device=DEVICE)

    def step() -> None:
        rows = torch.randint(0, LEARNED, (n,), device=DEVICE)
        with autocast():
            logits = forward(images[rows].float() / 127.5 - 1)
            loss = F.cross_entropy(logits, labels[rows])
        adam.zero_grad(set_to_none=True)
        loss.backward()
        adam.step()

    return step


def matrix_step(precision: str) -> Callable[[], None]:
    """Returns a product of two matrices of 8192 rows and columns, 1.1e12 operations."""
    dtype = getattr(torch, precision)
    a, b = (torch.randn(8192, 8192, device=DEVICE, dtype=dtype) for _ in range(2))
    return lambda: torch.matmul(a, b)


def as_graph(step: Callable[[], None]) -> Callable[[], None]:
    """Returns the step as one CUDA graph."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(5):
            step()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()

    def replay() -> None:
        graph.replay()

    # The graph refers to what the step owns, and does not keep it.
    replay.step = step  # type: ignore[attr-defined]
    return replay


def prepare(options: argparse.Namespace, form: str) -> Callable[[], None]:
    """Returns a step in one form, compiled and warm."""

    def autocast():
        if options.precision == "float32":
            return contextlib.nullcontext()
        return torch.autocast(DEVICE, torch.bfloat16)

    compiler = (lambda network: network) if "eager" in form else torch.compile
    common = options.batch_size, autocast, compiler
    if options.step == "matrix":
        step = matrix_step(options.precision)
    elif options.step == "estimator":
        step = estimator_step(*common)
    else:
        step = gan_step(*common, tuning=options.step == "tune")
    for _ in range(3):
        step()
    step = as_graph(step) if "graph" in form else step
    synchronize()
    return step


def synchronize() -> None:
    """Waits for the GPU, if there is one."""
    if DEVICE == "cuda":
        torch.cuda.synchronize()


def reserved_gigabytes() -> float:
    """Returns the most memory of the GPU that was held."""
    return torch.cuda.max_memory_reserved() / 1e9 if DEVICE == "cuda" else 0.0


def seconds_per_step(step: Callable[[], None], block: int) -> list[float]:
    """Times five blocks of steps, after some to warm up."""
    for _ in range(block // 5):
        step()
    seconds = []
    for _ in range(5):
        synchronize()
        began = time.perf_counter()
        for _ in range(block):
            step()
        synchronize()
        seconds.append((time.perf_counter() - began) / block)
    return seconds


def main() -> None:
    """Prepares all forms of a step, waits for its turn, and times them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--step", choices=("gan", "estimator", "tune", "matrix"), required=True)
    parser.add_argument("--precision", choices=("float32", "bfloat16"), default="float32")
    parser.add_argument("--forms", default="eager,compiled,eager_graph,compiled_graph")
    parser.add_argument("--batch_size", type=int, default=64)
    parser.add_argument("--block", type=int, default=100, help="steps per synchronisation")
    options = parser.parse_args()
    torch.manual_seed(0)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    torch.backends.cudnn.benchmark = True
    steps, figures = {}, {}
    for form in options.forms.split(","):
        began = time.perf_counter()
        try:
            steps[form] = prepare(options, form)
        except Exception as error:  # one form that fails must not cost the others
            figures[form] = {"error": repr(error)[:300]}
            continue
        figures[form] = {"compile_seconds": time.perf_counter() - began}
    print("ready", flush=True)
    sys.stdin.readline()
    for form, step in steps.items():
        figures[form]["seconds"] = seconds_per_step(step, options.block)
        figures[form]["gigabytes"] = reserved_gigabytes()
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
