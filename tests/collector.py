"""A collector of traces: OTLP over HTTP, as an OpenTelemetry Collector takes it."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.serving import serving


@dataclass(frozen=True)
class Span:
    """A part of a trace, its ids in hexadecimal."""

    trace: str
    id: str
    parent: str
    name: str
    attributes: dict[str, Any]


@dataclass
class Collector:
    url: str = ""
    spans: list[Span] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)  # what came, as it came

    def take(self, body: bytes) -> None:
        self.raw.append(body)
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            for scope in resource.scope_spans:
                self.spans += map(_span, scope.spans)

    def of(self, request_id: str, name: str) -> list[Span]:
        """The spans *name* of a request, by its id."""
        return [
            s for s in self.spans if s.name == name and s.attributes.get("request_id") == request_id
        ]

    def trace(self, of: str) -> list[Span]:
        """The spans of the trace *of* an id."""
        return [span for span in self.spans if span.trace == of]


def _span(sent: Any) -> Span:
    attributes = {a.key: getattr(a.value, a.value.WhichOneof("value")) for a in sent.attributes}
    ids = (raw.hex() for raw in (sent.trace_id, sent.span_id, sent.parent_span_id))
    return Span(*ids, sent.name, attributes)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    collector: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        self.collector.take(body)
        self.send_response(200)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the test reads `spans`."""


@contextmanager
def running_collector() -> Iterator[Collector]:
    """Collect on a free port of loopback until the end of the block."""
    collector = Collector()
    handler = type("Handler", (_Handler,), {"collector": collector})
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), handler)) as collector.url:
        yield collector
