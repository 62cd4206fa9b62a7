"""python -m apps.finetuning.trainer FOLDER

Reads FOLDER/spec.json, train.jsonl and validation.jsonl; leaves FOLDER/adapter. Events go to the supervisor through
`Reporter`. Ends with 0 when the adapter is there, 3 after a problem that was reported in words, and 75 when it was
asked to stop and left a checkpoint.
"""

import os
import sys
from pathlib import Path

from apps.compute.domain.reporting import Reporter
from apps.finetuning.trainer.devices import first_device

DONE, PROBLEM, STOPPED = 0, 3, 75


def main() -> int:
    if len(sys.argv) != 2:
        print("usage: python -m apps.finetuning.trainer FOLDER", file=sys.stderr)
        return 2
    reporter = Reporter()
    os.environ["CUDA_VISIBLE_DEVICES"] = first_device(os.environ.get("CUDA_VISIBLE_DEVICES"))
    os.environ |= {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false", "HF_HUB_DISABLE_TELEMETRY": "1"}
    reporter.progress(0.0, stage="loading libraries")
    # Behind the first report: these take seconds.
    from apps.finetuning.trainer.problems import TrainerProblem
    from apps.finetuning.trainer.running import train

    try:
        return DONE if train(Path(sys.argv[1]).resolve(), reporter) else STOPPED
    except TrainerProblem as problem:
        reporter.problem(str(problem), permanent=problem.permanent)
        return PROBLEM


if __name__ == "__main__":
    sys.exit(main())
