"""Lesson 01: the order of its exercises, predictions, quiz."""

from course_lib.checking.exercise import LessonSpec, Option, Prediction, Question
from course_lib.lessons.lesson_01_warm_up.exercises import (
    embed,
    encode,
    error_gradient,
    fit,
    pairwise_differences,
    recurrent_cell,
    row_products,
)

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
        pairwise_differences.EXERCISE,
        row_products.EXERCISE,
        encode.EXERCISE,
        embed.EXERCISE,
        error_gradient.EXERCISE,
        fit.EXERCISE,
        recurrent_cell.EXERCISE,
    ),
    predictions=PREDICTIONS,
    quiz=QUIZ,
)
