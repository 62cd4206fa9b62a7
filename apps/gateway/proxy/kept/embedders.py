"""Who embeds questions for the semantic caches, from the snapshot."""

from apps.caching.domain.policy import MODEL_PREFIX, RoutePolicy
from apps.caching.services import EmbedderOf
from apps.gateway.snapshot.keeper import SnapshotKeeper
from apps.serving.services import Embedder, EndpointEmbedder, HttpClient, UnknownEmbedder, built_in_embedder


def embedder_of(keeper: SnapshotKeeper, client: HttpClient) -> EmbedderOf:
    """UnknownEmbedder for a model that is not in service."""

    def of(policy: RoutePolicy) -> Embedder:
        if not policy.embedder.startswith(MODEL_PREFIX):
            return built_in_embedder(policy.embedder)
        name = policy.embedder.removeprefix(MODEL_PREFIX)
        project = keeper.current.projects.get(policy.project_id) if keeper.current else None
        model = project.models.get(name) if project else None
        if model is None or model.upstream is None:
            raise UnknownEmbedder(f"There is no model '{name}' in service.")
        return EndpointEmbedder(model.upstream, client, model.upstream_name)

    return of
