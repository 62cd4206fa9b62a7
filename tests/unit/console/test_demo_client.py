import pytest

from apps.console.demo.client import GatewayRefused, meaning, refusal, streamed_text


def test_a_streamed_answer_is_put_together_from_its_events():
    content = (
        b'data: {"choices":[{"delta":{"role":"assistant"}}]}\n\n'
        b'data: {"choices":[{"delta":{"content":"{\\"intent\\":"}}]}\n\n'
        b': ping\n\ndata: {"choices":[{"delta":{"content":"\\"x\\"}"}}]}\n\n'
        b'data: {"choices":[],"usage":{"total_tokens":3}}\n\ndata: [DONE]\n\n'
    )
    assert streamed_text(content) == '{"intent":"x"}'


def test_a_stream_that_broke_off_is_refused_with_the_gateways_words():
    with pytest.raises(GatewayRefused, match="provider went away"):
        streamed_text(b'data: {"error":{"message":"The provider went away."}}\n\n')


@pytest.mark.parametrize("text", ["no json", "[]", '{"intent":"x"}', "null"])
def test_an_answer_that_broke_the_format_means_nothing(text):
    assert meaning(text) == ("", "")


def test_a_refusal_without_json_shows_its_status():
    assert refusal(502, b"<html>") == "HTTP 502"
    assert refusal(404, b'{"error":{"message":"No such model."}}') == "No such model."
