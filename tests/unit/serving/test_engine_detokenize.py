"""Text as it arrives token by token: whole characters only, and in the end exactly the decoder's own text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from apps.serving.local_engine.detokenize import MAX_WINDOW, Detokenizer

LINES = ["The winch hums, the mooring line is tight.", "Où est le quai ?", "港口的风很大。", "⚓🌊 nineteen knots"]
END = 0


def byte_level() -> Tokenizer:
    """GPT-2's kind: a token is a run of bytes, and a character may be spread over four of them."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=290, special_tokens=["<|end|>"], initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(LINES, trainer)
    return tokenizer


def sentence_piece() -> Tokenizer:
    """Llama 2's kind: spaces as a visible mark, unknown characters as single bytes, a leading space stripped."""
    words = sorted({"▁" + word for line in LINES for word in line.split()})
    pieces = ["<|end|>", *(f"<0x{byte:02X}>" for byte in range(256)), "▁", *words]
    tokenizer = Tokenizer(models.Unigram([(piece, -1.0) for piece in pieces], unk_id=0, byte_fallback=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    return tokenizer


TOKENIZERS = {"byte level": byte_level(), "sentence piece": sentence_piece()}
KINDS = pytest.mark.parametrize("kind", list(TOKENIZERS))
WRITTEN = st.lists(st.sampled_from([*"aé港⚓🌊👩‍🚀 ", "The", " winch"]), max_size=30).map("".join)


def pieces_of(tokenizer: Tokenizer, ids: list[int]) -> list[str]:
    detokenizer = Detokenizer(tokenizer.decode)
    return [*(detokenizer.push(token) for token in ids), detokenizer.flush()]


@KINDS
@given(WRITTEN)
def test_pieces_of_a_text_are_whole_characters_and_add_up_to_it(kind, text):
    tokenizer = TOKENIZERS[kind]
    ids = tokenizer.encode(text, add_special_tokens=False).ids
    pieces = pieces_of(tokenizer, ids)
    assert "".join(pieces) == tokenizer.decode(ids)
    assert "\ufffd" not in "".join(pieces)


@given(st.lists(st.integers(0, 289), max_size=60))
def test_any_sequence_of_bytes_adds_up_to_the_decoders_own_text(ids):
    tokenizer = TOKENIZERS["byte level"]
    assert "".join(pieces_of(tokenizer, ids)) == tokenizer.decode(ids)


def test_a_character_appears_with_its_last_byte():
    tokenizer = TOKENIZERS["byte level"]
    ids = tokenizer.encode("🦞").ids
    assert len(ids) == 4
    assert pieces_of(tokenizer, ids) == ["", "", "", "🦞", ""]


def test_an_unfinished_character_at_the_end_is_shown_as_one_replacement():
    tokenizer = TOKENIZERS["byte level"]
    ids = tokenizer.encode("a🦞").ids[:-1]
    assert "".join(pieces_of(tokenizer, ids)) == "a\ufffd"


@KINDS
def test_control_tokens_add_nothing_however_many_there_are(kind):
    tokenizer = TOKENIZERS[kind]
    tokenizer.add_special_tokens(["<|end|>"])
    ids = [*tokenizer.encode("The winch").ids, *[END] * (3 * MAX_WINDOW), *tokenizer.encode(" hums").ids]
    assert "".join(pieces_of(tokenizer, ids)).split() == ["The", "winch", "hums"]


def test_endless_broken_bytes_do_not_make_the_window_grow():
    tokenizer = TOKENIZERS["byte level"]
    broken = tokenizer.encode("🦞").ids[1]
    seen: list[int] = []

    def decode(ids) -> str:
        seen.append(len(ids))
        return tokenizer.decode(ids)

    detokenizer = Detokenizer(decode)
    text = "".join(detokenizer.push(broken) for _ in range(1000)) + detokenizer.flush()
    assert text == "\ufffd" * 1000
    assert max(seen) <= MAX_WINDOW + 1
