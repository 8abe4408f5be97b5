"""Shows the client that exists where a call is right, so that tokens are given and not only refused."""
import os

import schemathesis
from schemathesis.core.parameters import ParameterLocation

SECRET = os.environ["DESCRIPTION_SECRET"]


@schemathesis.hook
def before_call(context, case, kwargs):
    body = (case.meta.components if case.meta else {}).get(ParameterLocation.BODY)
    if body is not None and not body.mode.is_negative and isinstance(case.body, dict):
        case.body = {**case.body, "client_id": "cxone", "client_secret": SECRET}
