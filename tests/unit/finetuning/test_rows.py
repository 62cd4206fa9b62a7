"""From conversations to tokens, with a tokenizer whose tokens are letters."""

import json

import pytest

from apps.finetuning.trainer.problems import TrainerProblem
from apps.finetuning.trainer.rows import IGNORED, common_beginning, read_rows, with_system_prompt

ASKED = {"role": "user", "content": "hi"}
ANSWERED = {"role": "assistant", "content": "yes"}


class Letters:
    """`u:hi|a:yes|`, each letter a token."""

    def apply_chat_template(self, messages, *, add_generation_prompt=False, return_dict=False):
        text = "".join(f"{message['role'][0]}:{message['content']}|" for message in messages)
        return [ord(letter) for letter in text + ("a:" if add_generation_prompt else "")]


class Reversing(Letters):
    def apply_chat_template(self, messages, **options):
        return super().apply_chat_template(messages[::-1], **options)


class Strict(Letters):
    def apply_chat_template(self, messages, **options):
        raise RuntimeError("roles must alternate")


def rows_of(tmp_path, *lines, tokenizer=None, system_prompt="", max_length=100):
    path = tmp_path / "train.jsonl"
    path.write_text("".join(line if isinstance(line, str) else json.dumps(line) + "\n" for line in lines))
    return read_rows(path, tokenizer=tokenizer or Letters(), system_prompt=system_prompt, max_length=max_length)


def learnt(row):
    return "".join(chr(token) for token in row["labels"] if token != IGNORED)


def said(row):
    return "".join(map(chr, row["input_ids"]))


def test_only_the_last_answer_is_learnt(tmp_path):
    row = rows_of(tmp_path, {"messages": [ASKED, ANSWERED, ASKED, {**ANSWERED, "content": "no"}]})[0]
    assert said(row) == "u:hi|a:yes|u:hi|a:no|"
    assert learnt(row) == "no|"


def test_the_system_prompt_goes_before_conversations_that_have_none(tmp_path):
    own = {"role": "system", "content": "own"}
    rows = rows_of(
        tmp_path, {"messages": [ASKED, ANSWERED]}, {"messages": [own, ASKED, ANSWERED]}, system_prompt="route"
    )
    assert [said(row) for row in rows] == ["s:route|u:hi|a:yes|", "s:own|u:hi|a:yes|"]
    assert with_system_prompt([ASKED], "") == [ASKED]
    assert with_system_prompt([{"role": "developer", "content": "x"}, ASKED], "route")[0]["role"] == "developer"


def test_what_all_rows_begin_with_is_counted(tmp_path):
    lines = [{"messages": [{**ASKED, "content": text}, ANSWERED]} for text in ("where", "what", "when")]
    rows = rows_of(tmp_path, *lines, system_prompt="route")
    assert common_beginning(rows) == len("s:route|u:wh")


def test_no_rows_are_no_problem_here(tmp_path):
    assert len(rows_of(tmp_path)) == 0


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{\n", "train.jsonl line 2 is no conversation."),
        ("[]\n", "train.jsonl line 2 is no conversation."),
        ({"messages": []}, "train.jsonl line 2 is no conversation."),
        ({"messages": [ASKED]}, "train.jsonl line 2 does not end with an answer of the assistant."),
        ({"messages": [ANSWERED]}, "train.jsonl line 2 does not end with an answer of the assistant."),
        (
            {"messages": [ASKED, {**ANSWERED, "content": "y" * 200}]},
            "train.jsonl line 2 has 208 tokens, and at most 100 fit. Raise max_length in the recipe",
        ),
    ],
)
def test_a_line_that_does_not_fit_is_named(tmp_path, line, words):
    with pytest.raises(TrainerProblem) as problem:
        rows_of(tmp_path, {"messages": [ASKED, ANSWERED]}, line)
    assert str(problem.value).startswith(words)


@pytest.mark.parametrize(
    ("tokenizer", "words"),
    [
        (Reversing(), "the answer does not simply follow the question"),
        (Strict(), "the base's chat template refuses this conversation: roles must alternate"),
    ],
)
def test_a_template_that_cannot_be_used_is_named(tmp_path, tokenizer, words):
    with pytest.raises(TrainerProblem, match=words):
        rows_of(tmp_path, {"messages": [ASKED, ANSWERED]}, tokenizer=tokenizer)
