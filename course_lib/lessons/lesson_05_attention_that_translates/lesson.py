"""Lesson 05: the order of its exercises, predictions, quiz."""

from course_lib.checking.exercise import LessonSpec, Option, Prediction, Question
from course_lib.lessons.lesson_05_attention_that_translates.exercises import (
    additive_attention,
    additive_scores,
    bahdanau_step,
    encode,
    greedy_decode,
    gru_step,
    local_weights,
    luong_scores,
    luong_step,
    teacher_forced_loss,
)

PREDICTIONS = (
    Prediction(
        id="gate",
        question="A GRU's update gate z is 1 for a whole sentence. What is its state at the end?",
        options=("the state it started with", "zeros", "the candidate of the last word"),
        answer="the state it started with",
        because="h' = (1 − z) n + z h: with z = 1 nothing new enters. That is how a GRU can carry "
        "something over many words unchanged.",
    ),
    Prediction(
        id="cancels",
        question="Drop the tanh: scores q W_q v + k W_k v. Two different queries meet the same "
        "keys. How do their weights compare?",
        options=("they are equal", "they differ by a factor", "the larger query has sharper ones"),
        answer="they are equal",
        because="The query's part is the same number for every key of its row, and a softmax does "
        "not feel a number added to all its scores.",
    ),
    Prediction(
        id="leak",
        question="The decoder is fed the targets unshifted, and trained. What do loss and exact "
        "match look like?",
        options=(
            "loss near 0, exact match near 0",
            "both good",
            "loss high, exact match near 0",
        ),
        answer="loss near 0, exact match near 0",
        because="It learns to copy the word it is fed. When it writes by itself, nobody feeds it "
        "the answer.",
    ),
    Prediction(
        id="crossing",
        question="121 is “one hundred and twenty one” and “ein hundert ein und zwanzig”. While it "
        "writes the second “ein”, where will the decoder look?",
        options=("at “twenty”, the next word", "at the last “one”", "at the first “one”"),
        answer="at the last “one”",
        because="That is the unit it has to translate. It jumps over “twenty” and comes back for it "
        "two pieces later: the bright cells cross.",
    ),
    Prediction(
        id="long",
        question="Without attention, the whole number must fit into the encoder's last states. "
        "Which numbers fail first?",
        options=("long ones", "short ones", "all lengths alike"),
        answer="long ones",
        because="Two vectors of fixed size hold everything, however long the source. With "
        "attention, a longer source brings more states to read.",
    ),
    Prediction(
        id="which_fail",
        question="With attention 99 of 100 numbers never seen come out right. Which ones fail?",
        options=("the longest", "those with two crossings", "the shortest, such as 9"),
        answer="the shortest, such as 9",
        because="Of the five held-out numbers of one piece none comes out right. Training showed "
        "only 22 numbers that end after one piece.",
    ),
    Prediction(
        id="one_state",
        question="Only the encoder's state at “twenty” of 121 is replaced, by 131's state at "
        "“thirty”. What does the decoder write?",
        options=(
            "ein hundert ein und zwanzig: the neighbours know the ten",
            "ein hundert ein und dreißig",
            "something that is no number",
        ),
        answer="ein hundert ein und dreißig",
        because="The decoder reads the ten from that state alone, in this model for every number "
        "that was tried. What the neighbours know of it is not used.",
    ),
)


QUIZ = (
    Question(
        text="Which state of the decoder asks, in Bahdanau's attention and in Luong's?",
        options=(
            Option(
                text="The state before the step in both.",
                why="Luong's takes the step first and asks with its result.",
            ),
            Option(
                text="Before the step in Bahdanau's, after it in Luong's.",
                why="So Bahdanau's context can enter the cell, and Luong's is mixed in behind it.",
                right=True,
            ),
            Option(
                text="The encoder's last state in both.",
                why="That state is the same at every step; it could not look elsewhere for each word.",
            ),
        ),
    ),
    Question(
        text="Why does additive attention need its tanh?",
        options=(
            Option(
                text="To keep the weights between 0 and 1.",
                why="The softmax does that, whatever the scores.",
            ),
            Option(
                text="Without it every query would get the same weights.",
                why="Query and key would enter as a sum, and the softmax cancels what all keys share.",
                right=True,
            ),
            Option(
                text="To make the score symmetric in query and key.",
                why="W_q and W_k differ, so it is not symmetric, with the tanh or without.",
            ),
        ),
    ),
    Question(
        text="A translator reaches a training loss near 0 in a minute and translates nothing "
        "right. What do you look at first?",
        options=(
            Option(
                text="Whether the decoder's inputs are shifted.",
                why="Fed its own targets it learns to copy: the loss is near 0, and there is nothing to copy later.",
                right=True,
            ),
            Option(
                text="Whether the learning rate is too small.",
                why="A small rate makes the loss fall slowly; this one has fallen.",
            ),
            Option(
                text="Whether the encoder reads in both directions.",
                why="One direction may make it worse. It does not spoil every translation while the loss is near 0.",
            ),
        ),
    ),
    Question(
        text="A sentence is translated differently when a longer one joins its batch. Where do you look?",
        options=(
            Option(
                text="At the padding: in what the encoder reads, and in the mask of the scores.",
                why="A neighbour changes nothing but how much padding follows. Some part reads it.",
                right=True,
            ),
            Option(
                text="At the learning rate.",
                why="It is fixed when the model translates; the batch changes, the weights do not.",
            ),
            Option(
                text="Nowhere: sentences of a batch share what they know.",
                why="No part of this model may let one sentence read another.",
            ),
        ),
    ),
    Question(
        text="Nine of ten short numbers come out right. What may that hide?",
        options=(
            Option(
                text="Nothing: a mean tells all.",
                why="Ten groups of equal size, one all wrong and nine all right, have the same mean.",
            ),
            Option(
                text="A group that is always wrong.",
                why="Here the numbers of one piece: 0 of 5, inside a bar at 0.90.",
                right=True,
            ),
            Option(
                text="That the model was trained on the test numbers.",
                why="That would make them right more often, and the cell counts what both share: 0.",
            ),
        ),
    ),
    Question(
        text="What does concat have to do with Bahdanau's additive score?",
        options=(
            Option(
                text="They are the same: cut W into its rows for q and its rows for k.",
                why="[q; k] W = q W_q + k W_k, and the tanh and v are the same.",
                right=True,
            ),
            Option(
                text="Concat multiplies where additive adds.",
                why="Multiplying is what dot and general do.",
            ),
            Option(
                text="Concat needs query and key of equal width.",
                why="That is the dot product's condition. Side by side any two widths fit.",
            ),
        ),
    ),
)


LESSON = LessonSpec(
    number="05",
    slug="attention_that_translates",
    title="Attention that translates",
    minutes=85,
    sittings=(35, 50),
    needs=("04",),
    exercises=(
        gru_step.EXERCISE,
        encode.EXERCISE,
        additive_scores.EXERCISE,
        additive_attention.EXERCISE,
        bahdanau_step.EXERCISE,
        teacher_forced_loss.EXERCISE,
        greedy_decode.EXERCISE,
        luong_scores.EXERCISE,
        luong_step.EXERCISE,
        local_weights.EXERCISE,
    ),
    predictions=PREDICTIONS,
    quiz=QUIZ,
)
