"""Mistakes in “One step of a GRU”: the code that makes each, its name, and why it is wrong."""

from course_lib.checking.exercise import WrongAnswer
from course_lib.lessons.lesson_05_attention_that_translates.mistakes.common import gru

MISTAKES = (
    WrongAnswer(
        id="reset_before_the_product",
        code=gru("reset first"),
        says="Your reset gate acts on h before the product with W_hh.",
        why="That is the unit of Cho's paper, U (r ⊙ h). PyTorch multiplies first and gates the result, r ⊙ (U h + b): "
        "with the same weights the two give different numbers.",
    ),
    WrongAnswer(
        id="update_turned",
        code=gru("turned"),
        says="Your update gate is turned round: z weighs the new state, 1 − z the old.",
        why="That is how Bahdanau's appendix writes it. Here z = 1 keeps the old state as it is.",
    ),
    WrongAnswer(
        id="gates_swapped",
        code=gru("gates swapped"),
        says="You took the first third of the rows for z and the second for r.",
        why="PyTorch keeps the rows of the weights in the order r, z, n.",
    ),
    WrongAnswer(
        id="no_reset",
        code=gru("no reset"),
        says="Your reset gate r is missing from the candidate n.",
        why="r decides how much of the past enters the candidate: n = tanh(x part + r ⊙ h part).",
    ),
    WrongAnswer(
        id="no_update",
        code=gru("no update"),
        says="You returned the candidate n; the update gate z is not used.",
        why="The next state is (1 − z) ⊙ n + z ⊙ h. Without the second term nothing is kept over many words.",
    ),
    WrongAnswer(
        id="sigmoid_candidate",
        code=gru("sigmoid"),
        says="Your candidate n went through a sigmoid; it takes a tanh.",
        why="Gates lie between 0 and 1, so they take a sigmoid. A state lies between −1 and 1.",
    ),
    WrongAnswer(
        id="tanh_gates",
        code=gru("tanh gates"),
        says="Your gates went through a tanh; they take a sigmoid.",
        why="A gate says which share passes, from 0 to 1. With tanh it may be negative.",
    ),
    WrongAnswer(
        id="hidden_bias_lost",
        code=gru("no b_hh"),
        says="Your step leaves out b_hh, the second bias.",
        why="PyTorch keeps two: b_ih beside the input's product, b_hh beside the state's.",
    ),
    WrongAnswer(
        id="bias_outside_the_reset",
        code=gru("bias outside"),
        says="Your reset gate leaves out the bias b_hh of the candidate.",
        why="The gate acts on the whole state part: r ⊙ (W_hn h + b_hn), bias included.",
    ),
    WrongAnswer(
        id="reset_on_everything",
        code=gru("reset on all"),
        says="Your reset gate acts on the input's part too.",
        why="It gates the past alone: tanh(x part + r ⊙ h part).",
    ),
    WrongAnswer(
        id="update_from_the_input",
        code=gru("z from x"),
        says="Your update gate reads the input alone; the state's product is left out of z.",
        why="How much is kept depends on what is there: z = σ(W_z x + b_z + U_z h + c_z).",
    ),
    WrongAnswer(
        id="reset_after_the_tanh",
        code=gru("reset last"),
        says="Your reset gate multiplies the candidate, after the tanh.",
        why="The reset gate decides what of the old state enters the candidate, so it stands inside: tanh(… + r ⊙ (U_n h + c_n)).",
    ),
)
