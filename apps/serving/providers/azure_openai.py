"""OpenAI's models on Azure: the same protocol at other addresses, with another header for the key."""

from urllib.parse import quote

from apps.serving.providers.access import Access
from apps.serving.providers.base import ChatCall, EmbeddingsCall, Headers, Members, UpstreamRequest
from apps.serving.providers.defaults import JSON
from apps.serving.providers.native import with_model
from apps.serving.providers.openai_compatible import OpenAIShaped, chat_body
from apps.serving.providers.options import Option

API_VERSION = Option(
    name="api_version",
    label="Azure API version",
    help_text="Such as 2024-10-21, for deployments by their path. Empty: the newer /openai/v1 address.",
    pattern=r"\d{4}-\d{2}-\d{2}(-preview)?",
)


class AzureOpenAI(OpenAIShaped):
    """With an API version the model is the deployment in the path, without one it is named in the body."""

    kind = "azure_openai"
    label = "Azure OpenAI"
    default_base_url = ""
    options: tuple[Option, ...] = (API_VERSION,)

    def base_path(self, path: str) -> str:
        """What comes before /openai: the resource's address is all that is needed."""
        return path.removesuffix("/v1").removesuffix("/openai")

    def headers(self, access: Access) -> Headers:
        return (JSON, (b"api-key", access.credential.encode())) if access.credential else (JSON,)

    def request(self, call: ChatCall, access: Access) -> UpstreamRequest:
        return self._at("chat/completions", call.upstream_model, chat_body(call), access)

    def models_request(self, access: Access) -> UpstreamRequest:
        version = access.option("api_version")
        path = f"/openai/models?api-version={version}" if version else "/openai/v1/models"
        return UpstreamRequest(method="GET", path=path, headers=self.headers(access))

    def embeddings_request(self, call: EmbeddingsCall, access: Access) -> UpstreamRequest:
        body = with_model(call.members, call.body, call.upstream_model)
        return self._at("embeddings", call.upstream_model, body, access)

    def speaks(self, dialect: str, access: Access) -> bool:
        return dialect == "completions" or (dialect == "responses" and not access.option("api_version"))

    def native_request(
        self, dialect: str, members: Members, body: bytes | None, model: str, access: Access, headers: Headers = ()
    ) -> UpstreamRequest:
        if not self.speaks(dialect, access):
            return super().native_request(dialect, members, body, model, access, headers)
        return self._at(dialect, model, with_model(members, body, model), access)

    def _at(self, door: str, deployment: str, body: bytes, access: Access) -> UpstreamRequest:
        version = access.option("api_version")
        path = f"/openai/v1/{door}"
        if version:
            path = f"/openai/deployments/{quote(deployment, safe='')}/{door}?api-version={version}"
        return UpstreamRequest(path=path, headers=self.headers(access), body=body)
