"""Other gateways, as they are told to run in front of the mock provider. They are measured where they are installed.

pip install "litellm[proxy]" in an environment of its own     python -m bench.gateway --litellm THAT/ENVIRONMENT
npm install --prefix FOLDER @portkey-ai/gateway                python -m bench.gateway --portkey FOLDER
"""

from pathlib import Path
from typing import NamedTuple

KEY = "sk-bench-0123456789abcdef0123456789abcdef"
LITELLM_CONFIG = """\
model_list:
  - model_name: mock
    litellm_params: {{model: openai/mock, api_base: "{upstream}/v1", api_key: sk-mock}}
general_settings: {{master_key: {key}}}
"""


class Peer(NamedTuple):
    """How one is started and asked. streams: whether its streams can be measured at all."""

    name: str
    command: list[str]
    environment: dict[str, str]
    headers: dict[str, str]
    streams: bool = True


def litellm(environment: Path, folder: Path, upstream: str, port: int) -> Peer:
    config = folder / "litellm.yaml"
    config.write_text(LITELLM_CONFIG.format(upstream=upstream, key=KEY))
    command = [
        str(environment / "bin" / "litellm"),
        "--config",
        str(config),
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    told = {
        "LITELLM_MODE": "PRODUCTION",
        "LITELLM_LOG": "ERROR",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_TELEMETRY": "False",
    }
    return Peer("litellm", command, told, {})


def portkey(folder: Path, upstream: str, port: int) -> Peer:
    """Its streams end in errors now and then on some releases of Node; only whole answers are compared."""
    server = folder / "node_modules" / "@portkey-ai" / "gateway" / "build" / "start-server.js"
    headers = {"x-portkey-provider": "openai", "x-portkey-custom-host": f"{upstream}/v1"}
    return Peer("portkey", ["node", str(server), "--headless", f"--port={port}"], {}, headers, streams=False)
