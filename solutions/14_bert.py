# ---
# jupyter:
#   jupytext:
#     text_representation: {extension: .py, format_name: percent}
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # 14 · BERT
#
# A language model reads from left to right, because it must not see what it is to guess. BERT reads in both directions. It hides words
# from itself and guesses those.
#
# Needs lessons 10 and 12. 80 minutes in two sittings. You will be able to
#
# - hide words, ask for them, and pretrain an encoder in small;
# - run a real pretrained encoder in a model of your own, and search sentences by meaning;
# - fine-tune it, and tell with an honest score whether that helped.
#
# ## 1 · Filling gaps
#
# Read “The cat sat on the [MASK] because it was soft.” You guess *mat* or *sofa*, and the end of the sentence helped. GPT could not use it:
# its mask hides all that follows. BERT has no causal mask. Asked about words that it sees, it would learn to copy. Hence the gap.

# %% setup
import torch
from course_lib import Lesson
from course_lib.figures import bars, lines, show

lesson = Lesson("14")
torch.set_num_threads(1)  # small models are fastest on one core

# %% [markdown]
# Which words are hidden? Devlin et al. 2019, §3.1, choose 15 % of the positions at random. And they do not hide all of those: when the
# model is used later there is no [MASK] in any text, and a model that has only ever been asked at [MASK] need have no opinion about words it
# can read. So, of the chosen positions,
#
# - 80 % become [MASK];
# - 10 % become a token drawn at random;
# - 10 % stay as they are. They are asked about all the same.

# %% [markdown]
# By hand: “[CLS] the cat sat on [SEP]” with a number from 0 to 1 for each position, 0.1, 0.1, 0.5, 0.05, 0.13, 0.9. Below 0.15 are
# positions 0, 1, 3 and 4. Position 0 is [CLS], a special token, and is left alone. A second number says what becomes of the three:
# 0.4 hides *the*, 0.85 replaces *sat*, 0.95 keeps *on*.
#
# ### Exercise 14.1 · Hide 15 %
#
# Difficulty 2 of 3 · 9 minutes · the check proves that 15 % are chosen, of these exactly 80 % hidden, 10 % replaced and 10 % kept, and
# special tokens never.
#
# All arguments but `mask_id` have shape `(B, T)`. `special` is True at special tokens, `others` holds the tokens to replace with. What is random
# comes from outside, so that your result can be compared.


# %% exercise
def mask_tokens(tokens, special, choose, change, others, mask_id):
    """Return what the model reads, (B, T), and which positions were chosen, (B, T) bool.

    choose below 0.15: chosen, unless special. change below 0.8: hidden; below 0.9: others; else kept.

    >>> tokens = torch.tensor([[5, 6, 7, 8]])
    >>> choose = torch.tensor([[0.1, 0.1, 0.1, 0.5]])
    >>> change = torch.tensor([[0.2, 0.85, 0.95, 0.2]])
    >>> mask_tokens(tokens, tokens == 0, choose, change, tokens + 10, mask_id=3)
    (tensor([[ 3, 16,  7,  8]]), tensor([[ True,  True,  True, False]]))
    """
    ### BEGIN SOLUTION
    chosen = (choose < 0.15) & ~special
    inputs = torch.where(chosen & (change < 0.8), mask_id, tokens)
    replaced = chosen & (change >= 0.8) & (change < 0.9)
    return torch.where(replaced, others, inputs), chosen
    ### STUB
    # chosen = ...
    # inputs = ...
    # raise NotImplementedError("choose, then hide, replace or keep")
    ### END SOLUTION


# %% check
mask_tokens = lesson.check(mask_tokens)

# %% [markdown]
# Three readings of one sentence, through MiniLM's tokenizer. It begins with [CLS] and ends with [SEP]; both are left out of what is printed, so that the first word
# is position 1.

# %% demo
from course_lib.data.pretrained import encoder_tokenizer
from course_lib.models.minilm import tokenize

torch.manual_seed(4)
tokens, real = tokenize(["The cat sat on the mat because it was soft and warm in the sun."] * 3)
draws = [torch.rand(tokens.shape) for _ in range(2)]
others = torch.randint(1000, 30_000, tokens.shape)
inputs, chosen = mask_tokens(tokens, (tokens == 101) | (tokens == 102), *draws, others, 103)
for row, asked in zip(inputs, chosen, strict=True):
    print(" ".join(map(encoder_tokenizer().id_to_token, row.tolist()[1:-1])), end="  ")
    print("| asked about:", asked.nonzero().flatten().tolist())
lesson.predict("unmasked")

# %% [markdown]
# The loss is the cross-entropy of lesson 12, at the chosen positions alone. By hand: three positions, two chosen, their tokens guessed
# with probabilities ½ and ¼. The loss is (ln 2 + ln 4) / 2 = 1.04, whatever the third one is.
#
# ### Exercise 14.2 · Masked loss
#
# Difficulty 1 of 3 · 6 minutes · the check proves that the loss is the mean of −log p over the chosen positions of the batch, and
# nothing else moves it.
#
# A batch may have no chosen position. Then the loss is 0, in the dtype of the logits.


# %% exercise
def masked_loss(logits, tokens, chosen):
    """Return the mean cross-entropy over chosen positions; logits (B, T, V), the others (B, T).

    One text of two positions, V = 4, all logits 0, position 0 chosen: ln 4 = 1.386.

    >>> masked_loss(torch.zeros(1, 2, 4), torch.tensor([[3, 1]]), torch.tensor([[True, False]]))
    tensor(1.3863)
    """
    ### BEGIN SOLUTION
    total = torch.nn.functional.cross_entropy(logits[chosen], tokens[chosen], reduction="sum")
    return total / chosen.sum().clamp(min=1)
    ### END SOLUTION


# %% check
masked_loss = lesson.check(masked_loss)

# %% [markdown]
# Back to the guess. Here is a model that copies whatever it can see and knows nothing where it is asked, at the first three of twenty positions:

# %% demo
logits = torch.zeros(1, 20, 5)
copied = torch.arange(20)[None] % 5
asked = torch.arange(20)[None] < 3
logits[0, 3:] = 9 * torch.nn.functional.one_hot(copied[0, 3:], 5)  # it copies what it reads
everywhere = masked_loss(logits, copied, torch.ones_like(asked))
print(f"a model that only copies: {everywhere:.2f} over all positions,", end=" ")
print(f"{masked_loss(logits, copied, asked):.2f} over the chosen, ln 5 = 1.61 by guessing")
lesson.reveal("unmasked")

# %% [markdown]
# ### In small
#
# Your two functions pretrain a tiny BERT: 2 layers, 64 wide, on 640 windows of 48 tokens from Python's documentation, with 513 tokens in its
# vocabulary (512 pieces and [MASK]). It is measured on text that it never reads, with masks that are the same for all models.
#
# One question is open. Where do the random numbers come from? BERT's authors prepared their data once: ten copies of each text with a
# mask each, read forty times in all. RoBERTa (Liu et al. 2019, §4.1) draws a new mask whenever a text is read, which it calls **dynamic** masking.

# %% train tags=["nbval-ignore-output"]
from course_lib.lessons.lesson_14_bert.masked_words import losses_by_kind, train_masked
from course_lib.training.scale import choose

lesson.predict("dynamic")
STEPS = choose(tiny=4, small=80, full=600)  # a short training with new masks
tiny, history = train_masked(mask_tokens, masked_loss, seed=0, steps=STEPS)
measured = history.evaluations[-1]["held_out"]
print(f"{STEPS} steps, new masks: loss on held-out text {measured:.2f}")

# %% demo
print("better than guessing blindly, ln 513 = 6.24, by one nat or more:", measured < 5.24)

# %% [markdown]
# That took seconds. Learning what a fixed mask does takes thirty epochs, so those runs are recorded: three ways, three seeds each, equal steps
# (`python bench/record_masked_words.py`, three minutes on one core).

# %% demo
from course_lib.lessons.lesson_14_bert.bert_log import masking_log

log = masking_log()
ways = {"static": "one mask", "ten masks": "ten masks", "dynamic": "new masks"}
curves = {name: log.losses(way).mean(0) for way, name in ways.items()}
show(
    lines(
        log.facts["steps"], curves, "Held-out loss", xlabel="steps", ylabel="nats a hidden token"
    ),
    alt="Held-out loss against steps, mean of three seeds. "
    + " ".join(
        f"{name}: {', '.join(f'{x:.2f}' for x in curve[::3])}." for name, curve in curves.items()
    ),
)

# %% demo
for way, name in ways.items():
    last, read = log.losses(way)[:, -1], log.losses(way, "read")[:, -1]
    print(f"{name:>9}: held-out {last.mean():.2f} ± {last.std(ddof=1):.2f}", end=", ")
    print(f"read text, unseen masks {read.mean():.2f}")
print(f"guessing by frequency: {log.facts['unigram']:.2f}")
lesson.reveal("dynamic")

# %% [markdown]
# Is 4.97 the fair rung? The loss also asks about tokens that were kept, and whoever sees a token can guess that it was kept. So here is the best that a guesser
# can do that knows frequencies and the rules of masking, and reads **no context at all**. Its losses are split: at [MASK], and where a token stands.

# %% demo
rung = losses_by_kind(mask_tokens)
print("without context:", {kind: round(loss, 2) for kind, loss in rung.items()})
best = log.losses("dynamic")[:, -1].mean()
print(f"recorded, new masks, all places: {best:.2f}")
print("the recorded models beat no context by less than 0.2 nats:", 0 < rung["all"] - best < 0.2)

# %% demo tags=["nbval-ignore-output"]
found = losses_by_kind(mask_tokens, tiny)
print(f"your {STEPS} steps:", {kind: round(loss, 2) for kind, loss in found.items()})

# %% [markdown]
# So most of what the curve calls learning is “what I see was probably kept”. The column to watch in a pretraining is the one at [MASK].
#
# In the table above, the spread is over three seeds. The last column asks about the windows that were learned from, under masks that no training has drawn. With one mask for good, the model learns 15 % of the tokens by heart and becomes worse than guessing by frequency, even on the windows it has
# read. Ten masks are nearly as good as ever new ones. That is no contradiction to RoBERTa, whose §4.1 compares BERT's ten with new ones and finds them
# “comparable or slightly better”.
#
# **In a word.** Hide some, ask about those alone, and draw anew each time.

# %% [markdown]
# ## 2 · What goes in
#
# BERT reads one text or two, such as a question and a passage. They share one row, so that attention runs across:
# `[CLS] a [SEP] b [SEP]`. [CLS] stands for the whole, [SEP] ends a text. A third number beside each token, its **segment**, says
# which text it belongs to.
#
# By hand, with [CLS] = 1 and [SEP] = 2: texts (7, 8) and (9) give tokens 1 7 8 2 9 2 and segments 0 0 0 0 1 1. Each [SEP] belongs to the text that it
# ends. An empty second text still has its [SEP]; only None means that there is none.
#
# ### Exercise 14.3 · Two texts in one row
#
# Difficulty 1 of 3 · 6 minutes · the check proves that a pair becomes [CLS] a [SEP] b [SEP], every [SEP] in the segment of the text that
# it ends.


# %% exercise
def pack_pair(first, second, cls, sep):
    """Return (tokens, segments), two lists; second is None where there is one text.

    >>> pack_pair([7, 8], None, 1, 2)
    ([1, 7, 8, 2], [0, 0, 0, 0])
    """
    ### BEGIN SOLUTION
    one = [cls, *first, sep]
    two = [] if second is None else [*second, sep]
    return one + two, [0] * len(one) + [1] * len(two)
    ### END SOLUTION


# %% check
pack_pair = lesson.check(pack_pair)

# %% [markdown]
# Hugging Face's tokenizer packs pairs too. Compare:

# %% demo
pair = "Where is the cat?", "On the mat."
theirs = encoder_tokenizer().encode(*pair)
ids = [encoder_tokenizer().encode(text, add_special_tokens=False).ids for text in pair]
packed, segments = pack_pair(*ids, cls=101, sep=102)
print(theirs.tokens)
print(
    "tokens and segments are those of the tokenizer:",
    (packed, segments) == (theirs.ids, theirs.type_ids),
)

# %% [markdown]
# What was this for? BERT's second task in pretraining was to tell whether b follows a in the original text. RoBERTa found that it can be left out
# (§4.2). The segments stayed in the weights.
#
# Each token then becomes a sum of three rows of three tables: its word's, its place's, its segment's (Devlin et al. 2019, figure 2). By hand, with tables
# of width 1: words 10, 20, 30, places 1, 2, 3, segments 0.1, 0.2. Word 2 at place 0 in segment 0 is 30 + 1 + 0.1.
#
# ### Exercise 14.4 · Word, place and segment
#
# Difficulty 1 of 3 · 5 minutes · the check proves that each token gets the sum of three rows: its word's, its place's, its segment's.


# %% exercise
def embed(tokens, segments, words, places, kinds):
    """Return (B, T, d) from ids (B, T), segments (B, T) and tables (V, d), (L, d) with L ≥ T, (2, d).

    >>> words, places = torch.tensor([[10.0], [20.0]]), torch.tensor([[1.0], [2.0]])
    >>> kinds = torch.tensor([[0.1], [0.2]])
    >>> embed(torch.tensor([[1, 0]]), torch.tensor([[0, 1]]), words, places, kinds)
    tensor([[[21.1000],
             [12.2000]]])
    """
    ### BEGIN SOLUTION
    return words[tokens] + places[: tokens.shape[1]] + kinds[segments]
    ### END SOLUTION


# %% check
embed = lesson.check(embed)

# %% [markdown]
# ## 3 · The model
#
# Behind the sum stands a layer norm. Then come blocks as in lesson 10, post-norm and with GELU, and that is all: no causal mask, no decoder. The
# mask only keeps padding from being read. (BERT also has dropout in training; it is left out.) The blocks are lesson 10's, with BERT's choices:

# %% given
from torch import nn

from course_lib.models.blocks import BlockConfig, EncoderBlock


def make_block(d_model, n_heads, d_ff):
    """Return BERT's block: norms behind the sums, GELU, and an eps of 1e-12."""
    sizes = BlockConfig(d_model=d_model, n_heads=n_heads, d_ff=d_ff, norm_first=False, eps=1e-12)
    return EncoderBlock(sizes)


# %% [markdown]
# ### Exercise 14.5 · BERT
#
# Difficulty 3 of 3 · 12 minutes · the check proves that output and all gradients agree with PyTorch's own layers, with padding, for pairs
# of texts.
#
# Call a block as `block(x, mask)` with a mask `(B, T, T)`, or one that broadcasts to it.


# %% exercise
class Bert(nn.Module):
    """From tokens, mask and segments, all (B, T), to hidden states (B, T, d_model).

    The mask is True at real tokens.

    >>> bert = Bert(vocab_size=20, d_model=8, n_heads=2, n_layers=1, d_ff=16, max_len=5)
    >>> tokens = torch.tensor([[4, 7, 1]])
    >>> bert(tokens, tokens > 0, tokens * 0).shape
    torch.Size([1, 3, 8])
    """

    def __init__(self, vocab_size, d_model, n_heads, n_layers, d_ff, max_len):
        super().__init__()
        self.words = nn.Embedding(vocab_size, d_model)
        self.places = nn.Embedding(max_len, d_model)
        self.segments = nn.Embedding(2, d_model)
        self.norm = nn.LayerNorm(d_model, eps=1e-12)
        self.blocks = nn.ModuleList(make_block(d_model, n_heads, d_ff) for _ in range(n_layers))

    def forward(self, tokens, mask, segments):
        ### BEGIN SOLUTION
        tables = self.words.weight, self.places.weight, self.segments.weight
        x = self.norm(embed(tokens, segments, *tables))
        for block in self.blocks:
            x = block(x, mask[:, None, :])
        return x
        ### STUB
        # x = ...  # embed, then norm
        # raise NotImplementedError("send x through every block")
        ### END SOLUTION


# %% check
Bert = lesson.check(Bert)

# %% [markdown]
# Who sees whom? Your blocks, once under BERT's mask and once under GPT's, told by gradients: a cell is filled where the output of its row depends on the input of its
# column.

# %% demo
from course_lib.attention.causality import influence
from course_lib.attention.masks import causal_mask
from course_lib.figures.diagrams import who_sees_whom

torch.manual_seed(0)
little = Bert(vocab_size=20, d_model=8, n_heads=2, n_layers=2, d_ff=16, max_len=5).double()


def through(rows, mask):
    """Send rows (T, d) through the blocks, under a mask (T, T)."""
    x = rows[None]
    for block in little.blocks:
        x = block(x, mask)
    return x[0]


words = ["the", "cat", "sat", "on", "[MASK]"]
all_see_all, rows = torch.ones(5, 5, dtype=torch.bool), torch.randn(5, 8).double()
reach = {
    name: influence(lambda x, mask=mask: through(x, mask), rows)
    for name, mask in (("BERT", all_see_all), ("GPT", causal_mask(5)))
}
who_sees_whom(reach, tokens=words)

# %% [markdown]
# ### A real one
#
# MiniLM (Wang et al. 2020) is a BERT of 6 layers that was then trained to give sentences of similar meaning similar vectors (Reimers and
# Gurevych 2019). Its 22.6 million numbers lie on this disk. They go into your class, name for name.

# %% demo
from course_lib.models.minilm import pretrained_encoder

bert = Bert(vocab_size=30_522, d_model=384, n_heads=12, n_layers=6, d_ff=1536, max_len=512).eval()
course = pretrained_encoder()
weights = {name: x for name, x in course.state_dict().items() if not name.startswith("pooler")}
print(bert.load_state_dict(weights), f"{sum(p.numel() for p in bert.parameters()):,} numbers")

# %% demo
texts = ["The cat sat on the mat because it was tired.", "Light travels faster than sound."]
tokens, mask = tokenize(texts)
with torch.no_grad():
    yours, due = bert(tokens, mask, torch.zeros_like(tokens)), course(tokens, mask)
apart = (yours - due)[mask].abs().max().item()
print("MiniLM runs in your class; hidden states equal to 1e-4:", apart < 1e-4)

# %% [markdown]
# The course's `Bert` is held against Hugging Face's `BertModel` in its tests, in float32 to 1e-4, with noise in every weight, gradients too. So yours agrees with
# that as well.
#
# **In a word.** Embed three things, normalise, and repeat a block. The rest is weights.
#
# ## 4 · Search by meaning
#
# *The second sitting begins here: about 35 minutes. On another day, run the cells above again first: Run → Run All Above Selected Cell.*
#
# An encoder gives a vector for each token. A search wants one for each text. MiniLM was trained with the **mean** over the text's tokens. Texts of a
# batch differ in length, so the short ones end in padding:

# %% demo
lesson.predict("pooling")

# %% [markdown]
# By hand: hidden states 1, 3 and 9, the third at padding. The mean is (1 + 3) / 2 = 2. Dividing by three gives 1.33; averaging all three gives
# 4.33.
#
# ### Exercise 14.6 · One vector for a text
#
# Difficulty 2 of 3 · 6 minutes · the check proves that each text's vector is the mean of its real tokens, whatever stands at padding.
#
# A text without a real token gets zeros. Padding may hold anything, NaN and ∞ too, and 0 · NaN is NaN.


# %% exercise
def mean_pool(hidden, mask):
    """Return (B, d), the mean of each text's real tokens; hidden (B, T, d), mask (B, T) True = real.

    >>> hidden = torch.tensor([[[1.0], [3.0], [9.0]]])
    >>> mean_pool(hidden, torch.tensor([[True, True, False]]))
    tensor([[2.]])
    """
    ### BEGIN SOLUTION
    total = hidden.masked_fill(~mask[..., None], 0.0).sum(dim=1)
    return total / mask.sum(dim=1, keepdim=True).clamp(min=1)
    ### END SOLUTION


# %% check
mean_pool = lesson.check(mean_pool)

# %% [markdown]
# Now a short sentence in one batch with a long one. `encode` runs MiniLM in your `Bert`.


# %% demo
@torch.no_grad()
def encode(texts):
    """Return hidden states and mask of some texts."""
    tokens, mask = tokenize(list(texts))
    return bert(tokens, mask, torch.zeros_like(tokens)), mask


short = "The laptop does not turn on."
long = "The train to London was late, so she read on, and on, " * 6
hidden, mask = encode([short, long])
alone = mean_pool(*encode([short]))[0]
for name, vector in (
    ("real tokens", mean_pool(hidden, mask)[0]),
    ("all positions", hidden[0].mean(0)),
):
    cosine = torch.cosine_similarity(alone, vector, dim=0)
    print(f"mean over {name:>13}: cosine with the sentence alone {cosine:.2f}")
print(f"{mask[0].sum()} real tokens, {(~mask[0]).sum()} of padding")
lesson.reveal("pooling")

# %% [markdown]
# Now the search. The **cosine** of lesson 02 compares directions and ignores length. By hand: query (2, 0); vectors (3, 3), (0, 1), (0.5, 0) and (−4, 0) have cosines
# 0.71, 0, 1 and −1. The two nearest are number 2 and number 0.
#
# ### Exercise 14.7 · Nearest sentences
#
# Difficulty 2 of 3 · 6 minutes · the check proves that the k vectors with the largest cosine come back, the most similar first, with
# their cosines.
#
# Where k exceeds the number of vectors, all come back.


# %% exercise
def nearest(query, vectors, k):
    """Return (places, cosines), each (k,), of the rows of vectors (N, d) nearest to query (d,).

    >>> vectors = torch.tensor([[3.0, 3.0], [0.0, 1.0], [0.5, 0.0], [-4.0, 0.0]])
    >>> nearest(torch.tensor([2.0, 0.0]), vectors, 2)
    (tensor([2, 0]), tensor([1.0000, 0.7071]))
    """
    ### BEGIN SOLUTION
    rows = vectors / vectors.norm(dim=-1, keepdim=True)
    best = (rows @ (query / query.norm())).topk(min(k, len(vectors)))
    return best.indices, best.values
    ### END SOLUTION


# %% check
nearest = lesson.check(nearest)

# %% [markdown]
# The course has sixteen things that are each said twice, in different words. Can the second be found from the first, among all 32? Four ways to make a vector:
# your mean; [CLS] alone; the mean of the *embeddings*, before any block; and a bag of words without any model (tf–idf from scikit-learn).

# %% demo
from sklearn.feature_extraction.text import TfidfVectorizer

from course_lib.data.sentences import PARAPHRASES

sentences = [text for pair in PARAPHRASES for text in pair]
hidden, mask = encode(sentences)
words = TfidfVectorizer().fit_transform(sentences).toarray()
kinds = {
    "mean": mean_pool(hidden, mask),
    "[CLS]": hidden[:, 0],
    "embeddings": mean_pool(course.embed(tokenize(sentences)[0]), mask),
    "bag of words": torch.from_numpy(words),
}

# %% [markdown]
# Each sentence is a query. The nearest is itself; the next should be its partner, which stands beside it in the list: numbers 0 and 1, 2 and 3, and so on. `^ 1`
# goes from one to the other.

# %% demo
found = {}
for name, vectors in kinds.items():
    best = [nearest(one, vectors, 2)[0] for one in vectors]  # the first is the sentence itself
    found[name] = sum(int(places[1]) == at ^ 1 for at, places in enumerate(best))
show(
    bars(list(found.values()), list(found), "Paraphrases found, of 32", ylabel="found", most=32),
    alt="Bars of paraphrases found among 32 sentences: "
    + ", ".join(f"{name} {n}" for name, n in found.items())
    + ".",
)
print(
    "the mean finds at least 30, the bag of words at most 15:",
    found["mean"] >= 30,
    found["bag of words"] <= 15,
)

# %% [markdown]
# Mind the third bar: the mean of the embeddings, without a single block, finds nearly as many. Which words are akin stands in the table
# already, and for these pairs the blocks add little.
#
# “The laptop does not turn on” and “My computer will not start” share one word. Look around, and type a sentence of your own; the numbers
# come from your `mean_pool` and your `nearest`. Try one thing and its opposite, too: meaning here is mostly topic.

# %% demo tags=["nbval-ignore-output"]
from course_lib.explore import nearest_sentences

nearest_sentences(
    lesson.pair("mean_pool"), lesson.pair("nearest"), encode=encode, sentences=sentences
)

# %% demo
plain, negated, other = mean_pool(
    *encode(["The film was good.", "The film was not good.", "I ate."])
)
same = torch.cosine_similarity(plain, negated, dim=0)
print(f"good and not good: cosine {same:.2f}; good and “I ate”:", end=" ")
print(f"{torch.cosine_similarity(plain, other, dim=0):.2f}")

# %% [markdown]
# “Good” and “not good” are near: both judge the same film. Who searches by topic does not mind; who asks for the feeling does. For that the weights have to change.
#
# **In a word.** Average real tokens, compare directions; and know what the vectors were trained for.
#
# ## 5 · Fine-tuning
#
# The course has 600 sentences that were written for it, each pleased or displeased, in twelve topics. Most have a mirror image of the other
# feeling (“This is not a bad film; it is a great one”), so counting words does not go far. The data card, `course_lib/data/written/sentiment.md`,
# says how they were made and what they are not good for.

# %% demo
from course_lib.data.sentiment import sentiment

train, test = sentiment("train", seed=0), sentiment("test", seed=0)
print(train, test, sep="\n")
for at in range(3):
    print("+" if train.labels[at] else "-", train.texts[at])
lesson.predict("sentiment")

# %% [markdown]
# A head of one linear layer reads the pooled vector and gives two logits. The encoder's weights are a good start, so they may change a little: that is
# **fine-tuning** (Devlin et al. 2019, §3.2). With 360 sentences you train the upper blocks only. What lies below is **frozen**, and its outputs can be
# computed once for all epochs.
#
# ### Exercise 14.8 · Freeze the lower blocks
#
# Difficulty 2 of 3 · 7 minutes · the check proves that after a training step the right parameters have changed, and no other.
#
# `model.encoder` is a `Bert`, with `words`, `places`, `segments`, `norm` and `blocks`; `model.head` is the new layer. The model may arrive with everything frozen.


# %% exercise
def freeze(model, n_frozen):
    """Let everything learn but the embeddings, their norm, and the lowest n_frozen blocks.

    Changes the model and returns nothing. freeze(model, 0) freezes the embeddings and their norm.

    >>> bert = Bert(vocab_size=20, d_model=8, n_heads=2, n_layers=1, d_ff=16, max_len=5)
    >>> model = nn.ModuleDict({"encoder": bert, "head": nn.Linear(8, 2)})
    >>> freeze(model, 0)
    >>> bert.words.weight.requires_grad, all(p.requires_grad for p in bert.blocks.parameters())
    (False, True)
    """
    ### BEGIN SOLUTION
    model.requires_grad_(True)
    encoder = model.encoder
    lower = [encoder.words, encoder.places, encoder.segments, encoder.norm]
    for part in [*lower, *encoder.blocks[:n_frozen]]:
        part.requires_grad_(False)
    ### END SOLUTION


# %% check
freeze = lesson.check(freeze)

# %% [markdown]
# Now the score. **Precision** of a class: of those *called* so, how many are? **Recall**: of those that *are* so, how many were called so? **F1** is their harmonic
# mean, $2pr / (p + r)$, small as soon as one of them is.
#
# By hand: four texts, truly + + − −, called + + + −. For + precision is 2/3, recall 1, F1 0.8. For − precision is 1, recall ½, F1 0.67. The **macro F1** is the
# mean of the F1s: 0.73. (Some compute the F1 of the mean precision and the mean recall. That is another number, 0.79 here, under the same name: Opitz and Burst
# 2019.)

# %% [markdown]
# ### Exercise 14.9 · Precision, recall and F1
#
# Difficulty 2 of 3 · 8 minutes · the check proves that each class has its precision, recall and F1, and the macro F1 is the mean of the F1s.
#
# Where nothing stands below the line, the ratio counts as 0. The results are float32, as PyTorch divides whole numbers.


# %% exercise
def class_scores(predicted, labels, n_classes):
    """Return (precision, recall, f1), each (n_classes,), and the macro F1, a tensor of one number.

    predicted and labels are tensors (N,) of class numbers.

    >>> predicted, labels = torch.tensor([1, 1, 1, 0]), torch.tensor([1, 1, 0, 0])
    >>> precision, recall, f1, macro = class_scores(predicted, labels, 2)
    >>> precision, recall
    (tensor([1.0000, 0.6667]), tensor([0.5000, 1.0000]))
    """
    ### BEGIN SOLUTION
    classes = torch.arange(n_classes)[:, None]
    said, true = predicted == classes, labels == classes  # (C, N)
    right = (said & true).sum(dim=1)
    precision = right / said.sum(dim=1).clamp(min=1)
    recall = right / true.sum(dim=1).clamp(min=1)
    f1 = 2 * right / (said.sum(dim=1) + true.sum(dim=1)).clamp(min=1)
    return precision, recall, f1, f1.mean()
    ### END SOLUTION


# %% check
class_scores = lesson.check(class_scores)

# %% [markdown]
# Hold your scores against scikit-learn's, on the first thing that deserves a score: a bag of words with logistic regression.

# %% demo
from course_lib.training.metrics import class_scores as by_scikit_learn
from course_lib.lessons.lesson_14_bert.sentiment import bag_of_words

labels = torch.tensor(test.labels)
said = bag_of_words(train.texts, train.labels, test.texts)
precision, recall, f1, macro = class_scores(said, labels, 2)
theirs = by_scikit_learn(said, labels, 2)
print("your scores are scikit-learn's:", torch.allclose(f1.double(), torch.tensor(theirs.f1)))
print(f"bag of words, pairs of words included: macro F1 {macro:.2f}")

# %% [markdown]
# Now the encoder: MiniLM in your class, your pooling, your freezing. The lowest four of six blocks run once; two blocks and the head learn for four epochs.

# %% train tags=["nbval-ignore-output"]
import copy

from course_lib.lessons.lesson_14_bert import sentiment as tuning

model = tuning.minilm_classifier(mean_pool, seed=0, encoder=copy.deepcopy(bert))
freeze(model, n_frozen=4)
learning = sum(p.numel() for p in model.parameters() if p.requires_grad)
below = [
    tuning.states_after(model.encoder, *tokenize(list(part.texts)), 4) for part in (train, test)
]
config = tuning.tuning(epochs=choose(tiny=1, small=4, full=4))
history = tuning.fine_tune(model, below[0], torch.tensor(train.labels), config)
said = tuning.predict(model, below[1])
print(
    f"{learning:,} numbers learn; macro F1 on test sentences {class_scores(said, labels, 2)[3]:.2f}"
)

# %% demo
tuned_f1 = class_scores(said, labels, 2)[3].item()
print("at least 0.05 above the bag of words:", tuned_f1 > macro.item() + 0.05)

# %% [markdown]
# One seed proves little: 144 test sentences leave an interval of about ±0.07. Three seeds, each with a split of its own, are recorded
# (`python bench/record_sentiment.py`). Between the two stands the encoder as it is, with logistic regression on its vectors.

# %% demo
from course_lib.lessons.lesson_14_bert.bert_log import sentiment_log

scores = sentiment_log()
methods = ("bag of words", "frozen encoder", "two blocks tuned")
for name in methods:
    each = scores.f1(name)
    print(
        f"{name:>16}: {each.mean():.3f} ± {each.std(ddof=1):.3f}  ({', '.join(f'{x:.3f}' for x in each)})"
    )
lesson.reveal("sentiment")

# %% [markdown]
# Nearly all of the gain comes with the pretrained vectors; fine-tuning adds little, and on so few sentences the difference may be chance. That is usual for small
# sets, and worth a look before you tune anything large. The data are many-sided and small. On SST-2, with 67,349 phrases, BERT's authors report an accuracy of 93.5 % for
# the base model (Devlin et al. 2019, table 1).
#
# What has changed inside? Browse the heads before and after; start with layer 5.


# %% demo
def attention_of(encoder, text):
    """Return attention weights (L, H, T, T) and tokens of one text."""
    reader = copy.deepcopy(course).cpu()
    reader.load_state_dict(encoder.state_dict(), strict=False)
    ids, _ = tokenize([text])
    with torch.no_grad():
        return reader.attention_weights(ids)[:, 0], encoder_tokenizer().encode(text).tokens


TEXT = "This is not a bad film, it is great."
before, tokens_shown = attention_of(bert, TEXT)
after, _ = attention_of(model.encoder, TEXT)
moved = (after - before).abs().amax(dim=(1, 2, 3))
print("layers whose weights moved:", [layer for layer in range(6) if moved[layer] > 0])

# %% demo tags=["nbval-ignore-output"]
from course_lib.explore import head_browser

head_browser(
    {"before": (before, tokens_shown), "after": (after, tokens_shown)}, layer=5, query="[CLS]"
)

# %% [markdown]
# Layers count from 0 here, so 4 and 5 are the two that learned. Layer 4 reads the same hidden states as before; only its own queries and keys have moved. Layer 5 reads
# others, too. And mind lesson 09: weights show what is read, not what it is used for.
#
# **In a word.** Freeze what is general, train what is near the answer, and always run the cheap baseline first.

# %% [markdown]
# ## 6 · What came after
#
# **RoBERTa** (Liu et al. 2019) left the blocks as they were: new masks at each reading, no next-sentence task, larger batches, far more text, and a larger vocabulary, of byte pairs. It is a lesson about training.
#
# **XLNet** (Yang et al. 2019, §2.2 and §2.3) removes a weakness of the gap itself. BERT guesses its hidden words independently: in “[MASK] [MASK] is a city” it may pick *New* and *Angeles*. XLNet
# draws a random order of the positions and predicts each from those before it *in that order* (in practice the last in the order alone, which have much to go by). Over many orders every token learns to use both sides, hidden tokens help each
# other, and no [MASK] is needed. The price is a second stream of attention, since a position has to know where it stands without seeing what stands there.

# %% [markdown]
# **More data.** The full-scale path is SST-2 through Hugging Face Datasets. It is not shipped; the next cell runs at scale `full` only, says what is missing when
# there is no network, and trains on 6,000 of its phrases.


# %% demo tags=["nbval-ignore-output"]
from course_lib.data.sst2 import sst2
from course_lib.errors import CourseError
from course_lib.training.scale import scale


def try_sst2(n_train=6_000):
    """Fine-tune on SST-2's first phrases and return the accuracy on its validation set."""
    phrases, held_out = sst2("train"), sst2("validation")
    large = tuning.minilm_classifier(mean_pool, seed=0, encoder=copy.deepcopy(bert))
    freeze(large, n_frozen=4)
    rows = [list(phrases.texts[:n_train]), list(held_out.texts)]
    below = [tuning.states_after(large.encoder, *tokenize(part), 4) for part in rows]
    tuning.fine_tune(large, below[0], torch.tensor(phrases.labels[:n_train]), tuning.tuning(50))
    return by_scikit_learn(tuning.predict(large, below[1]), held_out.labels, 2).accuracy


try:
    print(f"accuracy on SST-2: {try_sst2():.3f}" if scale() == "full" else "skipped at this scale")
except CourseError as problem:
    print(problem)

# %% [markdown]
# ## Questions
#
# Open an option to see whether it is right, and why.

# %% demo
lesson.quiz()

# %% [markdown]
# You can now
#
# - hide words, ask for them, and pretrain an encoder in small;
# - run a real pretrained encoder in a model of your own, and search sentences by meaning;
# - fine-tune it, and tell with an honest score whether that helped.
#
# To think about:
#
# 1. 15 % of the tokens give a gradient, in GPT all of them do. Why is BERT not hopeless by comparison?
# 2. Mean pooling gives “dog bites man” and “man bites dog” different vectors. Where does the difference come from?
# 3. You tune a threshold on the test set until the F1 looks good. What have you measured?

# %% [markdown]
# ### References
#
# - Devlin et al. 2019, *BERT: Pre-training of Deep Bidirectional Transformers for Language Understanding*: §3, §3.1 (masking), §3.2 (fine-tuning), figure 2 (input).
# - Liu et al. 2019, *RoBERTa: A Robustly Optimized BERT Pretraining Approach*: §4.1 (dynamic masking), §4.2 (next sentence).
# - Yang et al. 2019, *XLNet: Generalized Autoregressive Pretraining for Language Understanding*: §2.2 (orders), §2.3 (two streams).
# - Clark et al. 2020, *ELECTRA: Pre-training Text Encoders as Discriminators Rather Than Generators*.
# - Reimers and Gurevych 2019, *Sentence-BERT: Sentence Embeddings using Siamese BERT-Networks*: §3.
# - Wang et al. 2020, *MiniLM: Deep Self-Attention Distillation for Task-Agnostic Compression of Pre-Trained Transformers*.
# - Opitz and Burst 2019, *Macro F1 and Macro F1*.
# - Socher et al. 2013, *Recursive Deep Models for Semantic Compositionality Over a Sentiment Treebank* (SST).
