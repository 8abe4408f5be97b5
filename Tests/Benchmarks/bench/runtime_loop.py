"""The Lambda loop against a stand-in for the runtime API: CPU of the function for each invocation."""

import json
import time

from . import inputs
from .fastcgi import interleaved
from .processes import Processes, free_port
from .report import compare

OURS, GO = "exchange", "Go net/http loop"


def invocations(bench):
    """CPU an invocation, the 2 KB turn inside an HTTP API event."""
    place = bench.place
    event = place.run / "event.json"
    event.write_bytes(inputs.lambda_event(inputs.turn("orders", 2048)))
    programs = {OURS: place.ours("exchange"), GO: place.go("lambda")}
    readings = interleaved(list(programs), bench.rounds, lambda name: _cpu(bench, programs[name], event))
    yield compare("Lambda loop: CPU an invocation", GO, readings[OURS], readings[GO], "µs", at_most=0.6)


def _cpu(bench, program, event):
    with Processes(bench.place) as processes:
        port = free_port()
        processes.start("runtime-api", [bench.place.go("runtime-api")], {"PORT": str(port), "EVENT": str(event)})
        url = f"http://127.0.0.1:{port}/count"
        processes.await_answer(url)
        worker = processes.start("lambda", [program], {
            **inputs.settings(bench.place), "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}", "_HANDLER": "exchange",
            "AWS_LAMBDA_FUNCTION_NAME": "exchange", "AWS_LAMBDA_FUNCTION_VERSION": "1", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256"})
        time.sleep(0.5)
        before, used = json.loads(processes.await_answer(url)), worker.cpu()
        time.sleep(bench.seconds)
        after, used = json.loads(processes.await_answer(url)), worker.cpu() - used
    answered = after["answered"] - before["answered"]
    if answered == 0 or after["bad"]:
        raise RuntimeError(f"{program.name}: {answered} answers, {after['bad']} of all bad; {processes.last_words()}")
    return used * 1e6 / answered
