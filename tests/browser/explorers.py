"""A notebook with every explorer, for tests that need no lesson."""

import inspect

from . import parts

SETUP = """import numpy as np, torch
from types import SimpleNamespace
from course_lib.attention.positions import rotate_halves, sinusoidal_positions
from course_lib.explore import alignment, cross_attention, decoding_stepper, glimpse_player
from course_lib.explore import mask_painter, nearest_sentences, patch_clicker, positions
from course_lib.explore import soft_lookup, temperature, vector_playground
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

def mean_pool(hidden, mask):
    return hidden.sum(1) / mask.sum(1, keepdim=True)

def dot_nearest(query, vectors, k):
    best = (vectors @ query).topk(k)
    return best.indices, best.values

def nearest(query, vectors, k):
    best = torch.cosine_similarity(vectors, query[None], dim=-1).topk(k)
    return best.indices, best.values

def encode(texts):
    rows = [[text.count(letter) for letter in "aeiou"] for text in texts]
    return torch.tensor(rows, dtype=torch.float32)[:, None], torch.ones(len(rows), 1).bool()

def attention(q, k, v, mask=None):
    return torch.softmax((q @ k.mT).masked_fill(~mask, -torch.inf) / q.shape[-1] ** 0.5, -1) @ v
"""
ALIGNED = """from course_lib.attention.additive import additive_attention
from course_lib.data.number_words import ENGLISH, GERMAN, Vocabulary
from course_lib.models.recurrent_translator import TranslatorConfig, seeded

def second_word(s, memory, mask, w_q, w_k, v):
    weights = torch.zeros(mask.shape)
    weights[:, 1] = 1
    return memory[:, 1], weights

pair = SimpleNamespace(
    name='additive_attention', yours=second_word, course=additive_attention, passed=False
)
english, german = len(Vocabulary(ENGLISH)), len(Vocabulary(GERMAN))
config = TranslatorConfig(source_size=english, target_size=german, d_model=8)
alignment(pair, seeded(config, 0))"""
CROSSED = f"""{inspect.getsource(parts.embed)}
{inspect.getsource(parts.three_masks)}
from course_lib.models.number_translator import Parts, seeded
from course_lib.training.number_translation import number_config

model = seeded(number_config(), 0, Parts(masks=three_masks, embed=embed)).eval()
cross_attention(three_masks, model, numbers=[21, 121])"""
CLICKED = """from course_lib.attention.rollout import rollout
from course_lib.models.vit import ViT, ViTConfig

torch.manual_seed(0)
sizes = {'image_size': 12, 'patch_size': 4, 'd_model': 8, 'n_heads': 2, 'n_layers': 2}
model = ViT(ViTConfig(n_channels=1, n_classes=3, **sizes))
patch_clicker(rollout, {'noise': (model, torch.rand(1, 12, 12), (4, 4, 8, 12))})"""
PLAYGROUND, TEMPERATURE, LOOKUP, PAINTER, FIGURE, POSITIONS, STEPPER, SENTENCES = range(1, 9)
ALIGNMENT, GLIMPSES, CROSS, CLICKER = range(9, 13)
CELLS = (
    SETUP,
    "vector_playground(dot, cosine)",
    "pair = SimpleNamespace(name='softmax', yours=multiplies, course=softmax, passed=False)\n"
    "temperature(pair)",
    "soft_lookup(lookup)",
    "mask_painter(attention)",
    "show(bars([0.7, 0.3], ['cat', 'mat'], 'Two weights'), alt='Two bars: cat 0.7, mat 0.3.')",
    "positions(sinusoidal_positions, rotate_halves)",
    "pair = SimpleNamespace(\n"
    "    name='with_temperature', yours=everywhere, course=with_temperature, passed=False\n)\n"
    "names = [f' w{i}' for i in range(40)]\n"
    "decoding_stepper(pair, keep, keep, model=Rising(), prompt=[1, 2], names=names)",
    "pair = SimpleNamespace(name='nearest', yours=dot_nearest, course=nearest, passed=False)\n"
    "texts = ['A cat sat on it.', 'Aa, a cat ran after a rat.', 'You do too.', 'We see trees.']\n"
    "nearest_sentences(mean_pool, pair, encode=encode, sentences=texts)",
    ALIGNED,
    "glimpse_player()",
    CROSSED,
    CLICKED,
)
#: Shown by Python, and at work without it only where all positions are tabulated.
LIVE = (
    *(PLAYGROUND, TEMPERATURE, LOOKUP, PAINTER, POSITIONS, STEPPER, SENTENCES),
    *(ALIGNMENT, GLIMPSES),
)
#: The page that needs no Python is all there is.
ALONE = (CROSS, CLICKER)
EVERY = LIVE + ALONE
