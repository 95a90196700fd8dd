"""BLEU and ROUGE, from the libraries that the field reports them with."""

from collections.abc import Sequence


def rouge(targets: Sequence[str], written: Sequence[str], kind: str = "rougeL") -> float:
    """Return the mean F-measure over pairs of texts, by the package rouge-score.

    It compares lower-case words of letters and digits, without stemming.

    Paper: Lin 2004, §2 (ROUGE-N), §3 (ROUGE-L).

    Args:
        targets: what is due.
        written: what was written, as many texts.
        kind: "rouge1", "rouge2" or "rougeL".

    Raises:
        ValueError: when there is nothing to compare, or not as many of one as of the other.

    >>> round(rouge(["return the first item"], ["return an item"]), 4)
    0.5714
    """
    from rouge_score.rouge_scorer import RougeScorer

    _check(targets, written)
    scorer = RougeScorer([kind])
    scores = (scorer.score(due, said)[kind] for due, said in zip(targets, written, strict=True))
    return sum(score.fmeasure for score in scores) / len(targets)


def bleu(targets: Sequence[str], written: Sequence[str]) -> tuple[float, str]:
    """Return BLEU of a whole set, from 0 to 100, and the signature that says how it was counted.

    Paper: Post 2018 (sacreBLEU).

    Args:
        targets: what is due, one text each.
        written: what was written, as many texts.

    Raises:
        ValueError: when there is nothing to compare, or not as many of one as of the other.

    >>> score, signature = bleu(["the cat sat on the mat"], ["the cat sat on the mat"])
    >>> round(score, 1), "tok:13a" in signature
    (100.0, True)
    """
    from sacrebleu.metrics.bleu import BLEU

    _check(targets, written)
    metric = BLEU()
    score = metric.corpus_score(list(written), [list(targets)]).score
    return float(score), str(metric.get_signature())


def _check(targets: Sequence[str], written: Sequence[str]) -> None:
    if not targets or len(targets) != len(written):
        raise ValueError(
            f"{len(targets)} targets and {len(written)} texts: as many of each, one at least"
        )
