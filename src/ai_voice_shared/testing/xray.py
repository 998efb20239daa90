"""A collector of X-Ray segments on loopback, and trace trees made of them.

The X-Ray SDK sends each segment as a UDP datagram to the address in ``AWS_XRAY_DAEMON_ADDRESS``: a header line
``{"format":"json","version":1}``, a newline, and the segment as JSON
(https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html). `XRayCollector` listens there.
Inside Lambda the SDK sends each subsegment on its own, under a parent segment that the service itself writes; on an
emulator that parent is missing, so a tree's root is any segment without a parent among those received.

No library implements the receiving side: the X-Ray SDK only sends, and moto accepts segments by X-Ray's API only. It is
a real socket, because the functions of the e2e tests run in their own processes.
"""

from __future__ import annotations

import json
import socket
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from types import TracebackType
    from typing import Self

__all__ = ["TraceNode", "XRayCollector", "build_traces", "parse_datagram", "render_traces"]

_LOOPBACK = "127.0.0.1"
_MAX_DATAGRAM = 65_535
_BUFFER_BYTES = 4 * 1024 * 1024


@dataclass(slots=True)
class TraceNode:
    """A segment or subsegment with those below it, in the order in which they began."""

    id: str
    name: str
    trace_id: str
    start: float
    end: float | None
    annotations: dict[str, Any] = field(default_factory=dict)
    failed: bool = False
    children: list[TraceNode] = field(default_factory=list)

    @property
    def duration(self) -> float | None:
        """Seconds from begin to end, or None while in progress."""
        return None if self.end is None else self.end - self.start

    @property
    def label(self) -> str:
        """The name, prefixed with the service if Powertools' Tracer has annotated one."""
        service = self.annotations.get("Service")
        return f"{service}: {self.name}" if service else self.name

    def walk(self) -> Iterator[TraceNode]:
        """Yield this node and every node below it, depth first."""
        yield self
        for child in self.children:
            yield from child.walk()


def parse_datagram(data: bytes) -> dict[str, Any]:
    r"""Parse a datagram of the daemon protocol.

    Raises
    ------
    ValueError
        The header, the JSON or a required field is missing.

    Examples
    --------
    >>> parse_datagram(b'{"format":"json","version":1}\n{"id":"1","name":"a","trace_id":"t","start_time":1}')["name"]
    'a'
    """
    header, newline, body = data.partition(b"\n")
    if not newline or json.loads(header).get("format") != "json":
        msg = "not a datagram of X-Ray's daemon protocol: no header line"
        raise ValueError(msg)
    segment = json.loads(body)
    if not isinstance(segment, dict) or not {"id", "name", "trace_id", "start_time"} <= segment.keys():
        msg = "not an X-Ray segment: id, name, trace_id and start_time are required"
        raise ValueError(msg)
    return segment


def build_traces(segments: Iterable[Mapping[str, Any]]) -> dict[str, list[TraceNode]]:
    """Join segments and subsegments by parent id, in whatever order they were received.

    Parameters
    ----------
    segments
        As sent; a subsegment is inside its parent, or separate with ``parent_id`` and ``trace_id``. Of two segments
        with the same id (in progress, then complete) the later one is used.

    Returns
    -------
    dict
        For each trace id its trees, in the order in which they began.

    Examples
    --------
    >>> inner = {"id": "b", "name": "inner", "trace_id": "t", "parent_id": "a", "start_time": 2.0, "end_time": 2.5}
    >>> outer = {"id": "a", "name": "outer", "trace_id": "t", "start_time": 1.0, "end_time": 3.0}
    >>> [tree] = build_traces([inner, outer])["t"]
    >>> tree.name, tree.duration, [child.name for child in tree.children]
    ('outer', 2.0, ['inner'])
    """
    nodes: dict[str, TraceNode] = {}
    parents: dict[str, str | None] = {}

    def add(segment: Mapping[str, Any], trace_id: str, parent: str | None) -> None:
        nodes[segment["id"]] = TraceNode(
            id=segment["id"],
            name=segment["name"],
            trace_id=trace_id,
            start=segment["start_time"],
            end=segment.get("end_time"),
            annotations=dict(segment.get("annotations") or {}),
            failed=bool(segment.get("fault") or segment.get("error")),
        )
        parents[segment["id"]] = parent
        for inner in segment.get("subsegments") or ():
            add(inner, trace_id, segment["id"])

    for segment in segments:
        add(segment, segment["trace_id"], segment.get("parent_id"))

    traces: dict[str, list[TraceNode]] = {}
    for node in sorted(nodes.values(), key=lambda node: node.start):
        parent = nodes.get(parents[node.id] or "")
        if parent is None or parent is node:
            traces.setdefault(node.trace_id, []).append(node)
        else:
            parent.children.append(node)
    return traces


def render_traces(traces: Mapping[str, list[TraceNode]]) -> str:
    """Draw traces as text, each node with its duration in milliseconds.

    Examples
    --------
    >>> node = TraceNode(id="a", name="work", trace_id="1-x", start=1.0, end=1.25)
    >>> print(render_traces({"1-x": [node]}))
    1-x
    └── work  250.0 ms
    """
    lines: list[str] = []
    for trace_id, trees in traces.items():
        lines.append(trace_id)
        _draw(trees, "", lines)
    return "\n".join(lines)


def _draw(nodes: list[TraceNode], indent: str, lines: list[str]) -> None:
    for node in nodes:
        last = node is nodes[-1]
        duration = "in progress" if node.duration is None else f"{node.duration * 1000:.1f} ms"
        lines.append(f"{indent}{'└── ' if last else '├── '}{node.label}  {duration}{'  failed' if node.failed else ''}")
        _draw(node.children, indent + ("    " if last else "│   "), lines)


class XRayCollector:
    r"""A listener for X-Ray's daemon protocol on a free UDP port of loopback, as a context manager.

    Invalid datagrams are stored in `rejected`, so that a test can assert that there were none.

    Examples
    --------
    >>> import socket
    >>> with XRayCollector() as collector, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
    ...     host, port = collector.address.split(":")
    ...     segment = b'{"id":"1","name":"work","trace_id":"t","start_time":1,"end_time":2}'
    ...     _ = sender.sendto(b'{"format":"json","version":1}\n' + segment, (host, int(port)))
    ...     collector.wait_for(lambda segments: len(segments) == 1)
    ...     print(collector.render())
    True
    t
    └── work  1000.0 ms
    """

    def __init__(self) -> None:
        self.rejected: list[bytes] = []
        self._segments: list[dict[str, Any]] = []
        self._changed = threading.Condition()
        self._socket: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self.address = ""

    def __enter__(self) -> Self:
        listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        # A burst of subsegments must not overflow the default buffer; the system may grant less.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
        listener.bind((_LOOPBACK, 0))
        self._socket = listener
        self.address = f"{_LOOPBACK}:{listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._listen, args=(listener,), name="xray-collector", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._socket is None or self._thread is None:
            return
        # An empty datagram wakes the thread on every platform; closing a socket under a reader does not.
        host, port = self._socket.getsockname()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", (host, port))
        self._thread.join()
        self._socket.close()

    @property
    def segments(self) -> list[dict[str, Any]]:
        """All segments so far, in the order in which they were received."""
        with self._changed:
            return list(self._segments)

    def clear(self) -> None:
        """Discard the segments so far."""
        with self._changed:
            self._segments.clear()

    def wait_for(self, enough: Callable[[list[dict[str, Any]]], bool], timeout: float = 10.0) -> bool:
        """Wait at most `timeout` seconds until `enough` returns True for the segments; return whether it did."""
        with self._changed:
            return self._changed.wait_for(lambda: enough(list(self._segments)), timeout)

    def traces(self) -> dict[str, list[TraceNode]]:
        """Return the trees of each trace."""
        return build_traces(self.segments)

    def render(self) -> str:
        """Draw all traces as text."""
        return render_traces(self.traces())

    def _listen(self, listener: socket.socket) -> None:
        while data := listener.recv(_MAX_DATAGRAM):
            try:
                segment = parse_datagram(data)
            except (ValueError, AttributeError):
                self.rejected.append(data)
                continue
            with self._changed:
                self._segments.append(segment)
                self._changed.notify_all()
