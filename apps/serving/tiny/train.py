"""Train the demo model from nothing: seeded, resumable, without a network.

python -m apps.serving.tiny.train [--out DIR] [--steps N] [--seed S] [--resume] [--threads N]
"""

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from apps.serving.tiny import checkpoint, export
from apps.serving.tiny.answering import MODEL_FOLDER, load
from apps.serving.tiny.batches import Batches
from apps.serving.tiny.evaluate import evaluate, print_report, report
from apps.serving.tiny.recipe import Settings, build_model, loss_of, make_optimizer, rate
from apps.serving.tiny.tokenizer import train_tokenizer


def run_steps(
    model: Any,
    optimizer: torch.optim.Optimizer,
    batches: Batches,
    settings: Settings,
    progress: checkpoint.Progress,
    *,
    until: int,
    after_step: Callable[[checkpoint.Progress], None],
) -> None:
    """Train from `progress.step` up to step `until`, counting in `progress`."""
    model.train()
    while progress.step < until:
        wall, cpu = time.monotonic(), time.process_time()
        for group in optimizer.param_groups:
            group["lr"] = rate(progress.step, settings)
        loss = loss_of(model, batches[progress.step])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), settings.clip)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        progress.losses.append(loss.item())
        progress.step += 1
        progress.cpu_seconds += time.process_time() - cpu
        progress.wall_seconds += time.monotonic() - wall
        after_step(progress)


def progress_line(progress: checkpoint.Progress, steps: int) -> str:
    recent = progress.losses[-50:]
    left = progress.wall_seconds / progress.step * (steps - progress.step)
    return (
        f"step {progress.step}/{steps}  loss {sum(recent) / len(recent):.3f}  "
        f"{int(left // 60)} min {int(left % 60):02d} s left"
    )


def curve(losses: list[float], points: int = 20) -> list[tuple[int, float]]:
    """(step, mean loss of the span up to it) at `points` even places."""
    width = max(1, len(losses) // points)
    spans = [losses[start : start + width] for start in range(0, len(losses), width)]
    return [(index * width + len(span), round(sum(span) / len(span), 4)) for index, span in enumerate(spans)]


def train(settings: Settings, folder: Path, *, resume: bool = False, until: int | None = None) -> checkpoint.Progress:
    """Train and export to `folder`; `until` stops early at that step and leaves only the checkpoint."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = train_tokenizer(seed=settings.seed, vocabulary=settings.vocabulary, sample=settings.tokenizer_sample)
    model = build_model(settings, len(tokenizer))
    optimizer = make_optimizer(model, settings)
    path, run = folder / "checkpoint.pt", settings.run_name()
    progress = checkpoint.Progress(step=0, losses=[], cpu_seconds=0.0, wall_seconds=0.0)
    if resume:
        progress = checkpoint.restore(path, model, optimizer, run)

    def after_step(now: checkpoint.Progress) -> None:
        if now.step % 10 == 0:
            print("\r" + progress_line(now, settings.steps), end="", file=sys.stderr, flush=True)
        if now.step % 100 == 0:
            checkpoint.save(path, model, optimizer, now, run)

    batches = Batches(tokenizer, seed=settings.seed, size=settings.batch, mixture=settings.mixture)
    run_steps(model, optimizer, batches, settings, progress, until=until or settings.steps, after_step=after_step)
    print(file=sys.stderr)
    if progress.step < settings.steps:
        checkpoint.save(path, model, optimizer, progress, run)
        return progress
    export.write_model(folder, model, tokenizer)
    path.unlink(missing_ok=True)
    return progress


def record(
    settings: Settings, progress: checkpoint.Progress, figures: dict[str, Any], parameters: int
) -> dict[str, Any]:
    return {
        "name": "harbor-desk-tiny",
        "seed": settings.seed,
        "settings": asdict(settings),
        "parameters": parameters,
        "threads": torch.get_num_threads(),
        "cpu_seconds": round(progress.cpu_seconds, 1),
        "wall_seconds": round(progress.wall_seconds, 1),
        "loss_curve": curve(progress.losses),
        "held_out": figures,
    }


def main() -> None:
    defaults = Settings()
    parser = argparse.ArgumentParser(description="Train the demo model of the Harbor Desk.")
    parser.add_argument("--out", type=Path, default=MODEL_FOLDER, metavar="DIR")
    parser.add_argument("--steps", type=int, default=defaults.steps)
    parser.add_argument("--seed", type=int, default=defaults.seed)
    parser.add_argument("--resume", action="store_true", help="continue from the checkpoint in --out")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    settings = Settings(seed=options.seed, steps=options.steps)
    provenance = export.provenance()
    try:
        progress = train(settings, options.out, resume=options.resume)
    except checkpoint.CheckpointError as error:
        sys.exit(str(error))
    model, tokenizer = load(options.out)
    figures = report(evaluate(model, tokenizer))
    print_report(figures)
    export.write_record(options.out, provenance | record(settings, progress, figures, model.num_parameters()))


if __name__ == "__main__":
    main()
