"""Mistakes in “Batches by length”: the code that makes each, its name, and why it is wrong."""

from collections.abc import Callable

from course_lib.checking.exercise import WrongAnswer


def _batches(fault: str) -> Callable[[list[int], int], list[list[int]]]:
    """Return batches with one fault."""

    def batches_by_length(lengths: list[int], budget: int) -> list[list[int]]:
        order = sorted(
            range(len(lengths)), key=lambda i: lengths[i], reverse=fault == "longest first"
        )
        if fault == "unsorted":
            order = list(range(len(lengths)))
        if fault == "ties turned":
            order = sorted(range(len(lengths)), key=lambda i: (lengths[i], -i))
        batches: list[list[int]] = [[]]
        for place in order:
            trial = [*batches[-1], place]
            if batches[-1] and cost(lengths, trial) > budget:
                batches.append([place])
            else:
                batches[-1] = trial
        if fault == "last lost":
            batches = batches[:-1]
        if fault == "lengths":
            return [[lengths[i] for i in batch] for batch in batches]
        return batches if order else []

    def cost(lengths: list[int], batch: list[int]) -> int:
        if fault == "no padding":
            return sum(lengths[i] for i in batch)
        if fault == "count":
            return len(batch)
        if fault == "first of batch":
            return min(lengths[i] for i in batch) * len(batch)
        longest = max(lengths[i] for i in batch) * len(batch)
        return longest + (fault == "strict")

    def late(lengths: list[int], budget: int) -> list[list[int]]:
        batches: list[list[int]] = []
        for i in sorted(range(len(lengths)), key=lambda i: lengths[i]):
            if not batches or lengths[batches[-1][-1]] * len(batches[-1]) >= budget:
                batches.append([])
            batches[-1].append(i)
        return batches

    return late if fault == "late" else batches_by_length


MISTAKES = (
    WrongAnswer(
        id="padding_not_counted",
        code=_batches("no padding"),
        says="You counted words; padding takes room as well.",
        why="A batch is a rectangle: its longest sentence times its sentences. That is what has to fit.",
    ),
    WrongAnswer(
        id="not_sorted",
        code=_batches("unsorted"),
        says="You took the sentences in their given order.",
        why="A long sentence beside short ones makes them all as long. Sort by length first.",
    ),
    WrongAnswer(
        id="longest_first",
        code=_batches("longest first"),
        says="You began with the longest sentences; the shortest come first here.",
        why="Both are sound. The check compares batches, so one order had to be chosen.",
    ),
    WrongAnswer(
        id="sentences_counted",
        code=_batches("count"),
        says="Your budget counts sentences; it counts places, padding included.",
        why="Thirty sentences of 5 words and thirty of 50 differ tenfold in memory and time.",
    ),
    WrongAnswer(
        id="shortest_counts",
        code=_batches("first of batch"),
        says="You multiplied by the shortest sentence of the batch; the longest sets its width.",
        why="All are padded to the longest.",
    ),
    WrongAnswer(
        id="closed_too_late",
        code=_batches("late"),
        says="You looked at the budget after adding a sentence, so batches run over it.",
        why="Ask first whether the batch with the new sentence would fit; if not, begin another.",
    ),
    WrongAnswer(
        id="closed_too_early",
        code=_batches("strict"),
        says="Your batches stay below the budget; they may fill it exactly.",
        why="At most budget: ≤, not <.",
    ),
    WrongAnswer(
        id="last_batch_lost",
        code=_batches("last lost"),
        says="Your last batch is missing.",
        why="When the loop ends, a batch is still open. It holds the longest sentences, and they would never be learned.",
    ),
    WrongAnswer(
        id="lengths_returned",
        code=_batches("lengths"),
        says="You returned lengths; the places of the sentences are due.",
        why="The caller picks the sentences by their place in the data.",
    ),
    WrongAnswer(
        id="ties_turned",
        code=_batches("ties turned"),
        says="Sentences of one length have lost their order.",
        why="Python's sort keeps the order of equals; that makes the batches the same on every machine.",
    ),
)
