"""The course's own versions of lesson 14's parts: masking, loss, packing, BERT, pooling, search."""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from course_lib.models.blocks import BlockConfig, EncoderBlock


def mask_tokens(
    tokens: Int[Tensor, "B T"],
    special: Bool[Tensor, "B T"],
    choose: Float[Tensor, "B T"],
    change: Float[Tensor, "B T"],
    others: Int[Tensor, "B T"],
    mask_id: int,
) -> tuple[Int[Tensor, "B T"], Bool[Tensor, "B T"]]:
    """Return what the model reads, and which positions it is asked about.

    15 % are asked about; of these 80 % are hidden, 10 % replaced, 10 % left as they are.

    Paper: Devlin et al. 2019, §3.1, task 1.

    Args:
        tokens: the text.
        special: True at [CLS], [SEP] and padding, which are never asked about.
        choose: uniform numbers; a position is asked about below 0.15.
        change: uniform numbers; below 0.8 hidden, below 0.9 replaced, else left.
        others: the token to put in where one is replaced.
        mask_id: the token [MASK].

    >>> text, draws = torch.tensor([[5, 6]]), torch.tensor([[0.1, 0.9]])
    >>> mask_tokens(text, text < 0, draws, draws, text, mask_id=3)
    (tensor([[3, 6]]), tensor([[ True, False]]))
    """
    chosen = (choose < 0.15) & ~special
    inputs = tokens.masked_fill(chosen & (change < 0.8), mask_id)
    replaced = chosen & (change >= 0.8) & (change < 0.9)
    return torch.where(replaced, others, inputs), chosen


def masked_loss(
    logits: Float[Tensor, "B T V"], tokens: Int[Tensor, "B T"], chosen: Bool[Tensor, "B T"]
) -> Float[Tensor, ""]:
    """Return the mean cross-entropy over the chosen positions of the batch; 0 where there are none.

    Paper: Devlin et al. 2019, §3.1, task 1.

    >>> masked_loss(torch.zeros(1, 2, 4), torch.tensor([[1, 2]]), torch.tensor([[True, False]]))
    tensor(1.3863)
    """
    total = F.cross_entropy(logits[chosen], tokens[chosen], reduction="sum")
    return total / chosen.sum().clamp(min=1)


def pack_pair(
    first: Sequence[int], second: Sequence[int] | None, cls: int, sep: int
) -> tuple[list[int], list[int]]:
    """Return tokens and segments of [CLS] first [SEP] second [SEP], or of [CLS] first [SEP].

    Paper: Devlin et al. 2019, §3, figure 2.

    >>> pack_pair([7, 8], [9], cls=1, sep=2)
    ([1, 7, 8, 2, 9, 2], [0, 0, 0, 0, 1, 1])
    """
    one = [cls, *first, sep]
    two = [] if second is None else [*second, sep]
    return one + two, [0] * len(one) + [1] * len(two)


def embed(
    tokens: Int[Tensor, "B T"],
    segments: Int[Tensor, "B T"],
    words: Float[Tensor, "V d"],
    places: Float[Tensor, "L d"],
    kinds: Float[Tensor, "K d"],
) -> Float[Tensor, "B T d"]:
    """Return for each token the sum of three rows: its word's, its place's, its segment's.

    Paper: Devlin et al. 2019, §3, figure 2.

    >>> tens, ones = torch.tensor([[10.0], [20.0]]), torch.tensor([[1.0], [2.0]])
    >>> text, zero = torch.tensor([[1, 1]]), torch.zeros(2, 1)
    >>> embed(text, text, tens, ones, zero).flatten().tolist()
    [21.0, 22.0]
    """
    return words[tokens] + places[: tokens.shape[1]] + kinds[segments]


class Bert(nn.Module):
    """Embed, normalise, and let the blocks work.

    Paper: Devlin et al. 2019, §3.

    Args:
        vocab_size, d_model, n_heads, n_layers, d_ff, max_len: sizes.
    """

    def __init__(
        self, vocab_size: int, d_model: int, n_heads: int, n_layers: int, d_ff: int, max_len: int
    ) -> None:
        super().__init__()
        self.words = nn.Embedding(vocab_size, d_model)
        self.places = nn.Embedding(max_len, d_model)
        self.segments = nn.Embedding(2, d_model)
        self.norm = nn.LayerNorm(d_model, eps=1e-12)
        self.blocks = nn.ModuleList(make_block(d_model, n_heads, d_ff) for _ in range(n_layers))

    def forward(
        self, tokens: Int[Tensor, "B T"], mask: Bool[Tensor, "B T"], segments: Int[Tensor, "B T"]
    ) -> Float[Tensor, "B T d_model"]:
        """Return the last hidden states; `mask` is True at real tokens."""
        tables = self.words.weight, self.places.weight, self.segments.weight
        x = self.norm(embed(tokens, segments, *tables))
        for block in self.blocks:
            x = block(x, mask[:, None, :])
        return x


def make_block(d_model: int, n_heads: int, d_ff: int) -> EncoderBlock:
    """Return BERT's block: that of lesson 10 with its norms behind the sums."""
    sizes = BlockConfig(d_model=d_model, n_heads=n_heads, d_ff=d_ff, norm_first=False, eps=1e-12)
    return EncoderBlock(sizes)


def mean_pool(hidden: Float[Tensor, "B T d"], mask: Bool[Tensor, "B T"]) -> Float[Tensor, "B d"]:
    """Return the mean of each text's real tokens; zeros for a text without any.

    Padding may hold anything, NaN too, which no product with 0 removes.

    Paper: Reimers and Gurevych 2019, §3.

    >>> mean_pool(torch.tensor([[[1.0], [3.0], [8.0]]]), torch.tensor([[True, True, False]]))
    tensor([[2.]])
    """
    total = hidden.masked_fill(~mask[..., None], 0.0).sum(1)
    return total / mask.sum(1, keepdim=True).clamp(min=1)


def nearest(
    query: Float[Tensor, " d"], vectors: Float[Tensor, "N d"], k: int
) -> tuple[Int[Tensor, " k"], Float[Tensor, " k"]]:
    """Return the places of the k vectors with the largest cosine to the query, and the cosines.

    >>> nearest(torch.tensor([1.0, 0.0]), torch.tensor([[0.0, 2.0], [3.0, 0.0]]), k=1)
    (tensor([1]), tensor([1.]))
    """
    cosines = F.normalize(vectors, dim=-1) @ F.normalize(query, dim=-1)
    best = cosines.topk(min(k, len(vectors)))
    return best.indices, best.values


def freeze(model: Any, n_frozen: int) -> None:
    """Let everything learn but the embeddings, their norm, and the lowest `n_frozen` blocks.

    Args:
        model: has `encoder` (a `Bert`) and a head; changed in place.
        n_frozen: how many blocks keep their weights.
    """
    model.requires_grad_(True)
    encoder = model.encoder
    lower = [encoder.words, encoder.places, encoder.segments, encoder.norm]
    for part in [*lower, *encoder.blocks[:n_frozen]]:
        part.requires_grad_(False)


def class_scores(
    predicted: Int[Tensor, " N"], labels: Int[Tensor, " N"], n_classes: int
) -> tuple[Float[Tensor, " C"], Float[Tensor, " C"], Float[Tensor, " C"], Float[Tensor, ""]]:
    """Return precision, recall and F1 of each class, and their macro F1, the mean of the F1s.

    A ratio whose denominator is 0 counts as 0.

    >>> yes, labels = torch.tensor([1, 1, 1, 0]), torch.tensor([1, 1, 0, 0])
    >>> [one.tolist() for one in class_scores(yes, labels, 2)][2]
    [0.6666666865348816, 0.800000011920929]
    """
    classes = torch.arange(n_classes, device=labels.device)[:, None]
    said, true = predicted == classes, labels == classes
    right = (said & true).sum(1)
    precision = right / said.sum(1).clamp(min=1)
    recall = right / true.sum(1).clamp(min=1)
    f1 = 2 * right / (said.sum(1) + true.sum(1)).clamp(min=1)
    return precision, recall, f1, f1.mean()
