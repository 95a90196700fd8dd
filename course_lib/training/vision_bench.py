"""`course bench vit`: the course's ViT beside a CNN, torchvision's ViT and timm's, one recipe."""

import importlib.util
import json
import platform
import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from course_lib.data.images import Images
from course_lib.training.scale import Scale, device
from course_lib.training.throughput import forward_flops, matrix_peak, share_of_peak
from course_lib.training.vision import make_models, train
from course_lib.training.vision_recipes import Recipe, load, recipe


def run_bench(at: Scale | None = None, *, as_json: bool = False, seed: int = 0) -> int:
    """Train all sides, print what came of it, and return 0."""
    used = recipe(at)
    report = measure(used, seed)
    print(json.dumps(report, indent=1) if as_json else as_text(report))
    return 0


def measure(used: Recipe, seed: int = 0) -> dict[str, Any]:
    """Return what ran, on what, and a row for each side."""
    to, data = device(), load(used)
    dtype = torch.bfloat16 if used.precision == "bf16" else torch.float32
    peak = matrix_peak(to, dtype)
    rows = [one(name, build, used, data, peak, seed) for name, build in sides(used, seed).items()]
    images = data[0]
    return {
        "data": images.note or used.data,
        "images": len(images),
        "steps": used.steps,
        "batch": used.batch,
        "precision": used.precision,
        "compiled": used.compile,
        "seed": seed,
        "device": torch.cuda.get_device_name(to) if to.type == "cuda" else platform.machine(),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "matrix_peak": peak,
        "rows": rows,
    }


def one(
    name: str,
    build: Callable[[], nn.Module],
    used: Recipe,
    data: tuple[Images, Images],
    peak: float,
    seed: int,
) -> dict[str, Any]:
    """Train one side; return its row."""
    torch.manual_seed(seed)
    model = build()
    config = used.vit
    blank = torch.zeros(2, config.n_channels, config.image_size, config.image_size)
    flops = forward_flops(model, blank)
    n = sum(p.numel() for p in model.parameters())
    found = train(model, used, seed=seed, data=data, name=name)
    skip = min(1, len(found.step_seconds) - 1)
    batch = min(used.batch, len(data[0]))
    return {
        "model": name,
        "parameters": n,
        "forward_flops": flops,
        "accuracy": found.accuracy,
        "images_per_second": found.images_per_second,
        "share_of_peak": share_of_peak(found.step_seconds, batch, flops, peak, skip),
        "seconds": found.seconds,
    }


def sides(used: Recipe, seed: int) -> dict[str, Callable[[], nn.Module]]:
    """Return what builds each side; timm's only where it is installed."""
    found: dict[str, Callable[[], nn.Module]] = {
        "ViT": lambda: make_models(used, seed)["ViT"],
        "CNN": lambda: make_models(used, seed)["CNN"],
        "torchvision ViT": lambda: _torchvision(used),
    }
    if importlib.util.find_spec("timm") is not None:
        found["timm ViT"] = lambda: _timm(used)
    return found


def _torchvision(used: Recipe) -> nn.Module:
    from torchvision.models import VisionTransformer

    config = used.vit
    model = VisionTransformer(
        image_size=config.image_size,
        patch_size=config.patch_size,
        num_layers=config.n_layers,
        num_heads=config.n_heads,
        hidden_dim=config.d_model,
        mlp_dim=config.block().d_ff,
        dropout=config.dropout,
        num_classes=config.n_classes,
    )
    if config.n_channels != 3:  # theirs reads colours alone
        side = config.patch_size
        model.conv_proj = nn.Conv2d(config.n_channels, config.d_model, side, side)
    # Theirs starts its last layer at 0 and its positions at 0.02; the recipe's are the course's.
    nn.init.normal_(model.encoder.pos_embedding, std=used.places)
    return model


def _timm(used: Recipe) -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from timm.models.vision_transformer import VisionTransformer

        config = used.vit
        model = VisionTransformer(
            img_size=config.image_size,
            patch_size=config.patch_size,
            in_chans=config.n_channels,
            num_classes=config.n_classes,
            embed_dim=config.d_model,
            depth=config.n_layers,
            num_heads=config.n_heads,
            mlp_ratio=config.block().d_ff / config.d_model,
            proj_drop_rate=config.dropout,
            pos_drop_rate=config.dropout,
        )
    nn.init.normal_(model.get_parameter("pos_embed"), std=used.places)
    return model


def as_text(report: dict[str, Any]) -> str:
    """Return the report as a table."""
    made = f"{report['device']}, {report['threads']} thread(s), torch {report['torch']}"
    how = "float32" if report["precision"] == "no" else report["precision"]
    how += ", compiled" if report["compiled"] else ""
    lines = [
        f"{report['data']}: {report['images']:,} images, {report['steps']:,} steps of "
        f"{report['batch']}, {how}, seed {report['seed']}",
        f"{made}; a matrix product reaches {report['matrix_peak'] / 1e9:,.0f} GFLOP/s",
        "",
        "model            parameters  accuracy   images/s  of peak     time",
    ]
    lines += [
        f"{row['model']:16} {row['parameters']:>10,} {100 * row['accuracy']:>7.2f} % "
        f"{row['images_per_second']:>10,.0f} {100 * row['share_of_peak']:>6.1f} % "
        f"{row['seconds']:>6.0f} s"
        for row in report["rows"]
    ]
    return "\n".join(lines)
