"""Mistakes in “Greedy”: the code that makes each, its name, and why it is wrong."""

from course_lib.checking.exercise import WrongAnswer

MISTAKES = (
    WrongAnswer(
        id="least_likely",
        code=lambda logits: logits.argmin(-1),
        says="You return the place of the smallest logit of each row.",
        why="A logit is a score: the largest belongs to the likeliest token.",
    ),
    WrongAnswer(
        id="number_not_place",
        code=lambda logits: logits.max(-1).values,
        says="You return the largest logits themselves, not where they stand.",
        why="A token is a place in the vocabulary; its logit is only a score.",
    ),
    WrongAnswer(
        id="over_the_batch",
        code=lambda logits: logits.argmax(0),
        says="You search down the batch (axis 0), not along each row.",
        why="Rows are texts that have nothing to do with each other. Each row needs one token, from its own last axis.",
    ),
    WrongAnswer(
        id="one_for_all",
        code=lambda logits: logits.argmax(),
        says="You return one number for the whole batch: argmax without an axis counts through all rows.",
        why="Each text goes on in its own way, so one token for each row is due.",
    ),
    WrongAnswer(
        id="axis_kept",
        code=lambda logits: logits.argmax(-1, keepdim=True),
        says="Your result has shape (B, 1); (B,) is due.",
        why="One token for each row is a plain vector; the loop adds the axis of positions when it appends.",
    ),
    WrongAnswer(
        id="last_of_equals",
        code=lambda logits: logits.shape[-1] - 1 - logits.flip(-1).argmax(-1),
        says="Of equal logits you take the last; the first is asked for.",
        why="Any rule would do, but it must be one rule: two programs that differ on ties write different texts.",
    ),
)
