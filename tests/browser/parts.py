"""Parts of the translator and of a ViT, as learners write them: browser tests need no lesson."""

import torch


def embed(ids, table, positions):
    return table[ids] * table.shape[1] ** 0.5 + positions[: ids.shape[1]]


def three_masks(source, target, pad):
    n, m = source.shape[1], target.shape[1]
    words, written = (source != pad)[:, None], (target != pad)[:, None]
    decoder = written & torch.ones(m, m, dtype=torch.bool).tril()
    return words.expand(-1, n, -1), decoder, words.expand(-1, m, -1)


def patchify(images, patch_size):
    batch, channels, height, width = images.shape
    p, rows, columns = patch_size, height // patch_size, width // patch_size
    x = images.reshape(batch, channels, rows, p, columns, p).permute(0, 2, 4, 1, 3, 5)
    return x.reshape(batch, rows * columns, channels * p * p)
