"""Mistakes in “The best without order”: the code that makes each, its name, and why it is wrong."""

import math

from course_lib.checking.exercise import WrongAnswer

MISTAKES = (
    WrongAnswer(
        id="one_in_n",
        code=lambda n: 1 / n,
        says="You guess among all n tokens, also where a token's own place can be ruled out.",
        why="With n even no token stands opposite itself. A model sees which token asks, so it guesses "
        "among the n − 1 others.",
    ),
    WrongAnswer(
        id="one_in_others",
        code=lambda n: 1 / max(n - 1, 1),
        says="You rule a token's own place out, also where n is odd.",
        why="With n odd the middle token stands opposite itself. Counted over all orders, its own token "
        "is then as likely as any other: 1/n.",
    ),
    WrongAnswer(
        id="parity_swapped",
        code=lambda n: 1 / max(n - 1, 1) if n % 2 else 1 / n,
        says="You have even and odd the wrong way round.",
        why="The middle token, which answers itself, exists when n is odd.",
    ),
    WrongAnswer(
        id="all_at_once",
        code=lambda n: 1 / math.factorial(n),
        says="You ask for the whole sequence to be right.",
        why="The share of right answers is counted place by place, and its mean is due.",
    ),
    WrongAnswer(
        id="one_half",
        code=lambda n: 0.5,
        says="You answer one half for every n.",
        why="Each of the other tokens is equally likely to stand opposite, and there are n − 1 of them.",
    ),
    WrongAnswer(
        id="complement",
        code=lambda n: (n - 1) / n if n % 2 else (n - 2) / max(n - 1, 1),
        says="You return the share of wrong answers.",
        why="One guess among n − 1 is right once in n − 1 times, and wrong the other times.",
    ),
    WrongAnswer(
        id="zero",
        code=lambda n: 0.0,
        says="You say that nothing can be right without order.",
        why="A guess is right now and then: the token opposite is one of the others, each equally likely.",
    ),
    WrongAnswer(
        id="middle_known",
        code=lambda n: (1 + (n - 1) / max(n - 1, 1)) / n if n % 2 else 1 / max(n - 1, 1),
        says="For odd n you let the middle token know that it is the middle one, and the others that they are not.",
        why="Which token stands in the middle is a matter of order, and that is hidden. A model must give "
        "each token the same answer wherever it stands.",
    ),
)
