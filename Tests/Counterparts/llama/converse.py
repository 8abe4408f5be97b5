#!/usr/bin/env python3
"""A conversation with a real llama.cpp server, through nginx and the exchange function, checked turn by turn.

    converse.py --llama <environment with llama_cpp.server and gguf> --exchange <exchange executable> [--record]

Writes the model of make-model.py, starts the server with an API key, the function behind nginx over FastCGI, and nginx, all on 127.0.0.1; sends
turns as CXone sends them, streamed and not, with tool calls, a wrong key, an answer without end, a server that hangs and one that is gone;
fails when an answer is not the expected one or comes late. With --record it prints the conversation as Markdown, with times.
"""
import argparse, json, os, pathlib, secrets, signal, subprocess, sys, time

HERE = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE.parent))
from stage import Conversation, Stage, Turn, free_port, wait_for

NEXT, BACK = "PromptAndCollectNextResponse", "ReturnControlToScript"
WELCOME = "Welcome to Acme Orders. How may I help you?"
ASKED = "Please say or key in your 13-digit order number."
FOUND = "Your order is in transit and delayed by three days."
# Enough for this server, and short enough to wait for.
DEADLINE = 1_500


def is_a_transfer(received):
    """The arguments of transfer_to_agent are what the script gets."""
    payload = received.get("customPayload", {})
    return payload.get("scriptPayloads") == [{"reason": "a person is wanted"}] and payload.get("reason") == "a person is wanted"


def answers(agent, how):
    return [
        Turn(f"{how}: the call begins", 5, "WELCOME", NEXT, WELCOME, agent=agent, is_first=True),
        Turn("a question", 1, "Where is my order?", NEXT, ASKED, agent=agent),
        Turn("keys, with leading zeros", 6, "0090294837290", NEXT, FOUND, agent=agent),
        Turn("silence", 0, None, "UserInputTimeout", "Are you still there?", agent=agent),
    ]


STREAMED, WHOLE = answers("orders", "streamed"), answers("whole", "not streamed")
ODD = [
    Turn("an answer without end is cut to its complete sentence", 1, "Tell me everything!", NEXT, "This sentence is complete.", is_first=True,
         check=lambda received: "next one" not in str(received["nextPromptSequence"]), seconds=(0.5, DEADLINE / 1000 + 0.1)),
    Turn("the turn after it", 1, "Where is my order?", NEXT, ASKED),
    Turn("a tool is called, streamed", 1, "I want a person", BACK, agent="sent-away", is_first=True, check=is_a_transfer),
    Turn("the model chooses the tool, not streamed", 1, "I want a person", BACK, agent="free-to-choose", is_first=True, check=is_a_transfer),
    Turn("a wrong key", 1, "Where is my order?", "Error", "does not accept our credential", agent="stranger", is_first=True),
    # The server answers 200 and an event stream that holds nothing.
    Turn("more than the context, streamed", 1, "la " * 3_000, "Error", "answer cannot be read", medium="Chat", is_first=True),
    Turn("more than the context, not streamed", 1, "la " * 3_000, "Error", "refused the request", agent="whole", medium="Chat", is_first=True),
]
HANGING = [
    Turn("the server hangs", 1, "Where is my order?", "Error", "did not answer in time", is_first=True,
         seconds=(DEADLINE / 1000 - 0.1, DEADLINE / 1000 + 0.1)),
]
RETURNED = [Turn("the server is back", 1, "Where is my order?", NEXT, ASKED)]
GONE = [
    Turn("the server is gone", 1, "Where is my order?", "Error", "cannot be reached", seconds=(0, 0.5)),
    Turn("the server is gone, not streamed", 1, "Where is my order?", "Error", "cannot be reached", agent="whole", is_first=True, seconds=(0, 0.5)),
]


def agents(port):
    """The same server under several settings."""
    def agent(model="talk", key="LLAMA_KEY", **settings):
        settings = {"url": f"http://127.0.0.1:{port}/v1", "model": model, "key": {"env": key}, "greeting": "[conversation starts] Greet.", **settings}
        limit = {"deadlineMilliseconds": DEADLINE}
        return {"voice": limit, "text": limit, "openai": settings}

    transfer = {"type": "function", "function": {"name": "transfer_to_agent"}}
    return {
        "orders": agent(),
        "whole": agent(stream=False),
        "sent-away": agent(model="call", parameters={"tool_choice": transfer}),
        # This server streams no tool that the model chose itself.
        "free-to-choose": agent(model="call", stream=False, parameters={"tool_choice": "auto"}),
        "stranger": agent(key="WRONG_KEY"),
    }


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--llama", required=True, type=lambda text: pathlib.Path(text).absolute())
    options.add_argument("--exchange", required=True, type=lambda text: pathlib.Path(text).absolute())
    options.add_argument("--record", action="store_true")
    options = options.parse_args()

    python = options.llama / "bin/python"
    with Stage() as stage:
        subprocess.run([python, HERE / "make-model.py", stage.folder], check=True)
        port, key = free_port(), secrets.token_urlsafe(24)
        model = {"model": str(stage.folder / "causeway.gguf"), "n_ctx": 8192, "n_threads": 1, "verbose": False}
        configuration = stage.folder / "llama.json"
        configuration.touch(0o600)
        configuration.write_text(json.dumps({
            "host": "127.0.0.1", "port": port, "api_key": key,
            "models": [{**model, "model_alias": "talk"}, {**model, "model_alias": "call", "chat_format": "chatml-function-calling"}]}))
        began = time.monotonic()
        server = stage.start(
            python, "-m", "llama_cpp.server", "--config_file", configuration, stderr=open(stage.folder / "llama.log", "wb"))
        wait_for(f"http://127.0.0.1:{port}/v1/models", 60)
        if options.record:
            print(f"The server was ready after {time.monotonic() - began:.1f} s.\n")

        tunnel = stage.tunnel(options.exchange, agents(port), {"LLAMA_KEY": key, "WRONG_KEY": "wrong-" + key})
        conversation = Conversation(tunnel, options.record, shown=3)
        conversation.play(*STREAMED, *WHOLE, *ODD)
        os.kill(server.pid, signal.SIGSTOP)
        conversation.play(*HANGING)
        os.kill(server.pid, signal.SIGCONT)
        conversation.play(*RETURNED)
        stage.end(server)
        conversation.play(*GONE)
        conversation.finish()


if __name__ == "__main__":
    main()
