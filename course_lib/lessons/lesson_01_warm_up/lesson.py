"""Lesson 01 as data: exercises, predictions, and the ten questions that say who may skip what."""

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_lib.checking.exercise import (
    Case,
    Exercise,
    LessonSpec,
    Option,
    Prediction,
    Property,
    Question,
)
from course_lib.checking.noise import generator, noise, pick
from course_lib.checking.protocol import ModuleProtocol
from course_lib.lessons.lesson_01_warm_up import mistakes as wrong
from course_lib.lessons.lesson_01_warm_up.given import autograd

B, H, T, S, D = 2, 3, 5, 7, 11
REFERENCE = "course_lib.lessons.lesson_01_warm_up.reference"

# ---------------------------------------------------------------- 1.1 broadcasting


def difference_cases() -> list[Case]:
    by_hand = Case(
        label="two rows against three",
        args=(torch.tensor([[1.0, 2], [3, 5]]), torch.tensor([[0.0, 1], [1, 1], [2, 0]])),
    )
    drawn = [
        Case(
            label=f"{t} rows against {s}, width {d}, seed {seed}",
            args=(noise(seed, t, d), noise(seed + 10, s, d)),
            gradients=True,
        )
        for t, s, d, seed in ((T, S, D, 0), (S, T, D, 1), (3, 4, 2, 2))
    ]
    same = Case(
        label="as many rows on both sides", args=(noise(3, 4, 2), noise(4, 4, 2)), edge=True
    )
    alone = Case(label="one row against five", args=(noise(5, 1, 3), noise(6, 5, 3)), edge=True)
    return [by_hand, *drawn, same, alone]


def difference_sample(rng: np.random.Generator) -> Case:
    t, s, d = (pick(rng, range(1, 9)) for _ in range(3))
    return Case(label="random", args=(noise(rng, t, d), noise(rng, s, d)), edge=t == s)


def difference_oracle(a: Tensor, b: Tensor) -> Tensor:
    """Row by row, pair by pair."""
    return torch.stack([torch.stack([row - other for other in b]) for row in a])


PAIRWISE_DIFFERENCES = Exercise(
    name="pairwise_differences",
    title="Every row minus every other",
    minutes=3,
    difficulty=1,
    proves="entry [t, s] of your result is row t of a minus row s of b",
    passed="Agrees with two loops over the rows, gradients too, also where both sides have equally many.",
    cases=difference_cases,
    sample=difference_sample,
    oracle=difference_oracle,
    reference=f"{REFERENCE}.pairwise_differences",
    hints=(
        (
            "The result has three axes: rows of a, rows of b, width. a has the first and the third; "
            "b has the second and the third. Give each an axis of size 1 where it lacks one."
        ),
        "a becomes (T, 1, d)\nb becomes (1, S, d)\ntheir difference is (T, S, d)",
        (
            "a[:, None, :] puts an axis of size 1 in the middle of a, b[None, :, :] puts one in front of b. "
            "Subtract the second from the first."
        ),
    ),
    wrong_answers=wrong.PAIRWISE_DIFFERENCES,
)

# ---------------------------------------------------------------- 1.2 @ over batches


def product_cases() -> list[Case]:
    by_hand = Case(
        label="two rows, three rows, width 2",
        args=(torch.tensor([[1.0, 2], [0, 3]]), torch.tensor([[1.0, 0], [0, 1], [4, 1]])),
    )
    drawn = [
        Case(
            label=f"batch shape {lead}, {t} rows and {s}, width {D}, seed {seed}",
            args=(noise(seed, *lead, t, D), noise(seed + 10, *lead, s, D)),
            gradients=True,
        )
        for lead, t, s, seed in (((B,), T, S, 0), ((B,), S, T, 1), ((B, H), T, S, 2), ((), T, S, 3))
    ]
    one = Case(label="one row each", args=(noise(4, B, 1, 3), noise(5, B, 1, 3)), edge=True)
    return [by_hand, *drawn, one]


def product_sample(rng: np.random.Generator) -> Case:
    lead = [(), (B,), (B, H)][pick(rng, range(3))]
    t, s, d = (pick(rng, range(1, 9)) for _ in range(3))
    args = noise(rng, *lead, t, d), noise(rng, *lead, s, d)
    return Case(label="random", args=args, edge=t == s)


ROW_PRODUCTS = Exercise(
    name="row_products",
    title="Every pair of rows, in every batch entry",
    minutes=4,
    difficulty=1,
    proves="each batch entry compares its own rows, and only those",
    passed="Agrees with an einsum, gradients too, for one pair of matrices, a batch, and a batch of batches.",
    cases=product_cases,
    sample=product_sample,
    oracle=lambda x, y: torch.einsum("...td,...sd->...ts", x, y),
    reference=f"{REFERENCE}.row_products",
    hints=(
        (
            "x @ y sums over the last axis of x and the second to last of y. Which two axes of y have to change "
            "places for the widths to meet?"
        ),
        "y transposed in its last two axes: (…, d, S)\nx times that: (…, T, d) @ (…, d, S)",
        (
            "y.transpose(-2, -1) (or y.mT) swaps the last two axes and leaves the batch alone. y.T would turn "
            "all axes round.\n    return x @ ..."
        ),
    ),
    wrong_answers=wrong.ROW_PRODUCTS,
)

# ---------------------------------------------------------------- 1.3 tokens

CATS = {"<unk>": 0, "the": 1, "cat": 2, "sat": 3, "on": 4, "mat": 5}
#: Here the unknown word is not number 0, and the numbers leave a gap.
DOGS = {"dog": 3, "bites": 0, "man": 7, "<unk>": 5, "a": 2}


def encode_cases() -> list[Case]:
    texts = {
        "all words known": ("the cat sat", CATS),
        "a word not in the vocabulary": ("the dog sat on the mat", CATS),
        "<unk> is not number 0": ("a dog bites a cat", DOGS),
        "capital letters": ("The CAT sat", CATS),
        "two spaces, a tab, a line break": ("man  bites\ta\nDog ", DOGS),
        "a word twice": ("bites dog bites man", DOGS),
    }
    ordinary = [Case(label=label, args=args) for label, args in texts.items()]
    return [*ordinary, Case(label="an empty text", args=("", CATS), edge=True)]


def encode_sample(rng: np.random.Generator) -> Case:
    vocabulary = [CATS, DOGS][pick(rng, (0, 1))]
    words = [*vocabulary, "zebra", "ran"]
    text = ""
    for _ in range(pick(rng, range(8))):
        word = words[pick(rng, range(len(words)))]
        text += [word, word.upper(), word.title()][pick(rng, range(3))] + [" ", "  ", "\n"][
            pick(rng, range(3))
        ]
    return Case(label="random", args=(text, vocabulary), edge=not text)


def encode_oracle(text: str, vocabulary: dict[str, int]) -> list[int]:
    """Character by character, with no help from str.split."""
    ids, word = [], ""
    for letter in text + " ":
        if not letter.isspace():
            word += letter.lower()
        elif word:
            ids.append(vocabulary[word] if word in vocabulary else vocabulary["<unk>"])
            word = ""
    return ids


def one_id_a_word(call: Any, case: Case, value: Any) -> str | None:
    """As many ids as words."""
    words = case.args[0].split()
    if len(value) == len(words):
        return None
    return f"One id for each word is due: {case.args[0]!r} has {len(words)} words, you return {len(value)} ids."


def ids_are_listed(call: Any, case: Case, value: Any) -> str | None:
    """Every id is one of the vocabulary's."""
    known = set(case.args[1].values())
    for number in value:
        if number not in known:
            listed = ", ".join(map(str, sorted(known)))
            return f"{number!r} is no id of this vocabulary, which holds {listed}. (Case “{case.label}”.)"
    return None


ENCODE = Exercise(
    name="encode",
    title="Text to ids",
    minutes=5,
    difficulty=1,
    proves="every word becomes one id, and a word that was never listed becomes that of <unk>",
    passed="Agrees with a loop over the letters: capitals, stray spaces and unknown words included.",
    cases=encode_cases,
    sample=encode_sample,
    oracle=encode_oracle,
    properties=(
        Property(id="one_id_a_word", holds=one_id_a_word),
        Property(id="ids_are_listed", holds=ids_are_listed),
    ),
    reference=f"{REFERENCE}.encode",
    hints=(
        (
            "Three steps: lower case, cut into words, look each up. A dictionary's get takes a second argument: "
            "what to return when the key is missing."
        ),
        'unknown = the id of "<unk>"\nfor every word of the lower-cased text:\n    its id if listed, else unknown',
        (
            "text.lower().split() cuts at any run of spaces, tabs and line breaks. Then "
            'vocabulary.get(word, vocabulary["<unk>"]) for each word, in a list.'
        ),
    ),
    wrong_answers=wrong.ENCODE,
)

# ---------------------------------------------------------------- 1.4 an embedding table


def _ids(seed: int | np.random.Generator, high: int, *shape: int) -> Tensor:
    rng = seed if isinstance(seed, np.random.Generator) else generator(seed)
    return torch.from_numpy(rng.integers(high, size=shape))


def embed_cases() -> list[Case]:
    table = torch.tensor([[1.0, 10, 100], [2, 20, 200], [3, 30, 300], [4, 40, 400]])
    by_hand = Case(label="three ids, four rows of width 3", args=(torch.tensor([2, 0, 2]), table))
    drawn = [
        Case(
            label=f"ids of shape {shape}, {rows} rows of width {D}, seed {seed}",
            args=(_ids(seed, rows, *shape), noise(seed + 10, rows, D)),
            gradients=True,
        )
        for shape, rows, seed in (((T,), S, 0), ((B, T), S, 1), ((B, H, T), 9, 2))
    ]
    one = Case(label="a single id", args=(torch.tensor(3), noise(4, S, D)), edge=True)
    return [by_hand, *drawn, one]


def embed_sample(rng: np.random.Generator) -> Case:
    shape = [(), (T,), (B, T)][pick(rng, range(3))]
    rows = pick(rng, range(1, 9))
    args = _ids(rng, rows, *shape), noise(rng, rows, pick(rng, range(1, 9)))
    return Case(label="random", args=args, edge=not shape)


EMBED = Exercise(
    name="embed",
    title="Ids to vectors",
    minutes=4,
    difficulty=1,
    proves="each id fetches its row, and a gradient flows back into the rows that were used",
    passed="Agrees with one-hot vectors times the table, gradients too, for ids of any shape.",
    cases=embed_cases,
    sample=embed_sample,
    oracle=lambda ids, table: F.one_hot(ids, len(table)).to(table.dtype) @ table,
    reference=f"{REFERENCE}.embed",
    hints=(
        (
            "A tensor of whole numbers can stand between the brackets of another tensor, and picks along "
            "its first axis. Try it on a table of three rows."
        ),
        "the rows of table, picked by ids along its first axis; ids may have any shape",
        (
            "table[ids] is all of it: shape (*ids.shape, d). (F.one_hot(ids, len(table)) in table's dtype, "
            "times table, is the same the long way.)"
        ),
    ),
    wrong_answers=wrong.EMBED,
)

# ---------------------------------------------------------------- 1.5 a gradient by hand

#: Two points on the line y = 2 x.
LINE = torch.tensor([[1.0], [3]]), torch.tensor([2.0, 6])


def gradient_cases() -> list[Case]:
    by_hand = Case(label="the points (1, 2), (3, 6), w = 1", args=(*LINE, torch.tensor([1.0])))
    two = Case(
        label="two points, two weights",
        args=(torch.tensor([[1.0, 2], [3, 0]]), torch.tensor([3.0, 1]), torch.tensor([1.0, 0.5])),
        edge=True,
    )
    drawn = [
        Case(
            label=f"{n} points, {d} weights, seed {seed}",
            args=(noise(seed, n, d), noise(seed + 10, n), noise(seed + 20, d)),
        )
        for n, d, seed in ((S, 3, 0), (D, T, 1), (3, T, 2))
    ]
    solved = Case(label="w fits exactly", args=(*LINE, torch.tensor([2.0])), edge=True)
    return [by_hand, *drawn, two, solved]


def gradient_sample(rng: np.random.Generator) -> Case:
    n, d = (pick(rng, range(1, 9)) for _ in range(2))
    args = noise(rng, n, d), noise(rng, n), noise(rng, d)
    return Case(label="random", args=args, edge=n == d)


def gradient_oracle(x: Tensor, y: Tensor, w: Tensor) -> Tensor:
    """Autograd's word."""
    with torch.enable_grad():
        w = w.detach().clone().requires_grad_()
        return torch.autograd.grad(((x @ w - y) ** 2).mean(), w)[0]


def slopes_match(call: Any, case: Case, value: Any) -> str | None:
    """Moving one weight a little changes the error as the gradient says."""
    x, y, w = (tensor.double() for tensor in case.args)
    for place in range(len(w)):
        step = torch.zeros_like(w)
        step[place] = 0.001
        rise = (((x @ (w + step) - y) ** 2).mean() - ((x @ (w - step) - y) ** 2).mean()).item()
        if abs(rise / 0.002 - float(value[place])) > 1e-4 * (1 + abs(rise / 0.002)):
            return (
                f"A gradient says how the error answers to a small move. On the case “{case.label}”, moving "
                f"w[{place}] from 0.001 below to 0.001 above changes the error by {rise:.6f}: a slope of "
                f"{rise / 0.002:.4f}. Yours says {float(value[place]):.4f}."
            )
    return None


ERROR_GRADIENT = Exercise(
    name="error_gradient",
    title="A gradient by hand",
    minutes=7,
    difficulty=2,
    proves="your formula gives the numbers that autograd gives",
    passed="Agrees with autograd to rounding, from one weight to five, with fewer points than weights too.",
    cases=gradient_cases,
    sample=gradient_sample,
    oracle=gradient_oracle,
    properties=(Property(id="slopes_match", holds=slopes_match),),
    reference=f"{REFERENCE}.error_gradient",
    forbidden=("grad", "backward", "jacobian", "jacrev", "jacfwd", "vjp"),
    hints=(
        (
            "The error of one point is (x·w − y)². Its slope by w is twice what stands in the brackets, times x. "
            "The mean over N points divides the sum by N."
        ),
        (
            "miss = predictions minus targets, one number a point\n"
            "gradient = 2 / N times the sum over the points of miss[n] times row n of x"
        ),
        "miss = x @ w - y. The sum over points of miss[n] · x[n] is x.T @ miss. Then times 2 / len(y).",
    ),
    wrong_answers=wrong.ERROR_GRADIENT,
)

# ---------------------------------------------------------------- 1.6 a training loop


def fit_cases() -> list[Case]:
    start = torch.tensor([0.0])
    by_hand = [
        Case(
            label=f"the points (1, 2), (3, 6), from w = 0, {said}",
            args=(*LINE, start, 0.05, steps),
        )
        for steps, said in ((1, "one step"), (2, "two steps"))
    ]
    drawn = [
        Case(
            label=f"{n} points, {d} weights, {steps} steps, seed {seed}",
            args=(noise(seed, n, d), noise(seed + 10, n), noise(seed + 20, d), rate, steps),
        )
        for n, d, rate, steps, seed in ((S, 3, 0.1, 5, 0), (D, T, 0.05, 13, 1), (3, T, 0.02, 4, 2))
    ]
    still = Case(label="no step at all", args=(*LINE, torch.tensor([3.0]), 0.05, 0), edge=True)
    return [*by_hand, *drawn, still]


def fit_sample(rng: np.random.Generator) -> Case:
    n, d, steps = pick(rng, range(1, 9)), pick(rng, range(1, 6)), pick(rng, range(5))
    args = noise(rng, n, d), noise(rng, n), noise(rng, d), 0.1 * float(rng.random()), steps
    return Case(label="random", args=args, edge=steps == 0)


def error_falls(call: Any, case: Case, value: Any) -> str | None:
    """At the rates of the cases every step lowers the error."""
    x, y, w, _, steps = case.args
    before, after = (((x @ at - y) ** 2).mean().item() for at in (w, value.to(w)))
    if steps == 0 or after < before:
        return None
    return (
        f"Descent lowers the error at such a small rate. On the case “{case.label}” it stood at {before:.4f} "
        f"before, and at {after:.4f} after your steps."
    )


FIT = Exercise(
    name="fit",
    title="A training loop",
    minutes=8,
    difficulty=2,
    proves="every step goes down the slope where the weights stand then",
    passed="Agrees with autograd's own descent step for step, and leaves the starting weights as they were.",
    cases=fit_cases,
    sample=fit_sample,
    oracle=autograd,
    properties=(Property(id="error_falls", holds=error_falls),),
    reference=f"{REFERENCE}.fit",
    hints=(
        (
            "One step: the gradient where w stands now, times the rate, subtracted from w. The loop repeats it; "
            "the gradient changes every time because w does."
        ),
        (
            "copy w\nrepeat steps times:\n    gradient at w (error_gradient, or backward() and w.grad)\n"
            "    w = w − rate × gradient\nreturn w"
        ),
        (
            "w = w - rate * error_gradient(x, y, w), in a loop over range(steps). With autograd instead: "
            "w = w.clone().requires_grad_(), loss.backward(), then under torch.no_grad(): w -= rate * w.grad; "
            "w.grad.zero_()."
        ),
    ),
    wrong_answers=wrong.FIT,
)

# ---------------------------------------------------------------- 1.7 a recurrent cell

D_IN, D_HIDDEN = 5, 7


def _state(seed: int | np.random.Generator, d_in: int, d_hidden: int) -> dict[str, Tensor]:
    """Noise for every parameter: fresh ones hide mistakes."""
    rng = seed if isinstance(seed, np.random.Generator) else generator(seed)
    shapes = {
        "w_x.weight": (d_hidden, d_in),
        "w_x.bias": (d_hidden,),
        "w_h.weight": (d_hidden, d_hidden),
    }
    return {name: noise(rng, *shape, scale=0.5) for name, shape in shapes.items()}


def cell_cases() -> list[Case]:
    by_hand = Case(
        label="an input of width 1, a state of width 2",
        init={"d_in": 1, "d_hidden": 2},
        state={
            "w_x.weight": torch.tensor([[1.0], [-1]]),
            "w_x.bias": torch.tensor([0.0, 0.5]),
            "w_h.weight": torch.tensor([[0.0, 2], [1, 0]]),
        },
        args=(torch.tensor([1.0]), torch.tensor([0.5, 0])),
    )
    drawn = [
        Case(
            label=f"batch shape {lead}, inputs of width {d_in}, states of width {d_hidden}, seed {seed}",
            init={"d_in": d_in, "d_hidden": d_hidden},
            state=_state(seed, d_in, d_hidden),
            args=(noise(seed + 10, *lead, d_in), noise(seed + 20, *lead, d_hidden, scale=0.5)),
            gradients=True,
        )
        for lead, d_in, d_hidden, seed in (
            ((), D_IN, D_HIDDEN, 0),
            ((B,), D_IN, D_HIDDEN, 1),
            ((3,), D_HIDDEN, D_IN, 2),
            ((B, 3), D_IN, D_HIDDEN, 3),
        )
    ]
    return [by_hand, *drawn]


def cell_sample(rng: np.random.Generator) -> Case:
    lead = [(), (B,), (B, 3)][pick(rng, range(3))]
    d_in, d_hidden = pick(rng, range(1, 6)), pick(rng, range(1, 6))
    return Case(
        label="random",
        init={"d_in": d_in, "d_hidden": d_hidden},
        state=_state(rng, d_in, d_hidden),
        args=(noise(rng, *lead, d_in), noise(rng, *lead, d_hidden)),
        edge=d_in == d_hidden,
    )


def cell_oracle(state: dict[str, Tensor], x: Tensor, h: Tensor, d_in: int, d_hidden: int) -> Tensor:
    """`torch.nn.RNNCell` with the same weights; its second bias is zero here."""
    cell = nn.RNNCell(d_in, d_hidden, dtype=x.dtype)
    weights = {
        "weight_ih": state["w_x.weight"],
        "weight_hh": state["w_h.weight"],
        "bias_ih": state["w_x.bias"],
        "bias_hh": torch.zeros(d_hidden, dtype=x.dtype),
    }
    rows = x.reshape(-1, d_in), h.reshape(-1, d_hidden)
    out: Tensor = torch.func.functional_call(cell, weights, rows)
    return out.reshape(h.shape)


def within_tanh(call: Any, case: Case, value: Any) -> str | None:
    """A tanh never leaves [−1, 1]."""
    largest = value.abs().max().item()
    if largest <= 1:
        return None
    return (
        "A tanh answers between −1 and 1, so no number of the new state can leave that range. On the case "
        f"“{case.label}” one of yours is {largest:.3f} in size."
    )


def both_matter(call: Any, case: Case, value: Any) -> str | None:
    """The new state depends on the input and on the old state."""
    x, h = case.args
    for name, args in (("input x", (x + 0.5, h)), ("old state h", (x, h + 0.5))):
        if torch.equal(call(*args).to(value), value):
            return (
                f"The new state must depend on the {name}. On the case “{case.label}” yours stays the same to "
                "the last digit when 0.5 is added to all of it."
            )
    return None


RECURRENT_CELL = Exercise(
    name="RecurrentCell",
    title="A recurrent cell",
    minutes=10,
    difficulty=3,
    proves="your class holds three tensors under the right names and mixes input and state with them",
    passed="Agrees with torch.nn.RNNCell on the same noise-filled weights, gradients of all weights too.",
    cases=cell_cases,
    sample=cell_sample,
    oracle=cell_oracle,
    properties=(
        Property(id="within_tanh", holds=within_tanh),
        Property(id="both_matter", holds=both_matter),
    ),
    protocol=ModuleProtocol(),
    reference=f"{REFERENCE}.RecurrentCell",
    forbidden=("RNNCell", "RNN", "rnn_tanh_cell", "GRUCell", "LSTMCell"),
    hints=(
        (
            "__init__ makes two layers, one for the input and one for the state, and keeps them on self. forward "
            "sends x through the first, h through the second, adds, and squeezes by tanh."
        ),
        (
            "in __init__, after super().__init__():\n"
            "    w_x: a linear layer from d_in to d_hidden, with a bias\n"
            "    w_h: a linear layer from d_hidden to d_hidden, without\n"
            "in forward:\n    tanh of (w_x of x plus w_h of h)"
        ),
        (
            "self.w_x = nn.Linear(d_in, d_hidden) and self.w_h = nn.Linear(d_hidden, d_hidden, bias=False). "
            "Then forward returns torch.tanh(self.w_x(x) + ...)."
        ),
    ),
    wrong_answers=wrong.RECURRENT_CELL,
)

# ---------------------------------------------------------------- predictions

PREDICTIONS = (
    Prediction(
        id="shape",
        question="x has shape (3, 1) and y has shape (4,). Which shape has x − y?",
        options=("(3, 4)", "(4,)", "(3, 1)", "none: it raises"),
        answer="(3, 4)",
        because="Shapes are laid side by side from the right: 1 meets 4 and stretches to 4; 3 meets nothing and stays.",
    ),
    Prediction(
        id="square",
        question="x has 3 rows and 3 columns. What does x − x.mean(-1) do, meant to take from each row its own mean?",
        options=(
            "what was meant",
            "it raises an error",
            "it takes row 0's mean from column 0, row 1's from column 1, and so on",
        ),
        answer="it takes row 0's mean from column 0, row 1's from column 1, and so on",
        because="The means have shape (3,), which is read as one row. keepdim=True keeps them as a column, shape (3, 1).",
    ),
    Prediction(
        id="twice",
        question="A first loss.backward() leaves w.grad at −10. You compute the same loss and call backward() "
        "again. What does w.grad hold?",
        options=("−10", "−20", "0", "none: it raises"),
        answer="−20",
        because="backward adds to what is there. A training loop clears the gradient between steps.",
    ),
    Prediction(
        id="rate",
        question="On the points (1, 2) and (3, 6), the rate 0.05 brings w from 0 to 1, then to 1.5, then to 1.75. "
        "Which way does w go at the rate 0.25?",
        options=("to 2, faster", "to 2, slower", "back and forth around 2, further away each time"),
        answer="back and forth around 2, further away each time",
        because="Each step multiplies the distance to 2 by 1 − 10 · rate: that is 0.5 at 0.05, and −1.5 at 0.25.",
    ),
    Prediction(
        id="order",
        question="“dog bites man” and “man bites dog”: which summary is the same for both?",
        options=(
            "the mean of the three word vectors",
            "the last state of a recurrent cell",
            "both",
            "neither",
        ),
        answer="the mean of the three word vectors",
        because="A sum does not know the order of its terms. A cell reads word by word, each on top of the last.",
    ),
)

# ---------------------------------------------------------------- the ten questions


def _question(text: str, taught: str, *options: tuple[str, str], right: int) -> Question:
    """Return a question whose every answer says where the lesson teaches it."""
    return Question(
        text=text,
        options=tuple(
            Option(text=said, why=f"{why} ({taught})", right=place == right)
            for place, (said, why) in enumerate(options)
        ),
    )


SHAPES = "Section “Shapes that fit”, exercise 1."
WORDS = "Section “From words to vectors”, exercise 1."
SLOPES = "Section “Down the slope”, exercise 1."
MEMORY = "Section “A cell with a memory”, exercise 1.7."

QUIZ = (
    _question(
        "a has shape (2, 3, 1), b has shape (4,). Which shape has a * b?",
        f"{SHAPES}1.",
        ("(2, 3, 4)", "From the right: 1 meets 4 and stretches; 3 and 2 meet nothing and stay."),
        ("(2, 3, 1)", "The axis of size 1 stretches to the 4 that it meets."),
        ("(4, 2, 3)", "Shapes are aligned from the right, so the 4 stays last."),
        ("it raises", "1 and 4 fit: a size of 1 stretches to any other."),
        right=0,
    ),
    _question(
        "x has shape (5, 5). Which line takes from each row its own mean?",
        f"{SHAPES}1.",
        (
            "x - x.mean(-1)",
            "The means have shape (5,) and are read as one row: it runs, and subtracts row 0's mean from column 0.",
        ),
        (
            "x - x.mean(-1, keepdim=True)",
            "The means stay a column of shape (5, 1), which stretches along each row.",
        ),
        (
            "x - x.mean(0, keepdim=True)",
            "Axis 0 runs down the rows: these are the means of the columns.",
        ),
        ("x - x.mean()", "That is one mean for the whole matrix."),
        right=1,
    ),
    _question(
        "Which shape has a @ b, for a of shape (8, 5, 16) and b of shape (8, 16, 7)?",
        f"{SHAPES}2.",
        (
            "(8, 8, 5, 7)",
            "Batch entries are matched, not crossed: entry i of a meets entry i of b.",
        ),
        ("(5, 7)", "@ does not sum over the batch; it keeps a matrix for each of the 8 entries."),
        ("(8, 5, 7)", "The last two axes multiply as matrices, and the 8 in front is matched."),
        ("it raises", "16 meets 16, and the batch axes are equal: it fits."),
        right=2,
    ),
    _question(
        "x is (B, T, d), y is (B, S, d). How do you get every row of x times every row of y, shape (B, T, S)?",
        f"{SHAPES}2.",
        ("x @ y.transpose(-2, -1)", "y becomes (B, d, S), and the widths d meet."),
        (
            "x @ y.T",
            "T turns all axes of y round, the batch too; on three axes torch warns or refuses.",
        ),
        ("(x * y).sum(-1)", "That pairs row t with row t alone, and needs T = S."),
        ("x @ y", "The last axis of x, d, would meet S."),
        right=0,
    ),
    _question(
        "A vocabulary lists 1,000 words. What does a text's unlisted word become?",
        f"{WORDS}3.",
        ("nothing: it is left out", "Then every later word would stand one place too early."),
        (
            "the id of <unk>",
            "One id stands for all words that were never listed, and the place is kept.",
        ),
        ("the id 1000", "A table of 1,000 rows ends with row 999: the lookup would fail."),
        (
            "the id −1",
            "As an index, −1 means the last row: the word would silently get another word's vector.",
        ),
        right=1,
    ),
    _question(
        "table has shape (1000, 64), ids has shape (8, 20). Which shape has table[ids]?",
        f"{WORDS}4.",
        ("(8, 20)", "Each id is replaced by a whole row, which is 64 wide."),
        ("(160, 64)", "The shape of ids is kept: eight texts of twenty words."),
        ("(8, 20, 64)", "Every id becomes its row of 64 numbers."),
        (
            "(8, 20, 1000)",
            "That would be the one-hot vectors; times the table they become (8, 20, 64).",
        ),
        right=2,
    ),
    _question(
        "The error is (w·x − y)² with w = 1, x = 3, y = 5. What is its slope by w?",
        f"{SLOPES}5.",
        ("4", "That is the error itself, (3 − 5)²."),
        ("−4", "That is 2 · (3 − 5); the chain rule still multiplies by x = 3."),
        ("−6", "That is (3 − 5) · 3; the square brings a factor 2."),
        ("−12", "2 · (3 − 5) · 3: twice the miss, times the input that the weight meets."),
        right=3,
    ),
    _question(
        "A training loop calls loss.backward() and steps, but never clears w.grad. What does each step use?",
        f"{SLOPES}6.",
        ("the latest gradient", "backward adds to w.grad; it does not replace it."),
        (
            "the sum of all gradients so far",
            "backward adds. Clear with w.grad.zero_() or optimiser.zero_grad().",
        ),
        ("the mean of all gradients so far", "It adds, and nothing divides."),
        ("nothing: it raises", "It runs without a word, which is why it is so common."),
        right=1,
    ),
    _question(
        "A class derived from nn.Module keeps a weight as self.w = torch.randn(3, 4). What happens in training?",
        MEMORY,
        (
            "it is trained like any other",
            "Only an nn.Parameter, or a layer that holds some, is listed by parameters().",
        ),
        ("it is never trained", "A plain tensor is not in parameters(), so no optimiser sees it."),
        ("it raises when it is set", "A plain tensor may be kept on self; it is no parameter."),
        (
            "it is trained, but not saved",
            "It is neither: parameters() and state_dict() do not list a plain tensor.",
        ),
        right=1,
    ),
    _question(
        "Why can a recurrent cell not read all words of a text at the same time?",
        MEMORY,
        ("its weights differ from word to word", "The same weights read every word."),
        (
            "the texts differ in length",
            "They do, and padding deals with that; it is not the reason.",
        ),
        (
            "each state needs the state before it",
            "h at word t is made from h at word t − 1, so they come in turn.",
        ),
        (
            "it can, given enough memory",
            "No memory helps: the second state cannot be known before the first.",
        ),
        right=2,
    ),
)

LESSON = LessonSpec(
    number="01",
    slug="warm_up",
    title="Warm-up",
    minutes=60,
    needs=("00",),
    exercises=(
        PAIRWISE_DIFFERENCES,
        ROW_PRODUCTS,
        ENCODE,
        EMBED,
        ERROR_GRADIENT,
        FIT,
        RECURRENT_CELL,
    ),
    predictions=PREDICTIONS,
    quiz=QUIZ,
)
