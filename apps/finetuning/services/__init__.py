"""What people and other apps ask of finetuning."""

from apps.finetuning.services.starting import start_finetune

__all__ = ["start_finetune"]
