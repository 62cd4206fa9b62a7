"""What makes rows the same, and which split they belong to."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from apps.datasets.domain.rows import Row, content_hash, prompt_key, split_of

KNOWN = ["train", "train", "train", "train", "train", "train", "train", "train", "train", "train", "train", "test"]


def asked(*texts: str, system: str = "") -> list[dict[str, str]]:
    first = [{"role": "system", "content": system}] if system else []
    return first + [{"role": "user", "content": text} for text in texts]


@given(st.text(min_size=1), st.text(), st.sampled_from(["  ", "\n", "\t "]))
def test_white_space_and_system_prompts_do_not_move_a_question_to_another_split(question, system, space):
    plain = split_of(asked(f"a {question} b"))
    assert split_of(asked(f"a{space}{question} b ", system=system)) == plain


def test_splits_have_the_shares_that_are_documented():
    counted = Counter(split_of(asked(f"question {number}")) for number in range(20_000))
    assert abs(counted["train"] / 20_000 - 0.8) < 0.02
    assert abs(counted["validation"] / 20_000 - 0.1) < 0.01
    assert abs(counted["test"] / 20_000 - 0.1) < 0.01


def test_a_known_question_stays_in_its_split_for_ever():
    assert [split_of(asked(f"question {number}")) for number in range(12)] == KNOWN


def test_the_same_question_under_another_system_prompt_is_another_prompt():
    assert prompt_key(asked("hello", system="Be kind.")) != prompt_key(asked("hello"))
    assert prompt_key(asked("hello  there")) == prompt_key(asked("hello there"))


def test_the_digest_covers_answer_tags_and_trace():
    messages = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]
    row = Row(messages=messages)
    assert row.digest() == Row(messages=[dict(reversed(message.items())) for message in messages]).digest()
    assert row.digest() != Row(messages=messages, tags=["new"]).digest()
    assert row.digest() != Row(messages=[messages[0], messages[1] | {"content": "b"}]).digest()


def test_the_hash_of_a_version_covers_order_and_split():
    assert content_hash([("train", "a"), ("test", "b")]) != content_hash([("test", "b"), ("train", "a")])
    assert content_hash([("train", "a")]) != content_hash([("test", "a")])
