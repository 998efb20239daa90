"""The service with Powertools alone, with a segment for each request."""

from __future__ import annotations

from app import handler as untraced  # type: ignore[import-not-found]  # the folder that this is run with
from aws_lambda_powertools import Tracer

handler = Tracer(service="subject-service").capture_lambda_handler(untraced)
