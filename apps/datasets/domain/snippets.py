"""What people paste to get their first version."""


def first_version(origin: str) -> str:
    """A curl command that makes a dataset of two rows; the key is the user's own."""
    return (
        f"curl {origin}/api/datasets/support-answers/versions \\\n"
        '  -H "Authorization: Bearer $FLYWHEEL_API_KEY" \\\n'
        "  --data-binary @- <<'END'\n"
        '{"prompt": "Where is my order?", "completion": "I am checking it now."}\n'
        '{"messages": [{"role": "user", "content": "Are you open on Sunday?"}, '
        '{"role": "assistant", "content": "Monday to Saturday, 8 to 18."}], "tags": ["hours"]}\n'
        "END\n"
    )
