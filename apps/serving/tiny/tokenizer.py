"""The demo model's own byte-level BPE tokenizer and its chat template."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from apps.serving.tiny.corpus import Document, documents

CONTEXT: Final = 512
SPECIAL_TOKENS: Final = ("<|pad|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>")
PAD, END, SYSTEM, USER, ASSISTANT = range(5)
_TEMPLATE: Final = Path(__file__).with_name("chat_template.jinja")


def _texts(documents: Iterable[Document]) -> Iterable[str]:
    for document in documents:
        if document.text:
            yield " " + document.text
        for message in document.messages:
            yield message["content"] if message["role"] == "assistant" else " " + message["content"]


def train_tokenizer(*, seed: int, vocabulary: int, sample: int) -> PreTrainedTokenizerFast:
    """A tokenizer of at most `vocabulary` tokens, fitted to `sample` documents of the corpus."""
    backend = Tokenizer(models.BPE())
    # Single digits: an order number must not become a word of its own.
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(r"\d"), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        min_frequency=3,
        show_progress=False,
    )
    backend.train_from_iterator(_texts(documents(f"tokenizer:{seed}", sample)), trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        pad_token=SPECIAL_TOKENS[PAD],
        eos_token=SPECIAL_TOKENS[END],
        extra_special_tokens=list(SPECIAL_TOKENS[SYSTEM:]),
        model_max_length=CONTEXT,
        padding_side="left",
        clean_up_tokenization_spaces=False,
        chat_template=_TEMPLATE.read_text(encoding="utf-8"),
    )
