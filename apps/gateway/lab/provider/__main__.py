"""`python -m apps.gateway.lab.provider [--port N]`: the misbehaving provider alone, until Ctrl-C."""

import argparse
import asyncio
import contextlib
import sys

from apps.gateway.lab.provider.server import DEFAULT_PORT, serve


async def stand(host: str, port: int) -> None:
    async with serve(host, port) as provider:
        sys.stdout.write(f"The lab's provider listens on {provider.url}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(description="An OpenAI- and Anthropic-shaped provider that misbehaves on purpose.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    options = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(stand(options.host, options.port))


if __name__ == "__main__":
    main()
