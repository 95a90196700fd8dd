"""The wrong answers that lesson 01 recognises."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_01_warm_up.given import autograd


def _words(text: str) -> list[str]:
    return text.lower().split()


def _descend(
    x: Tensor, y: Tensor, w: Tensor, rate: float, steps: int, scale: float | None = None
) -> Tensor:
    for _ in range(steps):
        w = w - rate * (2 / len(y) if scale is None else scale) * x.T @ (x @ w - y)
    return w


def _in_place(x: Tensor, y: Tensor, w: Tensor, rate: float, steps: int) -> Tensor:
    for _ in range(steps):
        w -= rate * 2 / len(y) * x.T @ (x @ w - y)
    return w


def _point_by_point(x: Tensor, y: Tensor, w: Tensor, rate: float, steps: int) -> Tensor:
    for _ in range(steps):
        for row, target in zip(x, y, strict=True):
            w = w - rate * 2 * (row @ w - target) * row
    return w


def _same_gradient(x: Tensor, y: Tensor, w: Tensor, rate: float, steps: int) -> Tensor:
    return w - steps * rate * 2 / len(y) * x.T @ (x @ w - y)


class _Cell(nn.Module):
    """The cell's parameters; the wrong answers differ in `forward`."""

    def __init__(self, d_in: int, d_hidden: int) -> None:
        super().__init__()
        self.w_x = nn.Linear(d_in, d_hidden)
        self.w_h = nn.Linear(d_hidden, d_hidden, bias=False)


def _cell(forward: Any) -> type[nn.Module]:
    """Return a cell that computes `forward(self, x, h)`."""
    return type("RecurrentCell", (_Cell,), {"forward": forward})


PAIRWISE_DIFFERENCES = (
    WrongAnswer(
        id="reversed",
        code=lambda a, b: b[None] - a[:, None],
        says="Your differences have the wrong sign: you take b − a.",
        why="Entry [t, s] is a[t] − b[s]. The signs matter as soon as a difference is a direction.",
    ),
    WrongAnswer(
        id="transposed",
        code=lambda a, b: a[None] - b[:, None],
        says="Your first two axes are swapped: rows of b run first, rows of a second.",
        why="The new axis of size 1 went to the wrong side: a needs it in the middle, b in front. Then "
        "a[t] meets b[s] at [t, s].",
    ),
    WrongAnswer(
        id="both_swapped",
        code=lambda a, b: b[:, None] - a[None],
        says="You gave back b's rows minus a's: both the axes and the sign are the other way round.",
        why="Entry [t, s] is a[t] − b[s]: a's rows come first in the shape and in the subtraction.",
    ),
    WrongAnswer(
        id="absolute",
        code=lambda a, b: (a[:, None] - b[None]).abs(),
        says="Your differences have lost their signs.",
        why="An absolute value tells how far, not which way. The exercise asks for the difference itself.",
    ),
    WrongAnswer(
        id="squared",
        code=lambda a, b: (a[:, None] - b[None]) ** 2,
        says="You squared the differences.",
        why="Squares belong to a distance, which comes later. The exercise asks for a[t] − b[s] alone.",
    ),
    WrongAnswer(
        id="summed",
        code=lambda a, b: (a[:, None] - b[None]).sum(-1),
        says="You summed the differences over the width.",
        why="A difference of two vectors is a vector: the last axis stays, and the shape is (T, S, d). In "
        "a plain sum, +1 and −1 would cancel, and different rows would look alike.",
    ),
    WrongAnswer(
        id="squared_distances",
        code=lambda a, b: ((a[:, None] - b[None]) ** 2).sum(-1),
        says="You went on to squared distances.",
        why="They are the next step: square, then sum over the width. Here the differences themselves are "
        "due, with shape (T, S, d).",
    ),
    WrongAnswer(
        id="distances",
        code=torch.cdist,
        says="You went on to distances.",
        why="A distance is one number for each pair; the exercise asks for d of them, the differences, so "
        "the shape is (T, S, d).",
    ),
    WrongAnswer(
        id="added",
        code=lambda a, b: a[:, None] + b[None],
        says="You added the rows; subtract them.",
        why="The axes are right: only the operation between a[:, None, :] and b is not.",
    ),
)

ROW_PRODUCTS = (
    WrongAnswer(
        id="transposed",
        code=lambda x, y: y @ x.mT,
        says="Your result is transposed: rows of y run down, rows of x across.",
        why="Entry [t, s] belongs to row t of x and row s of y, so x comes first and y is transposed.",
    ),
    WrongAnswer(
        id="flattened",
        code=lambda x, y: x.reshape(-1, x.shape[-1]) @ y.reshape(-1, y.shape[-1]).T,
        says="You melted the batch into the rows, so every entry's rows meet every other entry's.",
        why="The batch axes stay in front: entry i of x is compared with entry i of y and with nothing "
        "else. @ does that by itself when only the last two axes are transposed.",
    ),
    WrongAnswer(
        id="not_summed",
        code=lambda x, y: x[..., :, None, :] * y[..., None, :, :],
        says="You multiplied number by number and did not sum.",
        why="A dot product is one number for each pair: the sum over the width. The shape is (…, T, S).",
    ),
    WrongAnswer(
        id="mean",
        code=lambda x, y: x @ y.mT / x.shape[-1],
        says="Your products are divided by the width: you took means, not sums.",
        why="A dot product sums over the width: [1, 2]·[4, 1] = 4 + 2 = 6, not 3.",
    ),
    WrongAnswer(
        id="scaled",
        code=lambda x, y: x @ y.mT / x.shape[-1] ** 0.5,
        says="Your products are divided by √d.",
        why="That scale belongs to attention and comes in lesson 04. Here the dot products are due as "
        "they are.",
    ),
    WrongAnswer(
        id="cosines",
        code=lambda x, y: F.normalize(x, dim=-1) @ F.normalize(y, dim=-1).mT,
        says="Your rows were divided by their lengths: these are cosines.",
        why="A dot product keeps the lengths. Cosines come in lesson 02.",
    ),
    WrongAnswer(
        id="batch_summed",
        code=lambda x, y: (x @ y.mT).reshape(-1, x.shape[-2], y.shape[-2]).sum(0),
        says="You summed over the batch.",
        why="The entries of a batch have nothing to do with each other: each keeps its own matrix, so "
        "the batch axes come back in the shape.",
    ),
    WrongAnswer(
        id="first_entry",
        code=lambda x, y: x @ y.reshape(-1, *y.shape[-2:])[0].mT,
        says="You compare every batch entry of x with the first entry of y.",
        why="Entry i of x belongs with entry i of y. Leave the batch axes alone: transpose only the last two.",
    ),
)

ENCODE = (
    WrongAnswer(
        id="drops_unknown",
        code=lambda text, vocabulary: [vocabulary[w] for w in _words(text) if w in vocabulary],
        says="You leave out words that the vocabulary does not list.",
        why="A gap in the ids shifts every word behind it, and a model would not know that something was "
        "there. The id of <unk> keeps the place.",
    ),
    WrongAnswer(
        id="unknown_is_zero",
        code=lambda text, vocabulary: [vocabulary.get(w, 0) for w in _words(text)],
        says="You give unknown words the id 0, whatever the vocabulary says.",
        why='Number 0 may belong to a real word, as in the vocabulary of this case. Ask: vocabulary["<unk>"].',
    ),
    WrongAnswer(
        id="unknown_is_minus_one",
        code=lambda text, vocabulary: [vocabulary.get(w, -1) for w in _words(text)],
        says="You give unknown words the id −1.",
        why="−1 as an index means the last row, so unknown words would silently get the last word's vector. "
        'The vocabulary has an id for them: vocabulary["<unk>"].',
    ),
    WrongAnswer(
        id="unknown_is_none",
        code=lambda text, vocabulary: [vocabulary.get(w) for w in _words(text)],
        says="Unknown words come out as None.",
        why='None picks no row of a table. Give get a second argument: vocabulary["<unk>"].',
    ),
    WrongAnswer(
        id="keeps_capitals",
        code=lambda text, vocabulary: [
            vocabulary.get(w, vocabulary["<unk>"]) for w in text.split()
        ],
        says="You look words up with their capitals, so “The” is unknown where “the” is listed.",
        why="The vocabulary holds lower-case words. Turn the text to lower case first: text.lower().",
    ),
    WrongAnswer(
        id="splits_at_each_space",
        code=lambda text, vocabulary: [
            vocabulary.get(w, vocabulary["<unk>"]) for w in text.lower().split(" ")
        ],
        says="You cut at single spaces only: two in a row make an empty word, and a tab cuts nothing.",
        why="split() without an argument cuts at any run of white space and leaves no empty words.",
    ),
    WrongAnswer(
        id="letters",
        code=lambda text, vocabulary: [
            vocabulary.get(c, vocabulary["<unk>"]) for c in text.lower()
        ],
        says="You look up letters, not words.",
        why="A loop over a text goes letter by letter. Cut it into words first: text.lower().split().",
    ),
    WrongAnswer(
        id="words",
        code=lambda text, vocabulary: [w if w in vocabulary else "<unk>" for w in _words(text)],
        says="You return words; their ids are due.",
        why="A table of vectors is indexed by numbers: look each word up in the vocabulary.",
    ),
    WrongAnswer(
        id="each_once",
        code=lambda text, vocabulary: [
            vocabulary.get(w, vocabulary["<unk>"]) for w in dict.fromkeys(_words(text))
        ],
        says="A word that comes twice gets one id only.",
        why="A text is a sequence: every place in it gets an id, repeated words too.",
    ),
    WrongAnswer(
        id="learns_words",
        code=lambda text, vocabulary: [
            vocabulary.setdefault(w, len(vocabulary)) for w in _words(text)
        ],
        says="You add unknown words to the vocabulary.",
        why="The table that follows has one row for each word listed when it was made; a new id would "
        "point past its end. And the caller's dictionary would change under their hands.",
    ),
)

EMBED = (
    WrongAnswer(
        id="counts_from_one",
        code=lambda ids, table: table[ids - 1],
        says="You fetch the row before the right one: id 0 names the first row.",
        why="Indices count from 0. With ids − 1, id 0 becomes −1, which is the last row, and nothing warns you.",
    ),
    WrongAnswer(
        id="columns",
        code=lambda ids, table: table[:, ids],
        says="You picked columns, not rows.",
        why="A word's vector is one row of the table. The first index picks rows: table[ids].",
    ),
    WrongAnswer(
        id="mean",
        code=lambda ids, table: table[ids].mean(-2),
        says="You averaged the vectors of the ids.",
        why="Each id keeps a vector of its own; a mean would forget which word came where.",
    ),
    WrongAnswer(
        id="flattened",
        code=lambda ids, table: table[ids].reshape(-1, table.shape[-1]),
        says="You melted all axes of the ids into one.",
        why="A batch of texts stays a batch: the result is shaped as the ids, with the width behind.",
    ),
    WrongAnswer(
        id="scaled",
        code=lambda ids, table: table[ids] * table.shape[-1] ** 0.5,
        says="Your vectors are multiplied by √d.",
        why="Some transformers do that to their embeddings. A lookup gives the rows as they are.",
    ),
    WrongAnswer(
        id="normalised",
        code=lambda ids, table: F.normalize(table[ids], dim=-1),
        says="Your vectors were divided by their lengths.",
        why="A lookup gives the rows as they are, long ones and short ones.",
    ),
    WrongAnswer(
        id="detached",
        code=lambda ids, table: table.detach()[ids],
        says="Your vectors are cut off from the table (detach, data or no_grad).",
        why="The numbers are right, but no gradient reaches the table, so the embedding could never learn.",
    ),
    WrongAnswer(
        id="one_hot",
        code=lambda ids, table: F.one_hot(ids, len(table)).to(table.dtype),
        says="You stopped at the one-hot vectors.",
        why="A one-hot vector says which row; times the table it becomes that row.",
    ),
)

ERROR_GRADIENT = (
    WrongAnswer(
        id="no_two",
        code=lambda x, y, w: x.T @ (x @ w - y) / len(y),
        says="The factor 2 is missing.",
        why="The slope of z² is 2 z. (Many texts put ½ before the error so that it cancels; this error has none.)",
    ),
    WrongAnswer(
        id="summed",
        code=lambda x, y, w: 2 * x.T @ (x @ w - y),
        says="You summed over the points; the error is a mean.",
        why="A mean divides by N, and so does its gradient. A sum would grow with the data, and a step size "
        "that suits ten points would explode with a thousand.",
    ),
    WrongAnswer(
        id="sign",
        code=lambda x, y, w: 2 / len(y) * x.T @ (y - x @ w),
        says="Your gradient points the other way.",
        why="The gradient points where the error rises. Descent subtracts it later; the minus sign belongs there.",
    ),
    WrongAnswer(
        id="divided_by_width",
        code=lambda x, y, w: 2 / x.shape[1] * x.T @ (x @ w - y),
        says="You divided by the number of weights, not of points.",
        why="The mean runs over the N points, the rows of x: len(y) or x.shape[0].",
    ),
    WrongAnswer(
        id="no_targets",
        code=lambda x, y, w: 2 / len(y) * x.T @ (x @ w),
        says="The targets y do not enter.",
        why="The error measures how far the prediction x·w misses y: it is x·w − y that is squared.",
    ),
    WrongAnswer(
        id="error_itself",
        code=lambda x, y, w: ((x @ w - y) ** 2).mean(),
        says="You return the error, not its gradient.",
        why="The error is one number. Its gradient has one slope for each weight, shaped as w.",
    ),
    WrongAnswer(
        id="a_row_a_point",
        code=lambda x, y, w: 2 / len(y) * x * (x @ w - y)[:, None],
        says="You have one row for each point and did not sum them.",
        why="All points pull on the same weights, so their slopes add up: sum over the points, or let "
        "x.T @ miss do it.",
    ),
    WrongAnswer(
        id="misses_not_weighed",
        code=lambda x, y, w: 2 * (x @ w - y).mean() * torch.ones_like(w),
        says="The inputs x are missing: you have the mean miss, the same for every weight.",
        why="A weight matters through its input: the chain rule multiplies each miss by the x that the "
        "weight meets.",
    ),
)

FIT = (
    WrongAnswer(
        id="gradients_pile_up",
        code=lambda x, y, w, rate, steps: autograd(x, y, w, rate, steps, clear=False),
        says="Your gradients pile up: each step uses the sum of all gradients so far.",
        why="backward() adds to w.grad; it never replaces what is there. Clear it after every step: "
        "w.grad.zero_(), or optimiser.zero_grad().",
    ),
    WrongAnswer(
        id="climbs",
        code=lambda x, y, w, rate, steps: _descend(x, y, w, -rate, steps),
        says="You go up the slope: the gradient is added.",
        why="The gradient points where the error rises. Descent subtracts it.",
    ),
    WrongAnswer(
        id="no_two",
        code=lambda x, y, w, rate, steps: _descend(x, y, w, rate, steps, 1 / len(y)),
        says="Your steps are half as long: the factor 2 of the gradient is missing.",
        why="The slope of z² is 2 z. error_gradient from the exercise before has the factor.",
    ),
    WrongAnswer(
        id="summed",
        code=lambda x, y, w, rate, steps: _descend(x, y, w, rate, steps, 2.0),
        says="Your error is a sum over the points; a mean is due.",
        why="With a sum, the step grows with the number of points, and a rate that suits seven of them "
        "overshoots with seven hundred.",
    ),
    WrongAnswer(
        id="one_step",
        code=lambda x, y, w, rate, steps: _descend(x, y, w, rate, 1),
        says="You take one step, however many are asked for.",
        why="Either there is no loop, or the return stands inside it.",
    ),
    WrongAnswer(
        id="one_short",
        code=lambda x, y, w, rate, steps: _descend(x, y, w, rate, steps - 1),
        says="You take one step too few.",
        why="range(steps) counts steps times; range(1, steps) and range(steps - 1) do not.",
    ),
    WrongAnswer(
        id="one_too_many",
        code=lambda x, y, w, rate, steps: _descend(x, y, w, rate, steps + 1),
        says="You take one step too many.",
        why="range(steps) counts from 0 to steps − 1, which is steps times.",
    ),
    WrongAnswer(
        id="gradient_of_the_start",
        code=_same_gradient,
        says="Every step of yours uses the gradient of the starting weights.",
        why="The slope changes as w moves. Compute it inside the loop, where w stands then.",
    ),
    WrongAnswer(
        id="rate_ignored",
        code=lambda x, y, w, rate, steps: _descend(x, y, w, 1.0, steps),
        says="The rate is not used: you subtract the whole gradient.",
        why="A whole gradient is far too long a step for most errors; the rate makes it small.",
    ),
    WrongAnswer(
        id="starts_at_zero",
        code=lambda x, y, w, rate, steps: _descend(x, y, torch.zeros_like(w), rate, steps),
        says="You start at zero, not at the w that was given.",
        why="Where descent ends after a few steps depends on where it begins. Start from a copy of w.",
    ),
    WrongAnswer(
        id="point_by_point",
        code=_point_by_point,
        says="You step after every single point.",
        why="That is stochastic descent, a method of its own. Here one step uses the mean over all points.",
    ),
    WrongAnswer(
        id="solved_exactly",
        code=lambda x, y, w, rate, steps: torch.linalg.pinv(x) @ y,
        says="You solved the equations exactly.",
        why="Least squares has a closed formula, attention has none: the loop is what carries over. After a "
        "few steps it has not arrived yet, and the check expects where it stands then.",
    ),
    WrongAnswer(
        id="in_place",
        code=_in_place,
        says="Your loop changes the starting weights that it was given.",
        why="w -= … writes into the caller's tensor, so a second run would start where the first ended. "
        "Work on w.clone(), or write w = w - ….",
    ),
)

RECURRENT_CELL = (
    WrongAnswer(
        id="no_tanh",
        code=_cell(lambda self, x, h: self.w_x(x) + self.w_h(h)),
        says="The tanh is missing.",
        why="Without it a state can grow at every step, and many steps in a row would be one linear map.",
    ),
    WrongAnswer(
        id="sigmoid",
        code=_cell(lambda self, x, h: torch.sigmoid(self.w_x(x) + self.w_h(h))),
        says="You squeeze by a sigmoid; this cell uses tanh.",
        why="A sigmoid answers between 0 and 1, so a state could never be negative; tanh is centred on 0.",
    ),
    WrongAnswer(
        id="relu",
        code=_cell(lambda self, x, h: torch.relu(self.w_x(x) + self.w_h(h))),
        says="You cut negative numbers off (ReLU); this cell uses tanh.",
        why="A ReLU has no upper end, so a state that feeds itself can grow without limit.",
    ),
    WrongAnswer(
        id="forgets",
        code=_cell(lambda self, x, h: torch.tanh(self.w_x(x) + 0 * self.w_h(h))),
        says="The old state h does not enter.",
        why="Without it the cell has no memory: its answer to a word would be the same wherever the word "
        "stands.",
    ),
    WrongAnswer(
        id="deaf",
        code=_cell(lambda self, x, h: torch.tanh(self.w_h(h) + 0 * self.w_x(x))),
        says="The input x does not enter.",
        why="The cell would repeat its own state for ever and read nothing.",
    ),
    WrongAnswer(
        id="tanh_before_the_sum",
        code=_cell(lambda self, x, h: torch.tanh(self.w_x(x)) + torch.tanh(self.w_h(h))),
        says="You squeeze both parts and add them afterwards.",
        why="The sum of two squeezed numbers reaches from −2 to 2. Add first, then squeeze once.",
    ),
    WrongAnswer(
        id="tanh_of_one_part",
        code=_cell(lambda self, x, h: torch.tanh(self.w_x(x)) + self.w_h(h)),
        says="Your tanh covers the input's part only.",
        why="The bracket closes too early: the tanh is around the sum of both parts.",
    ),
    WrongAnswer(
        id="transposed_weights",
        code=_cell(lambda self, x, h: torch.tanh(self.w_x(x) + h @ self.w_h.weight)),
        says="The state meets w_h's weight the wrong way round.",
        why="A linear layer computes h @ weight.T. The weight is square here, so the slip has no wrong "
        "shape to give it away. Call the layer: self.w_h(h).",
    ),
    WrongAnswer(
        id="no_bias",
        code=_cell(lambda self, x, h: torch.tanh(x @ self.w_x.weight.T + self.w_h(h))),
        says="The bias of w_x is not used.",
        why="self.w_x(x) adds it by itself; x @ self.w_x.weight.T does not.",
    ),
    WrongAnswer(
        id="adds_the_state",
        code=_cell(lambda self, x, h: h + torch.tanh(self.w_x(x) + self.w_h(h))),
        says="You add the old state once more, outside the tanh.",
        why="That is a residual connection, which comes with the transformer block. This cell's new state "
        "is the tanh alone.",
    ),
    WrongAnswer(
        id="multiplied",
        code=_cell(lambda self, x, h: torch.tanh(self.w_x(x) * self.w_h(h))),
        says="You multiply the two parts; they are added.",
        why="In a product, a zero on one side would wipe out the other: with a first state of zeros the "
        "cell could not read its first word.",
    ),
)
