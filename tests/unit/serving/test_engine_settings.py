"""The command line, and folders that cannot be served: said in one sentence before anything is loaded."""

import pytest

from apps.serving.local_engine.settings import StartProblem, settings_from


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "harbor"
    path.mkdir()
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        (path / name).write_text("{}")
    return path


def test_a_model_is_called_like_its_folder_unless_it_has_a_name(folder):
    assert [found.name for found in settings_from(["--model", str(folder)]).folders] == ["harbor"]
    named = settings_from(["--model", str(folder), "--model", str(folder), "--name", "first"])
    assert [found.name for found in named.folders] == ["first", "harbor"]


def test_two_models_cannot_share_a_name(folder):
    with pytest.raises(StartProblem, match="Two models would be called 'harbor'"):
        settings_from(["--model", str(folder), "--model", str(folder)])


def test_more_names_than_models_are_refused(folder):
    with pytest.raises(StartProblem, match="2 names were given for 1"):
        settings_from(["--model", str(folder), "--name", "a", "--name", "b"])


@pytest.mark.parametrize(
    ("missing", "complaint"),
    [("config.json", "no config.json"), ("model.safetensors", "no .safetensors"), ("tokenizer.json", "no tokenizer")],
)
def test_a_folder_that_lacks_a_file_is_named_with_it(folder, missing, complaint):
    (folder / missing).unlink()
    with pytest.raises(StartProblem, match=complaint):
        settings_from(["--model", str(folder)])


def test_a_folder_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(StartProblem, match="nowhere does not exist"):
        settings_from(["--model", str(tmp_path / "nowhere")])


@pytest.mark.parametrize(
    "option", [["--max-batch", "0"], ["--max-queue", "-1"], ["--threads", "x"], ["--device", "tpu"]]
)
def test_numbers_out_of_range_are_refused_by_the_command_line(folder, option, capsys):
    with pytest.raises(SystemExit):
        settings_from(["--model", str(folder), *option])
    assert option[0] in capsys.readouterr().err


def test_token_and_spool_come_from_the_environment(folder, monkeypatch, tmp_path):
    monkeypatch.setenv("FLYWHEEL_ENGINE_TOKEN", "s3cret")
    monkeypatch.setenv("FLYWHEEL_SPOOL_DIR", str(tmp_path))
    settings = settings_from(["--model", str(folder)])
    assert (settings.token, settings.spool_dir) == ("s3cret", tmp_path)
