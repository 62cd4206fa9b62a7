"""python -m apps.serving.local_engine --model DIR [--model DIR ...] [--name NAME ...] --port N"""

import logging
import os
import sys

from apps.serving.local_engine.settings import EngineSettings, StartProblem, settings_from


def main() -> int:
    try:
        settings = settings_from()
    except StartProblem as problem:
        print(f"local_engine: {problem}", file=sys.stderr)
        return 2
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    _isolate(settings)
    return _serve(settings)


def _isolate(settings: EngineSettings) -> None:
    """Before the model library is imported: no network, and no more threads than asked for."""
    os.environ.update(
        HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1", HF_HUB_DISABLE_PROGRESS_BARS="1"
    )
    os.environ.update(TOKENIZERS_PARALLELISM="false", OMP_NUM_THREADS=str(settings.threads))


def _serve(settings: EngineSettings) -> int:
    from apps.serving.local_engine.engine import Engine
    from apps.serving.local_engine.server import EngineServer

    engine = Engine(settings)
    server = EngineServer(engine)
    server.run()
    if engine.spans:
        engine.spans.close()
    if not server.thread_ended:
        # The generation thread is still inside the model library; waiting for it or unwinding under it helps nobody.
        logging.shutdown()
        sys.stderr.flush()
        os._exit(0 if server.started else 1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
