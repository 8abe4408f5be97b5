"""What is sent: turns as CXone sends them, in the sizes of the table, and the same turn as a Lambda event."""

import base64
import json
import random

AUTHORIZATION = "bench-key-3f9c1d7a5e"


def turn(agent, octets, audio_octets=0):
    """The body of a text turn for `agent`, filled to `octets` by the script's own data; with audio it is a voice turn that carries it."""
    configuration = {
        "webhookUrl": "https://va.example.com/cxone/turn", "authorizationHeader": None, "customHeaders": [],
        "endpointParameters": [{"name": None, "value": None}], "schemaVersion": "V1", "timeout": 10000, "webhookClientCertificates": []}
    body = {
        "virtualAgentId": agent,
        "botConfig": json.dumps(configuration, indent=2),
        "userInput": "Where is my order?",
        "userInputType": 2 if audio_octets else 1,
        "executionInfo": {
            "contactId": 900000000123, "busNo": 4600001, "requestId": 2, "actionType": "TextBotExchange", "actionId": 12,
            "scriptName": "Demo\\OrdersChat"},
        "systemTelemetryData": {
            "consumerProcessHost": "HOST-01", "consumerProcessName": "VCSvc", "consumerProcessVersion": "5.1.1.1",
            "inContactClusterAlias": None, "inContactScriptEngineHost": "HOST-01", "consumerMetaData": None},
        "base64wavFile": audio(audio_octets) if audio_octets else None,
        "botSessionState": None,
        "customPayload": {"customer": {"id": "C-20491", "tier": "gold", "since": 2014}, "history": []},
        "mediaType": "voip" if audio_octets else "Chat"}
    history = body["customPayload"]["history"]
    number = 0
    while len(encoded(body)) < octets - 140:
        number += 1
        history.append({
            "order": f"{4_006_381_333_931 + number:013}", "placed": f"2025-{number % 12 + 1:02}-{number % 28 + 1:02}", "total": number * 7.5,
            "open": number % 3 == 0, "note": "Delivered to “neighbour”, 2nd floor"})
    body["customPayload"]["note"] = "x" * max(0, octets - len(encoded(body)) - 11)
    return encoded(body)


def audio(octets):
    """Base64 text of `octets` octets: a µ-law WAV file of noise."""
    data_octets = octets * 3 // 4 - 46
    header = (
        b"RIFF" + (data_octets + 38).to_bytes(4, "little") + b"WAVEfmt " + (18).to_bytes(4, "little") + (7).to_bytes(2, "little")
        + (1).to_bytes(2, "little") + (8000).to_bytes(4, "little") * 2 + (1).to_bytes(2, "little") + (8).to_bytes(2, "little") + b"\0\0"
        + b"data" + data_octets.to_bytes(4, "little"))
    return base64.b64encode(header + random.Random(1).randbytes(data_octets)).decode()


def encoded(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def lambda_event(body):
    """An HTTP API event, version 2.0, that carries `body`."""
    return encoded({
        "version": "2.0", "routeKey": "$default", "rawPath": "/exchange", "rawQueryString": "",
        "headers": {
            "authorization": AUTHORIZATION, "content-type": "application/json", "content-length": str(len(body)),
            "host": "abc123.execute-api.eu-central-1.amazonaws.com", "x-forwarded-for": "192.0.2.10", "x-forwarded-proto": "https",
            "x-forwarded-port": "443", "user-agent": "CXone"},
        "requestContext": {
            "accountId": "123456789012", "apiId": "abc123", "domainName": "abc123.execute-api.eu-central-1.amazonaws.com",
            "http": {"method": "POST", "path": "/exchange", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.10", "userAgent": "CXone"},
            "requestId": "id", "routeKey": "$default", "stage": "$default", "time": "12/Mar/2025:19:03:58 +0000",
            "timeEpoch": 1741806238000},
        "body": body.decode(), "isBase64Encoded": False})


def settings(place, agent_url=None, **connection):
    """Environment of an exchange function with the scripted agent `orders` and, when there is a URL, the Rasa agent `remote`."""
    caller = {"headers": [{"name": "Authorization", "values": [{"env": "BENCH_AUTHORIZATION"}]}]}
    agents = {"orders": {"caller": caller, "scripted": {}}}
    if agent_url:
        remote = {"caller": caller, "rasa": {"url": agent_url.split("/webhooks/")[0]}}
        agents["remote"] = {**remote, "connection": connection} if connection else remote
    path = place.run / f"settings-{abs(hash((agent_url, tuple(connection))))}.jsonc"
    path.write_text(json.dumps({
        "exchange": {"sessionKeys": [{"env": "BENCH_SESSION_KEY"}], "allowPlainHTTP": True}, "agents": agents}, indent=2))
    return {
        "CAUSEWAY_SETTINGS": str(path), "BENCH_AUTHORIZATION": AUTHORIZATION,
        "BENCH_SESSION_KEY": "bench-session-key-of-32-octets-or-more", "SWIFT_BACKTRACE": "enable=no"}
