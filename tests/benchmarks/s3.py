"""Calls of `S3Service`, compared with plain boto3 calls.

Both use the same server, a small S3 over TLS in a separate process, in turns; the medians and their ratio are
printed. The library's logger and tracer are set up as a function has them, with the request not sampled.

::

    uv run python -m tests.benchmarks.s3 [--plain-http] [--rounds N]
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import ssl
import statistics
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support.certificate import make_loopback_certificate
from tests.support.faulty_s3 import BUCKET, FaultyS3

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

__all__ = ["Comparison", "compare"]

SIZES = {"1 KB": (1 << 10, 400), "1 MB": (1 << 20, 100), "64 MB": (64 << 20, 9)}
"""Bytes and rounds of each size."""

REGION = "eu-central-1"


@dataclass(frozen=True)
class Comparison:
    """Medians of one kind of call, in milliseconds, and the layer's divided by boto3's."""

    call: str
    size: str
    boto3_ms: float
    layer_ms: float
    ratio: float


def compare(*, tls: bool = True, rounds: int | None = None) -> list[Comparison]:
    """Measure every call and size.

    Parameters
    ----------
    tls
        Use TLS, as on AWS.
    rounds
        Rounds of each size, in place of those in `SIZES`.
    """
    with tempfile.TemporaryDirectory() as folder:
        certificate, key = make_loopback_certificate(Path(folder))
        parent, child = multiprocessing.Pipe()
        server = multiprocessing.get_context("spawn").Process(
            target=_serve, args=(child, str(certificate) if tls else None, str(key)), daemon=True
        )
        server.start()
        try:
            os.environ |= {
                "AWS_ACCESS_KEY_ID": "testing",
                "AWS_SECRET_ACCESS_KEY": "testing",
                "AWS_REGION": REGION,
                "AWS_DEFAULT_REGION": REGION,
                "AWS_CA_BUNDLE": str(certificate),
                "AWS_ENDPOINT_URL": parent.recv(),
                "S3_BUCKET_NAME": BUCKET,
            }
            return list(_comparisons(rounds))
        finally:
            parent.send("stop")
            server.join(10)


def _comparisons(rounds: int | None) -> Any:
    import boto3

    from ai_voice_shared import S3Service, get_logger

    get_logger("benchmark")
    plain = boto3.client("s3")
    service = S3Service()
    for size, (length, usual) in SIZES.items():
        data = os.urandom(length)

        def put(key: str, data: bytes = data) -> None:
            plain.put_object(Bucket=BUCKET, Key=key, Body=data)

        def get(key: str, length: int = length) -> None:
            assert len(plain.get_object(Bucket=BUCKET, Key=key)["Body"].read()) == length

        def upload(key: str, data: bytes = data) -> None:
            service.upload_bytes(key, data)

        def download(key: str, length: int = length) -> None:
            assert len(service.download_bytes(key)) == length

        for call, baseline, layer in (("upload_bytes", put, upload), ("download_bytes", get, download)):
            yield _measured(call, size, baseline, layer, rounds or usual)


def _measured(
    call: str, size: str, baseline: Callable[[str], None], layer: Callable[[str], None], rounds: int
) -> Comparison:
    taken: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds + 1):
        # In turns, with alternating order.
        pair = [(0, baseline), (1, layer)]
        for which, run in pair if number % 2 else reversed(pair):
            start = time.perf_counter()
            run("benchmark.bin")
            if number:  # the first round opens the connections
                taken[which].append(time.perf_counter() - start)
    boto3_ms, layer_ms = (statistics.median(times) * 1000 for times in taken)
    return Comparison(call, size, round(boto3_ms, 3), round(layer_ms, 3), round(layer_ms / boto3_ms, 3))


def _serve(pipe: Connection, certificate: str | None, key: str) -> None:
    tls = None
    if certificate is not None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate, key)
    with FaultyS3(tls=tls) as server:
        pipe.send(server.url)
        pipe.recv()


def main(arguments: list[str] | None = None) -> int:
    """Run the comparison from the command line."""
    parser = argparse.ArgumentParser(description="S3Service compared with plain boto3 calls")
    parser.add_argument("--plain-http", action="store_true", help="without TLS")
    parser.add_argument("--rounds", type=int, help="rounds of each size")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)
    found = compare(tls=not options.plain_http, rounds=options.rounds)
    if options.json:
        sys.stdout.write(json.dumps([asdict(comparison) for comparison in found], indent=2) + "\n")
        return 0
    for comparison in found:
        name = f"{comparison.call:15} {comparison.size:>6}"
        line = f"{name}  boto3 {comparison.boto3_ms:9.3f} ms  S3Service {comparison.layer_ms:9.3f} ms"
        sys.stdout.write(f"{line}  ratio {comparison.ratio:.3f}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
