"""The X-Ray collector: trace trees from received datagrams."""

from __future__ import annotations

import json
import socket

import pytest

from ai_voice_shared.testing.xray import XRayCollector, build_traces, parse_datagram, render_traces

pytestmark = pytest.mark.unit

HEADER = b'{"format":"json","version":1}\n'


def segment(name: str, start: float, end: float | None, **more: object) -> dict[str, object]:
    """Create a segment as it is sent."""
    created: dict[str, object] = {"id": f"id-{name}", "name": name, "trace_id": "1-t", "start_time": start, **more}
    if end is not None:
        created["end_time"] = end
    return created


def send(collector: XRayCollector, *payloads: bytes) -> None:
    """Send datagrams to a collector."""
    host, port = collector.address.split(":")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for payload in payloads:
            sender.sendto(payload, (host, int(port)))


def test_datagrams_become_one_tree_whatever_their_order() -> None:
    """Separate subsegments are joined with their parent, even if it is received later."""
    with XRayCollector() as collector:
        send(
            collector,
            HEADER + json.dumps(segment("inner", 2.0, 2.5, parent_id="id-outer")).encode(),
            HEADER + json.dumps(segment("outer", 1.0, 3.0)).encode(),
        )
        assert collector.wait_for(lambda segments: len(segments) == 2)
        [tree] = collector.traces()["1-t"]

    assert [node.name for node in tree.walk()] == ["outer", "inner"]
    assert tree.duration == pytest.approx(2.0)


def test_segments_of_the_sdk_are_parsed() -> None:
    """Segments that aws_xray_sdk sends are parsed with names, nesting, annotations and faults."""
    from aws_xray_sdk.core.recorder import AWSXRayRecorder

    with XRayCollector() as collector:
        recorder = AWSXRayRecorder()
        recorder.configure(sampling=False, daemon_address=collector.address, context_missing="LOG_ERROR")
        with recorder.in_segment("webhook-handler"), recorder.in_subsegment("## lookup") as lookup:
            lookup.put_annotation("outcome", "found")
            lookup.add_fault_flag()
        # The SDK leaves its socket to the garbage collector.
        recorder.emitter._socket.close()
        assert collector.wait_for(lambda segments: len(segments) == 1)
        [[tree]] = collector.traces().values()

    assert [node.name for node in tree.walk()] == ["webhook-handler", "## lookup"]
    assert tree.children[0].annotations == {"outcome": "found"}
    assert tree.children[0].failed
    assert not collector.rejected


@pytest.mark.parametrize(
    "datagram",
    [
        b"no header",
        b'{"format":"xml"}\n{}',
        HEADER + b"not json",
        HEADER + b'{"id":"1"}',
        HEADER + b"[]",
        b"[]\n{}",
        b"\xff\xfe\n{}",
    ],
)
def test_invalid_datagrams_are_rejected(datagram: bytes) -> None:
    """An invalid datagram does not stop the collector, which stores it in `rejected`."""
    with XRayCollector() as collector:
        send(collector, datagram, HEADER + json.dumps(segment("after", 1.0, 2.0)).encode())
        assert collector.wait_for(lambda segments: len(segments) == 1)

    assert collector.rejected == [datagram]


def test_a_missing_header_is_named() -> None:
    """The error of a datagram without a header names the header."""
    with pytest.raises(ValueError, match="no header line"):
        parse_datagram(b"{}")


def test_nested_subsegments_are_unfolded() -> None:
    """Subsegments inside their segment become nodes of the tree."""
    inner = {"id": "2", "name": "inner", "start_time": 1.5, "end_time": 1.6}
    [tree] = build_traces([segment("outer", 1.0, 2.0, subsegments=[inner])])["1-t"]
    assert [(node.name, node.trace_id) for node in tree.walk()] == [("outer", "1-t"), ("inner", "1-t")]


def test_the_complete_segment_replaces_the_one_in_progress() -> None:
    """A segment that is sent twice is one node with the later values."""
    [tree] = build_traces([segment("work", 1.0, None, in_progress=True), segment("work", 1.0, 4.0)])["1-t"]
    assert tree.duration == pytest.approx(3.0)


def test_trees_are_drawn_with_durations() -> None:
    """The drawing shows nesting, services, order, milliseconds, failures and segments in progress."""
    traces = build_traces(
        [
            segment("outer", 1.0, 2.0, annotations={"Service": "webhook-handler"}),
            segment("second", 1.6, None, parent_id="id-outer"),
            segment("first", 1.1, 1.5, parent_id="id-outer", fault=True),
            segment("leaf", 1.2, 1.3, parent_id="id-first"),
        ]
    )
    assert render_traces(traces).splitlines() == [
        "1-t",
        "└── webhook-handler: outer  1000.0 ms",
        "    ├── first  400.0 ms  failed",
        "    │   └── leaf  100.0 ms",
        "    └── second  in progress",
    ]


def test_waiting_times_out() -> None:
    """A wait for segments that are never sent returns False."""
    with XRayCollector() as collector:
        assert not collector.wait_for(bool, timeout=0.01)


def test_cleared_segments_are_discarded() -> None:
    """After `clear` there are no segments."""
    with XRayCollector() as collector:
        send(collector, HEADER + json.dumps(segment("one", 1.0, 2.0)).encode())
        assert collector.wait_for(bool)
        collector.clear()
        assert collector.segments == []
