"""Reading a turn and writing its answer, nothing else."""

from . import inputs
from .fastcgi import interleaved
from .place import command
from .report import compare

OURS, GO = "json-turn", "Go encoding/json"


def sizes(bench):
    """Three sizes; the largest carries audio, which both decode."""
    place = bench.place
    programs = {OURS: place.ours("json-turn"), GO: place.go("json-turn")}
    for name, body, bar in (
        ("2 KB", inputs.turn("orders", 2048), 0.3),
        ("50 KB", inputs.turn("orders", 50_000), 0.2),
        ("1 MB with audio", inputs.turn("orders", 2048, audio_octets=1_000_000), 0.3),
    ):
        file = place.run / "json-turn.json"
        file.write_bytes(body)
        # As many turns as last about half a second in the slower one.
        count = max(20, 25_000_000 // len(body))
        readings = interleaved(
            list(programs), max(5, bench.rounds), lambda name: int(command([programs[name], file, count])) / 1e3)
        yield compare(f"JSON turn, {name}", GO, readings[OURS], readings[GO], "µs", at_most=bar)
