"""The classes by which LangChain and LlamaIndex talk to OpenAI, pointed at the gateway."""

from langchain_openai import ChatOpenAI
from langchain_openai import OpenAIEmbeddings as LangChainEmbeddings
from llama_index.core.llms import ChatMessage
from llama_index.llms.openai import OpenAI as LlamaOpenAI
from pydantic import SecretStr

from tests.helpers.calling import Caller


def test_langchain_invokes_and_streams(caller: Caller) -> None:
    chat = ChatOpenAI(model="helper", base_url=f"{caller.url}/v1", api_key=SecretStr(caller.key), max_retries=0)
    answer = chat.invoke("Ahoy!")
    assert answer.content == "Ahoy there."
    assert answer.usage_metadata["total_tokens"] == 34
    assert "".join(chunk.content for chunk in chat.stream("Ahoy!")) == "Ahoy there."


def test_langchain_speaks_the_responses_api(caller: Caller) -> None:
    chat = ChatOpenAI(
        model="helper", base_url=f"{caller.url}/v1", api_key=SecretStr(caller.key), use_responses_api=True
    )
    assert chat.invoke("Ahoy!").text == "Ahoy there."


def test_langchain_embeds(caller: Caller) -> None:
    embeddings = LangChainEmbeddings(
        model="helper", base_url=f"{caller.url}/v1", api_key=SecretStr(caller.key), check_embedding_ctx_length=False
    )
    assert embeddings.embed_documents(["Ahoy!", "Hello there"]) == [[5.0, 0.0], [11.0, 1.0]]


def test_llamaindex_chats_and_streams(caller: Caller) -> None:
    llm = LlamaOpenAI(model="gpt-4o-mini", api_base=f"{caller.url}/v1", api_key=caller.key, max_retries=0)
    messages = [ChatMessage(role="user", content="Ahoy!")]
    assert llm.chat(messages).message.content == "Ahoy there."
    assert "".join(piece.delta or "" for piece in llm.stream_chat(messages)) == "Ahoy there."
