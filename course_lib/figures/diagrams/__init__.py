"""Drawings of mechanisms, made from the learner's own numbers.

| lesson | drawing |
|---|---|
| 03, 04, 06, 07, 09 | `attention_strip`: one query's scores, mask, weights, values, output |
| 05 | `states_into_decoder`: encoder states feed a decoder; and the strip |
| 07 | `projections`: queries, keys and values leave x |
| 08 | `turning`: two hands moved together |
| 09 | `split_heads_picture`: (T, d) becomes H planes, beside a wrong split |
| 10 | `block`: the transformer block, pre-norm, post-norm or both; `stages_of` follows a row |
| 11, 12, 14, 15, 16 | `architecture`: the encoder–decoder, GPT, BERT, T5, ViT, with their masks |
| 14 | `who_sees_whom`: what each output depends on |
| 16 | `patches_to_tokens`: an image, its patches, their rows |

Each returns a `Diagram`: put it last in a cell. It carries its own title and its own words, for
those who do not see it and for front ends without pictures.

Example:
    >>> from course_lib.figures.diagrams import attention_strip
    >>> attention_strip(weights=[0.25, 0.75], values=[4.0, 8.0], out=7.0, keys=["a", "b"])
    Diagram: Attention of one query. a: weight 0.25, value 4. b: weight 0.75, value 8. Output: 7.
"""

from course_lib.figures.diagrams.architecture import architecture
from course_lib.figures.diagrams.block import block
from course_lib.figures.diagrams.drawing import Diagram
from course_lib.figures.diagrams.heads import split_heads_picture
from course_lib.figures.diagrams.patches import patches_to_tokens
from course_lib.figures.diagrams.projections import projections
from course_lib.figures.diagrams.sees import who_sees_whom
from course_lib.figures.diagrams.states import states_into_decoder
from course_lib.figures.diagrams.strip import attention_strip
from course_lib.figures.diagrams.turning import turning
from course_lib.figures.diagrams.walk import stages_of

__all__ = [
    "Diagram",
    "architecture",
    "attention_strip",
    "block",
    "patches_to_tokens",
    "projections",
    "split_heads_picture",
    "stages_of",
    "states_into_decoder",
    "turning",
    "who_sees_whom",
]
