"""What configs refuse, with the numbers that do not fit."""


def check_heads(d_model: int, n_heads: int) -> None:
    """Raise ValueError when `n_heads` does not divide `d_model`."""
    if n_heads < 1 or d_model % n_heads:
        raise ValueError(f"d_model = {d_model} does not split into {n_heads} heads of one width")


def check_sizes(**sizes: int) -> None:
    """Raise ValueError when a size is below 1."""
    for name, size in sizes.items():
        if size < 1:
            raise ValueError(f"{name} = {size}: it is 1 or more")


def check_dropout(dropout: float) -> None:
    """Raise ValueError when dropout is no share."""
    if not 0 <= dropout < 1:
        raise ValueError(f"dropout = {dropout}: it is 0 or more and less than 1")
