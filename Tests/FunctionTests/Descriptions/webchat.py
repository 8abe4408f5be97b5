"""Names the chat that exists and shows the token of a new conversation, so that the calls get past the door.

Calls that are wrong on purpose in what is put right here (path and headers) go as they are: they must be refused.
"""
import json
import os
import urllib.request

import schemathesis
from schemathesis.core.parameters import ParameterLocation

URL = os.environ["DESCRIPTION_URL"]


class Session:
    """One conversation for each call: any of them may be the one that ends it."""

    def __call__(self, request):
        asked = urllib.request.Request(URL + "/savanna/sessions", b"{}", {"Content-Type": "application/json"}, method="POST")
        with urllib.request.urlopen(asked, timeout=30) as answer:
            request.headers["Authorization"] = "Bearer " + json.load(answer)["token"]
        return request


def is_wrong(case, location):
    part = (case.meta.components if case.meta else {}).get(location)
    return part is not None and part.mode.is_negative


@schemathesis.hook
def before_call(context, case, kwargs):
    if not is_wrong(case, ParameterLocation.PATH):
        case.path_parameters = {**(case.path_parameters or {}), "channel": "savanna"}
    if not is_wrong(case, ParameterLocation.HEADER):
        kwargs["auth"] = Session()
    # Nobody writes in these conversations: waiting would only take time.
    if isinstance(case.query, dict) and isinstance(case.query.get("wait"), int) and case.query["wait"] > 50:
        case.query = {**case.query, "wait": 50}
