"""Mistakes in “Causal mask”: the code that makes each, its name, and why it is wrong."""

import torch

from course_lib.checking.exercise import WrongAnswer

MISTAKES = (
    WrongAnswer(
        id="looks_ahead",
        code=lambda n: torch.ones(n, n, dtype=torch.bool).triu(),
        says="Your mask is upside down: every token may attend to itself and to all that come later.",
        why="Row t is a query. Query 0 has seen one token, so its row holds one True, on the left.",
    ),
    WrongAnswer(
        id="marks_forbidden",
        code=lambda n: torch.ones(n, n, dtype=torch.bool).triu(1),
        says="Your mask marks what is forbidden; True should mark what is allowed.",
        why="Every mask of this course says True = may attend, so that masks are combined with &.",
    ),
    WrongAnswer(
        id="without_itself",
        code=lambda n: torch.ones(n, n, dtype=torch.bool).tril(-1),
        says="Your diagonal is False: no token may attend to itself.",
        why="Token t has been written when query t looks. Without the diagonal the first query has nothing to "
        "attend to.",
    ),
    WrongAnswer(
        id="one_ahead",
        code=lambda n: torch.ones(n, n, dtype=torch.bool).tril(1),
        says="Your mask is off by one: every token sees the next one.",
        why="A model that is trained to name the next token would only have to copy it. Its loss falls to nearly "
        "0, and it cannot write.",
    ),
    WrongAnswer(
        id="numbers",
        code=lambda n: torch.ones(n, n).tril(),
        says="Your mask has the right shape but holds the numbers 0 and 1, not True and False.",
        why="PyTorch's fused attention adds a mask of numbers to the scores, where 0 and 1 hide nothing.",
    ),
    WrongAnswer(
        id="everything",
        code=lambda n: torch.ones(n, n, dtype=torch.bool),
        says="Your mask allows everything.",
        why="Query 0 must not see keys 1, 2, …: the upper right corner is False.",
    ),
    WrongAnswer(
        id="only_itself",
        code=lambda n: torch.eye(n, dtype=torch.bool),
        says="Your mask lets every token attend to itself alone.",
        why="Earlier tokens are known and useful: row t holds t + 1 times True.",
    ),
)
