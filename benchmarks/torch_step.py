"""The training step of ResNet50 in PyTorch, from Hugging Face's transformers, on one batch: a peer of ours.

    .venv-peers/bin/python -m benchmarks.torch_step --side 128 --batch 16 --precision bfloat16

Serves images a second, see `rate_server`. Channels last, fused Adam, binary cross-entropy on one logit, as ours; on a
GPU compiled by torch.compile, its convolutions chosen by cuDNN's own measurement. Imports nothing of the product: it
runs in the environment of the peers.
"""

import argparse
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import torch
from transformers import ResNetConfig, ResNetForImageClassification

from benchmarks.rate_server import rate_of, serve

WARM_UP_STEPS = 3
HALF = {"bfloat16": torch.bfloat16, "float16": torch.float16}
MEAN, SCALE = 118.0, 1 / 58.0


def main() -> None:
    """Gets the model ready, serves its rate."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, required=True, help="of the images, in pixels")
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--precision", choices=["float32", *HALF], default="float32")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--in-a-row", type=int, default=1, help="steps before a loss is waited for")
    parser.add_argument("--seconds", type=float, default=2.0, help="of a measurement, at least")
    arguments = parser.parse_args()
    step = step_of(arguments)

    def steps() -> float:
        return float([step() for _ in range(arguments.in_a_row)][-1].item())

    for _ in range(WARM_UP_STEPS):
        steps()
    images = arguments.batch * arguments.in_a_row
    serve(lambda: rate_of(steps, images=images, seconds=arguments.seconds), about=f"torch {torch.__version__}")


def step_of(arguments: argparse.Namespace) -> Callable[[], torch.Tensor]:
    """Builds the model; gives one step, which gives its loss, on a GPU before that is known."""
    torch.manual_seed(7)
    device = arguments.device
    torch.backends.cudnn.benchmark = device == "cuda"
    layout = ResNetConfig(layer_type="bottleneck", depths=[3, 4, 6, 3], num_labels=1)  # ResNet50, with one logit
    model = ResNetForImageClassification(layout).to(device, memory_format=torch.channels_last).train()
    forward = torch.compile(model) if device == "cuda" else model
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4, fused=True)
    scaler = torch.amp.GradScaler(device, enabled=arguments.precision == "float16")
    pixels = torch.randint(0, 256, (arguments.batch, arguments.side, arguments.side, 3), dtype=torch.uint8)
    images = pixels.to(device).permute(0, 3, 1, 2)  # channels last, as pictures are decoded
    labels = (torch.arange(arguments.batch, device=device) % 2).float()[:, None]

    def step() -> torch.Tensor:
        optimizer.zero_grad(set_to_none=True)
        with mixed(arguments.precision, device=device):
            logits = forward(pixel_values=(images.float() - MEAN) * SCALE).logits
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits.float(), labels)
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        return loss.detach()

    return step


def mixed(precision: str, *, device: str) -> AbstractContextManager[object]:
    """Runs what is inside in mixed precision, or as it is."""
    return torch.autocast(device, dtype=HALF[precision]) if precision in HALF else nullcontext()


if __name__ == "__main__":
    main()
