"""A connector that hangs when it is cancelled or closed holds up neither the others nor the run's end."""

from __future__ import annotations

import threading
import time
from functools import partial

import pytest

from aetherflow.kernel.api import Connector, ConnectorModel, Database, NoOptions
from aetherflow.kernel.resolve.resources import ResolvedResource
from aetherflow.kernel.run.connectors import ConnectorSource, RunConnectors


class Config(ConnectorModel):
    hangs_in: str = ""


class Hanging(Connector[Config, NoOptions]):
    """Hangs in one of its methods until it is let go, and says what was called."""

    protocol = Database

    def __init__(self, context, config, options, *, called, let_go):
        super().__init__(context, config, options)
        self._called = called
        self._let_go = let_go

    def open(self):
        pass

    def cancel(self):
        self._call("cancel")

    def close(self):
        self._call("close")

    def _call(self, name):
        self._called.append((name, self.context.resource))
        if self.config.hangs_in == name:
            self._let_go.wait()


@pytest.fixture
def let_go():
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def called():
    return []


@pytest.fixture
def make(called, let_go):
    """The connectors of a run: each name with the method that it hangs in, all of them opened."""

    def made(**hanging: str) -> RunConnectors:
        resources = {
            name: ResolvedResource(name, "db", "hanging", {"hangs_in": method}, {}) for name, method in hanging.items()
        }
        connector_class = partial(Hanging, called=called, let_go=let_go)
        for name in ("protocol", "config_type", "options_type"):
            setattr(connector_class, name, getattr(Hanging, name))
        source = ConnectorSource(
            resources=resources,
            connector_class=lambda *_: connector_class,
            file_path=lambda *_: None,
            log=lambda _: None,
        )
        connectors = RunConnectors(source)
        for name in hanging:
            connectors.get(name, Database)
        return connectors

    return made


def wait_for(condition) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def test_all_are_cancelled_at_once_whichever_of_them_hangs(make, called):
    make(first="cancel", second="cancel").cancel()
    wait_for(lambda: set(called) == {("cancel", "first"), ("cancel", "second")})


def test_one_that_is_still_being_cancelled_is_not_cancelled_again(make, called):
    connectors = make(only="cancel")
    connectors.cancel()
    connectors.cancel()
    connectors.close(1)
    assert called == [("cancel", "only"), ("close", "only")]


def test_one_that_hangs_when_it_is_closed_is_told_and_the_others_are_closed(make, called):
    (failure,) = make(first="", second="close", third="").close(3)
    assert failure.startswith("close was still busy after")
    assert called == [("close", "third"), ("close", "second"), ("close", "first")]


def test_one_that_hangs_when_it_is_cancelled_is_closed_nevertheless(make, called):
    connectors = make(only="cancel")
    connectors.cancel()
    assert connectors.close(2) == ()
    assert called == [("cancel", "only"), ("close", "only")]


def test_without_time_all_are_asked_and_none_is_waited_for(make, called):
    assert make(first="close", second="close").close(0) == ("close was still busy after 0.0 s",) * 2
    wait_for(lambda: set(called) == {("close", "first"), ("close", "second")})
