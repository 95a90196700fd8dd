"""Mistakes in “Draw a token”: the code that makes each, its name, and why it is wrong."""

import torch

from course_lib.checking.exercise import WrongAnswer

MISTAKES = (
    WrongAnswer(
        id="one_number_for_all",
        code=lambda probabilities, uniforms: (
            (probabilities.cumsum(-1) <= uniforms[:1, None])
            .sum(-1)
            .clamp(max=probabilities.shape[-1] - 1)
        ),
        says="All rows use the first row's number.",
        why="Each text draws for itself. With one number for the batch, equal prompts would write equal texts.",
    ),
    WrongAnswer(
        id="likeliest",
        code=lambda probabilities, uniforms: probabilities.argmax(-1),
        says="You return the likeliest token, whatever the number says.",
        why="That is greedy. A token of probability ¼ must come a quarter of the time.",
    ),
    WrongAnswer(
        id="one_late",
        code=lambda probabilities, uniforms: (
            (probabilities.cumsum(-1) <= uniforms[:, None]).sum(-1) + 1
        ).clamp(max=probabilities.shape[-1] - 1),
        says="Your token is one too far along the row.",
        why="Tokens count from 0: when no end has been passed, it is token 0.",
    ),
    WrongAnswer(
        id="one_early",
        code=lambda probabilities, uniforms: (
            (probabilities.cumsum(-1) <= uniforms[:, None]).sum(-1) - 1
        ).clamp(min=0),
        says="Your token is the one before the one that the number points at.",
        why="The last end that was passed belongs to the token before. How many ends were passed is the token itself.",
    ),
    WrongAnswer(
        id="no_running_total",
        code=lambda probabilities, uniforms: (
            (probabilities > uniforms[:, None]).to(torch.uint8).argmax(-1)
        ),
        says="You compare the number with single probabilities, not with their running total.",
        why="A number of 0.9 exceeds every probability, yet it points at a token. Lay them end to end: cumsum.",
    ),
    WrongAnswer(
        id="from_the_end",
        code=lambda probabilities, uniforms: (
            probabilities.shape[-1]
            - 1
            - (probabilities.flip(-1).cumsum(-1) <= uniforms[:, None])
            .sum(-1)
            .clamp(max=probabilities.shape[-1] - 1)
        ),
        says="You lay the tokens out from the last to the first.",
        why="The frequencies come out right, but the exercise asks for the order of the vocabulary, so that everybody "
        "draws the same token for the same number.",
    ),
    WrongAnswer(
        id="all_alike",
        code=lambda probabilities, uniforms: (uniforms * probabilities.shape[-1]).long(),
        says="You give every token the same chance: the probabilities are not used.",
        why="u · V cuts the stick into V equal pieces. The pieces are as long as the probabilities.",
    ),
    WrongAnswer(
        id="over_the_batch",
        code=lambda probabilities, uniforms: (
            (probabilities.cumsum(0) <= uniforms[:, None])
            .sum(-1)
            .clamp(max=probabilities.shape[-1] - 1)
        ),
        says="Your running total goes down the batch (axis 0), not along each row.",
        why="Each row is a distribution of its own: axis -1.",
    ),
    WrongAnswer(
        id="border_belongs_to_both",
        code=lambda probabilities, uniforms: (
            (probabilities.cumsum(-1) < uniforms[:, None])
            .sum(-1)
            .clamp(max=probabilities.shape[-1] - 1)
        ),
        says="A number exactly on a border goes to the token before it.",
        why="The number 0 would then draw token 0 even when its probability is 0. A token's piece holds its start, not its "
        "end: the total has to exceed the number.",
    ),
    WrongAnswer(
        id="falls_to_the_first",
        code=lambda probabilities, uniforms: (
            (probabilities.cumsum(-1) > uniforms[:, None]).int().argmax(-1)
        ),
        says="When rounding leaves the total below the number, you return token 0.",
        why="argmax of a row that is all False is 0. A number beyond the total belongs to the last token.",
    ),
    WrongAnswer(
        id="beyond_the_last",
        code=lambda probabilities, uniforms: (probabilities.cumsum(-1) <= uniforms[:, None]).sum(
            -1
        ),
        says="When rounding leaves the total below the number, you return a token that does not exist.",
        why="Totals of rounded probabilities may end at 0.9999. Numbers beyond belong to the last token.",
    ),
)
