"""Lesson 07: the order of its exercises, predictions, quiz."""

from course_lib.checking.exercise import LessonSpec, Option, Prediction, Question
from course_lib.lessons.lesson_07_self_attention.exercises import (
    attention_pool,
    best_without_order,
    copy_distribution,
    graph_mask,
    is_equivariant,
    map_overlap,
    projected_scores,
    self_attention,
)

PREDICTIONS = (
    Prediction(
        id="symmetric",
        question="With one projection for both queries and keys, which is true of the scores of a sequence?",
        options=(
            "scores[t, s] = scores[s, t]",
            "every row sums to 1",
            "they are all positive",
            "nothing in particular",
        ),
        answer="scores[t, s] = scores[s, t]",
        because="The dot product of q[t] and q[s] does not care which comes first. Nobody can then ask for "
        "something without being asked for it as much.",
    ),
    Prediction(
        id="shuffle",
        question="You shuffle the five tokens of a sequence. What happens to the five outputs of "
        "self-attention?",
        options=(
            "they stay as they are",
            "they are the same five, shuffled alike",
            "they become five other vectors",
        ),
        answer="they are the same five, shuffled alike",
        because="Scores move in rows and columns together, and each token meets the same others in another "
        "order. A sum does not know the order of its terms.",
    ),
    Prediction(
        id="hops",
        question="In a chain 0 → 1 → 2 → 3 each node hears its predecessor and itself. After how many layers "
        "has node 3 heard of node 0?",
        options=("1", "2", "3", "never"),
        answer="3",
        because="News travels one edge a layer: node 1 hears it in the first, node 2 in the second, node 3 in "
        "the third.",
    ),
    Prediction(
        id="unseen",
        question="Both models answer trained contents without a fault. What do they score on contents that "
        "never occurred in training?",
        options=(
            "both near 100 %",
            "the pointer near 100 %, the classifier near 0 %",
            "both near 0 %",
            "the classifier near 100 %, the pointer near 0 %",
        ),
        answer="the pointer near 100 %, the classifier near 0 %",
        because="The pointer chooses a place, by its label; what stands there never matters. The classifier "
        "needs an output for every content, and training pushed those of unseen ones down.",
    ),
    Prediction(
        id="odd_map",
        question="Eight items, seven alike; each must name the kind that it is not. Which map does a layer "
        "need?",
        options=(
            "the diagonal: each item looks at itself",
            "one bright column: seven look at the odd one, which looks at the seven",
            "an even grey: all look at all alike",
            "the other diagonal: first at last, second at last but one",
        ),
        answer="one bright column: seven look at the odd one, which looks at the seven",
        because="The answer stands where the kind is another: at one place for the seven, and at any of the "
        "seven for the odd one.",
    ),
    Prediction(
        id="reverse_map",
        question="Position t must answer with the token at 7 − t. Which map would a layer need?",
        options=(
            "the diagonal: each looks at itself",
            "one bright column",
            "an even grey: all look at all alike",
            "the other diagonal: first at last, second at last but one",
        ),
        answer="the other diagonal: first at last, second at last but one",
        because="Query t needs the token at place 7 − t, and nothing else.",
    ),
    Prediction(
        id="reverse_score",
        question="Eight distinct tokens out of twelve, to be reversed by the layer that found every odd one. "
        "How many of its answers are right after training?",
        options=("nearly all", "about 1 in 2", "about 1 in 7", "about 1 in 12"),
        answer="about 1 in 7",
        because="It sees which tokens are there and which one asks, but not where. It learns to guess among "
        "the seven others.",
    ),
)


QUIZ = (
    Question(
        text="Why does self-attention have a projection for keys beside the one for queries?",
        options=(
            Option(
                text="So that what a token looks for may differ from what it is found by.",
                why="A verb may ask for a subject while no subject asks for that verb: the scores need not be "
                "symmetric.",
                right=True,
            ),
            Option(
                text="Because queries and keys have different widths.",
                why="They must have the same width: they meet in a dot product.",
            ),
            Option(
                text="To halve the number of parameters.",
                why="It doubles those of the scores; one matrix for both would be cheaper.",
            ),
            Option(
                text="So that the softmax sums to 1.",
                why="The softmax does that for any scores.",
            ),
        ),
    ),
    Question(
        text="A layer f satisfies f(Px) = P f(x) for every permutation P. Which task does that rule out, however "
        "many such layers are stacked?",
        options=(
            Option(
                text="Name the largest number of a list.",
                why="The largest stays the largest in any order.",
            ),
            Option(
                text="Write at each place the token of the place before.",
                why="Which token comes before is a matter of order, and f gives a token the same output "
                "wherever it stands.",
                right=True,
            ),
            Option(
                text="Find out which item of a set is unlike the others.",
                why="That does not depend on order: such a layer did it in this lesson.",
            ),
            Option(
                text="Count how many tokens there are.",
                why="A count does not depend on order, so the symmetry forbids nothing here. (A softmax "
                "mean alone finds it hard, for another reason.)",
            ),
        ),
    ),
    Question(
        text="You relabel the nodes of a graph: x becomes Px. What must become of its mask M for the outputs "
        "to be relabelled alike?",
        options=(
            Option(text="M stays as it is.", why="Then edges would join other nodes than before."),
            Option(
                text="P M",
                why="Its rows have moved, its columns have not: nodes would hear the wrong ones.",
            ),
            Option(
                text="P M Pᵀ",
                why="Rows and columns both number nodes, so both move.",
                right=True,
            ),
            Option(text="M Pᵀ", why="Its columns have moved, its rows have not."),
        ),
    ),
    Question(
        text="What does a pool by attention do that a mean cannot?",
        options=(
            Option(
                text="Ignore the order of the items.",
                why="A mean ignores it too.",
            ),
            Option(
                text="Give items a weight that depends on what they are.",
                why="The seed scores each key; a mean gives all the same.",
                right=True,
            ),
            Option(
                text="Take sets of any size.",
                why="A mean takes them too.",
            ),
            Option(
                text="Leave padding out.",
                why="A mean over the real items does so too.",
            ),
        ),
    ),
    Question(
        text="On “reverse” the layer stops near 1/7. Which change would help?",
        options=(
            Option(
                text="More training.",
                why="1/7 is the most that any order-blind model reaches on 8 distinct tokens.",
            ),
            Option(
                text="A wider layer.",
                why="Width does not bring order in: the wider layer is equivariant too.",
            ),
            Option(
                text="More such layers on top of each other.",
                why="Equivariant layers in a row are equivariant: P passes through each.",
            ),
            Option(
                text="Telling each token its place.",
                why="Then the same token at two places has two different inputs, and the argument no longer "
                "binds.",
                right=True,
            ),
        ),
    ),
)


LESSON = LessonSpec(
    number="07",
    slug="self_attention",
    title="Self-attention",
    minutes=75,
    way="short",
    side_sections="§ 3 and 4",
    needs=("04",),
    exercises=(
        projected_scores.EXERCISE,
        self_attention.EXERCISE,
        is_equivariant.EXERCISE,
        graph_mask.EXERCISE,
        attention_pool.EXERCISE,
        copy_distribution.EXERCISE,
        map_overlap.EXERCISE,
        best_without_order.EXERCISE,
    ),
    predictions=PREDICTIONS,
    quiz=QUIZ,
)
