"""Models of made scans, and what each says about where it looks: weights, gradients, features.

`bench/record_scans.py` trains the recorded ones.
"""

from importlib.resources import as_file

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from course_lib.attention.maps import grad_cam
from course_lib.attention.multi_head import merge_heads
from course_lib.attention.rollout import class_map, relevance, rollout
from course_lib.data.recorded_files import recorded
from course_lib.data.scans import CLASSES, SIDE, Scans, scans
from course_lib.models.vit import ViT, ViTConfig
from course_lib.training.batches import epochs
from course_lib.training.fit import FitConfig, History, fit

#: Side of a patch, and patches side by side; the CNN's last feature map has the same grid.
PATCH = 4
GRID = SIDE // PATCH
LESION = CLASSES.index("lesion")
#: Recorded weights: a ViT and a CNN trained on scans without markers, a ViT that could cheat.
RECORDED = ("vit", "cnn", "vit_marked")
_MEAN, _SPREAD = 0.55, 0.15
VIT = ViTConfig(
    image_size=SIDE,
    patch_size=PATCH,
    n_channels=1,
    n_classes=len(CLASSES),
    d_model=32,
    n_heads=2,
    n_layers=3,
    d_ff=64,
)


class ScanViT(nn.Module):
    """A ViT that reads scans as they are, (B, 28, 28) from 0 to 1, and gives away its weights."""

    def __init__(self, config: ViTConfig = VIT) -> None:
        super().__init__()
        self.vit = ViT(config)

    def forward(self, images: Float[Tensor, "B height width"]) -> Float[Tensor, "B n_classes"]:
        """Return the logits of the classes."""
        return self.vit(_standard(images))

    def attention_weights(
        self, images: Float[Tensor, "B height width"]
    ) -> Float[Tensor, "L B H T T"]:
        """Return the attention weights of every layer and head."""
        return self.vit.attention_weights(_standard(images))

    def with_weights(
        self, images: Float[Tensor, "B height width"]
    ) -> tuple[Float[Tensor, "B n_classes"], list[Float[Tensor, "B H T T"]]]:
        """Return the logits, and the attention weights of each layer that they were made from.

        Unlike `attention_weights`, these are part of the way to the logits: gradients reach them.
        """
        vit, kept = self.vit, []
        x = vit.embed(_standard(images))
        for block in vit.blocks:
            read = block.norm1(x)
            weights = block.attn.weights(read, read)
            kept.append(weights)
            v = block.attn.project(read, read, read)[2]
            x = x + block.attn.w_o(merge_heads(weights @ v))
            x = x + block.ff(block.norm2(x))
        return vit.head(vit.pool(vit.norm(x))), kept


class ScanCNN(nn.Module):
    """Three convolutions, the mean of the last feature map, one linear layer."""

    def __init__(self, widths: tuple[int, int, int] = (20, 40, 52)) -> None:
        super().__init__()
        first, second, third = widths
        self.convolutions = nn.Sequential(
            nn.Conv2d(1, first, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(first, second, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(second, third, 3, padding=1),
            nn.ReLU(),
        )
        self.head = nn.Linear(third, len(CLASSES))

    def features(self, images: Float[Tensor, "B height width"]) -> Float[Tensor, "B C h w"]:
        """Return the last feature map, 7 × 7."""
        return self.convolutions(_standard(images))

    def forward(self, images: Float[Tensor, "B height width"]) -> Float[Tensor, "B n_classes"]:
        """Return the logits of the classes."""
        return self.head(self.features(images).mean((-2, -1)))


def attention_gradients(
    model: ScanViT, images: Float[Tensor, "B height width"], answer: int = LESION
) -> tuple[Float[Tensor, "L B H T T"], Float[Tensor, "L B H T T"]]:
    """Return the attention weights, and how the logit of one answer moves with each of them.

    Args:
        model: is left as it is.
        images: each is judged alone.
        answer: whose logit.
    """
    with torch.enable_grad():
        # Where the model is frozen, gradients start from the images.
        logits, weights = model.with_weights(images.detach().requires_grad_())
        gradients = torch.autograd.grad(logits[:, answer].sum(), weights)
    return torch.stack(weights).detach(), torch.stack(gradients)


def feature_gradients(
    model: ScanCNN, images: Float[Tensor, "B height width"], answer: int = LESION
) -> tuple[Float[Tensor, "B C h w"], Float[Tensor, "B C h w"]]:
    """Return the last feature map, and how the logit of one answer moves with it."""
    with torch.enable_grad():
        features = model.features(images.detach().requires_grad_())
        logits = model.head(features.mean((-2, -1)))
        gradients = torch.autograd.grad(logits[:, answer].sum(), features)[0]
    return features.detach(), gradients


def maps_of(
    model: "ScanViT | ScanCNN", images: Float[Tensor, "B height width"], answer: int = LESION
) -> dict[str, Float[Tensor, "B rows columns"]]:
    """Return every map of where one model looks, a number a patch, by the course's functions.

    Args:
        model: a `ScanViT` gives five, a `ScanCNN` two.
        images: each is judged alone.
        answer: the answer that is to be explained, where a method asks for one.
    """
    occluded = occlusion(model, images, answer)
    if isinstance(model, ScanCNN):
        cam = grad_cam(*feature_gradients(model, images, answer))
        return {"Grad-CAM": cam, "occlusion": occluded}
    weights, gradients = attention_gradients(model, images, answer)
    matrices = {
        "first layer": weights[0].mean(1),
        "last layer": weights[-1].mean(1),
        "rollout": rollout(weights),
        "gradient × attention": relevance(weights, gradients),
    }
    maps = {name: class_map(matrix, GRID, GRID) for name, matrix in matrices.items()}
    return {**maps, "occlusion": occluded}


@torch.no_grad()
def occlusion(
    model: nn.Module, images: Float[Tensor, "B height width"], answer: int = LESION
) -> Float[Tensor, "B rows columns"]:
    """Return how much the logit of an answer falls when one patch becomes mean tissue."""
    whole = model(images)[:, answer]
    falls = []
    for place in range(GRID**2):
        top, left = PATCH * (place // GRID), PATCH * (place % GRID)
        hidden = images.clone()
        hidden[:, top : top + PATCH, left : left + PATCH] = _MEAN
        falls.append(whole - model(hidden)[:, answer])
    return torch.stack(falls, dim=1).unflatten(1, (GRID, GRID))


@torch.no_grad()
def chance_of_lesion(
    model: nn.Module, images: Float[Tensor, "B height width"]
) -> Float[Tensor, " B"]:
    """Return how likely the model finds a lesion on each image."""
    return model(images).softmax(-1)[:, LESION]


def accuracy(model: nn.Module, made: Scans) -> float:
    """Return the share of scans that the model names rightly."""
    return ((chance_of_lesion(model, made.images) > 0.5) == made.labels).float().mean().item()


def train_on_scans(
    model: nn.Module, *, steps: int, seed: int, marker: float | None = None, count: int = 8000
) -> History:
    """Train a model in place to tell lesions.

    Args:
        model: `ScanViT` or `ScanCNN`.
        steps: batches of 64.
        seed: of the order of the scans; the scans themselves are the same for every seed.
        marker: chance that the marker agrees with the label; None for no markers.
        count: scans to train on.
    """
    made, rows = scans(count, seed=1, marker=marker), epochs(count, 64, seed)

    def batch(step: int) -> tuple[Tensor, Tensor]:
        return made.images[rows(step)], made.labels[rows(step)]

    config = FitConfig(
        steps=steps, rate=2e-3, warmup=min(30, steps // 5), weight_decay=0.05, name="scans"
    )
    return fit(model, batch, _loss, config)


def recorded_model(name: str) -> ScanViT | ScanCNN:
    """Return one of the models of `RECORDED`, in float32.

    Raises:
        ValueError: for a name that is not recorded.
    """
    if name not in RECORDED:
        raise ValueError(f"recorded are {', '.join(RECORDED)}; not {name!r}")
    from safetensors.torch import load_file

    model = ScanCNN() if name == "cnn" else ScanViT()
    with as_file(recorded(f"scans_{name}.safetensors", __package__)) as path:
        model.load_state_dict({key: each.float() for key, each in load_file(path).items()})
    return model.eval().requires_grad_(False)


def _loss(model: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
    images, labels = batch
    return F.cross_entropy(model(images), labels)


def _standard(images: Float[Tensor, "B height width"]) -> Float[Tensor, "B 1 height width"]:
    return ((images - _MEAN) / _SPREAD).unsqueeze(1)
