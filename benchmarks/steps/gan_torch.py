"""Times the GAN step in PyTorch, on the CPU: the paper's networks in plain modules.

    python benchmarks/steps/gan_torch.py --precision=float32 --compile

Needs torch alone; prints seconds per step, one number per repetition, as JSON.
"""

import argparse
import contextlib
import itertools
import json
import time

import torch
from torch import nn
from torch.nn import functional as F

CLASSES, LATENT, SIZE = 2, 64, 64


class Generator(nn.Module):
    """Section 2.1.1: dense, then five 3x3 convolutions, upsampling before all but the first."""

    def __init__(self):
        super().__init__()
        self.dense = nn.Linear(LATENT + CLASSES, 512 * 4 * 4)
        depths = (512, 512, 256, 128, 64, 3)
        self.convs = nn.ModuleList(
            nn.Conv2d(a, b, 3, padding=1) for a, b in itertools.pairwise(depths)
        )

    def forward(self, latents, one_hot):
        """Returns images [n, 3, 64, 64] in [-1, 1]."""
        x = self.dense(torch.cat([latents, one_hot], 1)).view(-1, 512, 4, 4)
        x = x.contiguous(memory_format=torch.channels_last)
        for number, conv in enumerate(self.convs):
            if number:
                x = F.leaky_relu(x, 0.2)
                x = F.interpolate(x, scale_factor=2, mode="nearest")
            x = conv(x)
        return torch.tanh(x)


class Discriminator(nn.Module):
    """Section 2.1.1: six 3x3 convolutions with batch norm, and two heads."""

    def __init__(self):
        super().__init__()
        depths = (3, 16, 32, 64, 128, 256, 512)
        blocks = []
        for number, (a, b) in enumerate(itertools.pairwise(depths)):
            stride = 1 if number % 2 else 2
            blocks += [nn.Conv2d(a, b, 3, stride, padding=1, bias=False)]
            blocks += [nn.BatchNorm2d(b, eps=1e-3, momentum=0.01), nn.LeakyReLU(0.2)]
            blocks += [nn.Dropout(0.5)] if number % 2 == 0 else []
        self.body = nn.Sequential(*blocks, nn.Flatten())
        self.source = nn.Linear(512 * 8 * 8, 1)
        self.classes = nn.Linear(512 * 8 * 8, CLASSES)

    def forward(self, images):
        """Returns source logits [n, 1] and class logits [n, classes]."""
        x = self.body(images).float()
        return 2 * self.source(x), self.classes(x)


def make_step(batch_size, autocast):
    """Returns a function that makes one whole step, and the networks' compiler hook."""
    generator = Generator().to(memory_format=torch.channels_last)
    discriminator = Discriminator().to(memory_format=torch.channels_last)
    fast = generator, discriminator
    photographs = torch.randint(0, 256, (2048, 3, SIZE, SIZE), dtype=torch.uint8)
    photographs = photographs.contiguous(memory_format=torch.channels_last)
    generator_optimizer = torch.optim.Adam(generator.parameters(), 1e-5, (0.5, 0.999), fused=True)
    discriminator_optimizer = torch.optim.RMSprop(discriminator.parameters(), 1e-5, 0.9)
    likely = F.logsigmoid

    def step(networks):
        generate, discriminate = networks
        labels = torch.randint(0, CLASSES, (batch_size,))
        real_labels = torch.randint(0, CLASSES, (batch_size,))
        images = photographs[torch.randint(0, len(photographs), (batch_size,))].float() / 127.5 - 1
        with autocast():
            fakes = generate(torch.randn(batch_size, LATENT), F.one_hot(labels, CLASSES).float())
            fakes = fakes.float()
            source, classes = discriminate(images)
            loss = F.cross_entropy(classes, real_labels) - likely(source).mean()
            source, _ = discriminate(fakes.detach())
            loss = loss - likely(-source).mean()
        discriminator_optimizer.zero_grad()
        loss.backward()
        discriminator_optimizer.step()
        # Gradients of the generator's loss are of its own weights alone.
        discriminator.requires_grad_(False)
        with autocast():
            source, classes = discriminate(fakes)
            loss = 1.5 * F.cross_entropy(classes, labels) - likely(source).mean()
        generator_optimizer.zero_grad()
        loss.backward()
        generator_optimizer.step()
        discriminator.requires_grad_(True)
        return loss.item()

    return step, fast


def main() -> None:
    """Prints seconds per step."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--precision", choices=("float32", "bfloat16"), default="float32")
    parser.add_argument("--compile", action="store_true", help="torch.compile both networks")
    parser.add_argument("--batch_size", type=int, default=64)
    parser.add_argument("--steps", type=int, default=3, help="steps a repetition")
    parser.add_argument("--repetitions", type=int, default=5)
    options = parser.parse_args()
    torch.manual_seed(0)
    bfloat16 = options.precision == "bfloat16"

    def autocast():
        return torch.autocast("cpu", torch.bfloat16) if bfloat16 else contextlib.nullcontext()

    step, networks = make_step(options.batch_size, autocast)
    if options.compile:
        networks = [torch.compile(network) for network in networks]
    # Compilation, and what is set up once.
    for _ in range(2):
        step(networks)
    seconds = []
    for _ in range(options.repetitions):
        started = time.perf_counter()
        for _ in range(options.steps):
            step(networks)
        seconds.append((time.perf_counter() - started) / options.steps)
    print(json.dumps(seconds))


if __name__ == "__main__":
    main()
