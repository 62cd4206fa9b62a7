"""Snippets that work when pasted: the installation's address, a name that can be called, a key."""

from typing import NamedTuple

from apps.accounts.models import Project
from apps.gateway.models import Route
from apps.serving.models import CatalogueModel

KEY_TO_FILL_IN = "YOUR-API-KEY"


class Snippet(NamedTuple):
    label: str
    code: str


def callable_name(project: Project) -> str | None:
    """A route, or else a model, that a request of this project may name; None when nothing is connected yet."""
    route = Route.objects.for_project(project).enabled().order_by("name").values_list("name", flat=True).first()
    return route or CatalogueModel.objects.for_project(project).enabled().values_list("name", flat=True).first()


def first_request(origin: str, name: str, key: str = KEY_TO_FILL_IN) -> list[Snippet]:
    """The same first request in three languages."""
    python = f'''from openai import OpenAI

client = OpenAI(base_url="{origin}/v1", api_key="{key}")
question = {{"role": "user", "content": "Where is my order?"}}
for event in client.chat.completions.create(model="{name}", messages=[question], stream=True):
    print(event.choices[0].delta.content or "", end="", flush=True)
'''
    curl = f'''curl {origin}/v1/chat/completions \\
  -H "Authorization: Bearer {key}" -H "Content-Type: application/json" \\
  -d '{{"model": "{name}", "messages": [{{"role": "user", "content": "Where is my order?"}}]}}'
'''
    node = f'''import OpenAI from "openai";

const client = new OpenAI({{ baseURL: "{origin}/v1", apiKey: "{key}" }});
const messages = [{{ role: "user", content: "Where is my order?" }}];
const answer = await client.chat.completions.create({{ model: "{name}", messages }});
console.log(answer.choices[0].message.content);
'''
    return [Snippet("Python", python), Snippet("curl", curl), Snippet("Node.js", node)]
