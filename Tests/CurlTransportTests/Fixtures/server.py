"""A web server with manners good and bad, for the tests of CurlTransport. Python's standard library only.

    server.py [--cert FILE] [--key FILE] [--client-ca FILE]

Prints the port it was given on 127.0.0.1, then serves until its standard input ends. The path says what it does:
/echo what came, as JSON · /slow/MS answers late · /dribble/MS one octet at a time · /drop half a body, then closes ·
/reset reads and resets · /hangup closes without a word ·
/leave too, and takes no more connections · /huge/N a body of N octets · /chunked · /length-lies ·
/status/N · /headers/N · /header-octets/N · /garbage · /http09 · /interim · /redirect/PORT ·
/bye/MS closes the kept connection a while after the answer · /chatty/MS answers once more, unasked ·
/stats what it has counted.
"""

import argparse
import asyncio
import json
import socket
import ssl
import struct
import zlib
import sys

counts = {"connections": 0, "requests": 0, "finished": 0, "abandoned": 0, "waiting": 0, "most_waiting": 0}


async def read_request(reader):
    """Method, target, header lines and body, or None when the client has closed."""
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    method, target, _ = lines[0].split(" ", 2)
    fields = [line.split(": ", 1) if ": " in line else line.split(":", 1) for line in lines[1:] if line]
    length = next((int(value) for name, value in fields if name.lower() == "content-length"), 0)
    body = await reader.readexactly(length) if length else b""
    if any(name.lower() == "transfer-encoding" for name, _ in fields):
        while size := int(await reader.readline(), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readline()
    return method, target, fields, body


def answer(writer, status, body=b"", fields=()):
    lines = [f"HTTP/1.1 {status} X"]
    if status != 204:
        lines.append(f"Content-Length: {len(body)}")
    lines += [f"{name}: {value}" for name, value in fields]
    writer.write("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)


async def watch(reader, writer, seconds):
    """Waits, unless the client goes away first."""
    counts["waiting"] += 1
    counts["most_waiting"] = max(counts["most_waiting"], counts["waiting"])
    try:
        try:
            await asyncio.wait_for(reader.read(1), seconds)
        except ConnectionError:
            pass  # gone by a reset: gone all the same
        counts["abandoned"] += 1
        return False
    except asyncio.TimeoutError:
        return True
    finally:
        counts["waiting"] -= 1


def reset(writer):
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def behave(reader, writer, method, target, fields, body):
    """Answers one request. False ends the connection."""
    what, _, detail = target.lstrip("/").partition("?")[0].partition("/")
    if what == "echo":
        seen = {"method": method, "target": target, "fields": fields, "body": body.decode("latin-1")}
        answer(writer, 200, json.dumps(seen).encode())
    elif what == "sum":
        answer(writer, 200, json.dumps({"octets": len(body), "crc": zlib.crc32(body)}).encode())
    elif what == "pattern":
        # So many octets, each telling its place, as fast as they are taken.
        writer.write(f"HTTP/1.1 200 X\r\nContent-Length: {detail}\r\nContent-Type: image/png\r\n\r\n".encode())
        left, piece = int(detail), bytes(range(251)) * 261
        while left > 0:
            writer.write(piece[:left])
            counts["sent"] = counts.get("sent", 0) + min(left, len(piece))
            await writer.drain()
            left -= len(piece)
    elif what == "stats":
        answer(writer, 200, json.dumps(counts).encode())
    elif what == "slow":
        if not await watch(reader, writer, int(detail) / 1000):
            return False
        answer(writer, 200, b"late")
    elif what == "dribble":
        writer.write(b"HTTP/1.1 200 X\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(1000):
            writer.write(b".")
            await writer.drain()
            if not await watch(reader, writer, int(detail) / 1000):
                return False
    elif what == "drop":
        writer.write(b"HTTP/1.1 200 X\r\nContent-Length: 1000\r\n\r\nhalf of it")
        await writer.drain()
        return False
    elif what == "reset":
        reset(writer)
        return False
    elif what == "hangup":
        return False
    elif what == "leave":
        listening.close()
        return False
    elif what == "huge":
        answer(writer, 200, b"x" * int(detail))
    elif what == "endless":
        writer.write(b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
            await writer.drain()
        return False
    elif what == "chunked":
        writer.write(b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\nTrailer: X-Late\r\n\r\n")
        for piece in (b"one", b"two", b"three"):
            writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            await writer.drain()
            await asyncio.sleep(0.02)
        writer.write(b"0\r\nX-Late: yes\r\n\r\n")
    elif what == "length-lies":
        writer.write(b"HTTP/1.1 200 X\r\nContent-Length: 20\r\n\r\nshort")
        await writer.drain()
        return False
    elif what == "status":
        answer(writer, int(detail), b"" if detail in ("204", "304") else b"body of " + detail.encode())
    elif what == "headers":
        answer(writer, 200, b"", [(f"X-{n}", "v") for n in range(int(detail))])
    elif what == "header-octets":
        answer(writer, 200, b"", [("X-Long", "v" * int(detail))])
    elif what == "garbage":
        writer.write(b"\x00\x01 this is no HTTP \xff\r\n\r\n")
        return False
    elif what == "interim":
        writer.write(b"HTTP/1.1 103 Hints\r\nX-Early: yes\r\n\r\n")
        answer(writer, 200, b"final", [("X-Final", "yes")])
    elif what == "redirect":
        answer(writer, 302, b"", [("Location", f"http://127.0.0.1:{detail}/trap")])
    elif what == "close-after":
        # A kept connection that dies the moment it is used again.
        answer(writer, 200, b"bye")
        await writer.drain()
        await asyncio.sleep(0.05)
        reset(writer)
        return False
    elif what in ("bye", "chatty"):
        # A kept connection that ends while nobody uses it; or one on which an answer comes that nobody asked for.
        answer(writer, 200, b"bye")
        await writer.drain()
        await asyncio.sleep(int(detail) / 1000)
        if what == "bye":
            return False
        answer(writer, 200, b"not asked for")
    else:
        answer(writer, 404, b"unknown")
    return True


async def connection(reader, writer):
    counts["connections"] += 1
    try:
        while True:
            request = await read_request(reader)
            counts["requests"] += 1
            if not await behave(reader, writer, *request):
                break
            await writer.drain()
            counts["finished"] += 1
    except (asyncio.IncompleteReadError, ConnectionError, ValueError):
        pass
    finally:
        writer.close()


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cert")
    parser.add_argument("--key")
    parser.add_argument("--client-ca")
    options = parser.parse_args()
    context = None
    if options.cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.cert, options.key)
        if options.client_ca:
            context.load_verify_locations(options.client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
    global listening
    listening = await asyncio.start_server(connection, "127.0.0.1", 0, ssl=context, backlog=4096)
    print(listening.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
