"""Mistakes in “A decoder-only model”: the code that makes each, its name, and why it is wrong."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.checking.exercise import WrongAnswer
from course_lib.models.blocks import BlockConfig, EncoderBlock


class _Model(nn.Module):
    """A right model whose steps can be replaced by wrong ones."""

    def __init__(self, vocab_size: int, max_len: int, config: BlockConfig, n_layers: int) -> None:
        super().__init__()
        self.embed = nn.Embedding(vocab_size, config.d_model)
        self.positions = nn.Embedding(max_len, config.d_model)
        self.blocks = nn.ModuleList(EncoderBlock(config) for _ in range(n_layers))
        self.norm = nn.LayerNorm(config.d_model)

    def mask(self, n: int) -> Tensor | None:
        return torch.ones(n, n, dtype=torch.bool).tril()

    def read(self, tokens: Tensor, start: int) -> Tensor:
        at = torch.arange(start, start + tokens.shape[1])
        return self.embed(tokens) + self.positions(at)

    def through(self, x: Tensor) -> Tensor:
        mask = self.mask(x.shape[1])
        for block in self.blocks:
            x = block(x, mask)
        return x

    def scores(self, x: Tensor) -> Tensor:
        return F.linear(self.norm(x), self.embed.weight)

    def forward(self, tokens: Tensor, start: int = 0) -> Tensor:
        return self.scores(self.through(self.read(tokens, start)))


class _NoMask(_Model):
    def mask(self, n: int) -> Tensor | None:
        return None


class _MaskTooEarly(_Model):
    def mask(self, n: int) -> Tensor | None:
        return torch.ones(n, n, dtype=torch.bool).tril(-1)


class _MaskTooLate(_Model):
    def mask(self, n: int) -> Tensor | None:
        return torch.ones(n, n, dtype=torch.bool).tril(1)


class _MaskTurned(_Model):
    def mask(self, n: int) -> Tensor | None:
        return torch.ones(n, n, dtype=torch.bool).triu()


class _MaskInverted(_Model):
    def mask(self, n: int) -> Tensor | None:
        return torch.ones(n, n, dtype=torch.bool).triu(1)


class _Restarted(_Model):
    def read(self, tokens: Tensor, start: int) -> Tensor:
        return super().read(tokens, 0)


class _NoPositions(_Model):
    def read(self, tokens: Tensor, start: int) -> Tensor:
        return self.embed(tokens)


class _OnePosition(_Model):
    def read(self, tokens: Tensor, start: int) -> Tensor:
        return self.embed(tokens) + self.positions.weight[start]


class _ScaledByRoot(_Model):
    def read(self, tokens: Tensor, start: int) -> Tensor:
        at = torch.arange(start, start + tokens.shape[1])
        return self.embed(tokens) * self.embed.embedding_dim**0.5 + self.positions(at)


class _Copied(_Model):
    def __init__(self, vocab_size: int, max_len: int, config: BlockConfig, n_layers: int) -> None:
        super().__init__(vocab_size, max_len, config, n_layers)
        self.head = nn.Linear(config.d_model, vocab_size, bias=False)
        self.head.weight = nn.Parameter(self.embed.weight.clone())


class _BiasedHead(_Model):
    def __init__(self, vocab_size: int, max_len: int, config: BlockConfig, n_layers: int) -> None:
        super().__init__(vocab_size, max_len, config, n_layers)
        self.head = nn.Linear(config.d_model, vocab_size)
        self.head.weight = self.embed.weight


class _Detached(_Model):
    def scores(self, x: Tensor) -> Tensor:
        return F.linear(self.norm(x), self.embed.weight.detach())


class _TiedToPositions(_Model):
    def scores(self, x: Tensor) -> Tensor:
        return F.linear(self.norm(x), self.positions.weight)


class _NoNorm(_Model):
    def scores(self, x: Tensor) -> Tensor:
        return F.linear(x, self.embed.weight)


class _Probabilities(_Model):
    def scores(self, x: Tensor) -> Tensor:
        return super().scores(x).softmax(-1)


class _NoHead(_Model):
    def scores(self, x: Tensor) -> Tensor:
        return self.norm(x)


class _NotChained(_Model):
    def through(self, x: Tensor) -> Tensor:
        mask, out = self.mask(x.shape[1]), x
        for block in self.blocks:
            out = block(x, mask)
        return out


class _AddedAgain(_Model):
    def through(self, x: Tensor) -> Tensor:
        mask = self.mask(x.shape[1])
        for block in self.blocks:
            x = x + block(x, mask)
        return x


class _OneBlock(_Model):
    def __init__(self, vocab_size: int, max_len: int, config: BlockConfig, n_layers: int) -> None:
        super().__init__(vocab_size, max_len, config, n_layers)
        self.blocks = nn.ModuleList([EncoderBlock(config)] * n_layers)


MISTAKES = (
    WrongAnswer(
        id="no_mask",
        code=_NoMask,
        says="Nothing keeps a token from reading its own answer: there is no causal mask.",
        why="The label of a place is the token at the next one. Without a mask the model looks it up, its loss falls towards 0, and it "
        "cannot write a word.",
    ),
    WrongAnswer(
        id="mask_one_late",
        code=_MaskTooLate,
        says="Your mask is off by one: each place may also read the next token.",
        why="That token is its label. The diagonal is the last key that a query may see: tril(), without a 1.",
    ),
    WrongAnswer(
        id="mask_one_early",
        code=_MaskTooEarly,
        says="Your mask is off by one: no place may read its own token.",
        why="The labels are shifted already, so the own token is no secret, and it is the best clue to the next one. The diagonal "
        "is allowed.",
    ),
    WrongAnswer(
        id="mask_turned",
        code=_MaskTurned,
        says="Your mask is turned round: each place reads what follows, and not what came before.",
        why="Row t is the query at t; it may attend to keys 0 … t, which is the lower triangle.",
    ),
    WrongAnswer(
        id="mask_inverted",
        code=_MaskInverted,
        says="Your mask says True where a place is blocked.",
        why="In this course True means “may attend”. PyTorch's nn.MultiheadAttention has it the other way.",
    ),
    WrongAnswer(
        id="positions_restarted",
        code=_Restarted,
        says="Your positions start at 0 again, whatever start says.",
        why="The token after 5 others stands at place 5. With the vector of place 0 the model takes the middle of a text for "
        "its beginning.",
    ),
    WrongAnswer(
        id="no_positions",
        code=_NoPositions,
        says="You add no positions.",
        why="Attention sees a set. The mask alone tells a first layer how many tokens came before, not in which order.",
    ),
    WrongAnswer(
        id="one_position",
        code=_OnePosition,
        says="Every token gets the same position, that of the first.",
        why="Token i of the T given stands at start + i: T rows of the table, from start on.",
    ),
    WrongAnswer(
        id="scaled_embeddings",
        code=_ScaledByRoot,
        says="Your embeddings are multiplied by √d_model.",
        why="The first transformer did so (Vaswani et al. 2017, §3.4). GPT adds both tables as they are.",
    ),
    WrongAnswer(
        id="copied_table",
        code=_Copied,
        says="Your head holds a copy of the table, not the table: copied weights are not tied.",
        why="After one step of training both go their own ways, and V · d_model more numbers are learned. Use the same parameter: "
        "F.linear(x, self.embed.weight), or set self.head.weight = self.embed.weight.",
    ),
    WrongAnswer(
        id="biased_head",
        code=_BiasedHead,
        says="Your head has a bias.",
        why="The score of a token is the dot product with its row of the table, and nothing else. nn.Linear makes none with bias=False.",
    ),
    WrongAnswer(
        id="detached_table",
        code=_Detached,
        says="The head uses the table, but learns nothing: its gradient is cut.",
        why="A tied table is trained from both ends: as what is read, and as what is named. .detach() and .data cut one.",
    ),
    WrongAnswer(
        id="tied_to_positions",
        code=_TiedToPositions,
        says="Your head is tied to the table of positions.",
        why="The model names tokens, so it is the tokens' table that scores them: V scores a place.",
    ),
    WrongAnswer(
        id="no_last_norm",
        code=_NoNorm,
        says="The last norm is missing.",
        why="Pre-norm blocks add to a stream that nobody normalises on the way. One norm at its end brings it to the head's scale.",
    ),
    WrongAnswer(
        id="probabilities",
        code=_Probabilities,
        says="You return probabilities; logits are due.",
        why="The loss takes the softmax itself. Twice is one time too often, and the gradients almost vanish.",
    ),
    WrongAnswer(
        id="no_head",
        code=_NoHead,
        says="You return vectors of width d_model; V scores a place are due.",
        why="The last step names tokens: the dot product of each vector with every row of embed.",
    ),
    WrongAnswer(
        id="not_chained",
        code=_NotChained,
        says="Each of your blocks reads the embeddings; only the last one counts.",
        why="A block reads what the block below wrote: x = block(x, mask).",
    ),
    WrongAnswer(
        id="added_again",
        code=_AddedAgain,
        says="You add each block's input once more.",
        why="The residual path is inside the block already: it returns x plus what it found.",
    ),
    WrongAnswer(
        id="one_block",
        code=_OneBlock,
        says="All your layers are one and the same block.",
        why="A list times n repeats the object, not its parameters. Build a new block for every layer: a comprehension does.",
    ),
)
