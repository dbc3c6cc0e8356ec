"""What schemathesis has to know beside the document; its own process loads it.

A schema says what a request may look like, and not which topics, sources and choices there are. A
request that names one that is not there is a 400 whose errors have these codes, and no fault; nor
is the 422 for an Idempotency-Key that came with another answer before.
"""

import json
from typing import Any

import schemathesis
from schemathesis.openapi.checks import RejectedPositiveData

DATA_CODES = {
    "unknown_topic", "unknown_source", "unknown_resource", "nothing_left", "no_such_choice",
    "too_long_for_type",
}  # fmt: skip


@schemathesis.hook
def filter_failure(context: Any, failure: Any, case: Any, response: Any) -> bool:
    """Keep all but a refusal for what only the database can tell."""
    if not isinstance(failure, RejectedPositiveData):
        return True
    if response.status_code != 400:
        return bool(response.status_code != 422)
    errors = json.loads(response.content).get("errors") or [{"code": "none"}]
    return not all(error["code"] in DATA_CODES for error in errors)
