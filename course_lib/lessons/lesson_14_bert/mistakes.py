"""Wrong answers of lesson 14: the code that makes each mistake, its name, and why it is one."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_14_bert import reference as right

# ---------------------------------------------------------------- 14.1 masking


def _masking(
    tokens: Tensor,
    special: Tensor,
    choose: Tensor,
    change: Tensor,
    others: Tensor,
    mask_id: int,
    *,
    bounds: tuple[float, float] = (0.8, 0.9),
    asked: Callable[[Tensor, Tensor, Tensor], Tensor] = lambda inputs, tokens, chosen: chosen,
    pick: Callable[[Tensor, Tensor], Tensor] = lambda choose, special: (choose < 0.15) & ~special,
    everywhere: bool = False,
) -> tuple[Tensor, Tensor]:
    """Mask; each switch makes one classic mistake, all off it is right."""
    chosen = pick(choose, special)
    hidden, replaced = change < bounds[0], (change >= bounds[0]) & (change < bounds[1])
    inputs = torch.where(hidden, mask_id, torch.where(replaced, others, tokens))
    inputs = inputs if everywhere else torch.where(chosen, inputs, tokens)
    return inputs, asked(inputs, tokens, chosen)


def _mask_fault(**switches: Any) -> Callable[..., Any]:
    return lambda *args: _masking(*args, **switches)


def _swapped_tenths(
    tokens: Tensor, special: Tensor, choose: Tensor, change: Tensor, others: Tensor, mask_id: int
) -> tuple[Tensor, Tensor]:
    late = torch.where(change >= 0.9, 0.85, torch.where(change >= 0.8, 0.95, change))
    return right.mask_tokens(tokens, special, choose, late, others, mask_id)


def _one_draw(
    tokens: Tensor, special: Tensor, choose: Tensor, change: Tensor, others: Tensor, mask_id: int
) -> tuple[Tensor, Tensor]:
    return right.mask_tokens(tokens, special, choose, choose / 0.15, others, mask_id)


def _replaced_below(
    tokens: Tensor, special: Tensor, choose: Tensor, change: Tensor, others: Tensor, mask_id: int
) -> tuple[Tensor, Tensor]:
    chosen = (choose < 0.15) & ~special
    return torch.where(chosen & (change < 0.9), others, tokens), chosen


MASK_TOKENS = (
    WrongAnswer(
        id="none_kept",
        code=_mask_fault(bounds=(0.8, 1.1)),
        says="No chosen token stays as it is: what is not hidden is replaced, 20 % in place of 10 %.",
        why="10 % of the chosen positions are asked about and left alone. Otherwise every visible token that is asked about "
        "would be wrong, and the model would learn never to trust what it reads.",
    ),
    WrongAnswer(
        id="always_hidden",
        code=_mask_fault(bounds=(1.1, 1.1)),
        says="Every chosen position becomes [MASK].",
        why="That is 100 / 0 / 0. When the model is used there is no [MASK] in a text, so a fifth of the questions are "
        "asked about words that it can see.",
    ),
    WrongAnswer(
        id="none_replaced",
        code=_mask_fault(bounds=(0.8, 0.8)),
        says="No chosen token is replaced by another: your shares are 80 / 0 / 20.",
        why="A change from 0.8 up to 0.9 puts in the token of `others`. Then the model cannot trust any word blindly, and "
        "has to keep an opinion about each.",
    ),
    WrongAnswer(
        id="specials_chosen",
        code=_mask_fault(pick=lambda choose, special: choose < 0.15),
        says="You choose special tokens too: `special` is not used.",
        why="[CLS], [SEP] and padding stand where they always stand. Asking about them teaches nothing, and hiding them "
        "takes away what marks the parts of a text.",
    ),
    WrongAnswer(
        id="only_specials",
        code=_mask_fault(pick=lambda choose, special: (choose < 0.15) & special),
        says="You choose special tokens, and only these: the mask is upside down.",
        why="`special` is True where nothing may be chosen: take ~special.",
    ),
    WrongAnswer(
        id="kept_not_asked",
        code=_mask_fault(asked=lambda inputs, tokens, chosen: inputs != tokens),
        says="Your second result is True where a token has changed, so kept ones are not asked about.",
        why="The 10 % that stay are chosen as well, and the loss counts them. A replacement may also equal the token it "
        "replaces by accident. Return what was chosen.",
    ),
    WrongAnswer(
        id="only_hidden_asked",
        code=lambda *args: (right.mask_tokens(*args)[0], right.mask_tokens(*args)[0] == args[-1]),
        says="Your second result is True at [MASK] alone.",
        why="Replaced and kept tokens are chosen as well: the loss asks about all 15 %.",
    ),
    WrongAnswer(
        id="changes_everywhere",
        code=_mask_fault(everywhere=True),
        says="You hide and replace tokens at every position, chosen or not.",
        why="`change` says what happens to a chosen position. The other 85 % are what the model guesses from.",
    ),
    WrongAnswer(
        id="chosen_upside_down",
        code=_mask_fault(pick=lambda choose, special: (choose >= 0.15) & ~special),
        says="You choose 85 %: the comparison with 0.15 points the wrong way.",
        why="A uniform number is below 0.15 in 15 % of all cases.",
    ),
    WrongAnswer(
        id="shares_of_all",
        code=_mask_fault(bounds=(0.12, 0.135)),
        says="You compare `change` with 12 % and 13.5 %, shares of all positions.",
        why="`change` is a new number, uniform from 0 to 1 among the chosen: 80 % of these lie below 0.8. The 15 % are "
        "already in `choose`.",
    ),
    WrongAnswer(
        id="one_draw",
        code=_one_draw,
        says="You use `choose` for both decisions; `change` is not used.",
        why="`choose` decides whether, `change` decides what. Two decisions need two numbers here.",
    ),
    WrongAnswer(
        id="hidden_then_replaced",
        code=_replaced_below,
        says="Your replacement undoes the hiding: below 0.9 lies below 0.8 as well.",
        why="Replaced is what lies from 0.8 up to 0.9. Ask for both bounds, or replace first and hide afterwards.",
    ),
    WrongAnswer(
        id="tenths_swapped",
        code=_swapped_tenths,
        says="You keep from 0.8 to 0.9 and replace from 0.9 on; it is the other way round.",
        why="The shares are the same, but these draws are given, so that results can be compared: below 0.8 hidden, below "
        "0.9 replaced, else kept.",
    ),
)

# ---------------------------------------------------------------- 14.2 masked loss


def _each_loss(logits: Tensor, tokens: Tensor) -> Tensor:
    return F.cross_entropy(logits.transpose(1, 2), tokens, reduction="none")


def _share(losses: Tensor, chosen: Tensor) -> Tensor:
    return (losses * chosen).sum() / chosen.sum().clamp(min=1)


def _mean_of_rows(logits: Tensor, tokens: Tensor, chosen: Tensor) -> Tensor:
    losses = _each_loss(logits, tokens) * chosen
    return (losses.sum(1) / chosen.sum(1).clamp(min=1)).mean()


def _double_softmax(logits: Tensor, tokens: Tensor, chosen: Tensor) -> Tensor:
    return _share(_each_loss(logits.softmax(-1), tokens), chosen)


def _next_token(logits: Tensor, tokens: Tensor, chosen: Tensor) -> Tensor:
    return _share(_each_loss(logits, tokens.roll(-1, dims=1)), chosen)


def _probability(logits: Tensor, tokens: Tensor, chosen: Tensor) -> Tensor:
    return _share(1 - (-_each_loss(logits, tokens)).exp(), chosen)


MASKED_LOSS = (
    WrongAnswer(
        id="all_positions",
        code=lambda logits, tokens, chosen: _each_loss(logits, tokens).mean(),
        says="Your loss counts every position.",
        why="Where a token was not chosen the model reads the answer: copying it is easy, and 85 % of your loss would "
        "reward that.",
    ),
    WrongAnswer(
        id="unmasked_positions",
        code=lambda logits, tokens, chosen: _share(_each_loss(logits, tokens), ~chosen),
        says="Your loss counts the positions that were not chosen.",
        why="There the model reads the answer. `chosen` is True where it is asked.",
    ),
    WrongAnswer(
        id="divided_by_all",
        code=lambda logits, tokens, chosen: (_each_loss(logits, tokens) * chosen).mean(),
        says="You divide by all positions, not by the chosen ones.",
        why="Zeros at the others are no losses, but they count in a mean. The loss would shrink with the number that "
        "happened to be chosen.",
    ),
    WrongAnswer(
        id="zero_targets",
        code=lambda logits, tokens, chosen: _each_loss(logits, tokens * chosen).mean(),
        says="You set the other targets to token 0, and ask for token 0 there.",
        why="Token 0 is a token like any other. Leave these positions out; with cross_entropy a target of −100 is left out.",
    ),
    WrongAnswer(
        id="zero_logits",
        code=lambda logits, tokens, chosen: _each_loss(logits * chosen[..., None], tokens).mean(),
        says="You set the other logits to 0, and still count those positions.",
        why="Logits of 0 mean that all words are equally likely: each of those positions adds ln V. Leave them out.",
    ),
    WrongAnswer(
        id="mean_of_rows",
        code=_mean_of_rows,
        says="You take the mean of each text first, and then the mean of those.",
        why="A text with one question would weigh as much as a text with ten. Every question counts the same.",
    ),
    WrongAnswer(
        id="summed",
        code=lambda logits, tokens, chosen: (_each_loss(logits, tokens) * chosen).sum(),
        says="You add the losses up; their mean is due.",
        why="A sum grows with the batch, and the learning rate would have to shrink with it.",
    ),
    WrongAnswer(
        id="double_softmax",
        code=_double_softmax,
        says="You apply softmax before cross-entropy, which has one inside.",
        why="Probabilities lie between 0 and 1, so a second softmax makes all of them nearly alike, and hardly any gradient is left.",
    ),
    WrongAnswer(
        id="next_token",
        code=_next_token,
        says="You compare each position with the next token.",
        why="That is the task of a causal model. Here position t is asked about token t itself.",
    ),
    WrongAnswer(
        id="no_logarithm",
        code=_probability,
        says="Your loss is 1 − p; it should be −log p.",
        why="Cross-entropy makes a confident mistake cost without limit; 1 − p hardly tells 0.01 from 0.0001.",
    ),
    WrongAnswer(
        id="nothing_chosen",
        code=lambda logits, tokens, chosen: F.cross_entropy(logits[chosen], tokens[chosen]),
        says="Where nothing is chosen your loss is NaN.",
        why="The mean of no numbers is 0 / 0, and one such batch makes the mean loss of a whole training NaN. Divide the sum by "
        "the number of chosen positions, or by 1.",
    ),
)

# ---------------------------------------------------------------- 14.3 packing

Ids = Sequence[int]


def _packed(
    first: Ids,
    second: Ids | None,
    cls: int,
    sep: int,
    *,
    last: bool = True,
    middle: bool = True,
    start: bool = True,
    again: bool = False,
    always: bool = False,
) -> tuple[list[int], list[int]]:
    one = [cls] * start + list(first) + [sep] * (middle or second is None)
    if second is None:
        two = [sep] * always
    else:
        two = [cls] * again + list(second) + [sep] * last
    return one + two, [0] * len(one) + [1] * len(two)


def _pack_fault(**switches: bool) -> Callable[..., Any]:
    return lambda *args: _packed(*args, **switches)


def _segments(change: Callable[[list[int], list[int], int], list[int]]) -> Callable[..., Any]:
    def code(first: Ids, second: Ids | None, cls: int, sep: int) -> Any:
        tokens, segments = right.pack_pair(first, second, cls, sep)
        return tokens, change(tokens, segments, sep)

    return code


def _falsy(first: Ids, second: Ids | None, cls: int, sep: int) -> tuple[list[int], list[int]]:
    return _packed(first, second or None, cls, sep)


def _by_sep(tokens: list[int], segments: list[int], sep: int) -> list[int]:
    """Count 1 from the first [SEP] on, which belongs to the first text."""
    return [int(at >= tokens.index(sep)) if 1 in segments else 0 for at in range(len(tokens))]


def _last_alone(tokens: list[int], segments: list[int], sep: int) -> list[int]:
    return [*segments[:-1], 0]


PACK_PAIR = (
    WrongAnswer(
        id="no_last_separator",
        code=_pack_fault(last=False),
        says="[SEP] is missing behind the second text.",
        why="Each text ends with [SEP]. The pretrained weights have never seen a second text without one.",
    ),
    WrongAnswer(
        id="no_middle_separator",
        code=_pack_fault(middle=False),
        says="[SEP] is missing between the two texts.",
        why="It marks where the first text ends; attention uses it a great deal.",
    ),
    WrongAnswer(
        id="no_start",
        code=_pack_fault(start=False),
        says="[CLS] is missing at the start.",
        why="Every input begins with it: its hidden state stands for the whole.",
    ),
    WrongAnswer(
        id="start_twice",
        code=_pack_fault(again=True),
        says="You put [CLS] before the second text as well.",
        why="There is one [CLS] for the whole input, at its start.",
    ),
    WrongAnswer(
        id="empty_second",
        code=_pack_fault(always=True),
        says="A single text gets two [SEP] in your version.",
        why="Where there is no second text (None), nothing follows the first one's [SEP].",
    ),
    WrongAnswer(
        id="empty_is_none",
        code=_falsy,
        says="An empty second text gets no [SEP] in your version.",
        why="An empty list is a text without words, and its [SEP] ends it; only None says that there is none. “if second:” takes "
        "both for False.",
    ),
    WrongAnswer(
        id="segments_all_zero",
        code=_segments(lambda tokens, segments, sep: [0] * len(tokens)),
        says="All your segments are 0.",
        why="The second text, with its [SEP], is segment 1. Otherwise the model cannot tell whose word is whose.",
    ),
    WrongAnswer(
        id="separator_starts_second",
        code=_segments(_by_sep),
        says="Your segment 1 begins at the first [SEP].",
        why="A [SEP] belongs to the text that it ends: the first one is segment 0.",
    ),
    WrongAnswer(
        id="last_separator_zero",
        code=_segments(_last_alone),
        says="The last [SEP] of a pair is segment 0 in your version.",
        why="A [SEP] belongs to the text that it ends: the last one is segment 1.",
    ),
    WrongAnswer(
        id="segments_from_one",
        code=_segments(lambda tokens, segments, sep: [one + 1 for one in segments]),
        says="Your segments are 1 and 2; they are 0 and 1.",
        why="They are rows of a table with two rows, counted from 0.",
    ),
    WrongAnswer(
        id="separators_apart",
        code=_segments(
            lambda tokens, segments, sep: [
                2 if token == sep else one for token, one in zip(tokens, segments, strict=True)
            ]
        ),
        says="[SEP] has a segment of its own in your version.",
        why="There are two segments. A [SEP] belongs to the text that it ends.",
    ),
)

# ---------------------------------------------------------------- 14.4 embedding


def _sum(change: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Return an answer made of the three parts and the inputs."""

    def code(tokens: Tensor, segments: Tensor, words: Tensor, places: Tensor, kinds: Tensor) -> Any:
        return change(words[tokens], places[: tokens.shape[1]], kinds[segments], tokens, places)

    return code


EMBED = (
    WrongAnswer(
        id="segments_left_out",
        code=_sum(lambda word, place, kind, *_: word + place),
        says="Your sum lacks the segment's row.",
        why="Without it a word of the first text and the same word of the second are told apart by their places alone. Even "
        "for one text the row of segment 0 belongs to the sum: the pretrained weights expect it.",
    ),
    WrongAnswer(
        id="places_left_out",
        code=_sum(lambda word, place, kind, *_: word + kind),
        says="Your sum lacks the place's row.",
        why="Attention asks nothing about order. Without places a text is a bag of words.",
    ),
    WrongAnswer(
        id="words_alone",
        code=_sum(lambda word, place, kind, *_: word),
        says="You return the word's row alone.",
        why="The place's and the segment's are added to it.",
    ),
    WrongAnswer(
        id="places_by_token",
        code=_sum(
            lambda word, place, kind, tokens, places: word + places[tokens % len(places)] + kind
        ),
        says="You look places up by token id.",
        why="The row of `places` is that of the position: 0 for the first token, 1 for the second, whatever they are.",
    ),
    WrongAnswer(
        id="one_place",
        code=_sum(lambda word, place, kind, *_: word + place[0] + kind),
        says="You add the first place's row at every position.",
        why="Position t has row t of `places`.",
    ),
    WrongAnswer(
        id="places_backwards",
        code=_sum(lambda word, place, kind, *_: word + place.flip(0) + kind),
        says="Your places count backwards.",
        why="The first token has row 0.",
    ),
    WrongAnswer(
        id="segment_zero",
        code=lambda tokens, segments, words, places, kinds: (
            words[tokens] + places[: tokens.shape[1]] + kinds[0]
        ),
        says="You add the row of segment 0 everywhere.",
        why="`segments` says which row each token takes.",
    ),
    WrongAnswer(
        id="segments_swapped",
        code=lambda tokens, segments, words, places, kinds: right.embed(
            tokens, 1 - segments, words, places, kinds
        ),
        says="Your segments are swapped: segment 0 gets row 1.",
        why="Segment 0, the first text, has row 0 of the table.",
    ),
    WrongAnswer(
        id="normalised",
        code=_sum(
            lambda word, place, kind, *_: F.layer_norm(
                word + place + kind, word.shape[-1:], eps=1e-12
            )
        ),
        says="You normalise the sum already.",
        why="BERT does, but with a gain and a bias that are learned: that is the next exercise's layer norm.",
    ),
    WrongAnswer(
        id="scaled",
        code=_sum(lambda word, place, kind, *_: word * word.shape[-1] ** 0.5 + place + kind),
        says="Your words are multiplied by √d.",
        why="The first transformer did so (Vaswani et al. 2017, §3.4). BERT adds its three rows as they are.",
    ),
    WrongAnswer(
        id="averaged",
        code=_sum(lambda word, place, kind, *_: (word + place + kind) / 3),
        says="You take the mean of the three rows; their sum is due.",
        why="The norm behind would hide the factor, but for its eps. What is asked for here is the sum.",
    ),
    WrongAnswer(
        id="multiplied",
        code=_sum(lambda word, place, kind, *_: word * place * kind),
        says="You multiply the three rows.",
        why="They are added, so that each has a gradient of its own, whatever the others are.",
    ),
)

# ---------------------------------------------------------------- 14.5 BERT


class _Bert(right.Bert):
    """A BERT whose parts can be replaced one at a time."""

    pre_norm, relu, eps = False, False, 1e-12

    def __init__(
        self, vocab_size: int, d_model: int, n_heads: int, n_layers: int, d_ff: int, max_len: int
    ) -> None:
        super().__init__(vocab_size, d_model, n_heads, n_layers, d_ff, max_len)
        for block in self.blocks:
            block.norm_first = self.pre_norm
            block.ff.activation = F.relu if self.relu else block.ff.activation
        for norm in [self.norm, *(n for block in self.blocks for n in (block.norm1, block.norm2))]:
            norm.eps = self.eps

    def start(self, tokens: Tensor, segments: Tensor) -> Tensor:
        tables = self.words.weight, self.places.weight, self.segments.weight
        x: Tensor = self.norm(right.embed(tokens, segments, *tables))
        return x

    def keys(self, mask: Tensor) -> Tensor | None:
        return mask[:, None, :]

    def order(self) -> Any:
        return self.blocks

    def end(self, x: Tensor) -> Tensor:
        return x

    def forward(self, tokens: Tensor, mask: Tensor, segments: Tensor) -> Tensor:
        x = self.start(tokens, segments)
        for block in self.order():
            x = block(x, self.keys(mask))
        return self.end(x)


def _bert(**changed: Any) -> type:
    return type("Bert", (_Bert,), changed)


def _no_norm(self: Any, tokens: Tensor, segments: Tensor) -> Tensor:
    return right.embed(
        tokens, segments, self.words.weight, self.places.weight, self.segments.weight
    )


def _no_segments(self: Any, tokens: Tensor, segments: Tensor) -> Tensor:
    x: Tensor = self.norm(self.words(tokens) + self.places.weight[: tokens.shape[1]])
    return x


def _segment_zero(self: Any, tokens: Tensor, segments: Tensor) -> Tensor:
    tables = self.words.weight, self.places.weight, self.segments.weight
    x: Tensor = self.norm(right.embed(tokens, torch.zeros_like(segments), *tables))
    return x


def _causal(self: Any, mask: Tensor) -> Tensor:
    n = mask.shape[1]
    return mask[:, None, :] & torch.ones(n, n, dtype=torch.bool, device=mask.device).tril()


class _PaddingZeroed(_Bert):
    def forward(self, tokens: Tensor, mask: Tensor, segments: Tensor) -> Tensor:
        return super().forward(tokens, mask, segments) * mask[..., None]


_PaddingZeroed.__name__ = "Bert"


BERT = (
    WrongAnswer(
        id="mask_forgotten",
        code=_bert(keys=lambda self, mask: None),
        says="Your blocks get no mask, so tokens attend to padding.",
        why="Then a text's hidden states change with the length of the longest text in its batch.",
    ),
    WrongAnswer(
        id="mask_upside_down",
        code=_bert(keys=lambda self, mask: ~mask[:, None, :]),
        says="Your mask is upside down: tokens attend to padding alone.",
        why="True means may attend, here as everywhere in this course.",
    ),
    WrongAnswer(
        id="mask_on_queries",
        code=_bert(keys=lambda self, mask: mask[:, :, None]),
        says="Your mask closes the rows of padding, not its columns.",
        why="A row is a query. What must not be read are the keys: mask[:, None, :] has them last.",
    ),
    WrongAnswer(
        id="mask_on_both",
        code=_bert(keys=lambda self, mask: mask[:, :, None] & mask[:, None, :]),
        says="Your mask closes the rows of padding as well as its columns.",
        why="Only keys are kept from being read. What padding itself reads does no harm, and BERT lets it read: mask[:, None, :] alone.",
    ),
    WrongAnswer(
        id="causal",
        code=_bert(keys=_causal),
        says="Your blocks see only what came before.",
        why="BERT reads in both directions: a hidden word is guessed from what follows as well. That is what [MASK] is for.",
    ),
    WrongAnswer(
        id="norm_forgotten",
        code=_bert(start=_no_norm),
        says="The embedding goes into the first block without its norm.",
        why="BERT normalises the sum of the three rows. The blocks normalise behind themselves, so nobody else does it.",
    ),
    WrongAnswer(
        id="segments_left_out",
        code=_bert(start=_no_segments),
        says="Your embedding lacks the segments.",
        why="Call embed with all three tables. Even a single text has the row of segment 0 in its sum.",
    ),
    WrongAnswer(
        id="segments_all_zero",
        code=_bert(start=_segment_zero),
        says="You give every token segment 0; the argument `segments` is not used.",
        why="The second text of a pair is segment 1.",
    ),
    WrongAnswer(
        id="pre_norm",
        code=_bert(pre_norm=True),
        says="Your blocks are pre-norm.",
        why="BERT is older than that habit: norm(x + f(x)), as in the first transformer. make_block gives that form.",
    ),
    WrongAnswer(
        id="last_norm_added",
        code=_bert(end=lambda self, x: self.norm(x)),
        says="You normalise once more behind the last block.",
        why="A post-norm block ends with a norm already. Only pre-norm models need a last one.",
    ),
    WrongAnswer(
        id="wide_epsilon",
        code=_bert(eps=1e-5),
        says="Your norms use PyTorch's eps, 1e-5; BERT's is 1e-12.",
        why="Where rows are small the two differ. Trained weights expect the eps that they were trained with.",
    ),
    WrongAnswer(
        id="relu",
        code=_bert(relu=True),
        says="Your feed-forward bends with ReLU; BERT's bends with GELU.",
        why="Negative inputs still pass a little through GELU, and trained weights count on it.",
    ),
    WrongAnswer(
        id="one_block_repeated",
        code=_bert(order=lambda self: [self.blocks[0]] * len(self.blocks)),
        says="You run the first block n_layers times; the others are never used.",
        why="Every layer has weights of its own.",
    ),
    WrongAnswer(
        id="blocks_backwards",
        code=_bert(order=lambda self: list(self.blocks)[::-1]),
        says="You run the last block first.",
        why="Block 0 reads the embedding; each of the others reads what the one before it wrote.",
    ),
    WrongAnswer(
        id="blocks_ignored",
        code=_bert(order=lambda self: []),
        says="You return the embedding: what the blocks compute gets lost.",
        why="A block returns new hidden states and leaves its input alone. Keep them: x = block(x, …).",
    ),
    WrongAnswer(
        id="padding_zeroed",
        code=_PaddingZeroed,
        says="You set the hidden states at padding to zero.",
        why="What stands there does not matter, so it is left alone: whoever pools uses the mask.",
    ),
    WrongAnswer(
        id="last_block_missing",
        code=_bert(order=lambda self: list(self.blocks)[:-1]),
        says="Your last block is not run.",
        why="There are n_layers blocks: go through all of self.blocks.",
    ),
)

# ---------------------------------------------------------------- 14.6 pooling


def _counted(hidden: Tensor, mask: Tensor) -> Tensor:
    return mask.sum(1, keepdim=True).clamp(min=1).to(hidden.dtype)


def _last_real(hidden: Tensor, mask: Tensor) -> Tensor:
    last = (mask.sum(1) - 1).clamp(min=0)
    return hidden[torch.arange(len(hidden)), last] * mask.any(1, keepdim=True)


def _between(hidden: Tensor, mask: Tensor) -> Tensor:
    inner = mask.clone()
    inner[:, 0] = False
    inner[torch.arange(len(mask)), (mask.sum(1) - 1).clamp(min=0)] = False
    return right.mean_pool(hidden, inner)


MEAN_POOL = (
    WrongAnswer(
        id="over_padding",
        code=lambda hidden, mask: hidden.mean(1),
        says="Your mean counts padding.",
        why="Hidden states at padding are not zero. A text's vector would change with the longest text of its batch.",
    ),
    WrongAnswer(
        id="divided_by_length",
        code=lambda hidden, mask: (hidden * mask[..., None]).mean(1),
        says="You set padding to zero but still divide by T.",
        why="A zero in a sum is nothing, in a mean it counts. Divide by the number of real tokens.",
    ),
    WrongAnswer(
        id="summed",
        code=lambda hidden, mask: (hidden * mask[..., None]).sum(1),
        says="You return the sum of the real tokens, not their mean.",
        why="Long texts would have long vectors. Divide by the number of real tokens.",
    ),
    WrongAnswer(
        id="first_token",
        code=lambda hidden, mask: hidden[:, 0] * mask.any(1, keepdim=True),
        says="You return the first token's hidden state.",
        why="That is [CLS], another way to pool. This encoder was trained with the mean.",
    ),
    WrongAnswer(
        id="last_token",
        code=_last_real,
        says="You return the last real token's hidden state.",
        why="A causal model has read everything there. In BERT it is [SEP], a token like any other.",
    ),
    WrongAnswer(
        id="largest",
        code=lambda hidden, mask: torch.where(
            mask.any(1, keepdim=True),
            hidden.masked_fill(~mask[..., None], -torch.inf).amax(1),
            torch.zeros((), dtype=hidden.dtype),
        ),
        says="You take the largest of each feature, not the mean.",
        why="Max pooling exists as well, but this encoder was trained with the mean.",
    ),
    WrongAnswer(
        id="padding_alone",
        code=lambda hidden, mask: right.mean_pool(hidden, ~mask),
        says="You average padding and leave the real tokens out.",
        why="The mask is True at real tokens.",
    ),
    WrongAnswer(
        id="counted_over_batch",
        code=lambda hidden, mask: (hidden * mask[..., None]).sum(1) / mask.sum().clamp(min=1),
        says="You divide by the real tokens of the whole batch.",
        why="Each text has its own number of them: mask.sum(1).",
    ),
    WrongAnswer(
        id="specials_left_out",
        code=_between,
        says="You leave the first and the last real token out.",
        why="[CLS] and [SEP] are real tokens; they were in the mean when this encoder was trained.",
    ),
    WrongAnswer(
        id="normalised",
        code=lambda hidden, mask: F.normalize(right.mean_pool(hidden, mask), dim=-1),
        says="You scale the mean to length 1.",
        why="That comes later, in the cosine. A classification head reads the mean as it is.",
    ),
    WrongAnswer(
        id="empty_text",
        code=lambda hidden, mask: (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True),
        says="A text without a real token gives NaN in your version.",
        why="0 / 0. Divide by 1 where there is nothing to count, so that its vector is zero.",
    ),
)

# ---------------------------------------------------------------- 14.7 nearest


def _by(score: Callable[[Tensor, Tensor], Tensor], largest: bool = True) -> Callable[..., Any]:
    def code(query: Tensor, vectors: Tensor, k: int) -> tuple[Tensor, Tensor]:
        best = score(query, vectors).topk(min(k, len(vectors)), largest=largest)
        return best.indices, best.values

    return code


def _cosines(query: Tensor, vectors: Tensor) -> Tensor:
    return F.cosine_similarity(vectors, query[None], dim=-1)


def _euclid(query: Tensor, vectors: Tensor) -> Tensor:
    return (vectors - query).norm(dim=-1)


def _skipping(query: Tensor, vectors: Tensor, k: int) -> tuple[Tensor, Tensor]:
    best = _cosines(query, vectors).topk(min(k + 1, len(vectors)))
    return best.indices[1:], best.values[1:]


def _in_order(query: Tensor, vectors: Tensor, k: int) -> tuple[Tensor, Tensor]:
    cosines = _cosines(query, vectors)
    places = cosines.topk(min(k, len(vectors))).indices.sort().values
    return places, cosines[places]


def _distances(query: Tensor, vectors: Tensor, k: int) -> tuple[Tensor, Tensor]:
    places, cosines = right.nearest(query, vectors, k)
    return places, 1 - cosines


NEAREST = (
    WrongAnswer(
        id="dot_product",
        code=_by(lambda query, vectors: vectors @ query),
        says="You rank by dot product, without dividing by the lengths.",
        why="A long vector would win against a nearer one. The cosine divides by both lengths.",
    ),
    WrongAnswer(
        id="query_length",
        code=_by(lambda query, vectors: F.normalize(vectors, dim=-1) @ query),
        says="You do not divide by the query's length.",
        why="The order stays the same, but the numbers are no cosines: they may exceed 1.",
    ),
    WrongAnswer(
        id="vector_lengths",
        code=_by(lambda query, vectors: vectors @ F.normalize(query, dim=-1)),
        says="You do not divide by the lengths of the vectors.",
        why="A long vector would win against a nearer one.",
    ),
    WrongAnswer(
        id="one_length_for_all",
        code=_by(lambda query, vectors: vectors @ query / (vectors.norm() * query.norm())),
        says="You divide by one length for the whole table of vectors.",
        why="Each row has its own length: vectors.norm(dim=-1).",
    ),
    WrongAnswer(
        id="euclidean",
        code=_by(_euclid, largest=False),
        says="You rank by Euclidean distance.",
        why="It asks for equal length as well as equal direction. For vectors of length 1 the order would be the same; these "
        "have other lengths.",
    ),
    WrongAnswer(
        id="farthest",
        code=_by(_cosines, largest=False),
        says="You return the least similar.",
        why="A cosine of 1 means the same direction: the largest come first.",
    ),
    WrongAnswer(
        id="distances",
        code=_distances,
        says="Your numbers are 1 − cosine.",
        why="The places are right. What is asked for is the similarity, the cosine itself.",
    ),
    WrongAnswer(
        id="first_skipped",
        code=_skipping,
        says="You leave the nearest out.",
        why="That is right where the query is one of the vectors and would find itself. Here it need not be.",
    ),
    WrongAnswer(
        id="not_sorted",
        code=_in_order,
        says="You found the right ones, but they stand in the order of their places.",
        why="The most similar comes first.",
    ),
    WrongAnswer(
        id="absolute",
        code=_by(lambda query, vectors: _cosines(query, vectors).abs()),
        says="You rank by |cosine|.",
        why="The opposite direction has −1, the least similar there is, not the most.",
    ),
    WrongAnswer(
        id="all_sorted",
        code=lambda query, vectors, k: right.nearest(query, vectors, len(vectors)),
        says="You return all vectors; k of them are asked for.",
        why="Cut both results after k.",
    ),
)

# ---------------------------------------------------------------- 14.8 freezing


def _lower(model: Any) -> list[Any]:
    encoder = model.encoder
    return [encoder.words, encoder.places, encoder.segments, encoder.norm]


def _freeze_parts(model: Any, parts: Sequence[Any], unfreeze: bool = True) -> None:
    if unfreeze:
        model.requires_grad_(True)
    for part in parts:
        part.requires_grad_(False)


def _as_attribute(model: Any, n_frozen: int) -> None:
    model.requires_grad_(True)
    for part in [*_lower(model), *model.encoder.blocks[:n_frozen]]:
        part.requires_grad = False


def _weights_alone(model: Any, n_frozen: int) -> None:
    model.requires_grad_(True)
    for part in [*_lower(model), *model.encoder.blocks[:n_frozen]]:
        for name, parameter in part.named_parameters():
            parameter.requires_grad_(not name.endswith("weight"))


def _freeze(parts: Callable[[Any, int], Sequence[Any]], unfreeze: bool = True) -> Any:
    return lambda model, n_frozen: _freeze_parts(model, parts(model, n_frozen), unfreeze)


def _top(model: Any, n: int) -> list[Any]:
    return [*_lower(model), *list(model.encoder.blocks)[len(model.encoder.blocks) - n :]]


FREEZE = (
    WrongAnswer(
        id="attribute_of_a_module",
        code=_as_attribute,
        says="You free everything, and then freeze nothing: every parameter still learns.",
        why="Only parameters have a requires_grad that counts. `part.requires_grad = False` on a module makes a new attribute "
        "that nobody reads, and eval() switches dropout alone. The method is part.requires_grad_(False), with an underscore.",
    ),
    WrongAnswer(
        id="nothing_done",
        code=lambda model, n_frozen: None,
        says="Your function leaves the model as it was.",
        why="Only parameters have a requires_grad that counts. `part.requires_grad = False` on a module makes a new attribute "
        "that nobody reads, and eval() switches dropout alone. The method is part.requires_grad_(False), with an underscore.",
    ),
    WrongAnswer(
        id="embeddings_learn",
        code=_freeze(lambda model, n: model.encoder.blocks[:n]),
        says="Your blocks are frozen, but the embeddings under them still learn.",
        why="The frozen blocks would get other inputs in every step, and nothing could be computed beforehand.",
    ),
    WrongAnswer(
        id="embedding_norm_learns",
        code=_freeze(lambda model, n: [*_lower(model)[:3], *model.encoder.blocks[:n]]),
        says="encoder.norm, the norm of the embedding, still learns.",
        why="It stands below the first block: what it changes, every frozen block feels.",
    ),
    WrongAnswer(
        id="blocks_learn",
        code=_freeze(lambda model, n: _lower(model)),
        says="You freeze the embeddings, and no block.",
        why="The lowest n_frozen blocks keep their weights as well.",
    ),
    WrongAnswer(
        id="upper_blocks",
        code=_freeze(_top),
        says="You freeze the highest blocks; the lowest are meant.",
        why="What lies near the answer has to change most for a new task. The lower blocks know things that every task uses.",
    ),
    WrongAnswer(
        id="all_blocks",
        code=_freeze(lambda model, n: [model.encoder]),
        says="You freeze the whole encoder; only the head learns.",
        why="Blocks from n_frozen on are to learn as well.",
    ),
    WrongAnswer(
        id="everything_frozen",
        code=lambda model, n_frozen: model.requires_grad_(False) and None,
        says="You freeze the whole model.",
        why="The head and the blocks from n_frozen on are to learn.",
    ),
    WrongAnswer(
        id="one_too_many",
        code=_freeze(lambda model, n: [*_lower(model), *model.encoder.blocks[: n + 1]]),
        says="You freeze one block too many.",
        why="n_frozen = 1 means block 0 alone: blocks[:n_frozen].",
    ),
    WrongAnswer(
        id="one_too_few",
        code=_freeze(lambda model, n: [*_lower(model), *model.encoder.blocks[: max(n - 1, 0)]]),
        says="You freeze one block too few.",
        why="n_frozen = 1 means block 0: blocks[:n_frozen].",
    ),
    WrongAnswer(
        id="biases_learn",
        code=_weights_alone,
        says="You freeze weights, but their biases still learn.",
        why="A frozen part keeps all of its parameters.",
    ),
    WrongAnswer(
        id="still_frozen",
        code=_freeze(lambda model, n: [*_lower(model), *model.encoder.blocks[:n]], unfreeze=False),
        says="What was frozen before stays frozen in your version.",
        why="The course's pretrained encoder comes with every parameter frozen, and nothing would learn but the head. Set the "
        "upper part free first: model.requires_grad_(True).",
    ),
    WrongAnswer(
        id="head_frozen",
        code=_freeze(lambda model, n: [*_lower(model), *model.encoder.blocks[:n], model.head]),
        says="You freeze the head.",
        why="It starts from random numbers: it is the part that has to learn.",
    ),
)

# ---------------------------------------------------------------- 14.9 scores


def _scores(
    change: Callable[[Tensor, Tensor, Tensor, Tensor, Tensor], Any],
) -> Callable[..., Any]:
    """Return an answer made of the right one and the numbers of examples by class."""

    def code(predicted: Tensor, labels: Tensor, n_classes: int) -> Any:
        precision, recall, f1, _ = right.class_scores(predicted, labels, n_classes)
        counts = torch.bincount(labels, minlength=n_classes)
        return change(precision, recall, f1, counts, (predicted == labels).float().mean())

    return code


def _harmonic(a: Tensor, b: Tensor) -> Tensor:
    return torch.where(a + b > 0, 2 * a * b / (a + b).clamp(min=1e-12), 0.0)


def _present(f1: Tensor, counts: Tensor) -> Tensor:
    return f1[counts > 0].mean()


def _undefined(predicted: Tensor, labels: Tensor, n_classes: int) -> Any:
    classes = torch.arange(n_classes)[:, None]
    said, true = predicted == classes, labels == classes
    both = (said & true).sum(1)
    precision, recall = both / said.sum(1), both / true.sum(1)
    f1 = 2 * precision * recall / (precision + recall)
    return precision, recall, f1, f1.mean()


def _accuracies(predicted: Tensor, labels: Tensor, n_classes: int) -> Any:
    share = (predicted == labels).float().mean()
    return (*[share.repeat(n_classes)] * 3, share)


CLASS_SCORES = (
    WrongAnswer(
        id="f1_of_averages",
        code=_scores(lambda p, r, f1, n, a: (p, r, f1, _harmonic(p.mean(), r.mean()))),
        says="Your macro F1 is the F1 of the mean precision and the mean recall.",
        why="It is the mean of the classes' F1s. The two are different numbers under one name (Opitz and Burst 2019); "
        "scikit-learn takes the mean of F1s.",
    ),
    WrongAnswer(
        id="precision_is_recall",
        code=_scores(lambda p, r, f1, n, a: (r, p, f1, f1.mean())),
        says="Precision and recall have changed places.",
        why="Precision divides by how often a class was said, recall by how often it is true.",
    ),
    WrongAnswer(
        id="arithmetic_mean",
        code=_scores(lambda p, r, f1, n, a: (p, r, (p + r) / 2, ((p + r) / 2).mean())),
        says="Your F1 is the arithmetic mean of precision and recall.",
        why="F1 is the harmonic mean, 2pr / (p + r): it is small as soon as one of them is. Who calls everything pleased has "
        "recall 1.",
    ),
    WrongAnswer(
        id="geometric_mean",
        code=_scores(lambda p, r, f1, n, a: (p, r, (p * r).sqrt(), (p * r).sqrt().mean())),
        says="Your F1 is the geometric mean of precision and recall.",
        why="F1 is the harmonic mean, 2pr / (p + r).",
    ),
    WrongAnswer(
        id="factor_forgotten",
        code=_scores(lambda p, r, f1, n, a: (p, r, f1 / 2, f1.mean() / 2)),
        says="Your F1s are half of what they should be.",
        why="The harmonic mean of two numbers is 2pr / (p + r); without the 2 a perfect answer would have ½.",
    ),
    WrongAnswer(
        id="accuracy_for_all",
        code=_accuracies,
        says="You return the accuracy in place of every score.",
        why="Accuracy counts all texts together. Precision and recall are asked of one class at a time.",
    ),
    WrongAnswer(
        id="weighted",
        code=_scores(lambda p, r, f1, n, a: (p, r, f1, (f1 * n).sum() / n.sum())),
        says="Your macro F1 weighs classes by how many examples they have.",
        why="That is another average. The macro one counts every class once, so that a rare class matters.",
    ),
    WrongAnswer(
        id="accuracy",
        code=_scores(lambda p, r, f1, n, a: (p, r, f1, a)),
        says="Your macro F1 is the accuracy.",
        why="With one label a text, the F1 of all counts together (micro) is the accuracy. The macro one is the mean over classes.",
    ),
    WrongAnswer(
        id="last_class",
        code=_scores(lambda p, r, f1, n, a: (p, r, f1, f1[-1])),
        says="Your macro F1 is the F1 of one class.",
        why="It is the mean over all classes.",
    ),
    WrongAnswer(
        id="present_classes",
        code=_scores(lambda p, r, f1, n, a: (p, r, f1, _present(f1, n))),
        says="Your macro F1 leaves out classes that no label has.",
        why="A class that was said and never true has an F1 of 0, and it counts: it was said wrongly.",
    ),
    WrongAnswer(
        id="undefined",
        code=_undefined,
        says="Where a class was never said, or is never true, your ratio is NaN.",
        why="0 / 0. Such a ratio counts as 0 here, as with scikit-learn's zero_division=0; else one rare class turns the mean "
        "into NaN.",
    ),
)
