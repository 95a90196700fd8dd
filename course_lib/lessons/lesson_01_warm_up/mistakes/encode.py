"""Mistakes in “Text to ids”: the code that makes each, its name, and why it is wrong."""

from course_lib.checking.exercise import WrongAnswer


def _words(text: str) -> list[str]:
    return text.lower().split()


MISTAKES = (
    WrongAnswer(
        id="drops_unknown",
        code=lambda text, vocabulary: [vocabulary[w] for w in _words(text) if w in vocabulary],
        says="You leave out words that the vocabulary does not list.",
        why="A gap in the ids shifts every word behind it, and a model would not know that something was "
        "there. The id of <unk> keeps the place.",
    ),
    WrongAnswer(
        id="unknown_is_zero",
        code=lambda text, vocabulary: [vocabulary.get(w, 0) for w in _words(text)],
        says="You give unknown words the id 0, whatever the vocabulary says.",
        why='Number 0 may belong to a real word, as in the vocabulary of this case. Ask: vocabulary["<unk>"].',
    ),
    WrongAnswer(
        id="unknown_is_minus_one",
        code=lambda text, vocabulary: [vocabulary.get(w, -1) for w in _words(text)],
        says="You give unknown words the id −1.",
        why="−1 as an index means the last row, so unknown words would silently get the last word's vector. "
        'The vocabulary has an id for them: vocabulary["<unk>"].',
    ),
    WrongAnswer(
        id="unknown_is_none",
        code=lambda text, vocabulary: [vocabulary.get(w) for w in _words(text)],
        says="Unknown words come out as None.",
        why='None picks no row of a table. Give get a second argument: vocabulary["<unk>"].',
    ),
    WrongAnswer(
        id="keeps_capitals",
        code=lambda text, vocabulary: [
            vocabulary.get(w, vocabulary["<unk>"]) for w in text.split()
        ],
        says="You look words up with their capitals, so “The” is unknown where “the” is listed.",
        why="The vocabulary holds lower-case words. Turn the text to lower case first: text.lower().",
    ),
    WrongAnswer(
        id="splits_at_each_space",
        code=lambda text, vocabulary: [
            vocabulary.get(w, vocabulary["<unk>"]) for w in text.lower().split(" ")
        ],
        says="You cut at single spaces only: two in a row make an empty word, and a tab cuts nothing.",
        why="split() without an argument cuts at any run of white space and leaves no empty words.",
    ),
    WrongAnswer(
        id="letters",
        code=lambda text, vocabulary: [
            vocabulary.get(c, vocabulary["<unk>"]) for c in text.lower()
        ],
        says="You look up letters, not words.",
        why="A loop over a text goes letter by letter. Cut it into words first: text.lower().split().",
    ),
    WrongAnswer(
        id="words",
        code=lambda text, vocabulary: [w if w in vocabulary else "<unk>" for w in _words(text)],
        says="You return words; their ids are due.",
        why="A table of vectors is indexed by numbers: look each word up in the vocabulary.",
    ),
    WrongAnswer(
        id="each_once",
        code=lambda text, vocabulary: [
            vocabulary.get(w, vocabulary["<unk>"]) for w in dict.fromkeys(_words(text))
        ],
        says="A word that comes twice gets one id only.",
        why="A text is a sequence: every place in it gets an id, repeated words too.",
    ),
    WrongAnswer(
        id="learns_words",
        code=lambda text, vocabulary: [
            vocabulary.setdefault(w, len(vocabulary)) for w in _words(text)
        ],
        says="You add unknown words to the vocabulary.",
        why="The table that follows has one row for each word listed when it was made; a new id would "
        "point past its end. And the caller's dictionary would change under their hands.",
    ),
)
