"""Which adapters there are."""

import pytest

from apps.serving.providers import ADAPTERS, UnknownProviderKind, adapter_for
from llmkit.net import check_url


def test_each_adapter_is_found_by_its_kind():
    assert set(ADAPTERS) == {"openai_compatible", "local", "anthropic"}
    for kind, adapter in ADAPTERS.items():
        assert adapter_for(kind) is adapter
        assert adapter.kind == kind
        assert adapter.label


def test_every_default_base_url_is_one_that_may_be_called():
    for adapter in ADAPTERS.values():
        if adapter.default_base_url:
            target = check_url(adapter.default_base_url, allow_private=False)
            assert adapter.base_path(target.path) == target.path


def test_an_unknown_kind_is_named():
    with pytest.raises(UnknownProviderKind, match="'smoke signals'"):
        adapter_for("smoke signals")
