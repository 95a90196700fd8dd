"""Mistakes in “Crop the context”: the code that makes each, its name, and why it is wrong."""

from collections.abc import Callable

from torch import Tensor

from course_lib.checking.exercise import WrongAnswer

Reader = Callable[[Tensor], Tensor]


MISTAKES = (
    WrongAnswer(
        id="keeps_the_beginning",
        code=lambda model, tokens, max_len: model(tokens[:, :max_len])[:, -1],
        says="You crop on the wrong side: the oldest tokens are kept, the latest thrown away.",
        why="The next token depends most on what came last. And from max_len on the answer would never change again: the model "
        "repeats itself.",
    ),
    WrongAnswer(
        id="not_cropped",
        code=lambda model, tokens, max_len: model(tokens)[:, -1],
        says="You give the model more tokens than it has positions for.",
        why="Its table of positions has max_len rows. Keep the latest max_len tokens.",
    ),
    WrongAnswer(
        id="crops_texts",
        code=lambda model, tokens, max_len: model(tokens[-max_len:])[:, -1],
        says="You crop the batch: the slice runs along the texts, not along the tokens.",
        why="The first axis is the batch. Tokens are the second: tokens[:, …].",
    ),
    WrongAnswer(
        id="first_place",
        code=lambda model, tokens, max_len: model(tokens[:, -max_len:])[:, 0],
        says="You return what the first place predicts: the second token, which is known.",
        why="The place of the latest token predicts the one that is not there yet.",
    ),
    WrongAnswer(
        id="every_place",
        code=lambda model, tokens, max_len: model(tokens[:, -max_len:]),
        says="You return the scores of every place.",
        why="All but the last name tokens that are known already. One row a text is due: (B, V).",
    ),
    WrongAnswer(
        id="one_token_less",
        code=lambda model, tokens, max_len: model(tokens[:, -(max_len - 1) :])[:, -1],
        says="You keep one token too few.",
        why="A model with max_len positions reads max_len tokens.",
    ),
    WrongAnswer(
        id="tokens",
        code=lambda model, tokens, max_len: model(tokens[:, -max_len:])[:, -1].argmax(-1),
        says="You choose the best token already; its scores are due.",
        why="How to choose is the next lesson's question. Whoever calls you decides.",
    ),
    WrongAnswer(
        id="rounds",
        code=lambda model, tokens, max_len: model(
            tokens[:, (tokens.shape[1] - 1) // max_len * max_len :]
        )[:, -1],
        says="You cut the text into blocks of max_len and give the model the last block only.",
        why="At the start of a new block the model would have one token to go by. A window that slides keeps max_len.",
    ),
)
