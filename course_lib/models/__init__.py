"""Models built from the course's mechanisms, one file each.

Read them in this order:

- `recurrent.py`, `recurrent_translator.py`, `glimpse.py`: attention beside recurrent networks
  (lessons 05, 06)
- `ordered.py`: a small causal transformer that is told order in several ways (lesson 08)
- `encoder.py`: the encoder of MiniLM, with its weights (lesson 09)
- `blocks.py`: norms, feed-forward network, encoder and decoder block (lesson 10)
- `transformer.py`: encoder and decoder, to translate (lesson 11)
- `causal_attention.py`, `gpt.py`: a decoder alone, to write on (lesson 12)
- `cache.py`, `generation.py`: what has been read, and how the next token is chosen (lesson 13)
- `weights.py`: PyTorch's and Hugging Face's weights in these models
"""
