"""A small convolutional network: what a vision transformer is measured against."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor, nn

from course_lib.models.checks import check_dropout, check_sizes


@dataclass(frozen=True, kw_only=True)
class ConvNetConfig:
    """Sizes of a `ConvNet`.

    Args:
        n_classes: how many answers there are.
        widths: channels of each stage; between two stages the sides are halved.
        depth: convolutions in each stage.
        n_channels: 1 for grey, 3 for colour.
        dropout: share dropped before the last layer, in training.
    """

    n_classes: int
    widths: tuple[int, ...]
    depth: int = 2
    n_channels: int = 3
    dropout: float = 0.0

    def __post_init__(self) -> None:
        check_sizes(n_classes=self.n_classes, depth=self.depth, n_channels=self.n_channels)
        if not self.widths or min(self.widths) < 1:
            raise ValueError(f"widths are one number or more, from 1 up, not {self.widths}")
        check_dropout(self.dropout)


class ConvNet(nn.Module):
    """Tell what an image shows, from neighbourhoods that grow: stages of 3 × 3 convolutions.

    Batch normalisation follows each convolution, the largest of four neighbours passes from stage
    to stage, and the answer is read from the mean over all places.

    Paper: Simonyan and Zisserman 2015, §2.1 (the stages); Ioffe and Szegedy 2015, §3.2.

    Args:
        config: its sizes.

    >>> import torch
    >>> net = ConvNet(ConvNetConfig(n_classes=10, widths=(4, 8), n_channels=1))
    >>> net(torch.zeros(5, 1, 8, 8)).shape, net.features(torch.zeros(5, 1, 8, 8)).shape
    (torch.Size([5, 10]), torch.Size([5, 8, 4, 4]))
    """

    def __init__(self, config: ConvNetConfig) -> None:
        super().__init__()
        self.config = config
        edges = zip((config.n_channels, *config.widths), config.widths, strict=False)
        self.stages = nn.ModuleList(_stage(n_in, n_out, config.depth) for n_in, n_out in edges)
        self.shrink = nn.MaxPool2d(2)
        self.drop = nn.Dropout(config.dropout)
        self.head = nn.Linear(config.widths[-1], config.n_classes)

    def forward(self, images: Float[Tensor, "B C height width"]) -> Float[Tensor, "B n_classes"]:
        """Return the logits of the classes."""
        return self.head(self.drop(self.features(images).mean((2, 3))))

    def features(self, images: Float[Tensor, "B C height width"]) -> Float[Tensor, "B D h w"]:
        """Return what the last stage sees at every place."""
        x = self.stages[0](images)
        for stage in self.stages[1:]:
            x = stage(self.shrink(x))
        return x


def _stage(n_in: int, n_out: int, depth: int) -> nn.Sequential:
    """Return `depth` times convolution, normalisation, ReLU."""
    layers: list[nn.Module] = []
    for at in range(depth):
        # The normalisation has a bias of its own.
        convolution = nn.Conv2d(n_out if at else n_in, n_out, 3, padding=1, bias=False)
        layers += [convolution, nn.BatchNorm2d(n_out), nn.ReLU()]
    return nn.Sequential(*layers)
