"""Questions with some of their words exchanged, so that few rows are not learnt by heart."""

import torch

from apps.finetuning.trainer.rows import IGNORED


def switch_out(ids: torch.Tensor, labels: torch.Tensor, *, share: float, special: torch.Tensor) -> torch.Tensor:
    """`ids` with about `share` of the tokens before the answers swapped for others out of the same batch.

    After Wang et al. 2018 (SwitchOut), which draws from the whole vocabulary. special: tokens that stay in place,
    which have to include the padding.
    """
    changeable = (labels == IGNORED) & ~torch.isin(ids, special)
    pool = ids[changeable]
    if not len(pool):
        return ids
    chosen = changeable & (torch.rand(ids.shape, device=ids.device) < share)
    drawn = torch.randint(len(pool), (int(chosen.sum()),), device=ids.device)
    changed = ids.clone()
    changed[chosen] = pool[drawn]
    return changed
