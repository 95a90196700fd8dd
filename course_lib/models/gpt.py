"""A GPT: name the next token from those before it.

Paper: Radford et al. 2019, §2.3 (GPT-2: pre-norm, a last norm, scaled first weights).
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from course_lib.attention.positions import LearnedPositions
from course_lib.models.blocks import FeedForward, check_activation, dropout_of
from course_lib.models.cache import KVCache
from course_lib.models.causal_attention import CausalSelfAttention
from course_lib.models.checks import check_dropout, check_heads, check_sizes


@dataclass(frozen=True, kw_only=True)
class GPTConfig:
    """Sizes of a GPT.

    Args:
        vocab_size: V, of tokens read and named.
        max_len: positions that it knows.
        d_model: width.
        n_heads: heads of each layer; they divide `d_model`.
        n_layers: blocks.
        d_ff: width of the hidden layers; `4 · d_model` when left out.
        dropout: share dropped in training, of embeddings and of what each part adds.
        bias: whether linear layers and norms add one.
        activation: of the hidden layers; GPT-2's when left out.
        tie: name tokens by the vectors that they are read with.
    """

    vocab_size: int
    max_len: int
    d_model: int
    n_heads: int
    n_layers: int
    d_ff: int | None = None
    dropout: float = 0.0
    bias: bool = True
    activation: str = "gelu_tanh"
    tie: bool = True

    def __post_init__(self) -> None:
        check_sizes(
            vocab_size=self.vocab_size,
            max_len=self.max_len,
            d_model=self.d_model,
            n_layers=self.n_layers,
            d_ff=self.hidden,
        )
        check_heads(self.d_model, self.n_heads)
        check_dropout(self.dropout)
        check_activation(self.activation)

    @property
    def hidden(self) -> int:
        """Width of the hidden layers."""
        return 4 * self.d_model if self.d_ff is None else self.d_ff


class GPTBlock(nn.Module):
    """Attention to what came before, then a small network at each position (pre-norm).

    Args:
        config: its sizes.
    """

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        d = config.d_model
        self.norm1 = nn.LayerNorm(d, bias=config.bias)
        self.attn = CausalSelfAttention(d, config.n_heads, config.bias)
        self.norm2 = nn.LayerNorm(d, bias=config.bias)
        self.ff = FeedForward(d, config.hidden, config.activation, bias=config.bias)
        self.drop = dropout_of(config.dropout)

    def forward(
        self, x: Float[Tensor, "B T d_model"], cache: KVCache | None = None, layer: int = 0
    ) -> Float[Tensor, "B T d_model"]:
        """Return the positions after one round of exchange; see `CausalSelfAttention`."""
        x = x + self.drop(self.attn(self.norm1(x), cache, layer))
        return x + self.drop(self.ff(self.norm2(x)))


class GPT(nn.Module):
    """Name the next token at each position.

    Args:
        config: its sizes.

    >>> gpt = GPT(GPTConfig(vocab_size=11, max_len=8, d_model=6, n_heads=2, n_layers=3))
    >>> gpt(torch.tensor([[1, 2, 3, 4]])).shape
    torch.Size([1, 4, 11])
    """

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.config = config
        self.embed = nn.Embedding(config.vocab_size, config.d_model)
        self.positions = LearnedPositions(config.max_len, config.d_model)
        self.drop = dropout_of(config.dropout)
        self.blocks = nn.ModuleList(GPTBlock(config) for _ in range(config.n_layers))
        self.norm = nn.LayerNorm(config.d_model, bias=config.bias)
        self.head = nn.Linear(config.d_model, config.vocab_size, bias=False)
        if config.tie:
            self.head.weight = self.embed.weight
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self) -> None:
        """Draw first weights as GPT-2 does: standard deviation 0.02, biases 0.

        Each block adds two parts to the stream, so what they end with is smaller by √(2 L): the
        stream then grows no wider with depth.
        """
        for module in self.modules():
            if isinstance(module, nn.Linear | nn.Embedding):
                module.weight.normal_(std=0.02)
            if isinstance(module, nn.Linear) and module.bias is not None:
                module.bias.zero_()
        for block in self.blocks:
            for last in (block.attn.w_o, block.ff.w_out):
                last.weight.normal_(std=0.02 / (2 * self.config.n_layers) ** 0.5)

    def forward(
        self, tokens: Int[Tensor, "B T"], cache: KVCache | None = None
    ) -> Float[Tensor, "B T V"]:
        """Return a score for each next token.

        Args:
            tokens: ids; with a cache, the new ones alone.
            cache: what has been read before, see `new_cache`; the new tokens are added to it.

        Raises:
            ValueError: when there are more tokens than positions.
        """
        x = self.read(tokens, start=0 if cache is None else cache.length)
        for layer, block in enumerate(self.blocks):
            x = block(x, cache, layer)
        return self.head(self.norm(x))

    def read(self, tokens: Int[Tensor, "B T"], start: int = 0) -> Float[Tensor, "B T d_model"]:
        """Return what the first block reads: tokens and their positions, from `start` on."""
        end, known = start + tokens.shape[1], self.config.max_len
        if end > known:
            raise ValueError(f"{end} tokens need {end} positions; the model was made for {known}")
        return self.drop(self.embed(tokens) + self.positions.table[start:end])

    def new_cache(self, batch: int, max_len: int | None = None) -> KVCache:
        """Return an empty cache for `batch` sequences of up to `max_len` tokens.

        Raises:
            ValueError: when the model does not know that many positions.
        """
        config, like = self.config, self.embed.weight
        room = max_len or config.max_len
        if room > config.max_len:
            raise ValueError(f"a cache of {room} is too long: the model knows {config.max_len}")
        return KVCache(
            config.n_layers,
            batch,
            config.n_heads,
            room,
            config.d_model // config.n_heads,
            device=like.device,
            dtype=like.dtype,
        )

    def attention_weights(self, tokens: Int[Tensor, "B T"]) -> Float[Tensor, "L B H T T"]:
        """Return the attention weights of every layer and head."""
        x, weights = self.read(tokens), []
        for block in self.blocks:
            weights.append(block.attn.weights(block.norm1(x)))
            x = block(x)
        return torch.stack(weights)

    def n_parameters(self) -> int:
        """Return how many numbers are learned; tied ones count once."""
        return sum(parameter.numel() for parameter in self.parameters())
