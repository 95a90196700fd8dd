"""The mistakes that lesson 05 recognises."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from course_lib.checking.exercise import WrongAnswer

# ---------------------------------------------------------------- 5.1 one step of a GRU


def _gru(fault: str) -> Callable[..., Tensor]:
    """Return a GRU step with one fault."""

    def gru_step(
        x: Tensor, h: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor
    ) -> Tensor:
        x_r, x_z, x_n = (x @ w_ih.mT + b_ih).chunk(3, -1)
        h_r, h_z, h_n = (h @ w_hh.mT + (0 if fault == "no b_hh" else b_hh)).chunk(3, -1)
        if fault == "gates swapped":
            x_r, x_z, h_r, h_z = x_z, x_r, h_z, h_r
        gate = torch.tanh if fault == "tanh gates" else torch.sigmoid
        r, z = gate(x_r + h_r), gate(x_z + h_z)
        if fault == "reset first":
            h_n = (r * h) @ w_hh.chunk(3)[2].mT + b_hh.chunk(3)[2]
        if fault == "bias outside":
            c = b_hh.chunk(3)[2]
            h_n = h_n - c + c / r
        if fault == "reset on all":
            n = torch.tanh(r * (x_n + h_n))
        else:
            n = (torch.sigmoid if fault == "sigmoid" else torch.tanh)(
                x_n + (h_n if fault == "no reset" else r * h_n)
            )
        if fault == "turned":
            return (1 - z) * h + z * n
        return n if fault == "no update" else (1 - z) * n + z * h

    return gru_step


GRU_STEP = (
    WrongAnswer(
        id="reset_before_the_product",
        code=_gru("reset first"),
        says="Your reset gate acts on h before the product with W_hh.",
        why="That is the unit of Cho's paper, U (r ⊙ h). PyTorch multiplies first and gates the result, r ⊙ (U h + b): "
        "with the same weights the two give different numbers.",
    ),
    WrongAnswer(
        id="update_turned",
        code=_gru("turned"),
        says="Your update gate is turned round: z weighs the new state, 1 − z the old.",
        why="That is how Bahdanau's appendix writes it. Here z = 1 keeps the old state as it is.",
    ),
    WrongAnswer(
        id="gates_swapped",
        code=_gru("gates swapped"),
        says="You took the first third of the rows for z and the second for r.",
        why="PyTorch keeps the rows of the weights in the order r, z, n.",
    ),
    WrongAnswer(
        id="no_reset",
        code=_gru("no reset"),
        says="Your reset gate r is missing from the candidate n.",
        why="r decides how much of the past enters the candidate: n = tanh(x part + r ⊙ h part).",
    ),
    WrongAnswer(
        id="no_update",
        code=_gru("no update"),
        says="You returned the candidate n; the update gate z is not used.",
        why="The next state is (1 − z) ⊙ n + z ⊙ h. Without the second term nothing is kept over many words.",
    ),
    WrongAnswer(
        id="sigmoid_candidate",
        code=_gru("sigmoid"),
        says="Your candidate n went through a sigmoid; it takes a tanh.",
        why="Gates lie between 0 and 1, so they take a sigmoid. A state lies between −1 and 1.",
    ),
    WrongAnswer(
        id="tanh_gates",
        code=_gru("tanh gates"),
        says="Your gates went through a tanh; they take a sigmoid.",
        why="A gate says which share passes, from 0 to 1. With tanh it may be negative.",
    ),
    WrongAnswer(
        id="hidden_bias_lost",
        code=_gru("no b_hh"),
        says="Your step leaves out b_hh, the second bias.",
        why="PyTorch keeps two: b_ih beside the input's product, b_hh beside the state's.",
    ),
    WrongAnswer(
        id="bias_outside_the_reset",
        code=_gru("bias outside"),
        says="Your reset gate leaves out the bias b_hh of the candidate.",
        why="The gate acts on the whole state part: r ⊙ (W_hn h + b_hn), bias included.",
    ),
    WrongAnswer(
        id="reset_on_everything",
        code=_gru("reset on all"),
        says="Your reset gate acts on the input's part too.",
        why="It gates the past alone: tanh(x part + r ⊙ h part).",
    ),
)

# ---------------------------------------------------------------- 5.2 reading a batch of sentences


def _encode(fault: str) -> Callable[..., tuple[Tensor, Tensor]]:
    step = _gru("")

    def encode(x: Tensor, lengths: Tensor, *weights: Tensor) -> tuple[Tensor, Tensor]:
        h = zero = torch.zeros(x.shape[0], weights[1].shape[1], dtype=x.dtype)
        memory = []
        order = range(x.shape[1])
        for t in reversed(order) if fault == "backwards" else order:
            new = step(x[:, t], zero if fault == "forgets" else h, *weights)
            word = (t <= lengths if fault == "one more" else t < lengths)[:, None]
            if fault in ("padding read", "padding kept"):
                memory.append(new)
                h = new if fault == "padding read" else torch.where(word, new, h)
                continue
            before, h = h, (new if fault == "last column" else torch.where(word, new, h))
            kept = {"frozen": h, "before": before * word}.get(fault, new * word)
            memory.append(kept)
        out = torch.stack(memory[::-1] if fault == "backwards" else memory, 1)
        if fault == "first":
            return out, out[:, 0]
        if fault == "last row":
            return out, out[:, -1]
        return out, h

    return encode


ENCODE = (
    WrongAnswer(
        id="padding_read",
        code=_encode("padding read"),
        says="Your encoder reads the padding as if it were words.",
        why="A short sentence then ends in a state that depends on how long its neighbours in the batch are.",
    ),
    WrongAnswer(
        id="last_column",
        code=_encode("last column"),
        says="Your memory is right, but your last state has run on through the padding.",
        why="The last state is the one after the last word. Keep h as it is where t has passed the sentence's length.",
    ),
    WrongAnswer(
        id="last_row_of_memory",
        code=_encode("last row"),
        says="You took the last column of memory for the last state; on padding it holds zeros.",
        why="A sentence of two words ends at place 1, wherever the batch ends.",
    ),
    WrongAnswer(
        id="memory_frozen",
        code=_encode("frozen"),
        says="On padding your memory repeats the last state; zeros are due.",
        why="There is no word, so there is no state to attend to. PyTorch's packed sequences give zeros as well.",
    ),
    WrongAnswer(
        id="state_before",
        code=_encode("before"),
        says="Your memory holds the state before each word, not after it.",
        why="State t has to know word t: take the step first, then keep its result.",
    ),
    WrongAnswer(
        id="forgets",
        code=_encode("forgets"),
        says="Every word starts from zeros in your encoder; the state is not handed on.",
        why="A recurrent network remembers by feeding each state into the next step.",
    ),
    WrongAnswer(
        id="backwards",
        code=_encode("backwards"),
        says="Your encoder reads from the end to the beginning.",
        why="Begin at word 0. (A translator often has a second encoder that reads backwards; not this one.)",
    ),
    WrongAnswer(
        id="one_word_more",
        code=_encode("one more"),
        says="Your encoder reads one place too many: it counts t ≤ length as a word.",
        why="Places start at 0: a sentence of 2 words has words at places 0 and 1.",
    ),
    WrongAnswer(
        id="first_state",
        code=_encode("first"),
        says="You returned the state after the first word as the last one.",
        why="The last state has read the whole sentence.",
    ),
)

# ---------------------------------------------------------------- 5.3 additive scores


def _sum(q: Tensor, k: Tensor, w_q: Tensor, w_k: Tensor) -> Tensor:
    return (q @ w_q)[..., :, None, :] + (k @ w_k)[..., None, :, :]


ADDITIVE_SCORES = (
    WrongAnswer(
        id="no_tanh",
        code=lambda q, k, w_q, w_k, v: _sum(q, k, w_q, w_k) @ v,
        says="The tanh is missing.",
        why="Without it the score is q's part plus k's part. A softmax over the keys cancels q's part, so every query "
        "would attend to the same keys.",
    ),
    WrongAnswer(
        id="tanh_outside",
        code=lambda q, k, w_q, w_k, v: torch.tanh(_sum(q, k, w_q, w_k) @ v),
        says="Your tanh comes after the product with v.",
        why="It squeezes the score itself into (−1, 1), so no weight can be more than e² times another.",
    ),
    WrongAnswer(
        id="tanh_apart",
        code=lambda q, k, w_q, w_k, v: (
            (torch.tanh(q @ w_q)[..., :, None, :] + torch.tanh(k @ w_k)[..., None, :, :]) @ v
        ),
        says="You took the tanh of query and key apart, and added afterwards.",
        why="The two must meet before the tanh; added after it, the query's part is the same for every key and the "
        "softmax cancels it.",
    ),
    WrongAnswer(
        id="relu",
        code=lambda q, k, w_q, w_k, v: torch.relu(_sum(q, k, w_q, w_k)) @ v,
        says="You used a ReLU; the formula has a tanh.",
        why="It would learn as well, but with the same weights it gives other scores than the paper's.",
    ),
    WrongAnswer(
        id="sigmoid",
        code=lambda q, k, w_q, w_k, v: torch.sigmoid(_sum(q, k, w_q, w_k)) @ v,
        says="You used a sigmoid; the formula has a tanh.",
        why="σ(x) is (1 + tanh(x/2)) / 2, another function: with the same weights the scores come out otherwise.",
    ),
    WrongAnswer(
        id="product",
        code=lambda q, k, w_q, w_k, v: (
            torch.tanh((q @ w_q)[..., :, None, :] * (k @ w_k)[..., None, :, :]) @ v
        ),
        says="You multiplied query and key; they are added here.",
        why="That is what gives additive attention its name. Products come with Luong, in 5.8.",
    ),
    WrongAnswer(
        id="no_v",
        code=lambda q, k, w_q, w_k, v: torch.tanh(_sum(q, k, w_q, w_k)).sum(-1),
        says="You summed over the hidden units with equal weights; v is not used.",
        why="v says which hidden units speak for attending, and which against.",
    ),
    WrongAnswer(
        id="softmax_already",
        code=lambda q, k, w_q, w_k, v: (torch.tanh(_sum(q, k, w_q, w_k)) @ v).softmax(-1),
        says="You went one step too far: these are weights, after the softmax.",
        why="Padding has to be hidden before the softmax, so the scores are asked for.",
    ),
    WrongAnswer(
        id="scaled",
        code=lambda q, k, w_q, w_k, v: torch.tanh(_sum(q, k, w_q, w_k)) @ v / q.shape[-1] ** 0.5,
        says="You divided by √d; additive scores are not scaled.",
        why="tanh keeps every hidden unit within (−1, 1), whatever the width of query and key.",
    ),
)

# ---------------------------------------------------------------- 5.4 reading the source


def _read(fault: str) -> Callable[..., tuple[Tensor, Tensor]]:
    def additive_attention(
        s: Tensor, memory: Tensor, mask: Tensor, w_q: Tensor, w_k: Tensor, v: Tensor
    ) -> tuple[Tensor, Tensor]:
        keys, query = memory @ w_k, s @ w_q
        if fault == "another sentence":
            query = query.roll(1, 0)
        mixed = query[:, None] + keys
        scores = (mixed if fault == "no tanh" else torch.tanh(mixed)) @ v
        if fault in ("none", "after", "after and divided"):
            weights = scores.softmax(-1)
            weights = weights if fault == "none" else weights * mask
        elif fault == "zero":
            weights = (scores * mask).softmax(-1)
        elif fault == "inverted":
            weights = scores.masked_fill(mask, -torch.inf).softmax(-1)
        elif fault == "unnormalised":
            weights = scores.exp() * mask
        elif fault == "raw":
            weights = scores * mask
        else:
            scores = scores.masked_fill(~mask, -torch.inf)
            weights = scores.softmax(0 if fault == "batch" else -1)
        values = keys if fault == "keys" else memory
        context = (weights[..., None] * values).sum(1)
        if fault == "mean":
            context = context / mask.sum(-1, keepdim=True)
        return context, weights

    return additive_attention


ADDITIVE_ATTENTION = (
    WrongAnswer(
        id="softmax_over_the_batch",
        code=_read("batch"),
        says="Your softmax runs over the batch (axis 0), so sentences share out the weights among themselves.",
        why="Each sentence shares out a total of 1 over its own words: the last axis.",
    ),
    WrongAnswer(
        id="padding_attended",
        code=_read("none"),
        says="Your weights fall on padding too: the mask is not used.",
        why="What a short sentence reads would depend on how long its neighbours in the batch are.",
    ),
    WrongAnswer(
        id="mask_after_softmax",
        code=_read("after"),
        says="You set the weights of padding to 0 after the softmax, so the others no longer sum to 1.",
        why="Hide padding before the softmax: a score of −∞ gets the weight 0, and the words share the whole.",
    ),
    WrongAnswer(
        id="masked_with_zero",
        code=_read("zero"),
        says="You set the scores of padding to 0; the softmax still gives them weight.",
        why="exp(0) is 1. Only exp(−∞) is 0.",
    ),
    WrongAnswer(
        id="mask_inverted",
        code=_read("inverted"),
        says="Your mask is inverted: words are hidden, padding is read.",
        why="In this course True means may attend. Fill where the mask is False: ~mask.",
    ),
    WrongAnswer(
        id="context_from_keys",
        code=_read("keys"),
        says="Your context mixes the keys memory W_k, not the memory itself.",
        why="W_k prepares a state for being compared. What is read are the states as the encoder left them.",
    ),
    WrongAnswer(
        id="no_tanh",
        code=_read("no tanh"),
        says="The tanh is missing from your scores.",
        why="Without it the decoder's state adds the same to every score, and the softmax cancels it.",
    ),
    WrongAnswer(
        id="no_softmax",
        code=_read("raw"),
        says="You mixed the memory with the scores; the softmax is missing.",
        why="Scores may be negative and sum to anything. The softmax turns them into the weights of a mean.",
    ),
    WrongAnswer(
        id="not_divided",
        code=_read("unnormalised"),
        says="Your weights are exponentials that were not divided by their sum.",
        why="A weighted mean needs weights that sum to 1.",
    ),
    WrongAnswer(
        id="divided_by_length",
        code=_read("mean"),
        says="Your context is divided by the number of words as well.",
        why="The weights sum to 1 already: the weighted sum is the mean.",
    ),
)

# ---------------------------------------------------------------- 5.5 Bahdanau's step


def _bahdanau(fault: str) -> Callable[..., Any]:
    def bahdanau_step(y: Tensor, s: Tensor, attend: Any, cell: Any) -> Any:
        context, weights = attend(y if fault == "word" else s)
        if fault == "zero context":
            return cell(torch.cat([y, torch.zeros_like(context)], -1), s), context, weights
        if fault == "forgets":
            return cell(torch.cat([y, context], -1), torch.zeros_like(s)), context, weights
        new = cell(torch.cat([context, y] if fault == "order" else [y, context], -1), s)
        if fault == "late":
            return new, *attend(new)
        if fault == "twice":
            context, weights = attend(new)
            return cell(torch.cat([y, context], -1), s), context, weights
        if fault == "step again":
            return cell(torch.cat([y, context], -1), new), context, weights
        return (s if fault == "old" else new), context, weights

    return bahdanau_step


BAHDANAU_STEP = (
    WrongAnswer(
        id="wrong_decoder_state",
        code=_bahdanau("late"),
        says="Your context and weights come from the state after the step.",
        why="Bahdanau attends with the state before: the cell needs the context to make the new one. The context you "
        "return must be the one that the cell was given.",
    ),
    WrongAnswer(
        id="asks_with_the_word",
        code=_bahdanau("word"),
        says="You attended with the word y; the state s has to ask.",
        why="The state knows all that was written so far; y is the last word alone.",
    ),
    WrongAnswer(
        id="step_then_again",
        code=_bahdanau("twice"),
        says="You took a step, attended with its state, and took the step again.",
        why="One step attends once, with the state that it starts from.",
    ),
    WrongAnswer(
        id="order_of_inputs",
        code=_bahdanau("order"),
        says="You fed the cell [context; y]; it is asked for [y; context].",
        why="The cell's weights have learned which columns are the word and which the context.",
    ),
    WrongAnswer(
        id="old_state_returned",
        code=_bahdanau("old"),
        says="You returned the state before the step; the next step would start where this one did.",
        why="Return what the cell gives.",
    ),
    WrongAnswer(
        id="context_not_used",
        code=_bahdanau("zero context"),
        says="Your cell gets zeros in place of the context.",
        why="The new state would know nothing of what was read.",
    ),
    WrongAnswer(
        id="state_not_given",
        code=_bahdanau("forgets"),
        says="Your cell starts from zeros, not from s.",
        why="s holds what has been written so far.",
    ),
    WrongAnswer(
        id="two_steps",
        code=_bahdanau("step again"),
        says="Your cell ran twice in one step.",
        why="One word, one step: the state after it is the state to return.",
    ),
)

# ---------------------------------------------------------------- 5.6 teacher forcing


def _forced(fault: str) -> Callable[..., Tensor]:
    def teacher_forced_loss(decode: Any, targets: Tensor, start: int, pad: int) -> Tensor:
        first = torch.full_like(targets[:, :1], pad if fault == "pad first" else start)
        inputs = torch.cat([first, targets[:, :-1]], 1)
        due = targets
        if fault == "leak":
            inputs = targets
        if fault == "future":
            inputs = torch.cat([targets[:, 1:], first], 1)
        if fault == "rolled":
            inputs = targets.roll(1, 1)
        if fault == "all start":
            inputs = torch.full_like(targets, start)
        if fault == "no start":
            inputs, due = targets[:, :-1], targets[:, 1:]
        logits = decode(inputs)
        if fault == "softmax":
            logits = logits.softmax(-1)
        each = -logits.log_softmax(-1).gather(-1, due[..., None])[..., 0]
        words = due != pad
        if fault == "padding":
            return each.mean()
        total = (each * words).sum()
        divisor = {
            "sum": 1,
            "by sentences": len(due),
            "by places": due.numel(),
        }.get(fault)
        if divisor is not None:
            return total / divisor
        if fault == "by sentence":
            return ((each * words).sum(1) / words.sum(1)).mean()
        if fault == "sign":
            return -total / words.sum()
        if fault == "bits":
            return total / words.sum() / torch.log(torch.tensor(2.0, dtype=total.dtype))
        return total / words.sum()

    return teacher_forced_loss


TEACHER_FORCED_LOSS = (
    WrongAnswer(
        id="not_shifted",
        code=_forced("leak"),
        says="You fed the targets as they are: place t has read word t, which it is asked to predict.",
        why="The loss falls to nearly 0 because the answer is in the input. Greedy decoding has no answer to read, and fails.",
    ),
    WrongAnswer(
        id="shifted_the_wrong_way",
        code=_forced("future"),
        says="You shifted the words to the left: place t has read word t + 1.",
        why="Put the start in front and drop the last word, so that place t has read words 0 to t − 1.",
    ),
    WrongAnswer(
        id="first_word_skipped",
        code=_forced("no start"),
        says="You fed the first word and predicted from the second on; the start mark is not used.",
        why="Nobody gives the decoder its first word. It has to predict it, from the start mark alone.",
    ),
    WrongAnswer(
        id="starts_with_padding",
        code=_forced("pad first"),
        says="You put padding in front, not the start mark.",
        why="Greedy decoding will begin with start; training has to begin likewise.",
    ),
    WrongAnswer(
        id="rolled_round",
        code=_forced("rolled"),
        says="You rolled the words round, so each sentence's last place comes in at its front.",
        why="roll moves what falls off at one end to the other. In front belongs the start mark.",
    ),
    WrongAnswer(
        id="no_teacher",
        code=_forced("all start"),
        says="You fed the start mark at every place, so the decoder never sees a word.",
        why="Teacher forcing feeds the true words before: start, word 0, word 1, …",
    ),
    WrongAnswer(
        id="padding_in_the_loss",
        code=_forced("padding"),
        says="Your loss counts padding: the mean runs over every place.",
        why="The model would be rewarded for predicting padding after padding, and a batch with longer padding would "
        "have another loss.",
    ),
    WrongAnswer(
        id="divided_by_all_places",
        code=_forced("by places"),
        says="Padding costs nothing in your loss, but you divide by all places.",
        why="Divide by the number of words. Otherwise a batch with much padding counts less.",
    ),
    WrongAnswer(
        id="summed",
        code=_forced("sum"),
        says="Your loss is the sum over the words, not the mean.",
        why="A sum grows with the batch, and its gradient too.",
    ),
    WrongAnswer(
        id="divided_by_sentences",
        code=_forced("by sentences"),
        says="Your loss is divided by the number of sentences, not of words.",
        why="A mean for each word can be compared between short sentences and long ones.",
    ),
    WrongAnswer(
        id="mean_of_means",
        code=_forced("by sentence"),
        says="You took the mean of each sentence first, then the mean of those.",
        why="A word in a short sentence then counts more than one in a long sentence. Here all words count alike.",
    ),
    WrongAnswer(
        id="softmax_twice",
        code=_forced("softmax"),
        says="You applied a softmax before the cross-entropy, which applies its own.",
        why="Probabilities between 0 and 1, taken for logits, can never give a sure prediction. Hand over the logits.",
    ),
    WrongAnswer(
        id="sign",
        code=_forced("sign"),
        says="Your loss is negative: the minus sign before the logarithm is missing.",
        why="The logarithm of a probability is below 0; training would make the right words unlikely.",
    ),
)

# ---------------------------------------------------------------- 5.7 greedy decoding


def _greedy(fault: str) -> Callable[..., Tensor]:
    def greedy_decode(step: Any, state: Tensor, start: int, end: int, max_len: int) -> Tensor:
        word = torch.full((len(state),), start)
        ended = torch.zeros(len(state), dtype=torch.bool)
        words = [word] if fault == "keeps start" else []
        for _ in range(max_len):
            logits, after = step(torch.full_like(word, start) if fault == "start" else word, state)
            state = state if fault == "stale" else after
            new = logits.argmin(-1) if fault == "least" else logits.argmax(-1)
            if fault == "second":
                new = logits.topk(2, -1).indices[..., 1]
            if fault != "runs on":
                new = new.masked_fill(ended, 0 if fault == "zeros" else end)
            if fault == "start mark":
                new = torch.where(ended, start, new)
            ended = ended | (new == end)
            if fault == "all stop" and ended.any():
                ended = torch.ones_like(ended)
            word = new
            words.append(torch.where(ended, 0, new) if fault == "end lost" else new)
        return torch.stack(words[:max_len], 1)

    return greedy_decode


GREEDY_DECODE = (
    WrongAnswer(
        id="always_fed_start",
        code=_greedy("start"),
        says="You feed the start mark at every step, not the word written last.",
        why="The decoder has to know what it has written to go on from there.",
    ),
    WrongAnswer(
        id="state_not_carried",
        code=_greedy("stale"),
        says="Every step starts from the first state: the new one is not handed on.",
        why="step returns the next state. Keep it for the next step.",
    ),
    WrongAnswer(
        id="runs_on",
        code=_greedy("runs on"),
        says="Your sentences go on after their end.",
        why="Sentences of a batch end at different steps. From then on, write end.",
    ),
    WrongAnswer(
        id="stops_with_the_first",
        code=_greedy("all stop"),
        says="When one sentence ends, you end them all.",
        why="Each sentence of the batch has an end of its own: keep one True or False for each.",
    ),
    WrongAnswer(
        id="zeros_after_the_end",
        code=_greedy("zeros"),
        says="After its end you fill a sentence with 0; end is due.",
        why="Which number is padding differs between vocabularies; end is handed in.",
    ),
    WrongAnswer(
        id="keeps_start",
        code=_greedy("keeps start"),
        says="Your result begins with the start mark, and the last word is missing.",
        why="start is what the first step reads, not what it writes.",
    ),
    WrongAnswer(
        id="least_likely",
        code=_greedy("least"),
        says="You take the least likely word: the smallest logit.",
        why="Greedy decoding takes the largest.",
    ),
    WrongAnswer(
        id="second_best",
        code=_greedy("second"),
        says="You take the second likeliest word at each step.",
        why="Greedy decoding takes the likeliest one.",
    ),
    WrongAnswer(
        id="end_lost",
        code=_greedy("end lost"),
        says="Your result holds 0 where a sentence ends; the end mark is lost.",
        why="Without it nobody can tell where the sentence stops.",
    ),
)

# ---------------------------------------------------------------- 5.8 Luong's scores


def _luong(fault: str) -> Callable[..., Tensor]:
    def luong_scores(
        q: Tensor, k: Tensor, w: Tensor | None = None, v: Tensor | None = None
    ) -> Tensor:
        t, s = q.shape[-2], k.shape[-2]
        if w is None or (fault == "general as dot" and v is None and q.shape[-1] == k.shape[-1]):
            scores = q @ k.mT
            return scores / q.shape[-1] ** 0.5 if fault == "scaled" else scores
        if v is None:
            turned = fault == "turned" and w.shape[0] == w.shape[1]
            scores = q @ (w.mT if turned else w) @ k.mT
            if fault == "tanh in general":
                scores = torch.tanh(q @ w) @ k.mT
            return scores / k.shape[-1] ** 0.5 if fault == "scaled" else scores
        a = q[..., :, None, :].expand(*q.shape[:-1], s, q.shape[-1])
        b = k[..., None, :, :].expand(*k.shape[:-2], t, *k.shape[-2:])
        mixed = torch.cat([b, a] if fault == "order" else [a, b], -1) @ w
        if fault == "v first":
            return torch.tanh(mixed @ v)
        mixed = mixed if fault == "no tanh" else torch.tanh(mixed)
        return mixed.sum(-1) if fault == "no v" else mixed @ v

    return luong_scores


LUONG_SCORES = (
    WrongAnswer(
        id="scaled",
        code=_luong("scaled"),
        says="You divided by √d; Luong's scores are not scaled.",
        why="The root came two years later, with the transformer. Here the dot product stands as it is.",
    ),
    WrongAnswer(
        id="w_turned",
        code=_luong("turned"),
        says="Your general score uses W transposed.",
        why="It is qᵀ W k: W's rows belong to the query, its columns to the key.",
    ),
    WrongAnswer(
        id="w_ignored",
        code=_luong("general as dot"),
        says="Your general score is the plain dot product: W is not used.",
        why="W carries the query into the space of the keys.",
    ),
    WrongAnswer(
        id="tanh_in_general",
        code=_luong("tanh in general"),
        says="Your general score has a tanh; only concat has one.",
        why="dot and general are plain products.",
    ),
    WrongAnswer(
        id="concat_order",
        code=_luong("order"),
        says="You put [k; q] together; concat takes [q; k].",
        why="The first d_q rows of W belong to the query, the others to the key.",
    ),
    WrongAnswer(
        id="concat_without_tanh",
        code=_luong("no tanh"),
        says="The tanh of the concat score is missing.",
        why="Without it q adds the same to every key's score, and the softmax cancels it.",
    ),
    WrongAnswer(
        id="concat_without_v",
        code=_luong("no v"),
        says="Your concat score sums the hidden units with equal weights; v is not used.",
        why="v says which hidden units speak for attending, and which against.",
    ),
    WrongAnswer(
        id="concat_tanh_last",
        code=_luong("v first"),
        says="Your concat score takes the tanh after the product with v.",
        why="The tanh belongs to the hidden units: tanh([q; k] W) · v.",
    ),
)

# ---------------------------------------------------------------- 5.9 Luong's step


def _luong_step(fault: str) -> Callable[..., Any]:
    def luong_step(y: Tensor, h: Tensor, attend: Any, cell: Any, w_c: Tensor) -> Any:
        new = cell(y, h)
        context, weights = attend(h if fault in ("early", "both old") else new)
        state = h if fault in ("mixes old", "both old") else new
        both = [state, context] if fault == "order" else [context, state]
        out = torch.cat(both, -1) @ w_c
        out = out if fault == "no tanh" else torch.tanh(out)
        if fault == "sigmoid":
            out = torch.sigmoid(torch.cat(both, -1) @ w_c)
        return out, (h if fault == "old" else new), weights

    return luong_step


LUONG_STEP = (
    WrongAnswer(
        id="wrong_decoder_state",
        code=_luong_step("early"),
        says="You attended with the state before the step.",
        why="That is Bahdanau's order. Luong takes the step first and attends with its result.",
    ),
    WrongAnswer(
        id="mixes_the_old_state",
        code=_luong_step("mixes old"),
        says="Your attentional vector mixes the context with the state before the step.",
        why="It is tanh([context; h] W_c) with the new h, the one that attended.",
    ),
    WrongAnswer(
        id="old_state_throughout",
        code=_luong_step("both old"),
        says="You attended with the old state and mixed it in; the new one is only returned.",
        why="Take the step first, then use its result for everything that follows.",
    ),
    WrongAnswer(
        id="order",
        code=_luong_step("order"),
        says="You put [state; context] together; W_c expects [context; state].",
        why="The first rows of W_c belong to the context.",
    ),
    WrongAnswer(
        id="no_tanh",
        code=_luong_step("no tanh"),
        says="The tanh around W_c is missing.",
        why="Without it the attentional vector is linear in context and state, and the output layer after it too.",
    ),
    WrongAnswer(
        id="sigmoid",
        code=_luong_step("sigmoid"),
        says="You used a sigmoid around W_c; it takes a tanh.",
        why="The attentional vector lies between −1 and 1, like a state.",
    ),
    WrongAnswer(
        id="old_state_returned",
        code=_luong_step("old"),
        says="You returned the state before the step.",
        why="The next step has to start from the new one.",
    ),
)

# ---------------------------------------------------------------- 5.10 local attention


def _local(fault: str) -> Callable[..., Tensor]:
    def local_weights(scores: Tensor, centre: Tensor, reach: int) -> Tensor:
        if fault == "rounded":
            centre = centre.round()
        if fault == "one-based":
            centre = centre - 1
        distance = torch.arange(scores.shape[-1]) - centre[..., None]
        near = distance.abs() < reach if fault == "strict" else distance.abs() <= reach
        if fault == "one side":
            near = near & (distance <= 0)
        sigma = {"sigma": reach, "variance": (reach / 2) ** 0.5}.get(fault, reach / 2)
        bell = -(distance**2) / (2 * sigma**2)
        if fault == "no two":
            bell = 2 * bell
        if fault == "not squared":
            bell = -distance.abs() / (2 * sigma**2)
        if fault == "inside":
            return (scores + bell).masked_fill(~near, -torch.inf).softmax(-1)
        if fault == "after":
            return scores.softmax(-1) * near * bell.exp()
        inside = scores if fault == "no window" else scores.masked_fill(~near, -torch.inf)
        weights = inside.softmax(-1)
        if fault == "no bell":
            return weights
        return weights * bell.exp()

    return local_weights


LOCAL_WEIGHTS = (
    WrongAnswer(
        id="no_window",
        code=_local("no window"),
        says="Your softmax runs over all keys; the window is not cut out.",
        why="Local attention looks at centre ± D alone: that is what makes it cheaper for long sources.",
    ),
    WrongAnswer(
        id="cut_after_the_softmax",
        code=_local("after"),
        says="You cut the window out after the softmax.",
        why="Keys outside the window took part in the division, so those inside share less than the whole.",
    ),
    WrongAnswer(
        id="no_bell",
        code=_local("no bell"),
        says="The bell curve around the centre is missing.",
        why="Without it the weights do not depend on where in the window the centre is, so it could not be learned.",
    ),
    WrongAnswer(
        id="sums_to_one_again",
        code=_local("inside"),
        says="Your weights sum to 1 again: the bell curve went into the softmax, or you divided after it.",
        why="The paper multiplies the weights by the curve last, and leaves their sum below 1: a window whose words fit badly near the centre contributes less.",
    ),
    WrongAnswer(
        id="sigma_is_reach",
        code=_local("sigma"),
        says="Your bell curve has σ = D; it is D/2.",
        why="At the edge of the window, two σ away, the curve has fallen to e⁻² ≈ 0.14.",
    ),
    WrongAnswer(
        id="sigma_is_variance",
        code=_local("variance"),
        says="You put D/2 in place of σ² in the bell curve.",
        why="D/2 is σ; the curve divides by 2σ², that is by D²/2.",
    ),
    WrongAnswer(
        id="two_missing",
        code=_local("no two"),
        says="Your bell curve divides by σ², not by 2σ².",
        why="The curve is exp(−(s − centre)² / 2σ²).",
    ),
    WrongAnswer(
        id="distance_not_squared",
        code=_local("not squared"),
        says="The distance in your bell curve is not squared.",
        why="exp(−|x|) has a sharp tip at the centre; the bell curve is flat there.",
    ),
    WrongAnswer(
        id="centre_rounded",
        code=_local("rounded"),
        says="You rounded the centre to a whole place.",
        why="Rounding has no gradient: a centre that is predicted could never be learned.",
    ),
    WrongAnswer(
        id="edges_lost",
        code=_local("strict"),
        says="Your window leaves out its two edges: |s − centre| < D.",
        why="The window goes from centre − D to centre + D, both included.",
    ),
    WrongAnswer(
        id="counts_from_one",
        code=_local("one-based"),
        says="You count the places from 1.",
        why="Here the first key stands at place 0.",
    ),
)

__all__ = [
    "ADDITIVE_ATTENTION",
    "ADDITIVE_SCORES",
    "BAHDANAU_STEP",
    "ENCODE",
    "GREEDY_DECODE",
    "GRU_STEP",
    "LOCAL_WEIGHTS",
    "LUONG_SCORES",
    "LUONG_STEP",
    "TEACHER_FORCED_LOSS",
]
