"""A notebook with every explorer, for tests that need no lesson."""

SETUP = """import numpy as np, torch
from types import SimpleNamespace
from course_lib.attention.positions import rotate_halves, sinusoidal_positions
from course_lib.explore import decoding_stepper, mask_painter, positions, soft_lookup, temperature
from course_lib.explore import vector_playground
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

def with_temperature(logits, temperature):
    return torch.softmax(logits / temperature, -1)

def everywhere(logits, temperature):
    return torch.full_like(logits, 0.777)

def keep(logits, bound):
    return logits

class Rising:
    def new_cache(self, batch):
        return SimpleNamespace(keys=torch.zeros(3, batch, 2, 20, 4), length=0)

    def __call__(self, tokens, cache):
        cache.length += tokens.shape[1]
        return torch.linspace(0, 3, 40).expand(*tokens.shape, 40).clone()

def attention(q, k, v, mask=None):
    return torch.softmax((q @ k.mT).masked_fill(~mask, -torch.inf) / q.shape[-1] ** 0.5, -1) @ v
"""
PLAYGROUND, TEMPERATURE, LOOKUP, PAINTER, FIGURE, POSITIONS, STEPPER = range(1, 8)
CELLS = (
    SETUP,
    "vector_playground(dot, cosine)",
    "pair = SimpleNamespace(name='softmax', yours=multiplies, course=softmax, passed=False)\n"
    "temperature(pair)",
    "soft_lookup(lookup)",
    "mask_painter(attention)",
    "show(bars([0.7, 0.3], ['cat', 'mat']), alt='Two bars: cat 0.7, mat 0.3.')",
    "positions(sinusoidal_positions, rotate_halves)",
    "pair = SimpleNamespace(\n"
    "    name='with_temperature', yours=everywhere, course=with_temperature, passed=False\n)\n"
    "names = [f' w{i}' for i in range(40)]\n"
    "decoding_stepper(pair, keep, keep, model=Rising(), prompt=[1, 2], names=names)",
)
EVERY = (PLAYGROUND, TEMPERATURE, LOOKUP, PAINTER, POSITIONS, STEPPER)
