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
    WrongAnswer,
)
from course_lib.checking.noise import generator, noise, pick
from course_lib.checking.protocol import ModuleProtocol

B, H, T, S, D = 2, 3, 5, 7, 11
REFERENCE = "course_lib.lessons.reference.lesson_01"

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
    wrong_answers=(
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
    ),
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
    wrong_answers=(
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
    ),
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


def _words(text: str) -> list[str]:
    return text.lower().split()


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
    wrong_answers=(
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
            says="You cut at every single space: two spaces in a row make an empty word, tabs make none.",
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
    ),
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
    wrong_answers=(
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
    ),
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
    wrong_answers=(
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
    ),
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


def _autograd(
    x: Tensor, y: Tensor, w: Tensor, rate: float, steps: int, *, clear: bool = True
) -> Tensor:
    """Plain gradient descent by autograd; without `clear`, gradients pile up as in `w.grad`."""
    kept = torch.zeros_like(w)
    with torch.enable_grad():
        for _ in range(steps):
            w = w.detach().requires_grad_()
            (slope,) = torch.autograd.grad(((x @ w - y) ** 2).mean(), w)
            kept = slope if clear else kept + slope
            w = w - rate * kept
    return w.detach()


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
    oracle=_autograd,
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
    wrong_answers=(
        WrongAnswer(
            id="gradients_pile_up",
            code=lambda x, y, w, rate, steps: _autograd(x, y, w, rate, steps, clear=False),
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
    ),
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


class _Cell(nn.Module):
    """The cell's parameters; the wrong answers differ in `forward`."""

    def __init__(self, d_in: int, d_hidden: int) -> None:
        super().__init__()
        self.w_x = nn.Linear(d_in, d_hidden)
        self.w_h = nn.Linear(d_hidden, d_hidden, bias=False)


def _cell(forward: Any) -> type[nn.Module]:
    """Return a cell that computes `forward(self, x, h)`."""
    return type("RecurrentCell", (_Cell,), {"forward": forward})


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
    wrong_answers=(
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
    ),
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
            "It is neither: both lists hold parameters, and this is none.",
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
