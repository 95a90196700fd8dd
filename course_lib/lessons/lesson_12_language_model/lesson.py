"""Lesson 12: the order of its exercises, predictions, quiz."""

from course_lib.checking.exercise import LessonSpec, Option, Prediction, Question
from course_lib.lessons.lesson_12_language_model.exercises import (
    bigram_log_probs,
    bits_per_byte,
    encode,
    induction_score,
    language_model,
    mean_loss,
    merge_pair,
    next_logits,
    next_token_batch,
    train_bpe,
)

PREDICTIONS = (
    Prediction(
        id="first_merge",
        question="Which neighbours stand together most often in this text?",
        options=("l o", "e s", "w e", "n e"),
        answer="e s",
        because="newest 6 times and widest 3 times make 9, as many as s t has. l o stands in low and lower: 7; w e in lower and newest: 8.",
    ),
    Prediction(
        id="which_is_better",
        question="1.4 nats a character, or 2.9 nats a piece: which model is better?",
        options=("the one of characters", "the one of pieces", "one cannot tell"),
        answer="one cannot tell",
        because="It depends on how long the pieces are. With two characters each, the characters win narrowly; with three, the pieces win "
        "clearly. Per byte it can be said.",
    ),
    Prediction(
        id="first_loss",
        question="What is the loss of a model with fresh weights, in nats per character?",
        options=("about 0", "about 1", "about 4.6", "about 100"),
        answer="about 4.6",
        because="Logits near 0 give every character about the same probability, 1/V, and −log(1/V) = log V: the first rung.",
    ),
    Prediction(
        id="one_layer",
        question="Trained alike on texts that begin anew, what does a toy of one layer learn?",
        options=(
            "as much as two layers, only later",
            "something, but it cannot continue the text",
            "nothing at all",
        ),
        answer="something, but it cannot continue the text",
        because="It can tell, among other things, which tokens are in the text at all, and they are fewer than 16. Which token follows which "
        "takes two layers.",
    ),
    Prediction(
        id="missed_most",
        question="Which silent head raises the loss on repeated text most?",
        options=(
            "the one with the highest induction score",
            "the one in layer 0 that looks one back",
            "the other one in layer 0",
        ),
        answer="the one in layer 0 that looks one back",
        because="Both heads of layer 1 look keys up by what it wrote. One of them can stand in for the other, in part; nobody can for it.",
    ),
)


QUIZ = (
    Question(
        text="A fresh model with tied weights has a loss of 4.1 nats where log V is 4.6. What has happened?",
        options=(
            Option(
                text="Lucky weights",
                why="No luck names the right token at place after place.",
            ),
            Option(
                text="The labels are not shifted",
                why="It is asked for the token that it has read, and a tied table scores that one highest without any training.",
                right=True,
            ),
            Option(
                text="The causal mask is missing",
                why="That shows in training alone: a fresh model cannot use yet what the mask lets through.",
            ),
        ),
    ),
    Question(
        text="Two models have 2.1 and 2.4 nats per token, with two tokenizers. Which is better?",
        options=(
            Option(
                text="The first",
                why="Its pieces may be shorter, and so easier to guess and more of them.",
            ),
            Option(text="The second", why="Its pieces may be longer, but that has not been said."),
            Option(
                text="Compute bits per byte first",
                why="The cost of the whole text, shared among its bytes, does not depend on how it was cut.",
                right=True,
            ),
        ),
    ),
    Question(
        text="A text has grown to 100 tokens, the model has 64 positions. What is it given?",
        options=(
            Option(
                text="The first 64 tokens",
                why="Then its answer never changes again, however the text goes on.",
            ),
            Option(
                text="The last 64 tokens",
                why="The latest ones say most about the next, and there are positions for 64.",
                right=True,
            ),
            Option(text="All 100 tokens", why="There is no row 64 in its table of positions."),
        ),
    ),
    Question(
        text="A head's induction score is 0.1, and silencing it ruins the repetition. How can that be?",
        options=(
            Option(
                text="The score is computed wrongly",
                why="It asks for one thing alone: weight on the key after the former occurrence.",
            ),
            Option(
                text="Other heads use what it writes",
                why="A head that looks one back prepares the keys. An ablation measures all that depends on a head, a score measures where it looks.",
                right=True,
            ),
            Option(
                text="Silencing any head ruins the model",
                why="The other head of layer 0 is missed much less.",
            ),
        ),
    ),
)


LESSON = LessonSpec(
    number="12",
    slug="language_model",
    title="A language model",
    minutes=85,
    sittings=(45, 40),
    needs=("10",),
    exercises=(
        merge_pair.EXERCISE,
        train_bpe.EXERCISE,
        encode.EXERCISE,
        next_token_batch.EXERCISE,
        bigram_log_probs.EXERCISE,
        bits_per_byte.EXERCISE,
        mean_loss.EXERCISE,
        language_model.EXERCISE,
        next_logits.EXERCISE,
        induction_score.EXERCISE,
    ),
    predictions=PREDICTIONS,
    quiz=QUIZ,
)
