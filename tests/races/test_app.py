"""The app of a schedule: its lifespan and its requests, in the order of a server."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from typing import Any

import pytest

from harness.errors import AppFailed, UsageError
from harness.exploring.app import GatedApp
from harness.exploring.fleet import Fleet
from harness.hosting.flow import Conversation, Incoming
from harness.hosting.hosted import ConnectionDropped, Request, Response
from harness.model.boot import Phase
from harness.model.canary import CanaryKey
from harness.model.race import Ending, FlowEnding, lifespan_of
from harness.model.scanner import Scanner
from harness.point import point
from harness.recording.context import EXCHANGE
from harness.recording.recorder import Recorder
from harness.scheduling.actors import ACTOR, Actor
from harness.scheduling.choice import STOP, Chooser
from harness.scheduling.kernel import Kernel
from tests.scheduling.ground import Follows, Played, Takes, acting, play

WHOSE: ContextVar[str] = ContextVar("whose", default="nobody's")


class App:
    """An ASGI app that notes what happens to it."""

    def __init__(self, *, starts: bool = True) -> None:
        self.events: list[str] = []
        self._starts = starts

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            scope["state"]["life"] = self.events.count("startup") + 1
            await self._live(receive, send)
        elif scope["type"] == "websocket":
            await self._talk(receive, send)
        else:
            if scope["path"] == "/life":
                self.events.append(f"life {scope['state']['life']}")
            await self._answer(
                scope["path"], receive, send, stubborn=bool(scope["query_string"])
            )

    async def _live(self, receive: Any, send: Any) -> None:
        for phase in ("startup", "shutdown"):
            await receive()
            await point(phase)
            self.events.append(phase)
            WHOSE.set("the lifespan's")
            if not self._starts:
                raise RuntimeError("out of order")
            await send({"type": f"lifespan.{phase}.complete"})

    async def _answer(
        self, path: str, receive: Any, send: Any, *, stubborn: bool
    ) -> None:
        self.events.append(f"{path} {WHOSE.get()}")
        WHOSE.set(path)
        await receive()
        headers = [(b"content-type", b"text/event-stream")] if path == "/stream" else []
        start = {"type": "http.response.start", "status": 200, "headers": headers}
        try:
            if path == "/waits":
                await receive()
                self.events.append("has heard that nobody waits")
                return
            await point("work")
            await send(start)
            for part in (b"one", b"two"):
                await point("part")
                body = {"type": "http.response.body", "body": part, "more_body": True}
                await send(body)
            if path == "/amid":
                raise RuntimeError("too early")
            while path == "/stream":
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    if not stubborn:
                        raise
                    self.events.append(f"{path} cancelled")
            text = f"{ACTOR.get()}, {EXCHANGE.get()}".encode()
            await send({"type": "http.response.body", "body": text})
            if path == "/late":
                await point("afterwards")
                raise RuntimeError("too late")
            if path == "/late-cancelled":
                raise asyncio.CancelledError
        except asyncio.CancelledError:
            self.events.append(f"{path} cancelled")
            raise

    async def _talk(self, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": message["text"].upper()})
        self.events.append(f"closed {message['code']}")


def request(path: str) -> Request:
    return Request("GET", path, ((b"host", b"test"),))


def hosted(app: App, kernel: Kernel) -> GatedApp:
    return GatedApp(lambda: app, kernel, Recorder(Scanner(CanaryKey.from_seed(0))))


async def ask(one: GatedApp, kernel: Kernel, path: str, *, leaves: bool = False) -> str:
    """Ask in the name of an actor that is called as the path."""
    kernel.actors[path] = Actor(path, leaves=leaves)
    try:
        answer: Response = await acting(path, one.send(request(path), exchange=7))
    except ConnectionDropped as error:
        return str(error)
    return answer.body.decode()


def played(act: Any, app: App, chooser: Chooser | None = None) -> Played:
    """Play something that happens to an app which has been started."""

    async def scenario(kernel: Kernel) -> None:
        one = hosted(app, kernel)
        await one.start()
        await act(one, kernel)
        await one.stop()

    return play(scenario, chooser)


def test_an_app_starts_serves_and_stops_and_each_phase_is_told() -> None:
    app, phases = App(), list[Phase]()
    answers = []

    async def act(one: GatedApp, kernel: Kernel) -> None:
        one.on_phase = phases.append
        answers.append(await ask(one, kernel, "/a"))

    run = played(act, app)

    assert app.events == ["startup", "/a nobody's", "shutdown"]
    assert answers == ["onetwo/a, 7"]
    assert phases == [Phase.STOPPED]
    starts, stops = ["lifespan", "point"], [STOP, "lifespan", "point"]
    assert run.kinds("lifespan") == [*starts, *stops]
    assert run.kinds("/a") == ["arrive", "point", "point", "point"]


def test_no_request_sees_what_another_or_the_lifespan_has_set() -> None:
    app = App()

    async def act(one: GatedApp, kernel: Kernel) -> None:
        await asyncio.gather(*(ask(one, kernel, path) for path in ("/a", "/b")))
        await ask(one, kernel, "/c")

    played(act, app)

    assert [one for one in app.events if one.startswith("/")] == [
        "/a nobody's",
        "/b nobody's",
        "/c nobody's",
    ]


def test_nobody_is_served_before_the_start_and_after_the_stop() -> None:
    app, answers = App(), []

    async def scenario(kernel: Kernel) -> None:
        one = hosted(app, kernel)
        answers.append(await ask(one, kernel, "/a"))
        await one.start()
        await one.stop()
        answers.append(await ask(one, kernel, "/b"))

    play(scenario)

    assert answers == ["GET /a: nobody listens", "GET /b: nobody listens"]
    assert app.events == ["startup", "shutdown"]


def test_the_shutdown_waits_for_what_is_served_whatever_the_order() -> None:
    for late in ("arrive", "stop"):
        app, answers = App(), []

        async def act(one: GatedApp, kernel: Kernel) -> None:
            asks = [
                asyncio.create_task(ask(one, kernel, path)) for path in ("/a", "/b")
            ]
            await asyncio.sleep(0)
            await one.stop()
            answers.extend([await task for task in asks])  # noqa: B023

        def wanted(option: Any, late: str = late) -> bool:
            return late == "arrive" and option.kind == STOP

        played(act, app, Takes(wanted))

        assert app.events[-1] == "shutdown"
        served = late == "stop"
        assert len(app.events) == (4 if served else 2)
        assert all(("nobody listens" in one) is not served for one in answers)


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/late", [(7, "RuntimeError: too late")]),
        ("/late-cancelled", []),
        ("/amid", []),
        ("/work", []),
    ],
)
def test_what_is_raised_once_an_answer_is_whole_is_told(
    path: str, told: list[tuple[int, str]]
) -> None:
    heard: list[tuple[int, str]] = []
    answers: list[str] = []

    async def act(one: GatedApp, kernel: Kernel) -> None:
        one.on_late = lambda exchange, error: heard.append((exchange, error))
        answers.append(await ask(one, kernel, path))

    played(act, App())

    assert heard == told
    whole = "GET /amid: the app ended amid" if path == "/amid" else f"onetwo{path}, 7"
    assert answers[0].startswith(whole)


def test_an_app_that_does_not_start_says_why() -> None:
    async def scenario(kernel: Kernel) -> None:
        with pytest.raises(AppFailed, match="out of order"):
            await hosted(App(starts=False), kernel).start()

    assert play(scenario).ran.error is None


def test_it_is_started_once() -> None:
    async def act(one: GatedApp, kernel: Kernel) -> None:
        with pytest.raises(UsageError, match="started=False"):
            await one.start()

    assert played(act, App()).ran.error is None


def test_it_can_be_restarted_and_serves_again() -> None:
    app, answers = App(), []

    async def scenario(kernel: Kernel) -> None:
        one = hosted(app, kernel)
        fleet = Fleet([one])
        await fleet.start()
        await fleet.restart()
        answers.append(await ask(one, kernel, "/a"))
        await fleet.stop()
        await fleet.stop()

    play(scenario)

    assert app.events == ["startup", "shutdown", "startup", "/a nobody's", "shutdown"]
    assert answers == ["onetwo/a, 7"]


def test_a_request_that_arrives_after_a_restart_has_the_state_of_that_start() -> None:
    app = App()

    async def scenario(kernel: Kernel) -> None:
        one = hosted(app, kernel)
        fleet = Fleet([one])
        await fleet.start()
        asking = asyncio.create_task(ask(one, kernel, "/life"))
        await asyncio.gather(fleet.restart(), asking)
        await fleet.stop()

    # It waits for its turn until the app was stopped and started.
    played = play(scenario, Follows(lifespan_of(1)))

    assert played.ran.error is None
    assert "life 2" in app.events


@pytest.mark.parametrize(
    ("outcome", "heard"),
    [
        ("disconnect", "has heard that nobody waits"),
        ("cancel before", "/work cancelled"),
    ],
)
def test_a_client_that_leaves_is_a_disconnect_or_a_cancelled_task(
    outcome: str, heard: str
) -> None:
    app, answers = App(), []
    path = "/waits" if outcome == "disconnect" else "/work"

    async def act(one: GatedApp, kernel: Kernel) -> None:
        asking = asyncio.create_task(ask(one, kernel, path, leaves=True))
        await asyncio.gather(asking, ask(one, kernel, "/other"))
        answers.append(asking.result())

    def wanted(option: Any) -> bool:
        return bool(option.outcome == outcome and option.actor == path)

    run = played(act, app, Takes(wanted))

    assert run.ran.ending is Ending.ENDED, run.ran.waiting
    assert heard in app.events
    assert answers == [f"GET {path}: the app ended amid its answer"]
    assert "/other cancelled" not in app.events


def test_a_stream_is_handed_over_and_ends_when_it_is_left() -> None:
    app, pieces = App(), []

    async def act(one: GatedApp, kernel: Kernel) -> None:
        stream = await one.open(request("/stream"))
        assert isinstance(stream, Incoming)
        pieces.extend([await stream.piece(), await stream.piece()])
        await stream.leave()

    run = played(act, app)

    assert run.ran.ending is Ending.ENDED
    assert pieces == [b"one", b"two"]
    assert app.events[-2:] == ["/stream cancelled", "shutdown"]


def flows_at_the_end(
    app: App, path: str, *, connects: bool = False
) -> tuple[Played, list[tuple[int, FlowEnding]], list[Incoming | Conversation]]:
    """Stop an app on which something stays open; tell what became of it."""
    told: list[tuple[int, FlowEnding]] = []
    opened: list[Incoming | Conversation] = []

    async def act(one: GatedApp, kernel: Kernel) -> None:
        one.on_flow = lambda exchange, ending: told.append((exchange, ending))
        make = one.connect if connects else one.open
        flow = await make(request(path), exchange=7)
        assert not isinstance(flow, Response)
        opened.append(flow)

    return played(act, app), told, opened


def test_a_stream_that_nobody_leaves_is_cut_off_before_the_shutdown() -> None:
    app = App()

    run, told, [stream] = flows_at_the_end(app, "/stream")

    assert run.ran.ending is Ending.ENDED
    assert told == [(7, FlowEnding.CUT)]
    assert app.events[-2:] == ["/stream cancelled", "shutdown"]
    assert isinstance(stream, Incoming)


def test_a_stream_that_cannot_be_cancelled_outlives_the_shutdown() -> None:
    app = App()

    run, told, _ = flows_at_the_end(app, "/stream?stubborn")

    assert run.ran.ending is Ending.ENDED
    assert told == [(7, FlowEnding.OUTLIVED)]
    # Once when its time was over, and once more after the shutdown.
    cancelled = "/stream cancelled"
    assert app.events[2:5] == [cancelled, "shutdown", cancelled]


def test_a_socket_that_ends_when_the_server_says_so_is_not_cut_off() -> None:
    app = App()

    run, told, _ = flows_at_the_end(app, "/talk", connects=True)

    assert run.ran.ending is Ending.ENDED
    assert told == [(7, FlowEnding.ENDED)]
    assert app.events == ["startup", "closed 1012", "shutdown"]


@pytest.mark.parametrize(("leaves", "code"), [(True, 1001), (False, 1012)])
def test_a_socket_talks_until_it_is_left_or_the_app_stops(
    leaves: bool, code: int
) -> None:
    app, said = App(), []

    async def act(one: GatedApp, kernel: Kernel) -> None:
        socket = await one.connect(request("/talk"))
        assert isinstance(socket, Conversation)
        await socket.say("hello")
        said.append(await socket.message())
        if leaves:
            await socket.leave()

    run = played(act, app)

    assert run.ran.ending is Ending.ENDED
    assert said == [b"HELLO"]
    assert app.events == ["startup", f"closed {code}", "shutdown"]
