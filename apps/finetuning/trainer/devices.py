"""One training, one device: with several in sight the library would split batches and change the recipe's steps."""


def first_device(visible: str | None) -> str:
    """visible: CUDA_VISIBLE_DEVICES as it was found; None where nobody has set it, "" where no device may be used."""
    return "0" if visible is None else visible.split(",")[0]
