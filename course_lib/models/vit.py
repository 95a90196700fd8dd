"""The vision transformer: an image cut into patches, each a token, read by an encoder."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from course_lib.models.blocks import BlockConfig, EncoderBlock
from course_lib.models.checks import check_dropout, check_sizes

POSITIONS = ("learned", "none")
POOLS = ("class", "mean")


@dataclass(frozen=True, kw_only=True)
class ViTConfig:
    """Sizes of a `ViT`.

    Args:
        image_size: side of the square images, in pixels.
        patch_size: side of a patch; it divides `image_size`.
        n_channels: 1 for grey, 3 for colour.
        n_classes: how many answers there are.
        d_model: width.
        n_heads: heads of each attention.
        n_layers: blocks.
        d_ff: width of the hidden layer of each block; 4 · d_model when left out.
        dropout: share dropped in training.
        positions: "learned", or "none" for a model that sees a bag of patches.
        pool: what the answer is read from: the "class" token, or the "mean" of the patches.
        eps: of the layer norms; those of the published models have 1e-6.
    """

    image_size: int
    patch_size: int
    n_classes: int
    d_model: int
    n_heads: int
    n_layers: int
    n_channels: int = 3
    d_ff: int | None = None
    dropout: float = 0.0
    positions: str = "learned"
    pool: str = "class"
    eps: float = 1e-6

    def __post_init__(self) -> None:
        check_sizes(
            image_size=self.image_size,
            patch_size=self.patch_size,
            n_classes=self.n_classes,
            n_layers=self.n_layers,
            n_channels=self.n_channels,
        )
        check_dropout(self.dropout)
        if self.image_size % self.patch_size:
            raise ValueError(
                f"image_size = {self.image_size} does not split into patches of {self.patch_size}"
            )
        for name, given, known in (
            ("positions", self.positions, POSITIONS),
            ("pool", self.pool, POOLS),
        ):
            if given not in known:
                raise ValueError(f"{name} is {' or '.join(known)}, not {given!r}")
        self.block()  # complains about what blocks cannot be

    @property
    def grid(self) -> int:
        """How many patches lie side by side."""
        return self.image_size // self.patch_size

    @property
    def n_patches(self) -> int:
        """How many patches an image has: N."""
        return self.grid**2

    def block(self) -> BlockConfig:
        """Return the sizes of a block."""
        return BlockConfig(
            d_model=self.d_model,
            n_heads=self.n_heads,
            d_ff=4 * self.d_model if self.d_ff is None else self.d_ff,
            dropout=self.dropout,
            eps=self.eps,
        )


class ViT(nn.Module):
    """Tell what an image shows.

    Paper: Dosovitskiy et al. 2021, §3.1, equations 1 to 4.

    Args:
        config: its sizes.
    """

    def __init__(self, config: ViTConfig) -> None:
        super().__init__()
        self.config = config
        d, side = config.d_model, config.patch_size
        # A convolution whose window moves by its own width is one linear layer for every patch.
        self.patches = nn.Conv2d(config.n_channels, d, kernel_size=side, stride=side)
        self.class_token = nn.Parameter(torch.zeros(d)) if config.pool == "class" else None
        n_tokens = config.n_patches + (config.pool == "class")
        learned = config.positions == "learned"
        self.places = nn.Parameter(0.02 * torch.randn(n_tokens, d)) if learned else None
        self.drop = nn.Dropout(config.dropout)
        self.blocks = nn.ModuleList(EncoderBlock(config.block()) for _ in range(config.n_layers))
        self.norm = nn.LayerNorm(d, eps=config.eps)
        self.head = nn.Linear(d, config.n_classes)

    def forward(self, images: Float[Tensor, "B C height width"]) -> Float[Tensor, "B n_classes"]:
        """Return the logits of the classes."""
        x = self.embed(images)
        for block in self.blocks:
            x = block(x)
        return self.head(self.pool(self.norm(x)))

    def embed(self, images: Float[Tensor, "B C height width"]) -> Float[Tensor, "B T d_model"]:
        """Return the tokens that the first block reads: the class token, then the patches by rows.

        Raises:
            ValueError: when the images are not of the size that the model was made for.
        """
        config = self.config
        due = (config.n_channels, config.image_size, config.image_size)
        if images.shape[1:] != due:
            raise ValueError(f"images are {tuple(images.shape[1:])}, the model reads {due}")
        x = self.patches(images).flatten(2).mT
        if self.class_token is not None:
            x = torch.cat([self.class_token.expand(len(x), 1, -1), x], dim=1)
        return self.drop(x if self.places is None else x + self.places)

    def pool(self, x: Float[Tensor, "B T d_model"]) -> Float[Tensor, "B d_model"]:
        """Return the one row that the answer is read from."""
        return x[:, 0] if self.class_token is not None else x.mean(1)

    def hidden_states(
        self, images: Float[Tensor, "B C height width"]
    ) -> Float[Tensor, "L1 B T d_model"]:
        """Return what every block reads, and what the last one writes: n_layers + 1 of them."""
        states = [self.embed(images)]
        for block in self.blocks:
            states.append(block(states[-1]))
        return torch.stack(states)

    def attention_weights(
        self, images: Float[Tensor, "B C height width"]
    ) -> Float[Tensor, "L B H T T"]:
        """Return the attention weights of every layer and head."""
        read = zip(self.blocks, self.hidden_states(images)[:-1], strict=True)
        return torch.stack([block.attn.weights(*2 * (block.norm1(x),)) for block, x in read])


def resize_places(
    places: Float[Tensor, "T d"],
    grid: int | tuple[int, int],
    *,
    n_extra: int = 1,
    align_corners: bool = False,
) -> Float[Tensor, "T2 d"]:
    """Return learned positions for another number of patches, by bicubic interpolation.

    torchvision puts the outer patches' centres on each other (`align_corners=True`), Hugging Face
    the images' edges (False): their numbers differ.

    Paper: Dosovitskiy et al. 2021, §3.2 (fine-tuning at a higher resolution).

    Args:
        places: of the old model.
        grid: rows and columns of patches in the new model; one number for a square.
        n_extra: rows before the patches' (the class token's), which are kept.
        align_corners: see above.

    Raises:
        ValueError: when the patches of the old model form no square.

    >>> places = torch.arange(5.0).view(5, 1)
    >>> resize_places(places, grid=1).tolist(), resize_places(places, grid=2).tolist()
    ([[0.0], [2.5]], [[0.0], [1.0], [2.0], [3.0], [4.0]])
    """
    extra, patches = places[:n_extra], places[n_extra:]
    old = round(len(patches) ** 0.5)
    if old * old != len(patches):
        raise ValueError(f"{len(patches)} patches form no square grid; n_extra = {n_extra}")
    new_grid = (grid, grid) if isinstance(grid, int) else grid
    if new_grid == (old, old):
        return places
    square = patches.T.unflatten(1, (old, old))[None]
    new = nn.functional.interpolate(square, new_grid, mode="bicubic", align_corners=align_corners)
    return torch.cat([extra, new[0].flatten(1).T])
