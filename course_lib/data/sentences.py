"""Sentences written for this course: minimal pairs, and the same thing said twice."""

from dataclasses import dataclass


@dataclass(frozen=True)
class MinimalPair:
    """One sentence with a gap for its last word, which decides what “it” means.

    Args:
        text: with {} for the last word.
        first, second: the two nouns that “it” may mean.
        means_first, means_second: last words that decide for one and for the other.
        still_first: another last word that decides for the first.

    >>> PAIRS[0].filled("tired")
    'The cat sat on the mat because it was tired.'
    """

    text: str
    first: str
    second: str
    means_first: str
    means_second: str
    still_first: str

    def filled(self, last: str) -> str:
        """Return the sentence with its last word."""
        return self.text.format(last)


#: Every last word is one token of MiniLM's vocabulary, so that the sentences of a pair line up.
PAIRS = tuple(
    MinimalPair(*row)
    for row in (
        ("The cat sat on the mat because it was {}.", "cat", "mat", "tired", "soft", "sick"),
        (
            "The dog slept in the basket because it was {}.",
            "dog",
            "basket",
            "tired",
            "warm",
            "sick",
        ),
        ("The bird left the cage because it was {}.", "bird", "cage", "hungry", "open", "lazy"),
        (
            "The horse crossed the bridge because it was {}.",
            "horse",
            "bridge",
            "brave",
            "safe",
            "wild",
        ),
        (
            "The mouse ate the cheese because it was {}.",
            "mouse",
            "cheese",
            "hungry",
            "fresh",
            "lazy",
        ),
        ("The child liked the soup because it was {}.", "child", "soup", "hungry", "hot", "lazy"),
        (
            "The fox drank from the river because it was {}.",
            "fox",
            "river",
            "thirsty",
            "clean",
            "hungry",
        ),
        (
            "The monkey took the banana because it was {}.",
            "monkey",
            "banana",
            "hungry",
            "ripe",
            "lazy",
        ),
        ("The truck hit the wall because it was {}.", "truck", "wall", "fast", "hidden", "big"),
        (
            "The cow stood under the tree because it was {}.",
            "cow",
            "tree",
            "tired",
            "large",
            "sick",
        ),
        (
            "The spider hid in the box because it was {}.",
            "spider",
            "box",
            "scared",
            "dark",
            "tired",
        ),
        ("The wolf feared the fire because it was {}.", "wolf", "fire", "weak", "bright", "tired"),
    )
)

#: The same thing said twice, in other words.
PARAPHRASES = (
    ("How do I cook rice?", "What is the way to prepare rice?"),
    ("The train to London was late.", "Our train to London arrived with a delay."),
    ("She adopted a small brown dog.", "A little brown puppy found a home with her."),
    ("It will rain all day tomorrow.", "Tomorrow's forecast says showers from morning to night."),
    ("The laptop does not turn on.", "My computer will not start."),
    ("He plays the violin in an orchestra.", "He is a violinist with a symphony."),
    ("The museum is closed on Mondays.", "You cannot visit the museum on a Monday."),
    ("Prices of houses keep rising.", "Homes are getting more and more expensive."),
    ("The doctor told him to rest.", "He was advised by his physician to take it easy."),
    ("A bee stung the child.", "The kid was hurt by an insect."),
    ("We planted tomatoes in the garden.", "Vegetables now grow behind our house."),
    ("The bank refused the loan.", "They were not given the credit they had asked for."),
    ("The film was far too long.", "I thought the movie should have been shorter."),
    ("Snow covered the mountains.", "The peaks were white in winter."),
    ("The team won the final match.", "Victory in the last game went to the team."),
    ("Light travels faster than sound.", "You see the flash before you hear the thunder."),
)
