"""What must not be passed on, in either direction (33)."""

from apps.gateway.lab.cases.group import Group
from apps.gateway.lab.cases.reading import message_of, whole_chat_stream
from apps.gateway.lab.checks import equal, expect
from apps.gateway.lab.trial import Trial

group = Group("Headers and addresses")
case = group.case

METADATA = "http://169.254.169.254/v1"
INSIDE = "http://127.0.0.1:1/v1"


@case("strip-credentials", 33, "The caller's key, cookies and proxy credentials don't reach the provider", "They do.")
async def credentials(trial: Trial) -> None:
    request = trial.chat().with_headers(
        cookie="session=secret", proxy_authorization="Basic secret", x_api_key=trial.target.key
    )
    await trial.good(request)
    headers = trial.seen[0].asked.headers
    leaked = [name for name, value in headers if trial.target.key in value or "secret" in value]
    expect(not leaked, f"these headers carry what is the gateway's alone: {leaked}")


@case("strip-hop-by-hop", 33, "Hop-by-hop headers of the caller end at the gateway")
async def request_hops(trial: Trial) -> None:
    await trial.good(trial.chat().with_headers(connection="keep-alive, x-lab-hop", x_lab_hop="1", te="trailers"))
    names = {name for name, _ in trial.seen[0].asked.headers}
    expect(not names & {"x-lab-hop", "te", "upgrade", "proxy-connection"}, f"hop-by-hop headers came: {sorted(names)}")


@case("strip-answer-headers", 33, "Cookies and hop-by-hop headers of the provider don't reach the client")
async def answer_headers(trial: Trial) -> None:
    for stream in (False, True):
        answer = await trial.good(trial.chat("hostile-headers", stream=stream))
        names = {name for name, _ in answer.headers}
        expect(not names & {"set-cookie", "x-lab-hop"}, f"the provider's headers came: {sorted(names)}")
        ids = answer.header("x-request-id")
        expect(ids.isascii() and "second" not in ids, f"the provider's x-request-id came: {ids!r}")


@case("hostile-answer-headers", 33, "Strange headers around a good answer don't cost it")
async def hostile(trial: Trial) -> None:
    answer = await trial.good(trial.chat("hostile-headers"))
    equal(message_of(answer).get("content"), trial.words, "the text")
    whole_chat_stream(await trial.good(trial.chat("hostile-headers", stream=True)), trial.words)


@case("gzip-answer", 33, "A compressed answer is readable for a client that didn't ask for compression", "Garbage.")
async def compressed(trial: Trial) -> None:
    answer = await trial.good(trial.chat("gzip"))
    equal(answer.header("content-encoding"), "", "the content-encoding")
    equal(message_of(answer).get("content"), trial.words, "the text")


@case("huge-answer", 33, "An answer of 4 MB is passed on, or its size refused", alone=True)
async def huge(trial: Trial) -> None:
    answer = await trial.ask(trial.chat("huge-body", {"mb": 4}))
    if answer.status == 200:
        equal(message_of(answer).get("content"), trial.words, "the text")
        equal(answer.problem, "", "the end of the body")
    else:
        expect(answer.status in {502, 413}, f"{answer}")


@case("ssrf", 33, "A provider can't be put at the cloud's metadata address, nor inside without permission", "It can.")
async def forbidden_addresses(trial: Trial) -> None:
    operator = trial.operator()
    for url in (METADATA, INSIDE):
        expect(not await operator.takes_provider_at(url), f"a provider at {url} was accepted")
