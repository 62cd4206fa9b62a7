"""Every order in which requests can come, read, fail and go, against a model of what each of them may see."""

import asyncio

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from apps.caching.domain.flights import Flights


class Broken(Exception):
    """A provider's failure; `number` says of which call."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class Call:
    """One upstream call: publishes `number:count` pieces and answers with all of them."""

    def __init__(self, machine: "FlightsMachine") -> None:
        self.machine, self.steps = machine, asyncio.Queue()
        self.running = False
        self.said: list[bytes] = []

    async def __call__(self, publisher) -> bytes:
        self.number = len(self.machine.started)
        self.machine.started.append(self)
        self.running = True
        try:
            while (step := await self.steps.get()) == "piece":
                self.said.append(b"%d:%d " % (self.number, len(self.said)))
                await publisher.publish(self.said[-1])
            if step == "fail":
                raise Broken(self.number)
            return b"".join(self.said)
        finally:
            self.running = False


class Request:
    """A request with what it has read and how it ended."""

    def __init__(self, machine: "FlightsMachine", *, streams: bool) -> None:
        self.call = Call(machine)
        self.seat = machine.flights.join("key", self.call)
        self.read: list[bytes] = []
        self.answer: bytes | None = None
        self.error: Exception | None = None
        self.task = machine.loop.create_task(self._stream() if streams else self._wait())

    async def _stream(self) -> None:
        try:
            async for piece in self.seat.pieces():
                self.read.append(piece)
            self.answer = await self.seat.result()
        except Broken as error:
            self.error = error

    async def _wait(self) -> None:
        try:
            self.answer = await self.seat.result()
        except Broken as error:
            self.error = error


class FlightsMachine(RuleBasedStateMachine):
    requests = Bundle("requests")

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.flights: Flights[bytes] = Flights()
        self.started: list[Call] = []
        self.here: list[Request] = []

    def teardown(self) -> None:
        for request in self.here:
            request.task.cancel()
            request.seat.leave()
        self.settle()
        assert len(self.flights) == 0
        assert not any(call.running for call in self.started)
        self.loop.close()

    def settle(self) -> None:
        async def rounds() -> None:
            for _ in range(30):
                await asyncio.sleep(0)

        self.loop.run_until_complete(rounds())

    @rule(target=requests, streams=st.booleans(), at_once=st.booleans())
    def comes(self, streams, at_once):
        async def come() -> Request:
            return Request(self, streams=streams)

        request = self.loop.run_until_complete(come())
        self.here.append(request)
        if not at_once:
            self.settle()
        return request

    @rule(request=consumes(requests), at_once=st.booleans())
    def goes(self, request, at_once):
        request.task.cancel()
        request.seat.leave()
        self.here.remove(request)
        if not at_once:
            self.settle()

    @rule(step=st.sampled_from(["piece", "piece", "answer", "fail"]), choice=st.integers(0, 3))
    def provider_does(self, step, choice):
        running = [call for call in self.started if call.running]
        if running:
            running[choice % len(running)].steps.put_nowait(step)
            self.settle()

    @invariant()
    def a_call_runs_only_for_somebody_and_only_one_at_a_time_in_a_flight(self):
        self.settle()
        waiting = [request for request in self.here if not request.task.done()]
        running = [call for call in self.started if call.running]
        assert len(running) == (1 if waiting else 0)
        assert len(self.flights) == len(running)

    @invariant()
    def exactly_one_of_those_who_wait_leads(self):
        waiting = [request for request in self.here if not request.task.done()]
        assert sum(request.seat.leads for request in waiting) == (1 if waiting else 0)

    @invariant()
    def what_was_read_comes_from_one_call_without_gaps(self):
        for request in self.here:
            calls = {piece.split(b":")[0] for piece in request.read}
            assert len(calls) <= 1
            assert [int(piece.split(b":")[1]) for piece in request.read] == list(range(len(request.read)))

    @invariant()
    def who_is_done_has_a_whole_answer_or_the_failure_of_a_call(self):
        for request in self.here:
            if not request.task.done():
                continue
            assert (request.answer is None) != (request.error is None)
            if request.read and request.answer is not None:
                assert b"".join(request.read) == request.answer


FlightsMachine.TestCase.settings = settings(max_examples=150, stateful_step_count=25, deadline=None)
TestFlights = FlightsMachine.TestCase
