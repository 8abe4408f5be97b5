#!/usr/bin/env python3
"""A conversation with a real Rasa server, through nginx and the exchange function, checked turn by turn.

    converse.py --rasa <environment with rasa> --exchange <exchange executable> [--record]

Trains the assistant of this folder once (kept beside the environment), starts Rasa, the function behind nginx over FastCGI, and nginx, all on
127.0.0.1; sends turns as CXone sends them; fails when an answer is not the expected one. With --record it prints the conversation as
Markdown, with times.
"""
import argparse, hashlib, os, pathlib, subprocess, sys, time

HERE = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE.parent))
from stage import Conversation, Stage, Turn, free_port, wait_for

ENVIRONMENT = {**os.environ, "RASA_TELEMETRY_ENABLED": "false"}


def is_not_the_welcome(received):
    """Typed commands are words: Rasa must not have run the intent."""
    return received["intentInfo"]["intent"] != "call_started" and "Welcome" not in str(received)


TURNS = [
    Turn("the call begins", 5, "WELCOME", "PromptAndCollectNextResponse", "Welcome to Acme Orders"),
    Turn("a question", 1, "where is my order", "PromptAndCollectNextResponse", "13-digit order number"),
    Turn("keys, with leading zeros", 6, "0090294837290", "PromptAndCollectNextResponse",
         "Order 0090294837290 is in transit and delayed by three days"),
    Turn("silence", 0, None, "UserInputTimeout", "Are you still there?"),
    Turn("nonsense", 1, "blargh fnord xyzzy", "UserInputNotUnderstood", "I did not understand that"),
    Turn("a command that the contact types", 1, " /call_started", None, check=is_not_the_welcome),
    Turn("the number as words", 1, "my order number is 2390294837290", "PromptAndCollectNextResponse", "Order 2390294837290"),
    Turn("a person is wanted", 1, "can i talk to someone", "ReturnControlToScript", "I will connect you with a colleague"),
    Turn("another contact says goodbye", 1, "bye", "ReturnControlToScript", "Goodbye", medium="Chat", is_first=True),
]


def model(environment):
    """The trained assistant; made again when a file of this folder changed."""
    files = [HERE / name for name in ("config.yml", "domain.yml", "nlu.yml", "rules.yml")]
    mark = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]
    folder = environment / "causeway-model"
    if not (folder / f"{mark}.tar.gz").exists():
        print("-- training", file=sys.stderr)
        subprocess.run(
            [environment / "bin/rasa", "train", "-c", files[0], "-d", files[1], "--data", files[2], files[3], "--out", folder,
             "--fixed-model-name", mark], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=ENVIRONMENT, cwd=HERE)
    return folder / f"{mark}.tar.gz"


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rasa", required=True, type=lambda text: pathlib.Path(text).absolute())
    options.add_argument("--exchange", required=True, type=lambda text: pathlib.Path(text).absolute())
    options.add_argument("--record", action="store_true")
    options = options.parse_args()

    trained = model(options.rasa)
    with Stage() as stage:
        port = free_port()
        began = time.monotonic()
        stage.start(
            options.rasa / "bin/rasa", "run", "-i", "127.0.0.1", "-p", str(port), "-m", trained,
            "--credentials", HERE / "credentials.yml", "--endpoints", HERE / "endpoints.yml", stderr=subprocess.DEVNULL, env=ENVIRONMENT)
        wait_for(f"http://127.0.0.1:{port}/", 120)
        if options.record:
            print(f"Rasa was ready after {time.monotonic() - began:.1f} s.\n")
        tunnel = stage.tunnel(options.exchange, {"orders": {"rasa": {"url": f"http://127.0.0.1:{port}"}}})
        conversation = Conversation(tunnel, options.record, shown=3)
        conversation.play(*TURNS)
        conversation.finish()


if __name__ == "__main__":
    main()
