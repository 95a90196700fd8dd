"""A notebook with every explorer, for tests that need no lesson."""

SETUP = """import numpy as np, torch
from types import SimpleNamespace
from course_lib.attention.positions import rotate_halves, sinusoidal_positions
from course_lib.explore import mask_painter, positions, soft_lookup, temperature, vector_playground
from course_lib.figures import bars, show

def softmax(scores, temperature=1.0):
    return torch.softmax(scores / temperature, -1)

def multiplies(scores, temperature=1.0):
    return torch.softmax(scores * temperature, -1)

def dot(x, y):
    return sum(a * b for a, b in zip(x, y))

def cosine(x, y):
    return x @ y / np.sqrt((x @ x) * (y @ y))

def lookup(queries, keys, values, bandwidth):
    return torch.softmax(-(queries - keys.T) ** 2 / (2 * bandwidth**2), -1) @ values

def attention(q, k, v, mask=None):
    return torch.softmax((q @ k.mT).masked_fill(~mask, -torch.inf) / q.shape[-1] ** 0.5, -1) @ v
"""
PLAYGROUND, TEMPERATURE, LOOKUP, PAINTER, FIGURE, POSITIONS = 1, 2, 3, 4, 5, 6
CELLS = (
    SETUP,
    "vector_playground(dot, cosine)",
    "pair = SimpleNamespace(name='softmax', yours=multiplies, course=softmax, passed=False)\n"
    "temperature(pair)",
    "soft_lookup(lookup)",
    "mask_painter(attention)",
    "show(bars([0.7, 0.3], ['cat', 'mat']), alt='Two bars: cat 0.7, mat 0.3.')",
    "positions(sinusoidal_positions, rotate_halves)",
)
EVERY = (PLAYGROUND, TEMPERATURE, LOOKUP, PAINTER, POSITIONS)
