"""Code that sends a first request, for people to copy."""

CURL = """curl {url}/v1/chat/completions \\
  -H "Authorization: Bearer $FLYWHEEL_API_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{{"model": "your-route", "messages": [{{"role": "user", "content": "Hello"}}]}}'"""

PYTHON = """import os
from openai import OpenAI

client = OpenAI(base_url="{url}/v1", api_key=os.environ["FLYWHEEL_API_KEY"])
answer = client.chat.completions.create(
    model="your-route",
    messages=[{{"role": "user", "content": "Hello"}}],{more}
)
print(answer.choices[0].message.content)"""

JAVASCRIPT = """import OpenAI from "openai";

const client = new OpenAI({{ baseURL: "{url}/v1", apiKey: process.env.FLYWHEEL_API_KEY }});
const answer = await client.chat.completions.create({{
  model: "your-route",
  messages: [{{ role: "user", content: "Hello" }}],
}});
console.log(answer.choices[0].message.content);"""

LABELS = """
    user="your-user-id",
    extra_headers={"x-flywheel-session": "your-conversation-id"},"""


def first_request(url: str) -> list[dict[str, str]]:
    """The same request in three languages; `url` is where this instance is reached."""
    return [
        {"label": "Python", "code": PYTHON.format(url=url, more="")},
        {"label": "curl", "code": CURL.format(url=url)},
        {"label": "JavaScript", "code": JAVASCRIPT.format(url=url)},
    ]


def labelled_request(url: str) -> str:
    """A request that says which user it is for and to which conversation it belongs."""
    return PYTHON.format(url=url, more=LABELS)
