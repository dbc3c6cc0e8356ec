"""Where a request's time went: one trace with OpenTelemetry spans of web, worker, model and SQL.

They go to OTEL_EXPORTER_OTLP_ENDPOINT. Where that is not set no exporter is imported and all here
does nothing. The spans are made by hand, at the few places where time is spent, so it
is known what stands in them: no statement, no path, no message of an error, nothing of a learner.
A collector that is away holds nobody up: spans wait in a bounded queue and are then let go of.
"""

import atexit
import importlib
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

SERVICE = "learning-assistant"
EXPORT_S = 2.0
LAST_EXPORT_S = 1.5  # at the end of the process
VERBS = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "BEGIN", "COMMIT", "SAVEPOINT"})
End = Callable[..., None]


def _nothing(error: str = "", **attributes: Any) -> None:
    """What ends a span where there are none."""


class _Tracing:
    """The process's own tracer, made with its first span: a thread sends what it makes, and the web
    server's processes are forked after this module was loaded."""

    def __init__(self) -> None:
        self.endpoint = ""
        self.forget()

    def forget(self) -> None:
        self._lock = threading.Lock()
        self._tracer: Any = None

    def tracer(self) -> Any:
        """None where no spans are made."""
        if self._tracer is None and self.endpoint:
            self._make()
        return self._tracer

    def _make(self) -> None:
        with self._lock:
            if self._tracer is None:
                self._tracer = _new_tracer(self.endpoint)


_tracing = _Tracing()
os.register_at_fork(after_in_child=_tracing.forget)


def start(endpoint: str) -> None:
    """Make spans from now on, and send them to *endpoint* (`/v1/traces` is added)."""
    # Half a second and 20 MB, for those only who want traces; not with the first request.
    importlib.import_module("opentelemetry.exporter.otlp.proto.http.trace_exporter")
    _tracing.endpoint = endpoint


def _new_tracer(endpoint: str) -> Any:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    exporter = OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces", timeout=EXPORT_S)
    provider = TracerProvider(
        resource=Resource.create({"service.name": SERVICE}), shutdown_on_exit=False
    )
    provider.add_span_processor(BatchSpanProcessor(exporter))
    atexit.register(_shut_down, provider)
    return provider.get_tracer(SERVICE)


def _shut_down(provider: Any) -> None:
    """Send what is left, but nobody waits for a collector that is away."""
    last = threading.Thread(target=provider.shutdown, daemon=True)
    last.start()
    last.join(LAST_EXPORT_S)


def carrier() -> dict[str, str]:
    """The headers that let the next process go on with the trace."""
    if _tracing.tracer() is None:
        return {}
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    headers: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(headers)
    return headers


def begin(
    name: str, kind: str = "internal", *, sent: Mapping[str, Any] | None = None, **attributes: Any
) -> End:
    """Begin a span, of this thread's current one or of what was *sent* with a `carrier`.

    Returns what ends it, called once and in the same thread, with the type of the error that ended
    it and more attributes. *kind* is internal, server, client or consumer.
    """
    tracer = _tracing.tracer()
    if tracer is None:
        return _nothing
    from opentelemetry import context, trace
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    parent = None
    if sent is not None:
        headers = {name.lower(): value for name, value in sent.items() if value}
        parent = TraceContextTextMapPropagator().extract(headers, context.Context())
    as_kind = trace.SpanKind[kind.upper()]
    span = tracer.start_span(name, parent, kind=as_kind, attributes=attributes)
    token = context.attach(trace.set_span_in_context(span))

    def end(error: str = "", *, name: str = "", **more: Any) -> None:
        span.set_attributes(more)
        if name:
            span.update_name(name)
        if error:
            span.set_status(trace.StatusCode.ERROR, error)
        span.end()
        context.detach(token)

    return end


@contextmanager
def span(name: str, kind: str = "internal", **attributes: Any) -> Iterator[None]:
    """A span around the block, which an exception marks with its type."""
    end, error = begin(name, kind, **attributes), ""
    try:
        yield
    except BaseException as raised:
        error = type(raised).__name__
        raise
    finally:
        end(error)


def sql(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
    """Django's `execute_wrapper`: a span for each statement, with its first word."""
    words = sql.split(None, 1) if isinstance(sql, str) else []
    verb = words[0].upper() if words and words[0].upper() in VERBS else "other"
    named = {"db.system.name": "postgresql", "db.operation.name": verb}
    with span(f"SQL {verb}", "client", **named):
        return execute(sql, params, many, context)
