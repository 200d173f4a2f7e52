"""The connectors of a run: opened on first use, one for each resource, closed on every path."""

from __future__ import annotations

import json
import threading
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar, cast

from ..contracts.spelling import did_you_mean
from ..errors import AetherFlowError, ConnectorError
from ..plugins.boundary import told
from ..quick_dataclasses import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from pathlib import Path
    from typing import Literal

    from ..contracts.connectors import AnyConnector
    from ..contracts.steps import StepLog
    from ..resolve.resources import ResolvedResource

P = TypeVar("P")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorSource:
    """What is needed to make connectors: the resources, the classes, and what the classes may know."""

    resources: Mapping[str, ResolvedResource]
    connector_class: Callable[[str, str], type[AnyConnector]]
    file_path: Callable[[str, Literal["read", "write"]], Path]
    log: Callable[[str], StepLog]


@dataclass(slots=True)
class _Place:
    """Where a resource's connector is kept once it is made."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    connector: AnyConnector | None = None
    is_open: bool = False
    cancelling: _Call | None = None


class RunConnectors:
    """The open connectors of one run; safe to use from several threads."""

    def __init__(self, source: ConnectorSource) -> None:
        self._source = source
        self._places: dict[str, _Place] = {}
        self._guard = threading.Lock()

    def get(self, resource: str, protocol: Callable[..., P]) -> P:
        """The resource's connector, opened on first use.

        Raises:
            ConnectorError: there is no such resource, it implements another protocol, or it can't be opened.
        """
        return self._opened(resource, protocol, lambda: self._resource(resource))

    def with_defaults(self, kind: str, driver: str, protocol: Callable[..., P]) -> P:
        """A driver's connector without settings, opened on first use.

        Raises:
            RefusedByPolicy: the runtime profile denies the driver.
            ConnectorError: it implements another protocol, or can't be opened.
        """
        from ..resolve.resources import ResolvedResource

        # No resource has a colon in its name.
        name = f"{kind}:{driver}"
        return self._opened(name, protocol, lambda: ResolvedResource(name, kind, driver, {}, {}))

    def _opened(self, name: str, protocol: Callable[..., P], find: Callable[[], ResolvedResource]) -> P:
        with self._guard:
            place = self._places.setdefault(name, _Place())
        # One that hangs while it opens holds up nobody but those who want the same one.
        with place.lock:
            if place.connector is None:
                place.connector = self._make_for(find(), protocol)
            if place.connector.protocol is not protocol:
                raise _wrong_protocol(name, place.connector.protocol, protocol)
            if not place.is_open:
                self._open(name, place.connector)
                place.is_open = True
        return cast("P", place.connector)

    def has(self, resource: str) -> bool:
        """Whether the flow has a resource of that name."""
        return resource in self._source.resources

    def cancel(self, names: Collection[str] | None = None) -> None:
        """Have the connectors break off what they do, also one that is being opened; does not wait for them.

        With `names` only those; others may be at work for other jobs.
        """
        for place in self._made(names):
            if place.connector is not None and (place.cancelling is None or place.cancelling.has_ended):
                place.cancelling = _Call(place.connector.cancel, "cancel")

    def close(self, seconds: float) -> tuple[str, ...]:
        """Close all that were opened, last made first, in so many seconds; answers what went wrong.

        One that hangs keeps neither the others from being closed nor the process from leaving.
        """
        opened = [place for place in reversed(self._made()) if place.is_open]
        self._places.clear()
        deadline = monotonic() + seconds
        failures = [
            _close(place, max(0.0, deadline - monotonic()) / waiting)
            for waiting, place in zip(range(len(opened), 0, -1), opened, strict=True)
        ]
        return tuple(filter(None, failures))

    def _made(self, names: Collection[str] | None = None) -> list[_Place]:
        places = list(self._places.items())
        return [place for name, place in places if place.connector is not None and (names is None or name in names)]

    def _resource(self, name: str) -> ResolvedResource:
        resource = self._source.resources.get(name)
        if resource is None:
            raise ConnectorError(
                f"there is no resource {name!r}",
                code="AF-UNKNOWN-RESOURCE",
                help=did_you_mean(name, self._source.resources),
            )
        return resource

    def _make_for(self, resource: ResolvedResource, protocol: object) -> AnyConnector:
        connector_type = self._source.connector_class(resource.kind, resource.driver)
        if connector_type.protocol is not protocol:
            raise _wrong_protocol(resource.name, connector_type.protocol, protocol)
        return self._make(resource, connector_type)

    @staticmethod
    def _open(name: str, connector: AnyConnector) -> None:
        try:
            connector.open()
        except AetherFlowError:
            raise
        except Exception as error:  # the plugin boundary: whatever a driver raises is told in our words
            raise ConnectorError(
                f"resource {name!r} can't be opened: {told(error)}", code="AF-CONNECTOR-OPEN"
            ) from error

    def _make(self, resource: ResolvedResource, connector_type: type[AnyConnector]) -> AnyConnector:
        config = self._settings(connector_type.config_type, resource, "config")
        options = self._settings(connector_type.options_type, resource, "options")
        from ..contracts.connectors import ConnectorContext

        context = ConnectorContext(
            resource=resource.name, log=self._source.log(resource.name), file_path=self._source.file_path
        )
        return connector_type(context, config, options)

    def _settings(self, model: type[Any], resource: ResolvedResource, part: Literal["config", "options"]) -> Any:  # noqa: ANN401 - the connector's own model
        from pydantic import ValidationError

        try:
            return model.model_validate_json(json.dumps(getattr(resource, part)))
        except ValidationError as error:
            from .problems import problems_of_model

            wrong = "; ".join(problems_of_model(error))
            raise ConnectorError(
                f"the {part} of resource {resource.name!r} does not fit its driver: {wrong}", code="AF-CONNECTOR-CONFIG"
            ) from None


class _Call:
    """A connector's method at work on a thread of its own: one that hangs holds up nobody."""

    def __init__(self, method: Callable[[], None], name: str) -> None:
        self._method = method
        self._failure = ""
        self._thread = threading.Thread(target=self._run, name=f"aetherflow-{name}", daemon=True)
        self._thread.start()

    @property
    def has_ended(self) -> bool:
        """Whether the method came back."""
        return not self._thread.is_alive()

    def failure_within(self, seconds: float) -> str | None:
        """What it raised, empty where all went well; null where it is still busy after so many seconds."""
        self._thread.join(max(0.0, seconds))
        return self._failure if self.has_ended else None

    def _run(self) -> None:
        try:
            self._method()
        except Exception as error:  # noqa: BLE001 - the plugin boundary: the other connectors must be closed too
            self._failure = told(error)


class AttemptConnectors:
    """The connectors of the run as one attempt uses them: cancelled alone when it alone must stop."""

    __slots__ = ("_of_run", "_used")

    def __init__(self, of_run: RunConnectors) -> None:
        self._of_run = of_run
        self._used: set[str] = set()

    def get(self, resource: str, protocol: Callable[..., P]) -> P:
        """The resource's connector; see `RunConnectors.get`."""
        self._used.add(resource)
        return self._of_run.get(resource, protocol)

    def with_defaults(self, kind: str, driver: str, protocol: Callable[..., P]) -> P:
        """A driver's connector without settings; see `RunConnectors.with_defaults`."""
        self._used.add(f"{kind}:{driver}")
        return self._of_run.with_defaults(kind, driver, protocol)

    def has(self, resource: str) -> bool:
        """Whether the flow has a resource of that name."""
        return self._of_run.has(resource)

    def cancel(self) -> None:
        """Have those break off what they do that this attempt has used."""
        self._of_run.cancel(self._used)


def _close(place: _Place, seconds: float) -> str:
    """Close one connector; answers what went wrong."""
    deadline = monotonic() + seconds
    # Closed after it was cancelled, unless that hangs.
    if place.cancelling is not None:
        place.cancelling.failure_within(seconds / 2)
    closing = _Call(cast("AnyConnector", place.connector).close, "close")
    failure = closing.failure_within(deadline - monotonic())
    return f"close was still busy after {seconds:.1f} s" if failure is None else failure


def _wrong_protocol(resource: str, found: type, wanted: object) -> ConnectorError:
    return ConnectorError(
        f"resource {resource!r} is a {found.__name__}, and the step needs a {getattr(wanted, '__name__', wanted)}",
        code="AF-WRONG-PROTOCOL",
    )
