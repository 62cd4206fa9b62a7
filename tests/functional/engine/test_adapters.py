"""Adapters that come and go while the engine serves."""

import json
import shutil
import threading

import pytest

from tests.functional.engine.conftest import TOKEN
from tests.functional.engine.folders import build_adapter, build_folder
from tests.functional.engine.running import RunningEngine
from tests.helpers.waiting import eventually

KEY = {"authorization": f"Bearer {TOKEN}"}
HELLO = [{"role": "user", "content": "moor"}]
# Tokens: long enough for an adapter to come and go meanwhile.
STREAMED = 400
LONG = {"messages": HELLO, "temperature": 0, "ignore_eos": True, "stream": True}


@pytest.fixture(scope="module")
def home(folder, tmp_path_factory):
    """The folder of adapters as the engine finds it: one sound, one broken, one being written."""
    home = tmp_path_factory.mktemp("adapters")
    build_adapter(folder, home / "first", seed=1)
    build_adapter(folder, home / "broken", seed=1)
    (home / "broken" / "adapter_model.safetensors").write_bytes(b"not weights")
    build_adapter(folder, home / ".writing-x", seed=1)
    return home


@pytest.fixture(scope="module")
def adapters(folder, tmp_path_factory):
    """Adapters elsewhere, by seed, to be copied in."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    return {seed: build_adapter(folder, elsewhere / str(seed), seed=seed) for seed in (2, 3)}


@pytest.fixture(scope="module")
def engine(folder, home, tmp_path_factory):
    logs = tmp_path_factory.mktemp("adapter-engine")
    narrow = build_folder(logs / "narrow", context=64, hidden_size=64)
    arguments = ["--model", str(folder), "--model", str(narrow), "--adapters", str(home)]
    running = RunningEngine(logs / "engine.log", arguments, {"FLYWHEEL_ENGINE_TOKEN": TOKEN})
    try:
        yield running.wait_until_ready()
    finally:
        running.stop()


def load(engine, name, path, **more):
    return engine.post("/v1/load_lora_adapter", KEY, lora_name=name, lora_path=str(path), **more)


def unload(engine, name):
    return engine.post("/v1/unload_lora_adapter", KEY, lora_name=name)


def error_of(answer):
    return json.loads(answer[1])["error"]


def text_of(engine, model, **fields):
    body = {"model": model, "messages": HELLO, "temperature": 0, "max_tokens": 12, "ignore_eos": True} | fields
    status, answer, _ = engine.chat(KEY, **body)
    assert status == 200, answer
    return answer["choices"][0]["message"]["content"]


def cards(engine):
    status, body = engine.ask("GET", "/v1/models", KEY)
    assert status == 200
    return {card["id"]: card for card in json.loads(body)["data"]}


def loads_of(engine, name):
    """How often the engine has loaded an adapter of this name, as its log says."""
    return engine.log.read_text().count(f" {name} is ready: an adapter of ")


def stream_text(events):
    return "".join(event["choices"][0]["delta"].get("content", "") for event in events[:-1] if event["choices"])


def test_what_lies_in_the_folder_is_served_at_the_start_and_what_is_broken_is_named(engine):
    health = engine.health()
    assert health["status"] == "ready"
    assert health["models"]["first"]["state"] == "ready"
    assert health["models"]["broken"]["state"] == "failed"
    assert health["models"]["broken"]["error"]
    assert ".writing-x" not in health["models"]
    assert "broken" not in cards(engine)
    status, answer, _ = engine.chat(KEY, model="broken", messages=HELLO)
    assert (status, answer["error"]["code"]) == (503, "model_load_failed")


def test_an_adapter_answers_differently_and_shows_its_base(engine, folder, home):
    assert text_of(engine, "first") != text_of(engine, "wanderer")
    shown = cards(engine)
    assert shown["first"]["parent"] == "wanderer"
    assert shown["first"]["root"] == str(home / "first")
    assert shown["first"]["max_model_len"] == shown["wanderer"]["max_model_len"]
    assert (shown["wanderer"]["parent"], shown["wanderer"]["root"]) == (None, str(folder))


def test_an_adapter_comes_and_goes_under_running_streams_which_lose_nothing(engine, home, adapters):
    quiet = {model: text_of(engine, model, max_tokens=STREAMED) for model in ("wanderer", "first")}
    shutil.copytree(adapters[2], home / "second")
    arrived: dict[str, list] = {}

    def stream(model):
        with engine.send(LONG | {"model": model, "max_tokens": STREAMED}, KEY) as sent:
            arrived[model] = sent.events()

    threads = [threading.Thread(target=stream, args=(model,)) for model in quiet]
    for thread in threads:
        thread.start()
    eventually(lambda: engine.metric("vllm:num_requests_running") == 2)
    assert load(engine, "second", home / "second", base_model_name="wanderer")[0] == 200
    assert engine.metric("flywheel:model_load_seconds", model_name="second") < 2
    assert text_of(engine, "second", max_tokens=3)
    assert unload(engine, "second")[0] == 200
    # Otherwise they had ended before, and nothing was shown.
    assert engine.metric("vllm:num_requests_running") == 2
    for thread in threads:
        thread.join(60)
    assert {model: stream_text(events) for model, events in arrived.items()} == quiet
    assert all(events[-1] == "[DONE]" for events in arrived.values())


def test_the_same_content_again_is_fine_and_other_content_takes_its_place(engine, home, adapters):
    shutil.copytree(adapters[2], home / "changing")
    assert load(engine, "changing", "changing")[0] == 200
    before, loaded = text_of(engine, "changing", max_tokens=200), loads_of(engine, "changing")
    assert load(engine, "changing", home / "changing")[0] == 200
    assert loads_of(engine, "changing") == loaded == 1
    with engine.send(LONG | {"model": "changing", "max_tokens": 200}, KEY) as sent:
        assert sent.answer.readline().startswith(b"data: ")
        shutil.rmtree(home / "changing")
        shutil.copytree(adapters[3], home / "changing")
        assert load(engine, "changing", home / "changing")[0] == 200
        after = text_of(engine, "changing", max_tokens=200)
        old = stream_text(sent.events())
    assert after != before
    assert before.endswith(old)
    assert old
    assert text_of(engine, "changing", max_tokens=200) == after
    assert loads_of(engine, "changing") == 2


def test_unloading_lets_what_is_under_way_end(engine, home, adapters):
    shutil.copytree(adapters[2], home / "leaving")
    assert load(engine, "leaving", "leaving")[0] == 200
    whole = text_of(engine, "leaving", max_tokens=200)
    with engine.send(LONG | {"model": "leaving", "max_tokens": 200}, KEY) as sent:
        assert sent.answer.readline().startswith(b"data: ")
        assert unload(engine, "leaving")[0] == 200
        # It lies there still, but whoever unloaded it did not mean the next caller to bring it back.
        status, answer, _ = engine.chat(KEY, model="leaving", messages=HELLO)
        assert (status, answer["error"]["code"]) == (404, "model_not_found")
        events = sent.events()
    assert events[-1] == "[DONE]"
    assert whole.endswith(rest := stream_text(events))
    assert len(rest) > len(whole) / 2
    assert "leaving" not in cards(engine)
    assert engine.metric("flywheel:model_ready", model_name="leaving") == 0
    assert unload(engine, "leaving")[0] == 404
    assert load(engine, "leaving", "leaving")[0] == 200
    assert text_of(engine, "leaving")


def test_an_adapter_that_appears_in_the_folder_is_loaded_for_the_first_who_asks(engine, home, adapters):
    status, _, _ = engine.chat(KEY, model="late", messages=HELLO)
    assert status == 404
    shutil.copytree(adapters[3], home / "late")
    assert text_of(engine, "late") != text_of(engine, "wanderer")
    assert cards(engine)["late"]["parent"] == "wanderer"


def test_one_that_failed_is_tried_again_once_its_files_have_changed(engine, home, adapters):
    shutil.copytree(adapters[2], home / "mended")
    config = home / "mended" / "adapter_config.json"
    sound = config.read_text()
    config.write_text(sound.replace('"LORA"', '"IA3"'))
    for _ in range(2):
        status, answer, _ = engine.chat(KEY, model="mended", messages=HELLO)
        assert status == 503
        assert "IA3" in answer["error"]["message"]
    config.write_text(sound)
    assert text_of(engine, "mended")


def test_an_adapter_of_a_base_of_another_shape_is_refused_in_words_and_leaves_nothing_half(engine, home, adapters):
    shutil.copytree(adapters[2], home / "misfit")
    before = {name: text_of(engine, name) for name in ("narrow", "first")}
    error = error_of(load(engine, "misfit", "misfit", base_model_name="narrow"))
    assert error["code"] == "adapter_unusable"
    assert "does not fit its base" in error["message"]
    assert "misfit" not in cards(engine)
    assert "misfit" not in engine.health()["models"]
    assert {name: text_of(engine, name) for name in before} == before


@pytest.mark.parametrize(
    ("name", "part", "content", "words"),
    [
        ("cut", "adapter_model.safetensors", "half", "its weights are damaged"),
        ("torn", "adapter_config.json", "half", "adapter_config.json that cannot be read"),
        ("hollow", "adapter_model.safetensors", "", "its weights are damaged"),
        ("weightless", "adapter_model.safetensors", None, "holds no adapter_model.safetensors"),
    ],
)
def test_a_damaged_folder_is_refused_in_words_and_can_be_mended(engine, home, adapters, name, part, content, words):
    shutil.copytree(adapters[2], home / name)
    damaged = home / name / part
    sound = damaged.read_bytes()
    damaged.unlink()
    if content is not None:
        damaged.write_bytes(sound[: len(sound) // 2] if content else b"")
    answer = load(engine, name, name)
    assert (answer[0], error_of(answer)["code"]) == (400, "adapter_unusable")
    assert words in error_of(answer)["message"]
    assert name not in engine.health()["models"]
    damaged.write_bytes(sound)
    assert load(engine, name, name)[0] == 200
    assert text_of(engine, name) != text_of(engine, "wanderer")


def test_asked_for_twice_at_once_it_is_loaded_once(engine, home, adapters):
    shutil.copytree(adapters[3], home / "wanted")
    statuses = []
    threads = [threading.Thread(target=lambda: statuses.append(load(engine, "wanted", "wanted")[0])) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert statuses == [200, 200, 200]
    assert loads_of(engine, "wanted") == 1


def test_after_a_crash_the_adapters_are_back_with_the_same_answers(engine, home, adapters):
    shutil.copytree(adapters[3], home / "kept")
    assert load(engine, "kept", "kept")[0] == 200
    before = {name: text_of(engine, name) for name in ("kept", "first", "wanderer")}
    engine.process.kill()
    engine.process.wait()
    engine.start().wait_until_ready()
    assert cards(engine)["kept"]["parent"] == "wanderer"
    assert {name: text_of(engine, name) for name in before} == before


def test_a_base_that_is_not_served_is_refused_by_its_name(engine, home, adapters, tmp_path):
    shutil.copytree(adapters[2], home / "stranger")
    config = home / "stranger" / "adapter_config.json"
    changed = json.loads(config.read_text()) | {"base_model_name_or_path": "acme/large"}
    config.write_text(json.dumps(changed))
    assert "acme/large" in error_of(load(engine, "stranger", "stranger"))["message"]
    assert "gone" in error_of(load(engine, "stranger", "stranger", base_model_name="gone"))["message"]
    assert load(engine, "stranger", "stranger", base_model_name="wanderer")[0] == 200


@pytest.mark.parametrize(
    ("name", "path", "status", "param", "words"),
    [
        ("ghost", "nowhere", 404, "lora_path", "does not exist"),
        ("ghost", "/etc", 400, "lora_path", "only folders inside"),
        ("ghost", "../elsewhere", 400, "lora_path", "only folders inside"),
        ("ghost", "first/..", 400, "lora_path", "only folders inside"),
        ("../ghost", "first", 400, "lora_name", "letters, digits"),
        ("wanderer", "first", 400, "lora_name", "base model"),
    ],
)
def test_what_cannot_be_loaded_is_refused_with_its_reason(engine, name, path, status, param, words):
    answer = load(engine, name, path)
    error = error_of(answer)
    assert (answer[0], error["param"]) == (status, param)
    assert words in error["message"]


def test_a_folder_that_is_no_adapter_and_links_that_lead_outside_are_refused(engine, home, adapters):
    (home / "empty").mkdir(exist_ok=True)
    assert "adapter_config.json" in error_of(load(engine, "empty", "empty"))["message"]
    (home / "linked").symlink_to(adapters[2])
    assert "only folders inside" in error_of(load(engine, "linked", "linked"))["message"]
    assert engine.chat(KEY, model="linked", messages=HELLO)[0] == 503


def test_the_calls_ask_for_the_token_and_for_readable_bodies(engine):
    assert engine.post("/v1/load_lora_adapter", lora_name="first", lora_path="first")[0] == 401
    assert engine.post("/v1/unload_lora_adapter", lora_name="first")[0] == 401
    wrong = {"authorization": "Bearer another-token"}
    assert engine.post("/v1/unload_lora_adapter", wrong, lora_name="first")[0] == 401
    assert "first" in cards(engine)
    assert error_of(engine.post("/v1/load_lora_adapter", KEY, lora_name="first"))["code"] == "invalid_json"
    assert unload(engine, "wanderer")[0] == 404


def test_without_a_folder_of_adapters_none_is_taken(small_engine):
    answer = load(small_engine, "first", "first")
    assert (answer[0], error_of(answer)["code"]) == (400, "adapters_off")
