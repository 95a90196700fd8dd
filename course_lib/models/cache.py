"""Keys and values of what has been read, so that a new token costs one token's work."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor


class KVCache:
    """Keep the keys and values of every layer, in memory set aside at the start.

    A layer appends its new keys and values and gets back all so far. It holds tensors that were
    made without gradients: use it under `torch.no_grad()`.

    Paper: Shazeer 2019, §2.4, “incremental” attention.

    Args:
        n_layers: L.
        batch: B, sequences side by side.
        n_heads: H.
        max_len: positions there is room for.
        d_head: width of a key.
        device: of the memory; torch's default when left out.
        dtype: of the memory; torch's default when left out.

    >>> cache = KVCache(n_layers=1, batch=1, n_heads=1, max_len=4, d_head=1)
    >>> for number in (5.0, 6.0):
    ...     k, v = cache.append(0, torch.full((1, 1, 1, 1), number), torch.zeros(1, 1, 1, 1))
    >>> k.flatten().tolist(), cache.length
    ([5.0, 6.0], 2)
    """

    def __init__(
        self,
        n_layers: int,
        batch: int,
        n_heads: int,
        max_len: int,
        d_head: int,
        *,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        shape = (n_layers, batch, n_heads, max_len, d_head)
        self.keys = torch.zeros(shape, device=device, dtype=dtype)
        self.values = torch.zeros(shape, device=device, dtype=dtype)
        self.length = 0

    @property
    def max_len(self) -> int:
        """How many positions there is room for."""
        return self.keys.shape[-2]

    def append(
        self, layer: int, k: Float[Tensor, "B H T d_head"], v: Float[Tensor, "B H T d_head"]
    ) -> tuple[Float[Tensor, "B H S d_head"], Float[Tensor, "B H S d_head"]]:
        """Write new keys and values behind those of a layer; return all of them.

        `length` grows when the last layer has written: until then all layers write to one place.

        Args:
            layer: counted from 0.
            k: keys of the new positions.
            v: values of the new positions.

        Raises:
            ValueError: when there is no room left.
        """
        start, end = self.length, self.length + k.shape[-2]
        if end > self.max_len:
            raise ValueError(f"{end} positions are too many: the cache has room for {self.max_len}")
        keys, values = self.keys[layer], self.values[layer]
        keys[:, :, start:end] = k
        values[:, :, start:end] = v
        if layer == len(self.keys) - 1:
            self.length = end
        return keys[:, :, :end], values[:, :, :end]

    def n_bytes(self) -> int:
        """Return how much memory was set aside."""
        return 2 * self.keys.numel() * self.keys.element_size()


def bottom_right_mask(
    n_queries: int, n_keys: int, device: torch.device | str | None = None
) -> Bool[Tensor, "T S"]:
    """Return a causal mask for queries that are the last of the keys.

    The last query stands at the last key, so the triangle is pushed to the bottom right: query t
    attends to keys `0 … t + S − T`. With T = S it is `causal_mask`.

    Args:
        n_queries: T, the new positions.
        n_keys: S, all positions.
        device: of the mask; torch's default when left out.

    >>> bottom_right_mask(2, 4).int().tolist()
    [[1, 1, 1, 0], [1, 1, 1, 1]]
    """
    full = torch.ones(n_queries, n_keys, dtype=torch.bool, device=device)
    return full.tril(n_keys - n_queries)
