"""Questions that look alike and are not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.caching.domain.guard import disagreement, signature


def differ(one: str, other: str, *, word_by_word: bool = False) -> str:
    found = disagreement(one, other, word_by_word=word_by_word)
    assert bool(found) == bool(disagreement(other, one, word_by_word=word_by_word))
    return found


@pytest.mark.parametrize(
    ("one", "other", "what"),
    [
        ("What is 10 percent of 50?", "What is 20 percent of 50?", "numbers"),
        ("Is 3 > 4?", "Is 3 < 4?", "numbers"),
        ("Convert 5 miles", "Convert five thousand and 5 miles", "numbers"),
        ("What is 7 minus 5?", "What is 5 minus 7?", "numbers"),
        ("How old is version 2.1?", "How old is version 2.10?", "numbers"),
        ("Explain error E404", "Explain error E500", "numbers"),
        ("What is the capital of Norway?", "What is the capital of Sweden?", "names"),
        ("Is Norway north of Sweden?", "Is Sweden north of Norway?", "names"),
        ("Who is the owner of a@x.org?", "Who is the owner of b@x.org?", "names"),
        ("What does iPhone mean?", "What does eBay mean?", "names"),
        ('Translate "cat" please', 'Translate "dog" please', "quoted"),
        ("Say 'yes' to it", "Say 'yes sir' to it", "quoted"),
        ("When does it open?", "Where does it open?", "questions"),
        ("Who called?", "Why called?", "questions"),
        ("trains from boston to denver", "trains from denver to boston", "ends"),
        ("are dogs faster than cats", "are cats faster than dogs", "ends"),
        ("How do I enable the alarm?", "How do I disable the alarm?", "polarity"),
        ("What are the advantages?", "What are the disadvantages?", "polarity"),
        ("Is it more expensive?", "Is it less expensive?", "polarity"),
        ("What is the maximum?", "What is the minimum?", "polarity"),
        ("What was the price?", "What is the price?", "polarity"),
        ("Can I eat it?", "Can't I eat it?", "negations"),
        ("Is it safe?", "Is it not safe?", "negations"),
        ("Kann ich es essen?", "Kann ich es nicht essen?", "negations"),
        ("Puedo entrar?", "Nunca puedo entrar?", "negations"),
    ],
)
def test_what_turns_a_question_into_another_one_is_found(one, other, what):
    assert differ(one, other) == what


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("How do I reset my password?", "how do i reset my password"),
        ("What is the capital of Norway?", "what is the capital of norway?"),
        ("What is 1,000 plus two?", "What is 1000 plus 2?"),
        ("Say “hello”", 'Say "hello"'),
        ("HOW DO I RESET MY PASSWORD?", "How do I reset my password?"),
        ("Please tell me how I reset it", "Tell me how I reset it please"),
        ("I don’t know. How do I reset it?", "I don't know. How do I reset it?"),
    ],
)
def test_other_ways_to_write_the_same_are_no_difference(one, other):
    assert differ(one, other, word_by_word=True) == ""


@pytest.mark.parametrize(
    ("one", "other", "word_by_word"),
    [
        ("how do i clean the filter", "how do i clean the pump", True),
        ("what is my income", "what is my income tax", True),
        ("how do i clean the filter", "how can i clean the filters please", False),
        ("how do i reset it", "how do i restart it", True),
    ],
)
def test_word_by_word_what_is_talked_about_has_to_be_the_same(one, other, word_by_word):
    assert differ(one, other, word_by_word=True) == ("words" if word_by_word else "")
    assert differ(one, other, word_by_word=False) == ""


@given(st.text())
def test_a_text_agrees_with_itself_whatever_it_is(text):
    assert disagreement(text, text, word_by_word=True) == ""


@given(st.text(max_size=40), st.text(max_size=40))
def test_the_order_of_asking_makes_no_difference(one, other):
    differ(one, other, word_by_word=True)


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_two_numbers_are_never_taken_for_each_other(one, other):
    assert (differ(f"Is {one} prime?", f"Is {other} prime?") == "numbers") == (one != other)


def test_a_name_at_the_beginning_of_a_sentence_is_not_told_from_other_words():
    assert signature("Norway is cold. Sweden too.").names == ()
    assert signature("is Norway cold?").names == ("norway",)
