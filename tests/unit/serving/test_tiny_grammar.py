from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.serving.domain.harbor_desk import KNOWN_INTENTS
from apps.serving.tiny import corpus
from apps.serving.tiny.grammar import FOLDER, Grammar, TemplateError, lexicon, parse, read_lines, tidy
from apps.serving.tiny.noise import mistype, roughen


def readings(template: str, rules: dict[str, str] | None = None) -> set[str]:
    grammar = Grammar(rules or {})
    return {grammar.expand(template, Random(seed)) for seed in range(200)}


def test_a_choice_gives_each_of_its_options() -> None:
    assert readings("a (red|blue) boat") == {"a red boat", "a blue boat"}


def test_an_option_is_there_or_not() -> None:
    assert readings("where is it [now]") == {"where is it", "where is it now"}


def test_choices_nest() -> None:
    assert readings("(a (b|c)|d [e])") == {"a b", "a c", "d", "d e"}


def test_a_name_stands_for_its_rule() -> None:
    assert readings("my {thing}", {"thing": "{metal} anchor|rope", "metal": "steel|iron"}) == {
        "my steel anchor",
        "my iron anchor",
        "my rope",
    }


@pytest.mark.parametrize("template", ["(a|b", "a]", "a) b", "[a", "{a", "a}"])
def test_an_unbalanced_template_is_refused(template: str) -> None:
    with pytest.raises(TemplateError):
        parse(template)


def test_an_unknown_name_is_refused_by_name() -> None:
    with pytest.raises(TemplateError, match="hatch"):
        Grammar({}).expand("my {hatch}", Random(1))


def test_tidy_text_has_single_spaces_and_punctuation_at_its_word() -> None:
    assert tidy("  my  anchor , it is bent .") == "my anchor, it is bent."


@given(st.text(alphabet="abcdefghij ,.?", min_size=1, max_size=40))
def test_plain_text_is_its_own_only_reading(text: str) -> None:
    assert Grammar({}).expand(text, Random(0)) == tidy(text)


@pytest.mark.parametrize("name", [*KNOWN_INTENTS, "chatter"])
def test_every_template_can_be_read(name: str) -> None:
    for template in read_lines(FOLDER / f"{name}.txt"):
        for seed in range(10):
            assert lexicon().expand(template, Random(seed))


@given(st.from_regex(r"[a-z]{1,12}", fullmatch=True), st.integers(0, 1000))
def test_a_typing_error_changes_a_word_by_one_letter_at_most(word: str, seed: int) -> None:
    wrong = mistype(word, Random(seed))
    assert abs(len(wrong) - len(word)) <= 1
    assert wrong[0] == word[0]
    assert len(word) >= 4 or wrong == word


def test_roughened_messages_differ_and_are_never_empty() -> None:
    rough = {roughen("where is my order", lexicon(), Random(seed)) for seed in range(100)}
    assert len(rough) > 50
    assert all(text.strip() for text in rough)


def test_every_known_intent_has_many_templates() -> None:
    assert all(len(corpus.templates(intent)) >= 30 for intent in KNOWN_INTENTS)
