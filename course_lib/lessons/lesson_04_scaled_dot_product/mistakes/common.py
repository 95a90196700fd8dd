"""What mistakes in several exercises of lesson 04 share."""

LOW = (
    "You fill forbidden scores with a number that is not low enough.",
    "Where every allowed score is lower still, the forbidden key takes the whole row. −∞ lies below every score.",
)
