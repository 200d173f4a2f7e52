"""The connectors of a run: opened on first use, one for each resource, closed on every path."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast

from ..contracts.connectors import ConnectorContext
from ..contracts.spelling import did_you_mean
from ..errors import AetherFlowError, ConnectorError
from ..plugins.boundary import told
from .problems import problems_of_model

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
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


class RunConnectors:
    """The open connectors of one run; safe to use from several threads."""

    def __init__(self, source: ConnectorSource) -> None:
        self._source = source
        self._open: dict[str, AnyConnector] = {}
        self._guard = threading.RLock()

    def get(self, resource: str, protocol: Callable[..., P]) -> P:
        """The resource's connector, opened on first use.

        Raises:
            ConnectorError: there is no such resource, it implements another protocol, or it can't be opened.
        """
        with self._guard:
            connector = self._open.get(resource) or self._open_new(resource, protocol)
        if connector.protocol is not protocol:
            raise _wrong_protocol(resource, connector.protocol, protocol)
        return cast("P", connector)

    def cancel(self) -> None:
        """Break off what the open connectors do."""
        for connector in list(self._open.values()):
            self._call(connector.cancel)

    def close(self) -> tuple[str, ...]:
        """Close all, last opened first; answers what went wrong."""
        with self._guard:
            failures = [
                failure for connector in reversed(self._open.values()) if (failure := self._call(connector.close))
            ]
            self._open.clear()
        return tuple(failures)

    def _open_new(self, name: str, protocol: object) -> AnyConnector:
        resource = self._source.resources.get(name)
        if resource is None:
            raise ConnectorError(
                f"there is no resource {name!r}",
                code="AF-UNKNOWN-RESOURCE",
                help=did_you_mean(name, self._source.resources),
            )
        connector_type = self._source.connector_class(resource.kind, resource.driver)
        if connector_type.protocol is not protocol:
            raise _wrong_protocol(name, connector_type.protocol, protocol)
        connector = self._make(resource, connector_type)
        try:
            connector.open()
        except AetherFlowError:
            raise
        except Exception as error:  # the plugin boundary: whatever a driver raises is told in our words
            raise ConnectorError(
                f"resource {name!r} can't be opened: {told(error)}", code="AF-CONNECTOR-OPEN"
            ) from error
        self._open[name] = connector
        return connector

    def _make(self, resource: ResolvedResource, connector_type: type[AnyConnector]) -> AnyConnector:
        config = self._settings(connector_type.config_type, resource, "config")
        options = self._settings(connector_type.options_type, resource, "options")
        context = ConnectorContext(
            resource=resource.name, log=self._source.log(resource.name), file_path=self._source.file_path
        )
        return connector_type(context, config, options)

    def _settings(self, model: type[Any], resource: ResolvedResource, part: Literal["config", "options"]) -> Any:  # noqa: ANN401 - the connector's own model
        from pydantic import ValidationError

        try:
            return model.model_validate_json(json.dumps(getattr(resource, part)))
        except ValidationError as error:
            wrong = "; ".join(problems_of_model(error))
            raise ConnectorError(
                f"the {part} of resource {resource.name!r} does not fit its driver: {wrong}", code="AF-CONNECTOR-CONFIG"
            ) from None

    @staticmethod
    def _call(method: Callable[[], None]) -> str:
        try:
            method()
        except Exception as error:  # noqa: BLE001 - the plugin boundary: the other connectors must be closed too
            return told(error)
        return ""


def _wrong_protocol(resource: str, found: type, wanted: object) -> ConnectorError:
    return ConnectorError(
        f"resource {resource!r} is a {found.__name__}, and the step needs a {getattr(wanted, '__name__', wanted)}",
        code="AF-WRONG-PROTOCOL",
    )
