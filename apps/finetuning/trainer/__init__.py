"""Finetuning in a process of its own: LoRA through PEFT and TRL. Knows no Django; imports torch only when it runs."""
