"""Signs each call as Standard Webhooks asks, and names the channel that exists, so that the calls get past the door.

Calls that are wrong on purpose in what is signed here (path and headers) go as they are: they must be refused.
"""
import base64
import hashlib
import hmac
import os
import time
import uuid

import schemathesis
from schemathesis.core.parameters import ParameterLocation

KEY = os.environ["DESCRIPTION_SECRET"].encode()


class Signature:
    def __call__(self, request):
        body = request.body or b""
        body = body.encode() if isinstance(body, str) else body
        identity, now = uuid.uuid4().hex, str(int(time.time()))
        mac = hmac.new(KEY, f"{identity}.{now}.".encode() + body, hashlib.sha256).digest()
        request.headers["webhook-id"] = identity
        request.headers["webhook-timestamp"] = now
        request.headers["webhook-signature"] = "v1," + base64.b64encode(mac).decode()
        return request


def is_wrong(case, location):
    part = (case.meta.components if case.meta else {}).get(location)
    return part is not None and part.mode.is_negative


@schemathesis.hook
def before_call(context, case, kwargs):
    if not is_wrong(case, ParameterLocation.PATH):
        case.path_parameters = {"channel": "jungle"}
    if not is_wrong(case, ParameterLocation.HEADER):
        kwargs["auth"] = Signature()
