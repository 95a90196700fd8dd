"""MiniLM, a small pretrained BERT, loaded into the course's own; and one vector for a text.

Paper: Wang et al. 2020 (MiniLM, how it was distilled); Reimers and Gurevych 2019 (text vectors).
"""

from functools import cache

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from course_lib.data.pretrained import encoder_tokenizer, encoder_weights
from course_lib.models.bert import Bert, BertConfig
from course_lib.models.weights_bert import from_bert


@cache
def pretrained_encoder() -> Bert:
    """Return MiniLM: 6 layers of 12 heads, 384 wide, trained to give similar texts similar vectors.

    Raises:
        CourseError: when its files are missing or are not those that the course knows.
    """
    encoder = Bert(BertConfig())
    encoder.load_state_dict(from_bert(encoder_weights()))
    return encoder.eval().requires_grad_(False)


def tokenize(texts: list[str]) -> tuple[Int[Tensor, "B T"], Bool[Tensor, "B T"]]:
    """Return MiniLM's ids, padded to the longest text, and which of them are real.

    >>> tokens, mask = tokenize(["the cat", "the cat sat"])
    >>> tokens.tolist(), mask.sum(-1).tolist()
    ([[101, 1996, 4937, 102, 0], [101, 1996, 4937, 2938, 102]], [4, 5])
    """
    rows = [torch.tensor(encoding.ids) for encoding in encoder_tokenizer().encode_batch(texts)]
    lengths = torch.tensor([len(row) for row in rows])
    tokens = nn.utils.rnn.pad_sequence(rows, batch_first=True)
    return tokens, torch.arange(tokens.shape[1]) < lengths[:, None]


def text_vectors(
    encoder: Bert, tokens: Int[Tensor, "B T"], mask: Bool[Tensor, "B T"]
) -> Float[Tensor, "B d_model"]:
    """Return one vector of length 1 for each text: the mean of its hidden states, normalised.

    Paper: Reimers and Gurevych 2019, §3 (mean pooling).
    """
    hidden = encoder(tokens, mask) * mask[..., None]
    return nn.functional.normalize(hidden.sum(1), dim=-1)
