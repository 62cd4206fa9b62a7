"""Text completions, the list of models, files and batches (28, 30)."""

from apps.gateway.lab.cases.group import Group
from apps.gateway.lab.cases.reading import choices_of, openai_error
from apps.gateway.lab.checks import NotApplicable, equal, expect
from apps.gateway.lab.client import Answer
from apps.gateway.lab.trial import Trial

group = Group("Completions, models, batches")
case = group.case


@case("completions", 1, "/v1/completions answers with text")
async def completions(trial: Trial) -> None:
    answer = await trial.good(trial.completion())
    equal(answer.json["choices"][0].get("text"), trial.words, "the text")
    equal(answer.json.get("object"), "text_completion", "the object")


@case("completions-stream", 1, "/v1/completions streams, and ends with [DONE]")
async def completions_stream(trial: Trial) -> None:
    answer = await trial.good(trial.completion(stream=True))
    equal("".join(choice.get("text") or "" for choice in choices_of(answer)), trial.words, "the streamed text")
    equal(answer.dones, 1, "the number of [DONE]s")


@case("models", 28, "/v1/models lists the models that this key may call")
async def models(trial: Trial) -> None:
    answer = await trial.good(trial.get("models"))
    expect(trial.target.model in _ids(answer), f"{trial.target.model} is not among {_ids(answer)[:20]}")


@case("models-no-key", 28, "Without a key: 401")
async def models_without_key(trial: Trial) -> None:
    openai_error(await trial.ask(trial.get("models").with_headers(authorization="")), 401)


@case("models-filtered", 28, "A key that may call nothing of the lab sees nothing of it", "All models are listed.")
async def models_filtered(trial: Trial) -> None:
    key = await trial.operator().narrow_key()
    narrow = {"authorization": f"Bearer {key}"}
    await trial.until_known(key)
    answer = await trial.good(trial.get("models").with_headers(**narrow))
    expect(trial.target.model not in _ids(answer), "the list shows a model that this key may not call")
    openai_error(await trial.ask(trial.chat().with_headers(**narrow)), 403, 404)


@case("batches", 30, "A batch that does not exist is a 404, and so is one of somebody else")
async def batches(trial: Trial) -> None:
    listed = await trial.ask(trial.get("batches"))
    if listed.status in {404, 405, 501}:
        raise NotApplicable("this gateway offers no batches")
    openai_error(await trial.ask(trial.get("batches/batch_of_somebody_else")), 404)
    openai_error(await trial.ask(trial.get("files/file_of_somebody_else")), 404)


def _ids(answer: Answer) -> list[str]:
    return [model["id"] for model in answer.json.get("data") or ()]
