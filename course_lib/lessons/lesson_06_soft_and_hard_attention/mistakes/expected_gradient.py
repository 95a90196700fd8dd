"""Mistakes in “The truth, by enumeration”: the code that makes each, its name, and why it is wrong."""

from course_lib.checking.exercise import WrongAnswer

MISTAKES = (
    WrongAnswer(
        id="no_mean",
        code=lambda w, r: w * r,
        says="You leave out the mean: what a place brings counts only as far as it beats the average.",
        why="Weights sum to 1, so all scores together cannot matter: the gradient's entries must sum to 0. Rewards of 10 and 11 would push both scores up.",
    ),
    WrongAnswer(
        id="plain_mean",
        code=lambda w, r: w * (r - r.mean(-1, keepdim=True)),
        says="You take the plain mean of the rewards, not the one weighted by w.",
        why="The expected reward counts a place as often as it is chosen.",
    ),
    WrongAnswer(
        id="no_weight",
        code=lambda w, r: r - (w * r).sum(-1, keepdim=True),
        says="You leave out the factor w in front.",
        why="A place that is hardly ever chosen hardly changes the expectation, however good it is.",
    ),
    WrongAnswer(
        id="downhill",
        code=lambda w, r: w * ((w * r).sum(-1, keepdim=True) - r),
        says="Your sign is flipped: better places get negative entries.",
        why="This is the gradient of the expected reward itself, not of a loss. It points uphill.",
    ),
    WrongAnswer(
        id="expectation_itself",
        code=lambda w, r: (w * r).sum(-1),
        says="You return the expected reward, not its gradient.",
        why="The gradient says how the expectation moves with each of the N scores: N numbers.",
    ),
    WrongAnswer(
        id="by_the_weights",
        code=lambda w, r: r + 0 * w,
        says="You differentiate by the weights; the scores are due.",
        why="∂E[R]/∂wᵢ is Rᵢ. Behind it stands the softmax, whose Jacobian diag(w) − wwᵀ is the rest of the way.",
    ),
    WrongAnswer(
        id="diagonal_only",
        code=lambda w, r: w * (1 - w) * r,
        says="You use only the diagonal of the softmax Jacobian, w (1 − w).",
        why="A score also lowers the weights of all other places, by wᵢwⱼ each. Those terms belong to it.",
    ),
    WrongAnswer(
        id="mean_of_everything",
        code=lambda w, r: w * (r - (w * r).sum()),
        says="Your mean runs over the whole batch.",
        why="Each row has its own expected reward: sum along the last axis, and keep it for the subtraction.",
    ),
)
