"""`GET /metrics`: what was counted and what can be looked at, for Prometheus.

It is quick, and what is away is missing from it, told by `up`. A key that was good a while ago is
taken on trust while PostgreSQL, which knows the keys, is away: then the figures matter most.
"""

import hashlib
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import Any

import redis
from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from rest_framework.request import Request

from learning_assistant import gauges, metrics
from learning_assistant.api_keys import ApiKeyAuthentication, Operates
from learning_assistant.broker import client
from learning_assistant.gauges import Gauge
from learning_assistant.models import ApiKey, KeyScope
from learning_assistant.postgresql.base import time_limit
from learning_assistant.schema import KEY_RESPONSES, WITHOUT_BODY
from learning_assistant.views import BoundedView

MEDIA_TYPE = "text/plain"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
DATABASE_S = 0.3
TRUSTED_S = 24 * 3600.0
MOST_TRUSTED = 16
UP = "Whether it could be asked."


class TrustingAuthentication(ApiKeyAuthentication):
    """As its base; without PostgreSQL a key counts that opened operations here within a day."""

    _trusted: dict[str, tuple[ApiKey, float]] = {}

    def authenticate(self, request: Request) -> tuple[None, ApiKey] | None:
        given = request.headers.get("Authorization", "")
        name = hashlib.sha256(given.encode()).hexdigest()
        try:
            with time_limit(DATABASE_S):
                found = super().authenticate(request)
        except (OperationalError, InterfaceError):
            key, until = self._trusted.get(name, (None, 0.0))
            if key is None or until < time.monotonic() or key.has_expired:
                raise
            return None, key
        self._trusted.pop(name, None)
        if found is not None and KeyScope.OPERATIONS in found[1].scopes:
            while len(self._trusted) >= MOST_TRUSTED:
                self._trusted.pop(next(iter(self._trusted)))
            self._trusted[name] = found[1], time.monotonic() + TRUSTED_S
        return found


class MetricsView(BoundedView):
    """What an operator's Prometheus reads."""

    authentication_classes = [TrustingAuthentication]
    permission_classes = [Operates]

    @extend_schema(
        operation_id="metrics",
        auth=[{"apiKey": []}],  # type: ignore[list-item]  # as OpenAPI has it; the hint is wrong
        summary="Figures for Prometheus",
        responses={(200, MEDIA_TYPE): OpenApiTypes.STR, **WITHOUT_BODY, **KEY_RESPONSES},
    )
    def get(self, request: Request) -> HttpResponse:
        return HttpResponse(generate_latest(_Everything()), content_type=CONTENT_TYPE)


class _Everything(Collector):
    def collect(self) -> Iterator[Metric]:
        broker, counted, seen = self._of_broker()
        database, stored = self._of_database()
        yield from _families(counted)
        up = {"broker": broker, "postgresql": database}
        found = [*seen, *stored, *(Gauge("up", UP, is_up, {"part": p}) for p, is_up in up.items())]
        yield from _gauge_families(found)

    def _of_broker(self) -> tuple[bool, dict[str, str], list[Gauge]]:
        try:
            metrics.flush()
            counted: Any = client(metrics.TIMEOUT_S).hgetall(metrics.KEY)
            return True, counted, list(gauges.of_broker())
        except redis.exceptions.RedisError:
            return False, {}, []

    def _of_database(self) -> tuple[bool, list[Gauge]]:
        try:
            with time_limit(DATABASE_S):
                return True, list(gauges.of_database())
        except DatabaseError:
            return False, []


def _families(counted: dict[str, str]) -> Iterator[Metric]:
    """What was counted, as Prometheus wants it; what an older release counted is passed over."""
    by_name: dict[str, dict[tuple[str, ...], float]] = defaultdict(dict)
    for field, value in counted.items():
        name, *rest = field.split(metrics.SEPARATOR)
        by_name[name][tuple(rest)] = float(value)
    for metric in metrics.ALL:
        found = by_name[metric.name]
        if isinstance(metric, metrics.Histogram):
            yield _histogram(metric, found)
        else:
            yield _counter(metric, found)


def _counter(metric: metrics.Counter, found: dict[tuple[str, ...], float]) -> Metric:
    family = CounterMetricFamily(metrics.PREFIX + metric.name, metric.help, labels=metric.labels)
    for values, value in sorted(found.items()):
        if len(values) == len(metric.labels):
            family.add_metric(values, value)
    return family


def _histogram(metric: metrics.Histogram, found: dict[tuple[str, ...], float]) -> Metric:
    family = HistogramMetricFamily(metrics.PREFIX + metric.name, metric.help, labels=metric.labels)
    edges = [*map(str, metrics.LATENCIES), "+Inf"]
    for values in sorted({key[:-1] for key in found if len(key) == len(metric.labels) + 1}):
        each = (found.get((*values, str(bucket)), 0.0) for bucket in range(len(edges)))
        total = found.get((*values, metrics.SUM), 0.0)
        family.add_metric(values, list(zip(edges, accumulate(each), strict=True)), total)
    return family


def _gauge_families(found: Iterable[Gauge]) -> Iterator[Metric]:
    families: dict[str, GaugeMetricFamily] = {}
    for gauge in found:
        name = metrics.PREFIX + gauge.name
        if name not in families:
            families[name] = GaugeMetricFamily(name, gauge.help, labels=list(gauge.labels))
        families[name].add_metric(list(gauge.labels.values()), float(gauge.value))
    yield from families.values()
