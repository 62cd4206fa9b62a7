"""An adapter beside its base: PEFT's answers with the base's own weights, which stay as they were."""

import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

from apps.serving.local_engine.adapter_loading import load_beside
from apps.serving.local_engine.batch import Batch
from apps.serving.local_engine.chat_text import LoadProblem
from apps.serving.local_engine.loading import load_model
from tests.functional.engine.folders import build_adapter, build_folder
from tests.functional.engine.test_generation import PROMPTS, finish, sequence_of

# Saved embeddings are the output layer too where the two are tied and PEFT was told to keep it so.
KINDS = {
    "linear layers": {},
    "dora": {"use_dora": True},
    "biases": {"bias": "all"},
    "embeddings": {"modules_to_save": ["embed_tokens"]},
    "tied embeddings": {"modules_to_save": ["embed_tokens"], "ensure_weight_tying": True},
    "both ends": {"modules_to_save": ["embed_tokens", "lm_head"]},
    "single tokens": {"trainable_token_indices": list(range(4, 60))},
}

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")


@pytest.fixture(scope="module", params=[True, False], ids=["tied", "untied"])
def base_folder(request, tmp_path_factory):
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("base") / "base"
    return build_folder(folder, tie_word_embeddings=request.param, attention_bias=True)


@pytest.fixture(scope="module")
def base(base_folder):
    return load_model(base_folder, "cpu", None)


def answers(model, count=16):
    """Greedy answers of all prompts at once, as tokens become text."""
    batch = Batch(model)
    sequences = [sequence_of(model, prompt, max_tokens=count) for prompt in PROMPTS]
    for sequence in sequences:
        batch.join(sequence)
    texts = finish(batch)
    return [texts[sequence] for sequence in sequences]


def peft_answers(base_folder, adapter, model, count=16):
    """The same by PEFT and transformers, on a model of their own."""
    module = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base_folder), adapter).eval()
    found = []
    for prompt in PROMPTS:
        ids = sequence_of(model, prompt).plan.prompt
        output = module.generate(input_ids=torch.tensor([ids]), do_sample=False, max_new_tokens=count)
        found.append(model.text.decode(output[0, len(ids) :].tolist()))
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_an_adapter_answers_as_peft_does_and_the_base_as_before(kind, base, base_folder, tmp_path):
    adapter = build_adapter(base_folder, tmp_path / "adapter", **KINDS[kind])
    before, weights = answers(base), {name: t.clone() for name, t in base.forward.module.state_dict().items()}
    beside = load_beside(base, adapter)
    adapted = answers(beside)
    assert adapted == peft_answers(base_folder, adapter, base)
    assert adapted != before
    assert answers(base) == before
    after = base.forward.module.state_dict()
    assert after.keys() == weights.keys()
    assert all(torch.equal(after[name], weights[name]) for name in weights)


def test_the_bases_weights_are_shared_and_not_copied(base, base_folder, tmp_path):
    beside = load_beside(base, build_adapter(base_folder, tmp_path / "adapter"))
    own = {id(tensor) for tensor in base.forward.module.parameters()}
    shared = [tensor for tensor in beside.forward.module.parameters() if id(tensor) in own]
    assert len(shared) == len(own)


def test_two_adapters_share_one_base_without_knowing_of_each_other(base, base_folder, tmp_path):
    folders = [build_adapter(base_folder, tmp_path / str(seed), seed=seed) for seed in (1, 2)]
    first, second = (load_beside(base, folder) for folder in folders)
    assert answers(first) == peft_answers(base_folder, folders[0], base)
    assert answers(second) == peft_answers(base_folder, folders[1], base)


@pytest.mark.parametrize("config", [{"hidden_size": 64}, {"num_hidden_layers": 4}], ids=["wider", "deeper"])
def test_an_adapter_of_another_shape_is_refused_in_words(config, base, tmp_path):
    other = build_folder(tmp_path / "other", attention_bias=True, **config)
    with pytest.raises(LoadProblem, match="does not fit its base"):
        load_beside(base, build_adapter(other, tmp_path / "adapter"))
