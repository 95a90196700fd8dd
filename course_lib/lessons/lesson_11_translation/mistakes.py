"""The mistakes that lesson 11 recognises."""

import math
from collections import Counter
from collections.abc import Callable
from itertools import chain
from typing import Any

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer

# ---------------------------------------------------------------- 11.1 three masks


def _masks(fault: str) -> Callable[..., tuple[Tensor, Tensor, Tensor]]:
    """Return three masks with one fault."""

    def three_masks(source: Tensor, target: Tensor, pad: int) -> tuple[Tensor, Tensor, Tensor]:
        (b, s), t = source.shape, target.shape[1]
        words, written = source != pad, target != pad
        if fault == "inverted":
            words, written = ~words, ~written
        past = torch.ones(t, t, dtype=torch.bool).tril(-1 if fault == "strict" else 0)
        if fault == "upper":
            past = past.mT
        encoder = words[:, None].expand(b, s, s)
        memory = words[:, None].expand(b, t, s)
        decoder = written[:, None] & past
        if fault == "no causal":
            decoder = written[:, None].expand(b, t, t)
        if fault == "only causal":
            decoder = past.expand(b, t, t)
        if fault == "queries":
            encoder, decoder = words[:, :, None].expand(b, s, s), written[:, :, None] & past
            memory = written[:, :, None].expand(b, t, s)
        if fault == "both":
            encoder, decoder = encoder & words[:, :, None], decoder & written[:, :, None]
            memory = memory & written[:, :, None]
        if fault == "memory open":
            memory = torch.ones_like(memory)
        if fault == "memory causal":
            memory = memory & torch.ones(t, s, dtype=torch.bool).tril()
        if fault == "encoder causal":
            encoder = encoder & torch.ones(s, s, dtype=torch.bool).tril()
        if fault == "blocked":
            encoder, decoder, memory = ~encoder, ~decoder, ~memory
        if fault == "turned":
            memory = memory.mT
        if fault == "any":
            decoder = written[:, None] | past
        return encoder, decoder, memory

    return three_masks


THREE_MASKS = (
    WrongAnswer(
        id="no_causal_mask",
        code=_masks("no causal"),
        says="Your decoder mask hides padding and nothing else: every place sees the words after it.",
        why="In training the next word is among the inputs, so the model copies it and the loss falls to nearly nothing. "
        "When it writes by itself, that word is not there yet.",
    ),
    WrongAnswer(
        id="future_instead_of_past",
        code=_masks("upper"),
        says="Your decoder mask is turned round: each place sees itself and what comes later.",
        why="Rows are queries and columns are keys. Query t may see keys 0 … t, the lower triangle: tril.",
    ),
    WrongAnswer(
        id="not_itself",
        code=_masks("strict"),
        says="Your decoder mask leaves out the diagonal, so no place sees its own word.",
        why="The inputs are shifted already: the word at place t is the one written last. And row 0 would see nothing.",
    ),
    WrongAnswer(
        id="only_causal",
        code=_masks("only causal"),
        says="Your decoder mask is causal, but padding among the target's words stays visible.",
        why="Padding after the last word is in the future of every real word, so often no harm is seen. It shows as soon as "
        "padding stands in front, as in many decoders that write in batches.",
    ),
    WrongAnswer(
        id="hides_queries",
        code=_masks("queries"),
        says="You hid the rows of padding, not its columns.",
        why="The last axis holds the keys. As it is, a real word still attends to padding.",
    ),
    WrongAnswer(
        id="hides_queries_too",
        code=_masks("both"),
        says="You hid the columns of padding, which is right, and its rows as well.",
        why="A row that may attend to nothing gives 0/0 in a plain softmax, and NaN spreads by the gradients. What padding "
        "asks for harms nobody: its places are left out of the loss.",
    ),
    WrongAnswer(
        id="blocked",
        code=_masks("blocked"),
        says="Your three masks say True where attending is forbidden.",
        why="Here True = may attend, as in `scaled_dot_product_attention`. `nn.Transformer` and `nn.MultiheadAttention` say it "
        "the other way round.",
    ),
    WrongAnswer(
        id="padding_inverted",
        code=_masks("inverted"),
        says="Your masks show the padding and hide the words.",
        why="A place is a word where it is *not* equal to pad.",
    ),
    WrongAnswer(
        id="memory_not_masked",
        code=_masks("memory open"),
        says="Your third mask lets the decoder attend to the source's padding.",
        why="The encoder's states stand at padding too. Their weight would depend on how long the other sentences are.",
    ),
    WrongAnswer(
        id="memory_causal",
        code=_masks("memory causal"),
        says="Your third mask is causal: the first words of the translation see the first words of the source alone.",
        why="The whole source is known before the first word is written. 21 begins with the last word of “twenty one”.",
    ),
    WrongAnswer(
        id="encoder_causal",
        code=_masks("encoder causal"),
        says="Your encoder mask is causal: no word of the source sees the words after it.",
        why="Nothing is predicted in the encoder, so nothing has to be hidden from it but padding.",
    ),
    WrongAnswer(
        id="memory_turned",
        code=_masks("turned"),
        says="Your third mask has its axes swapped.",
        why="The decoder asks and the source answers: T rows of queries, S columns of keys.",
    ),
    WrongAnswer(
        id="or_instead_of_and",
        code=_masks("any"),
        says="Your decoder mask joins its two conditions with or.",
        why="A key must be a word and must not come later. With or, one of the two is enough.",
    ),
)

# ---------------------------------------------------------------- 11.2 shifting the target


def _start(labels: Tensor, start: int) -> Tensor:
    return torch.full_like(labels[:, :1], start)


def _shift_left(labels: Tensor, start: int) -> Tensor:
    return torch.cat([labels[:, 1:], _start(labels, start)], 1)


def _overwrite(labels: Tensor, start: int) -> Tensor:
    return torch.cat([_start(labels, start), labels[:, 1:]], 1)


def _shift_twice(labels: Tensor, start: int) -> Tensor:
    first = _start(labels, start)
    return torch.cat([first, first, labels[:, :-2]], 1)[:, : labels.shape[1]]


SHIFT_RIGHT = (
    WrongAnswer(
        id="not_shifted",
        code=lambda labels, start: labels.clone(),
        says="You returned the labels as they are: the decoder would read the word that it has to predict.",
        why="It learns to copy in a few steps. The loss looks splendid and it cannot write a word by itself.",
    ),
    WrongAnswer(
        id="shifted_left",
        code=_shift_left,
        says="You shifted to the left: place t reads the word after the one it predicts.",
        why="The decoder is fed its own future. It must read what stands before a word: start comes in at the front.",
    ),
    WrongAnswer(
        id="start_replaces_the_first",
        code=_overwrite,
        says="You wrote start over the first word; nothing moved.",
        why="From place 1 on, the decoder still reads the word that it has to predict, and the first word is never read.",
    ),
    WrongAnswer(
        id="one_column_more",
        code=lambda labels, start: (
            torch.cat([_start(labels, start), labels], 1) if labels.shape[1] else labels
        ),
        says="You put start in front and kept the last column: there is one column too many.",
        why="The last word is predicted and never read. Inputs and labels stand place by place under each other.",
    ),
    WrongAnswer(
        id="rolled",
        code=lambda labels, start: labels.roll(1, 1),
        says="You rolled the columns round: the last one has come to the front.",
        why="That place belongs to start. Else the translation of a sentence begins with its end, or with padding.",
    ),
    WrongAnswer(
        id="no_start",
        code=lambda labels, start: labels[:, :-1].clone(),
        says="You dropped the last column and put nothing in front.",
        why="At place 0 the decoder reads start, since nothing has been written yet.",
    ),
    WrongAnswer(
        id="zeros_in_front",
        code=lambda labels, start: torch.cat([_start(labels, 0), labels[:, :-1]], 1),
        says="You shifted rightly, but put 0 in front and not start.",
        why="0 is often padding, which the masks hide: row 0 of the decoder would have nothing to attend to.",
    ),
    WrongAnswer(
        id="two_places",
        code=_shift_twice,
        says="You shifted by two places.",
        why="The decoder would never read the word written last, only the one before it.",
    ),
    WrongAnswer(
        id="ones_in_front",
        code=lambda labels, start: torch.cat([_start(labels, 1), labels[:, :-1]], 1),
        says="You shifted rightly, but put 1 in front whatever start is.",
        why="The number of the start mark is handed in: vocabularies differ.",
    ),
)

# ---------------------------------------------------------------- 11.3 label smoothing


def _smoothed(fault: str) -> Callable[..., Tensor]:
    """Return a label-smoothed loss with one fault."""

    def smoothed_loss(logits: Tensor, labels: Tensor, smoothing: float, pad: int) -> Tensor:
        v, eps = logits.shape[-1], smoothing
        if fault == "over time":
            surprise = -logits.log_softmax(1)
        else:
            surprise = -(logits.softmax(-1) if fault == "no log" else logits.log_softmax(-1))
        right = surprise.gather(-1, labels[..., None])[..., 0]
        spread = surprise.mean(-1)
        if fault == "others":
            spread = (surprise.sum(-1) - right) / (v - 1)
        if fault == "without padding":
            spread = (surprise.sum(-1) - surprise[..., pad]) / (v - 1)
        if fault == "sum over classes":
            spread = surprise.sum(-1)
        if fault == "swapped":
            eps = 1 - eps
        each = (1 - eps) * right + eps * spread
        if fault == "full":
            each = right + eps * spread
        if fault == "entropy":
            chance = logits.softmax(-1)
            each = right - eps * (chance * surprise).sum(-1)
        if fault == "plain":
            each = right
        if fault == "scaled":
            each = (1 - eps) * right
        if fault == "sum":
            return each[labels != pad].sum()
        if fault == "padding":
            return each.mean()
        if fault == "zeros":
            return torch.where(labels != pad, each, 0).mean()
        if fault == "padding spread":
            return torch.where(labels != pad, each, eps * spread).sum() / (labels != pad).sum()
        if fault == "by sentence":
            word = labels != pad
            return (torch.where(word, each, 0).sum(1) / word.sum(1)).mean()
        return each[labels != pad].mean()

    return smoothed_loss


SMOOTHED_LOSS = (
    WrongAnswer(
        id="padding_in_the_loss",
        code=_smoothed("padding"),
        says="Your mean includes the padding.",
        why="A batch with one long sentence is mostly padding, which is easy to predict: the loss looks small and the "
        "words hardly count.",
    ),
    WrongAnswer(
        id="divided_by_all_places",
        code=_smoothed("zeros"),
        says="Padding adds 0 to your sum, but you divide by all places.",
        why="The more padding a batch has, the smaller its loss and its gradient. Divide by the number of words.",
    ),
    WrongAnswer(
        id="padding_class_left_out",
        code=_smoothed("without padding"),
        says="You spread ε over all classes but padding.",
        why="It makes sense, since padding is never right. But PyTorch's `ignore_index` drops positions and leaves the "
        "class: `label_smoothing` spreads over all V. The numbers differ a little.",
    ),
    WrongAnswer(
        id="over_the_others",
        code=_smoothed("others"),
        says="You spread ε over the V − 1 wrong classes.",
        why="That is another definition. In PyTorch's, as in Szegedy et al. 2016, §7, the uniform part includes the right class, "
        "which ends at 1 − ε + ε/V.",
    ),
    WrongAnswer(
        id="not_smoothed",
        code=_smoothed("plain"),
        says="Your loss is the plain cross-entropy: ε is not used.",
        why="The target is 1 − ε on the label and ε shared by all V classes.",
    ),
    WrongAnswer(
        id="no_uniform_part",
        code=_smoothed("scaled"),
        says="You scaled the label's part by 1 − ε and forgot the ε that is shared by all classes.",
        why="That is the same loss on another scale. The uniform part is what keeps the model from certainty.",
    ),
    WrongAnswer(
        id="parts_swapped",
        code=_smoothed("swapped"),
        says="Your label gets ε and the uniform part 1 − ε.",
        why="With ε = 0.1 the label keeps 0.9.",
    ),
    WrongAnswer(
        id="sum_over_classes",
        code=_smoothed("sum over classes"),
        says="Each class gets ε in your loss; together they get ε · V.",
        why="The mass ε is shared: ε/V for each class, a mean and not a sum.",
    ),
    WrongAnswer(
        id="label_not_reduced",
        code=_smoothed("full"),
        says="Your label keeps its full mass 1, and ε comes on top.",
        why="A target distribution sums to 1: what the others get, the label gives up.",
    ),
    WrongAnswer(
        id="entropy_bonus",
        code=_smoothed("entropy"),
        says="You subtracted the entropy of the model's own distribution.",
        why="That confidence penalty is a cousin with another gradient. Here the second term is the mean of −log p.",
    ),
    WrongAnswer(
        id="no_logarithm",
        code=_smoothed("no log"),
        says="Your loss uses probabilities where log-probabilities are due.",
        why="Cross-entropy is −log p; with p itself, a word of probability 0 costs a finite amount.",
    ),
    WrongAnswer(
        id="softmax_over_places",
        code=_smoothed("over time"),
        says="Your softmax runs over the places of a sentence.",
        why="At each place the V classes compete: the last axis.",
    ),
    WrongAnswer(
        id="sum_over_words",
        code=_smoothed("sum"),
        says="You returned the sum over the words; the mean is due.",
        why="A sum grows with the batch, and the learning rate would have to shrink with it.",
    ),
    WrongAnswer(
        id="padding_smoothed",
        code=_smoothed("padding spread"),
        says="At padding you dropped the label's part but kept the uniform part.",
        why="A place that is ignored costs nothing at all.",
    ),
    WrongAnswer(
        id="mean_of_means",
        code=_smoothed("by sentence"),
        says="You took the mean of each sentence, then the mean of those.",
        why="A word in a short sentence then counts more. PyTorch takes one mean over all words of the batch.",
    ),
)

# ---------------------------------------------------------------- 11.4 warm-up


def _rate(f: Callable[[float, float, float], float]) -> Callable[[int, int, int], float]:
    return lambda step, d_model, warmup: float(f(float(step), float(d_model), float(warmup)))


WARMUP_RATE = (
    WrongAnswer(
        id="maximum",
        code=_rate(lambda s, d, w: d**-0.5 * max(s**-0.5, s * w**-1.5)),
        says="You took the larger of the two terms; the smaller one counts.",
        why="The rate would fall until the warm-up ends, and then rise for ever.",
    ),
    WrongAnswer(
        id="no_warmup",
        code=_rate(lambda s, d, w: d**-0.5 * s**-0.5),
        says="Your rate falls from the first step: the warm-up is missing.",
        why="Step 1 would get d^−0.5, the largest step of all, when the gradients know least.",
    ),
    WrongAnswer(
        id="no_decay",
        code=_rate(lambda s, d, w: d**-0.5 * min(w**-0.5, s * w**-1.5)),
        says="Your rate rises and then stays; it has to fall with step^−0.5.",
        why="The first term of the minimum holds the step, not the warm-up.",
    ),
    WrongAnswer(
        id="width_left_out",
        code=_rate(lambda s, d, w: min(s**-0.5, s * w**-1.5)),
        says="d_model is not used.",
        why="Wider models get smaller rates in the paper: the factor d_model^−0.5.",
    ),
    WrongAnswer(
        id="width_multiplies",
        code=_rate(lambda s, d, w: d**0.5 * min(s**-0.5, s * w**-1.5)),
        says="You multiplied by √d_model; the exponent is −0.5.",
        why="A wider model would get a larger rate, d_model times the one due.",
    ),
    WrongAnswer(
        id="warmup_exponent",
        code=_rate(lambda s, d, w: d**-0.5 * min(s**-0.5, s * w**-0.5)),
        says="Your warm-up term is step · warmup^−0.5; the exponent is −1.5.",
        why="At step = warmup the two terms must be equal: warmup · warmup^−1.5 = warmup^−0.5.",
    ),
    WrongAnswer(
        id="peak_of_one",
        code=_rate(lambda s, d, w: d**-0.5 * min(s**-0.5, s / w)),
        says="Your warm-up term is step / warmup: it ends at 1, not at warmup^−0.5.",
        why="The rising line has to meet the falling curve, at height warmup^−0.5. Its slope is warmup^−1.5.",
    ),
    WrongAnswer(
        id="linear_decay",
        code=_rate(lambda s, d, w: d**-0.5 * w**-0.5 * min(s / w, w / s)),
        says="After the warm-up your rate falls with 1/step; it falls with 1/√step.",
        why="Four times the steps halve the rate.",
    ),
    WrongAnswer(
        id="counts_from_zero",
        code=_rate(lambda s, d, w: d**-0.5 * min((s + 1) ** -0.5, (s + 1) * w**-1.5)),
        says="You added 1 to the step.",
        why="Steps count from 1 here, as in the paper; with 1 more the peak comes a step early.",
    ),
)

# ---------------------------------------------------------------- 11.5 embeddings and positions


def _embed(f: Callable[[Tensor, Tensor, float], Tensor]) -> Callable[..., Tensor]:
    """Return an embedding that joins rows (B, T, d) and positions (T, d) by `f`."""

    def embed(ids: Tensor, table: Tensor, positions: Tensor) -> Tensor:
        return f(table[ids], positions[: ids.shape[1]], float(table.shape[1]))

    return embed


def _by_word(ids: Tensor, table: Tensor, positions: Tensor) -> Tensor:
    return table[ids] * table.shape[1] ** 0.5 + positions[ids % len(positions)]


def _last_places(ids: Tensor, table: Tensor, positions: Tensor) -> Tensor:
    return table[ids] * table.shape[1] ** 0.5 + positions[len(positions) - ids.shape[1] :]


def _from_one(ids: Tensor, table: Tensor, positions: Tensor) -> Tensor:
    return table[ids] * table.shape[1] ** 0.5 + positions.roll(-1, 0)[: ids.shape[1]]


def _vocabulary(ids: Tensor, table: Tensor, positions: Tensor) -> Tensor:
    return table[ids] * len(table) ** 0.5 + positions[: ids.shape[1]]


def _length(ids: Tensor, table: Tensor, positions: Tensor) -> Tensor:
    return table[ids] * ids.shape[1] ** 0.5 + positions[: ids.shape[1]]


EMBED = (
    WrongAnswer(
        id="scale_missing",
        code=_embed(lambda x, p, d: x + p),
        says="The factor √d on the embeddings is missing.",
        why="The table has entries of about 1/√d (as the output layer, which it is too, wants them), positions of about 0.7: "
        "without the factor they drown the words.",
    ),
    WrongAnswer(
        id="scaled_by_d",
        code=_embed(lambda x, p, d: x * d + p),
        says="You multiplied by d; √d is due.",
        why="Rows would be √d times too large, and now the words drown the positions.",
    ),
    WrongAnswer(
        id="divided",
        code=_embed(lambda x, p, d: x / d**0.5 + p),
        says="You divided by √d; embeddings are multiplied by it.",
        why="Scores of attention are divided, embeddings multiplied: both bring numbers to about 1.",
    ),
    WrongAnswer(
        id="positions_scaled_too",
        code=_embed(lambda x, p, d: (x + p) * d**0.5),
        says="You scaled the sum: the positions are multiplied by √d too.",
        why="Then both grow alike and the words still drown. The factor belongs to the words alone.",
    ),
    WrongAnswer(
        id="positions_missing",
        code=_embed(lambda x, p, d: x * d**0.5 + 0 * p),
        says="The positions are missing.",
        why="Attention knows no order (lesson 07): without them 12 and 21 are one number.",
    ),
    WrongAnswer(
        id="positions_of_words",
        code=_by_word,
        says="You looked positions up by word number, not by place.",
        why="The same word would get the same position wherever it stands, which tells nothing new.",
    ),
    WrongAnswer(
        id="last_positions",
        code=_last_places,
        says="You took the last T rows of the positions.",
        why="Place 0 gets row 0, however many rows there are.",
    ),
    WrongAnswer(
        id="positions_from_one",
        code=_from_one,
        says="Your positions begin with row 1.",
        why="Places are counted from 0, and the last row may not be there at all.",
    ),
    WrongAnswer(
        id="root_of_the_vocabulary",
        code=_vocabulary,
        says="You multiplied by the root of the vocabulary's size.",
        why="d is the width of a row, the table's second size.",
    ),
    WrongAnswer(
        id="root_of_the_length",
        code=_length,
        says="You multiplied by the root of the sentence's length.",
        why="A word would be embedded otherwise in a longer sentence. d is the width of a row.",
    ),
)

# ---------------------------------------------------------------- 11.6 greedy


def _greedy(fault: str) -> Callable[..., Tensor]:
    """Return greedy decoding with one fault."""

    def greedy_translate(decode: Any, prefix: Tensor, end: int, max_len: int) -> Tensor:
        words, ended = prefix, torch.zeros_like(prefix[:, 0], dtype=torch.bool)
        count = max_len + 1 if fault == "one more" else max_len
        for _ in range(count):
            if fault == "last word":
                logits = decode(words[:, -1:])[:, -1]
            elif fault == "first place":
                logits = decode(words)[:, 0]
            elif fault == "mean":
                logits = decode(words).mean(1)
            else:
                logits = decode(words)[:, -1]
            word = logits.argmin(-1) if fault == "least" else logits.argmax(-1)
            if fault == "never the end":
                logits = logits.clone()
                logits[:, end] = -torch.inf
                word = logits.argmax(-1)
            elif fault == "zeros":
                word = word.masked_fill(ended, 0)
            elif fault != "not frozen":
                word = word.masked_fill(ended, end)
            words = torch.cat([words, word[:, None]], 1)
            ended = ended | (word == end)
            if fault == "first stops" and bool(ended.any()):
                break
        if fault == "start kept":
            return words[:, :max_len]
        words = words[:, prefix.shape[1] :]
        filler = (
            torch.full((len(words), max_len - words.shape[1]), end)
            if words.shape[1] < max_len
            else None
        )
        return words if filler is None else torch.cat([words, filler], 1)

    return greedy_translate


GREEDY_TRANSLATE = (
    WrongAnswer(
        id="not_frozen",
        code=_greedy("not frozen"),
        says="Your sentences go on after their end.",
        why="A batch runs until its last sentence is done. The others have to be held at end meanwhile.",
    ),
    WrongAnswer(
        id="first_place_read",
        code=_greedy("first place"),
        says="You read the logits of place 0 at every step.",
        why="Place 0 predicts the first word. The next word is predicted at the last place of what has been written.",
    ),
    WrongAnswer(
        id="last_word_alone",
        code=_greedy("last word"),
        says="You fed the word written last, without those before it.",
        why="A recurrent decoder keeps the rest in its state. This one has no state: it reads the whole prefix each time.",
    ),
    WrongAnswer(
        id="start_kept",
        code=_greedy("start kept"),
        says="Your result still begins with the start mark.",
        why="The prefix is what the decoder is given; the translation is what it writes.",
    ),
    WrongAnswer(
        id="first_end_stops_all",
        code=_greedy("first stops"),
        says="You stopped as soon as one sentence had ended.",
        why="The others are cut short. Stop when all have ended, or at max_len.",
    ),
    WrongAnswer(
        id="zeros_after_the_end",
        code=_greedy("zeros"),
        says="After a sentence's end you wrote 0; end is due.",
        why="The exercise fills up with end, as lesson 05 did. 0 may be a word.",
    ),
    WrongAnswer(
        id="least_likely",
        code=_greedy("least"),
        says="You chose the least likely word.",
        why="The largest logit belongs to the likeliest word: argmax.",
    ),
    WrongAnswer(
        id="mean_over_places",
        code=_greedy("mean"),
        says="You chose by the mean of the logits over all places.",
        why="Each place predicts another word. The next one is predicted at the last place alone.",
    ),
    WrongAnswer(
        id="end_forbidden",
        code=_greedy("never the end"),
        says="Your sentences never end.",
        why="end is a word of the vocabulary like others: when it is the likeliest, it is written.",
    ),
    WrongAnswer(
        id="one_word_more",
        code=_greedy("one more"),
        says="You wrote one word more than max_len.",
        why="The prefix does not count: max_len words are written, and the result is (B, max_len).",
    ),
)

# ---------------------------------------------------------------- 11.7 beam search


def _beam(fault: str) -> Callable[..., tuple[list[int], float]]:
    """Return a beam search with one fault."""

    def rank(one: tuple[list[int], float, float]) -> float:
        return -(one[2] if fault == "last step" else one[1])

    def kept_of(longer: list[Any], n: int, width: int) -> list[Any]:
        if fault == "lowest":
            return sorted(longer, key=rank)[-width:]
        if fault == "width of each":
            return [
                one
                for words in {tuple(one[0][:-1]) for one in longer}
                for one in sorted((o for o in longer if tuple(o[0][:-1]) == words), key=rank)[
                    :width
                ]
            ]
        return sorted(longer, key=rank)[: 1 if fault == "one" else width]

    def beam_search(
        log_probs: Any, start: int, end: int, width: int, max_len: int, alpha: float
    ) -> tuple[list[int], float]:
        live: list[Any] = [([start], 0.0, 0.0)]
        waiting: list[Any] = []
        for _ in range(max_len):
            rows = log_probs(torch.tensor([one[0] for one in live])).tolist()
            if fault == "probabilities":
                rows = [[math.exp(x) for x in row] for row in rows]
            longer = [
                ([*one[0], word], more if fault == "no sum" else one[1] + more, more)
                for one, row in zip(live, rows, strict=True)
                for word, more in enumerate(row)
            ]
            room = width - len(waiting) if fault == "room" else width
            kept = kept_of(longer, len(live), room)
            if fault == "never ends":
                live = kept
                continue
            waiting += [one for one in kept if one[0][-1] == end]
            live = [one for one in kept if one[0][-1] != end]
            if not live or (fault == "first end" and waiting):
                break
        pool = waiting if waiting and fault in ("first end", "live lost") else waiting + live
        return finish(pool, alpha)

    def finish(pool: list[Any], alpha: float) -> tuple[list[int], float]:
        def score(one: Any) -> float:
            n = len(one[0]) - (0 if fault == "start counted" else 1)
            if fault == "not normalised":
                return float(one[1])
            if fault == "multiplied":
                return float(one[1] * n**alpha)
            if fault == "mean":
                return float(one[1] / n)
            if fault == "gnmt":
                return float(one[1] / ((5 + n) / 6) ** alpha)
            return float(one[1] / n**alpha)

        best = max(pool, key=score)
        words = best[0] if fault == "start kept" else best[0][1:]
        return words, float(best[1]) if fault == "raw score" else score(best)

    return beam_search


BEAM_SEARCH = (
    WrongAnswer(
        id="no_length_normalisation",
        code=_beam("not normalised"),
        says="Your scores are not divided by length^α.",
        why="Every word adds a negative log p, so short translations are favoured and the beam returns stumps. A wider beam "
        "finds more of them.",
    ),
    WrongAnswer(
        id="multiplied_by_the_length",
        code=_beam("multiplied"),
        says="You multiplied by length^α; the sum of log p is divided by it.",
        why="Log-probabilities are negative: multiplying punishes length twice.",
    ),
    WrongAnswer(
        id="alpha_ignored",
        code=_beam("mean"),
        says="You divided by the length, whatever α is.",
        why="α = 1 takes the mean over the words, α = 0 leaves the sum: the exponent says how much the length counts.",
    ),
    WrongAnswer(
        id="start_counted",
        code=_beam("start counted"),
        says="Your length counts the start mark.",
        why="Nobody had to predict it: the words written are counted, end included.",
    ),
    WrongAnswer(
        id="another_penalty",
        code=_beam("gnmt"),
        says="You divided by ((5 + length)/6)^α, the penalty of Wu et al.",
        why="It is a good one (§7 there). This exercise divides by length^α.",
    ),
    WrongAnswer(
        id="first_end_wins",
        code=_beam("first end"),
        says="You returned as soon as one translation had ended.",
        why="A longer one may still overtake it. The ended one waits; the search goes on while any is alive.",
    ),
    WrongAnswer(
        id="ended_go_on",
        code=_beam("never ends"),
        says="Translations that have ended are continued in your beam.",
        why="What has reached end is complete: take it out of the beam and keep it aside.",
    ),
    WrongAnswer(
        id="beam_shrinks",
        code=_beam("room"),
        says="A translation that has ended keeps its room in your beam.",
        why="It waits outside. The beam is filled up to `width` again from all continuations of those alive.",
    ),
    WrongAnswer(
        id="width_of_each",
        code=_beam("width of each"),
        says="You kept the best `width` continuations of each translation, not of all.",
        why="Then nothing is ever thrown away: the beam grows to width, width², width³. All continuations compete.",
    ),
    WrongAnswer(
        id="scores_not_added",
        code=_beam("no sum"),
        says="A translation's score in your beam is the log p of its last word alone.",
        why="The log p of a translation is the sum over all its words.",
    ),
    WrongAnswer(
        id="ranked_by_the_last_word",
        code=_beam("last step"),
        says="You rank continuations by their last word, although you add the scores up.",
        why="A likely word after an unlikely beginning is still unlikely: rank by the sum.",
    ),
    WrongAnswer(
        id="probabilities_added",
        code=_beam("probabilities"),
        says="You added probabilities; log-probabilities are added.",
        why="The chance of a translation is the product over its words, and the log of a product is a sum of logs.",
    ),
    WrongAnswer(
        id="alive_left_out",
        code=_beam("live lost"),
        says="At max_len you chose among those that had ended; the ones alive count as well.",
        why="They are the beam's best at that moment, and here they count as they are.",
    ),
    WrongAnswer(
        id="greedy",
        code=_beam("one"),
        says="Your beam keeps one translation, whatever `width` is.",
        why="That is greedy decoding: it cannot take a step back from a first word that looked good.",
    ),
    WrongAnswer(
        id="lowest_kept",
        code=_beam("lowest"),
        says="Your beam keeps the least likely continuations.",
        why="Log-probabilities are negative and the best is nearest to 0: sort from the highest down.",
    ),
    WrongAnswer(
        id="score_of_the_sum",
        code=_beam("raw score"),
        says="You chose by the normalised score but returned the plain sum of log p.",
        why="The second result is what the choice was made by: log p / length^α.",
    ),
    WrongAnswer(
        id="start_kept",
        code=_beam("start kept"),
        says="Your words still begin with the start mark.",
        why="It is what the decoder is given, not what it writes.",
    ),
)

# ---------------------------------------------------------------- 11.8 BLEU


def _grams(words: Any, n: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))


def _matched(c: Any, r: Any, n: int, fault: str) -> tuple[int, int]:
    ours, theirs = _grams(c, n), _grams(r, n)
    if fault == "unclipped":
        return sum(k for gram, k in ours.items() if gram in theirs), ours.total()
    if fault == "types":
        return len(ours.keys() & theirs.keys()), len(ours)
    if fault == "recall":
        return (ours & theirs).total(), theirs.total()
    return (ours & theirs).total(), ours.total()


def _bleu(fault: str) -> Callable[..., float]:
    """Return BLEU with one fault."""

    def one(candidates: Any, references: Any) -> float:
        if fault == "one long sentence":
            candidates, references = [[*chain(*candidates)]], [[*chain(*references)]]
        precisions = []
        for n in (1,) if fault == "unigrams" else (1, 2, 3) if fault == "three" else (1, 2, 3, 4):
            pairs = [_matched(c, r, n, fault) for c, r in zip(candidates, references, strict=True)]
            if fault == "mean precision":
                shares = [m / t for m, t in pairs if t]
                precisions.append(sum(shares) / len(shares) if shares else 0.0)
                continue
            matched, total = (sum(column) for column in zip(*pairs, strict=True))
            precisions.append(matched / total if total else 0.0)
        c, r = sum(map(len, candidates)), sum(map(len, references))
        return penalty(c, r) * mean(precisions)

    def penalty(c: int, r: int) -> float:
        if not c:
            return 0.0
        exact = math.exp(1 - r / c)
        return {
            "no penalty": 1.0,
            "turned": min(1.0, math.exp(1 - c / r)),
            "both ways": exact,
            "ratio": min(1.0, c / r),
        }.get(fault, min(1.0, exact))

    def mean(p: list[float]) -> float:
        if fault == "arithmetic":
            return 100 * sum(p) / len(p) * all(p)
        if fault == "product":
            return 100 * math.prod(p)
        if fault == "skips zeros":
            p = [x for x in p if x] or [0.0]
        return (1 if fault == "share" else 100) * math.prod(p) ** (1 / len(p))

    def bleu(candidates: Any, references: Any) -> float:
        if fault == "by sentence":
            scores = [one([c], [r]) for c, r in zip(candidates, references, strict=True)]
            return sum(scores) / len(scores)
        return one(candidates, references)

    return bleu


BLEU = (
    WrongAnswer(
        id="not_clipped",
        code=_bleu("unclipped"),
        says="You count an n-gram as often as the candidate repeats it, without clipping.",
        why="“ein ein ein ein” would reach a precision of 1 wherever one “ein” is due. A match counts at most as often as "
        "the reference has it.",
    ),
    WrongAnswer(
        id="counted_once",
        code=_bleu("types"),
        says="You count every different n-gram once, however often it stands there.",
        why="A set forgets counts: two right “ein” are two matches.",
    ),
    WrongAnswer(
        id="no_brevity_penalty",
        code=_bleu("no penalty"),
        says="The brevity penalty is missing.",
        why="Precision asks only whether what was written is right. Who writes only the sure words would win.",
    ),
    WrongAnswer(
        id="penalty_turned",
        code=_bleu("turned"),
        says="Your penalty has the two lengths swapped: it punishes long candidates.",
        why="Long ones pay in precision already. The penalty is exp(1 − reference/candidate) for short ones.",
    ),
    WrongAnswer(
        id="penalty_rewards",
        code=_bleu("both ways"),
        says="Your penalty is above 1 for candidates longer than the reference.",
        why="It is at most 1: length itself earns nothing.",
    ),
    WrongAnswer(
        id="penalty_is_a_ratio",
        code=_bleu("ratio"),
        says="Your penalty is candidate length / reference length; it is exp(1 − reference/candidate).",
        why="Papineni et al. (2002, §2.2.2) chose the exponential: half the length costs a factor e^−1 = 0.37.",
    ),
    WrongAnswer(
        id="mean_of_sentences",
        code=_bleu("by sentence"),
        says="You averaged the BLEU of single sentences.",
        why="BLEU adds matches and totals over the whole corpus first. A sentence without a matching 4-gram would count 0.",
    ),
    WrongAnswer(
        id="mean_of_precisions",
        code=_bleu("mean precision"),
        says="You averaged each precision over the sentences.",
        why="Matches and totals are added over the corpus, and divided once: long sentences count more.",
    ),
    WrongAnswer(
        id="arithmetic_mean",
        code=_bleu("arithmetic"),
        says="You took the arithmetic mean of the four precisions; the geometric one is due.",
        why="Precisions fall steeply with n. The geometric mean gives each the same say, and one 0 makes it 0.",
    ),
    WrongAnswer(
        id="no_root",
        code=_bleu("product"),
        says="You multiplied the precisions and took no fourth root.",
        why="The geometric mean of four numbers is the fourth root of their product.",
    ),
    WrongAnswer(
        id="recall",
        code=_bleu("recall"),
        says="You divided by the n-grams of the reference: that is recall.",
        why="BLEU is precision: the share of what was written that is right. The penalty stands in for recall.",
    ),
    WrongAnswer(
        id="words_alone",
        code=_bleu("unigrams"),
        says="You counted single words alone.",
        why="Any order of the right words would be perfect. n goes from 1 to 4.",
    ),
    WrongAnswer(
        id="up_to_three",
        code=_bleu("three"),
        says="Your n goes up to 3; BLEU counts n-grams of 1 to 4 words.",
        why="range stops before its end: range(1, 5) is 1, 2, 3, 4.",
    ),
    WrongAnswer(
        id="across_sentences",
        code=_bleu("one long sentence"),
        says="Your n-grams run from one sentence into the next.",
        why="The last word of a sentence and the first of the next were not written side by side.",
    ),
    WrongAnswer(
        id="zeros_skipped",
        code=_bleu("skips zeros"),
        says="You left precisions of 0 out of the mean.",
        why="Without smoothing, a corpus with no matching 4-gram has BLEU 0. (On single sentences tools smooth, each in its way.)",
    ),
    WrongAnswer(
        id="not_in_percent",
        code=_bleu("share"),
        says="Your BLEU goes from 0 to 1; here it goes to 100.",
        why="sacreBLEU and most papers print it times 100.",
    ),
)

# ---------------------------------------------------------------- 11.9 batches by length


def _batches(fault: str) -> Callable[[list[int], int], list[list[int]]]:
    """Return batches with one fault."""

    def batches_by_length(lengths: list[int], budget: int) -> list[list[int]]:
        order = sorted(
            range(len(lengths)), key=lambda i: lengths[i], reverse=fault == "longest first"
        )
        if fault == "unsorted":
            order = list(range(len(lengths)))
        if fault == "ties turned":
            order = sorted(range(len(lengths)), key=lambda i: (lengths[i], -i))
        batches: list[list[int]] = [[]]
        for place in order:
            trial = [*batches[-1], place]
            if batches[-1] and cost(lengths, trial) > budget:
                batches.append([place])
            else:
                batches[-1] = trial
        if fault == "last lost":
            batches = batches[:-1]
        if fault == "lengths":
            return [[lengths[i] for i in batch] for batch in batches]
        return batches if order else []

    def cost(lengths: list[int], batch: list[int]) -> int:
        if fault == "no padding":
            return sum(lengths[i] for i in batch)
        if fault == "count":
            return len(batch)
        if fault == "first of batch":
            return min(lengths[i] for i in batch) * len(batch)
        longest = max(lengths[i] for i in batch) * len(batch)
        return longest + (fault == "strict")

    def late(lengths: list[int], budget: int) -> list[list[int]]:
        batches: list[list[int]] = []
        for i in sorted(range(len(lengths)), key=lambda i: lengths[i]):
            if not batches or lengths[batches[-1][-1]] * len(batches[-1]) >= budget:
                batches.append([])
            batches[-1].append(i)
        return batches

    return late if fault == "late" else batches_by_length


BATCHES_BY_LENGTH = (
    WrongAnswer(
        id="padding_not_counted",
        code=_batches("no padding"),
        says="You counted words; padding takes room as well.",
        why="A batch is a rectangle: its longest sentence times its sentences. That is what has to fit.",
    ),
    WrongAnswer(
        id="not_sorted",
        code=_batches("unsorted"),
        says="You took the sentences in their given order.",
        why="A long sentence beside short ones makes them all as long. Sort by length first.",
    ),
    WrongAnswer(
        id="longest_first",
        code=_batches("longest first"),
        says="You began with the longest sentences; the shortest come first here.",
        why="Both are sound. The check compares batches, so one order had to be chosen.",
    ),
    WrongAnswer(
        id="sentences_counted",
        code=_batches("count"),
        says="Your budget counts sentences; it counts places, padding included.",
        why="Thirty sentences of 5 words and thirty of 50 differ tenfold in memory and time.",
    ),
    WrongAnswer(
        id="shortest_counts",
        code=_batches("first of batch"),
        says="You multiplied by the shortest sentence of the batch; the longest sets its width.",
        why="All are padded to the longest.",
    ),
    WrongAnswer(
        id="closed_too_late",
        code=_batches("late"),
        says="You looked at the budget after adding a sentence, so batches run over it.",
        why="Ask first whether the batch with the new sentence would fit; if not, begin another.",
    ),
    WrongAnswer(
        id="closed_too_early",
        code=_batches("strict"),
        says="Your batches stay below the budget; they may fill it exactly.",
        why="At most budget: ≤, not <.",
    ),
    WrongAnswer(
        id="last_batch_lost",
        code=_batches("last lost"),
        says="Your last batch is missing.",
        why="When the loop ends, a batch is still open. It holds the longest sentences, and they would never be learned.",
    ),
    WrongAnswer(
        id="lengths_returned",
        code=_batches("lengths"),
        says="You returned lengths; the places of the sentences are due.",
        why="The caller picks the sentences by their place in the data.",
    ),
    WrongAnswer(
        id="ties_turned",
        code=_batches("ties turned"),
        says="Sentences of one length have lost their order.",
        why="Python's sort keeps the order of equals; that makes the batches the same on every machine.",
    ),
)
