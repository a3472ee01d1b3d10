"""The log tap sees each line once, whichever way the app logs or prints."""

from __future__ import annotations

import base64
import json
import logging
import logging.config
import logging.handlers
import queue
import sys
import warnings
from collections.abc import Callable
from typing import Any

import pytest

from harness.model.canary import CanaryKey
from harness.model.event import LogLine, Unseen
from harness.observe.logs import tap
from harness.observe.reader import LogReader
from harness.recording.context import EXCHANGE
from harness.recording.recorder import Recorder


def lines(recorder: Recorder) -> list[LogLine]:
    events = recorder.since()
    assert not [event for event in events if isinstance(event, Unseen)]
    return [event for event in events if isinstance(event, LogLine)]


def only(recorder: Recorder) -> LogLine:
    (line,) = lines(recorder)
    return line


def test_a_logged_line_says_logger_level_template_and_exchange(
    recorder: Recorder,
) -> None:
    token = EXCHANGE.set(42)
    with tap(LogReader(recorder)):
        logging.getLogger("shop.cart").warning("added %d items", 3)
    EXCHANGE.reset(token)

    line = only(recorder)
    assert (line.logger, line.level) == ("shop.cart", "WARNING")
    assert (line.template, line.exchange) == ("added %d items", 42)


def test_a_logger_that_does_not_propagate_is_seen(recorder: Recorder) -> None:
    logger = logging.getLogger("loner")
    logger.propagate = False
    with tap(LogReader(recorder)):
        logger.error("alone")

    logger.propagate = True
    assert only(recorder).logger == "loner"


def test_a_disabled_or_too_quiet_logger_writes_no_line(recorder: Recorder) -> None:
    logger = logging.getLogger("mute")
    with tap(LogReader(recorder)):
        logger.disabled = True
        logger.error("not written")
        logger.disabled = False
        logger.setLevel(logging.ERROR)
        logger.warning("not written either")

    logger.setLevel(logging.NOTSET)
    assert not lines(recorder)


def test_logging_may_be_configured_anew_while_it_is_tapped(recorder: Recorder) -> None:
    early = logging.getLogger("early")
    with tap(LogReader(recorder)):
        early.error("before")
        logging.config.dictConfig(
            {
                "version": 1,
                "disable_existing_loggers": True,
                "handlers": {"out": {"class": "logging.StreamHandler"}},
                "root": {"handlers": ["out"], "level": "INFO"},
            }
        )
        early.error("disabled now")
        logging.getLogger("late").info("after")

    assert [line.template for line in lines(recorder)] == ["before", "after"]


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_line_that_a_handler_prints_counts_once(
    recorder: Recorder, stream: str
) -> None:
    with tap(LogReader(recorder)):
        handler = logging.StreamHandler(getattr(sys, stream))
        logging.getLogger().addHandler(handler)
        logging.getLogger("shop").error("once")

    assert only(recorder).logger == "shop"


def test_the_last_resort_counts_once(recorder: Recorder) -> None:
    logging.getLogger().handlers.clear()
    with tap(LogReader(recorder)):
        logging.getLogger("bare").warning("nobody configured logging")

    assert only(recorder).logger == "bare"


def test_a_line_that_goes_through_a_queue_counts_once(recorder: Recorder) -> None:
    with tap(LogReader(recorder)):
        waiting: queue.SimpleQueue[Any] = queue.SimpleQueue()
        listener = logging.handlers.QueueListener(waiting, logging.StreamHandler())
        logging.getLogger().handlers[:] = [logging.handlers.QueueHandler(waiting)]
        listener.start()
        logging.getLogger("queued").error("later")
        listener.stop()

    assert only(recorder).logger == "queued"


def test_a_handlers_filter_labels_the_line(recorder: Recorder) -> None:
    class AddTenant(logging.Filter):
        def filter(self, record: logging.LogRecord) -> bool:
            record.tenant = "ACME"
            return True

    with tap(LogReader(recorder)):
        handler = logging.StreamHandler()
        handler.addFilter(AddTenant())
        logging.getLogger().addHandler(handler)
        logging.getLogger("shop").warning("hello")

    assert only(recorder).slots == (("tenant", 0),)


def test_a_formatters_json_outranks_the_record(recorder: Recorder) -> None:
    class Json(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            context = {"who": {"tenant": "globex gmbh"}, "tenant": "unknown"}
            return json.dumps({"message": record.getMessage(), **context})

    with tap(LogReader(recorder)):
        handler = logging.StreamHandler()
        handler.setFormatter(Json())
        logging.getLogger().addHandler(handler)
        logging.getLogger("shop").warning("hi", extra={"tenant": "acme"})

    line = only(recorder)
    assert dict(line.slots)["who.tenant"] == 1
    assert dict(line.slots)["tenant"] is None
    assert line.names == {0, 1}
    assert line.template == "hi"


def test_keys_come_from_extras_arguments_and_pairs_of_text(recorder: Recorder) -> None:
    with tap(LogReader(recorder)):
        logging.getLogger("shop").warning(
            'GET /?tenant=acme name="Globex GmbH" id=7 %(account)s',
            {"account": "acme"},
            extra={"tenant_id": 7, "nothing": None, "_hidden": "acme"},
        )

    assert dict(only(recorder).slots) == {
        "tenant_id": 1,
        "nothing": None,
        "account": 0,
        "name": 1,
        "id": 1,
    }


def test_a_traceback_holds_hits_but_no_keys(recorder: Recorder, key: CanaryKey) -> None:
    canary = key.mint(1, 20)
    with tap(LogReader(recorder)):
        try:
            raise ValueError(f"tenant={canary}")
        except ValueError:
            logging.getLogger("shop").exception("failed")

    line = only(recorder)
    assert {(hit.owner, hit.field) for hit in line.hits} == {(1, 20)}
    assert line.slots == ()


@pytest.mark.parametrize(
    "log",
    [
        lambda value: logging.getLogger("x").error("got %s", value),
        lambda value: logging.getLogger("x").error("got", extra={"value": value}),
        lambda value: logging.getLogger("x").error("got", extra={"all": [value]}),
        lambda value: logging.getLogger("x").error({"event": "got", "value": value}),
        print,
        lambda value: print(value.encode().hex()),
        lambda value: sys.stderr.write(value),  # noqa: PLW0108 - not pytest's own
        lambda value: sys.stdout.buffer.write(value.encode()),
        lambda value: warnings.warn(value, stacklevel=1),
    ],
)
def test_canaries_are_found_wherever_they_are_put(
    recorder: Recorder, key: CanaryKey, log: Callable[[str], object]
) -> None:
    with warnings.catch_warnings(), tap(LogReader(recorder)):
        # pytest records warnings instead of printing them; an app prints them.
        warnings.resetwarnings()
        warnings.showwarning = _print_warning
        log(key.mint(1, 30))

    found = {(hit.owner, hit.field) for line in lines(recorder) for hit in line.hits}
    assert found == {(1, 30)}


def _print_warning(message: object, *_: object, **__: object) -> None:
    print(message, file=sys.stderr)


def test_templates_show_no_canary(recorder: Recorder, key: CanaryKey) -> None:
    with tap(LogReader(recorder)):
        logging.getLogger("x").error(f"lost {key.mint(1, 30).upper()}!")  # noqa: G004
        logging.getLogger("x").error(f"lost {key.mint_uuid(1, 30)}!")  # noqa: G004
        logging.getLogger("x").error(f"lost {key.mint(1, 30).encode().hex()}!")  # noqa: G004
        encoded = base64.b64encode(key.mint(1, 30).encode()).decode()
        logging.getLogger("x").error(f"lost {encoded}!")  # noqa: G004
        logging.getLogger("x").error("lost %s!", key.mint(1, 30))

    assert [line.template for line in lines(recorder)] == [
        "lost <canary>!",
        "lost <canary>!",
        "lost <canary>!",
        "<canary>",
        "lost %s!",
    ]


def test_a_name_counts_as_a_word_only(recorder: Recorder) -> None:
    with tap(LogReader(recorder)):
        print("the schema tenant_acme of Globex GmbH")
        print("pharmacme pays 7 euros")

    assert [line.names for line in lines(recorder)] == [{0, 1}, set()]


def test_a_canary_in_a_name_names_its_tenant(
    recorder: Recorder, key: CanaryKey
) -> None:
    with tap(LogReader(recorder)):
        print("slug", key.mint(5, 1))

    assert only(recorder).names == {5}
