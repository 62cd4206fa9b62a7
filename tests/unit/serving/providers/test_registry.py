"""Which adapters there are."""

import subprocess
import sys

import pytest

from apps.serving.providers import ADAPTERS, UnknownProviderKind, adapter_for
from llmkit.net import check_url


def test_each_adapter_is_found_by_its_kind():
    assert set(ADAPTERS) == {
        "openai_compatible",
        "azure_openai",
        "anthropic",
        "gemini",
        "bedrock",
        "mistral",
        "cohere",
        "local",
    }
    for kind, adapter in ADAPTERS.items():
        assert adapter_for(kind) is adapter
        assert adapter.kind == kind
        assert adapter.label


def test_every_default_base_url_is_one_that_may_be_called():
    for adapter in ADAPTERS.values():
        if adapter.default_base_url:
            target = check_url(adapter.default_base_url.format(region="eu-west-1"), allow_private=False)
            assert adapter.base_path(target.path) == target.path


def test_an_unknown_kind_is_named():
    with pytest.raises(UnknownProviderKind, match="'smoke signals'"):
        adapter_for("smoke signals")


def test_botocore_takes_no_memory_before_somebody_uses_bedrock():
    script = "import sys, apps.serving.providers; sys.exit(any(name.startswith('botocore') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
