"""A GPT small enough to travel with the course, trained on the prose of Python's documentation.

193,088 parameters, kept as float16. `bench/record_small_gpt.py` makes both files again.
"""

from collections.abc import Iterable
from functools import cache
from importlib.resources import as_file
from typing import TYPE_CHECKING

from torch import Tensor

from course_lib.data.recorded_files import recorded
from course_lib.models.gpt import GPT, GPTConfig

if TYPE_CHECKING:
    from tokenizers import Tokenizer

#: Tokens that structure a conversation; no text is encoded as one of them.
CONTROL = ("<|user|>", "<|assistant|>", "<|end|>")
CONFIG = GPTConfig(vocab_size=512, max_len=160, d_model=64, n_heads=4, n_layers=3)
_WEIGHTS, _TOKENIZER = "small_gpt.safetensors", "small_gpt_tokenizer.json"


def small_gpt() -> GPT:
    """Return the trained model, in float32 and ready to write.

    >>> small_gpt().n_parameters()
    193088
    """
    from safetensors.torch import load_file

    model = GPT(CONFIG)
    with as_file(recorded(_WEIGHTS)) as path:
        model.load_state_dict({name: each.float() for name, each in load_file(path).items()}, False)
    return model.eval()


@cache
def small_tokenizer() -> "Tokenizer":
    """Return its tokenizer: 509 pieces of text, bytes among them, and three control tokens.

    Text is text: "<|end|>" in it becomes pieces, never the control token of that name.

    >>> small_tokenizer().encode("The statement").tokens
    ['The', 'Ġstatement']
    """
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str(recorded(_TOKENIZER).read_text(encoding="utf-8"))
    tokenizer.encode_special_tokens = True
    return tokenizer


def encode(text: str, parse: bool = False) -> list[int]:
    """Return the ids of a text.

    Args:
        text: anything.
        parse: read names of control tokens in it as control tokens. Never for what a user wrote.

    >>> encode("The statement"), encode("<|end|>", parse=True), len(encode("<|end|>"))
    ([318, 391], [2], 7)
    """
    tokenizer = small_tokenizer()
    tokenizer.encode_special_tokens = not parse
    try:
        return list(tokenizer.encode(text).ids)
    finally:
        tokenizer.encode_special_tokens = True


def decode(ids: Iterable[int | Tensor]) -> str:
    """Return the text of ids, control tokens by their names.

    >>> decode([*encode("The for"), 2])
    'The for<|end|>'
    """
    return str(small_tokenizer().decode([int(one) for one in ids], skip_special_tokens=False))
