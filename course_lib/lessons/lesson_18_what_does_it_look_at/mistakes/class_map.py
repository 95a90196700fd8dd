"""Mistakes in “What the class token gathered”: the code that makes each, its name, and why it is wrong."""

from course_lib.checking.exercise import WrongAnswer

MISTAKES = (
    WrongAnswer(
        id="column_for_row",
        code=lambda m, rows, columns: m[..., 1:, 0].unflatten(-1, (rows, columns)),
        says="You took the class token's column; its row is due.",
        why="Row 0 says from where the class token gathers. Column 0 says which tokens "
        "hold something of it: another question.",
    ),
    WrongAnswer(
        id="class_token_kept",
        code=lambda m, rows, columns: m[..., 0, :-1].unflatten(-1, (rows, columns)),
        says="Your map begins with the class token's own entry and lacks the last patch.",
        why="Token 0 is no patch. Patches are the tokens 1 to N, so every number of yours sits one place too late.",
    ),
    WrongAnswer(
        id="grid_turned",
        code=lambda m, rows, columns: m[..., 0, 1:].unflatten(-1, (columns, rows)).mT,
        says="You filled the grid column by column; patches follow row by row.",
        why="Patch 1 lies to the right of patch 0, as words on a page. Filled by columns, the map is mirrored "
        "along its diagonal.",
    ),
    WrongAnswer(
        id="grid_shape_turned",
        code=lambda m, rows, columns: m[..., 0, 1:].unflatten(-1, (columns, rows)),
        says="Your grid has rows and columns exchanged.",
        why="The map of a picture with more columns than rows must be wider than high, too.",
    ),
    WrongAnswer(
        id="last_token",
        code=lambda m, rows, columns: m[..., -1, 1:].unflatten(-1, (rows, columns)),
        says="You read the last patch's row; the class token comes first.",
        why="This model puts the class token before the patches, and its answer is read from there.",
    ),
    WrongAnswer(
        id="mean_of_rows",
        code=lambda m, rows, columns: m[..., 1:].mean(-2).unflatten(-1, (rows, columns)),
        says="You averaged over all queries; only the class token's row is due.",
        why="The mean says what all tokens look at. The answer is read from the class token alone.",
    ),
)
