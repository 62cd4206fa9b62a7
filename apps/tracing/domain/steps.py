"""What kind of work a span stands for: the colour of its bar in the waterfall."""

_BY_OPERATION = {
    "chat": "llm",
    "generate_content": "llm",
    "text_completion": "llm",
    "embeddings": "llm",
    "retrieval": "retrieval",
    "execute_tool": "tool",
    "invoke_agent": "agent",
    "create_agent": "agent",
    "invoke_workflow": "chain",
}


def step_kind(*, operation: str, kind: str, is_entry: bool) -> str:
    """gateway, llm, retrieval, tool, agent, chain, server, or policy for steps of the gateway itself."""
    if is_entry:
        return "gateway"
    if operation in _BY_OPERATION:
        return _BY_OPERATION[operation]
    return {"server": "server", "client": "tool"}.get(kind, "policy")
