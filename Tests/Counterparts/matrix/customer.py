"""A customer with a real Matrix client."""
import asyncio, time, urllib.parse, urllib.request

from nio import AsyncClient, RoomMessageText, RoomSendResponse

import logging
logging.getLogger("nio").setLevel(logging.ERROR)


class Customer:
    @classmethod
    async def enter(cls, site, name, shown):
        await asyncio.to_thread(site.register, name)
        self = cls()
        self.client = AsyncClient(site.url, f"@{name}:localhost")
        self.user, self.events, self.typing, self.members, self.invited = f"@{name}:localhost", [], {}, set(), []
        await self.client.login("pw-" + name)
        await self.client.set_displayname(shown)
        self.task = asyncio.create_task(self.follow())
        return self

    async def follow(self):
        """Goes on through restarts of the homeserver."""
        while True:
            try:
                self.take(await self.client.sync(timeout=2000))
            except asyncio.CancelledError:
                raise
            except Exception:
                await asyncio.sleep(0.1)

    def take(self, response):
        rooms = getattr(response, "rooms", None)
        if rooms is None:
            return
        for room, joined in rooms.join.items():
            for event in [*joined.state, *joined.timeline.events]:
                source = {**event.source, "room_id": room}
                if source.get("type") == "m.room.member" and source["content"].get("membership") == "join":
                    self.members.add((room, source["state_key"]))
                if source.get("type") == "m.room.message" and all(e["event_id"] != source["event_id"] for e in self.events):
                    self.events.append(source)
            for passing in joined.ephemeral:
                if hasattr(passing, "users"):
                    self.typing[room] = passing.users
        self.invited += [room for room in rooms.invite if room not in self.invited]

    async def close(self):
        self.task.cancel()
        await self.client.close()

    # What is seen.

    def received(self, matches):
        """The first event of somebody else that fits; empty when there is none."""
        return next((e for e in self.events if e["sender"] != self.user and matches(e)), {})

    def doubles(self):
        bodies = [e["content"]["body"] for e in self.events if e["sender"] != self.user and "body" in e["content"] and e["content"]["msgtype"] != "m.notice"]
        return [body for body in set(bodies) if bodies.count(body) > 1]

    def joined(self, room, user):
        return (room, user) in self.members

    def sees_typing(self, room, user):
        return user in self.typing.get(room, [])

    def invitations(self):
        return self.invited

    def has(self, mxc, octets):
        server, media = mxc.removeprefix("mxc://").split("/")
        request = urllib.request.Request(
            f"{self.client.homeserver}/_matrix/client/v1/media/download/{server}/{media}", headers={"Authorization": "Bearer " + self.client.access_token})
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.read() == octets

    # What is done.

    async def open(self, user, encrypted=False):
        state = [{"type": "m.room.encryption", "state_key": "", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}] if encrypted else []
        return (await self.client.room_create(is_direct=True, invite=[user], initial_state=state)).room_id

    async def accept(self):
        room = self.invited[-1]
        await self.client.join(room)
        return room

    async def send(self, room, content, kind="m.room.message"):
        # Past nio's own tables of rooms, which a restart empties.
        answer = await self.client.room_send(room, kind, content, ignore_unverified_devices=True)
        if not isinstance(answer, RoomSendResponse):
            raise RuntimeError(str(answer))
        return answer.event_id

    async def say(self, room, text, reply_to=None):
        relation = {"m.relates_to": {"m.in_reply_to": {"event_id": reply_to}}} if reply_to else {}
        return await self.send(room, {"msgtype": "m.text", "body": text, **relation})

    async def edit(self, room, event, text):
        return await self.send(room, {"msgtype": "m.text", "body": "* " + text, "m.new_content": {"msgtype": "m.text", "body": text},
                                      "m.relates_to": {"rel_type": "m.replace", "event_id": event}})

    async def react(self, room, event, key):
        return await self.send(room, {"m.relates_to": {"rel_type": "m.annotation", "event_id": event, "key": key}}, "m.reaction")

    async def redact(self, room, event):
        await self.client.room_redact(room, event)

    async def read(self, room, event):
        await self.client.room_read_markers(room, event, event)

    async def type(self, room):
        await self.client.room_typing(room, True, 10_000)

    async def leave(self, room):
        await self.client.room_leave(room)

    async def send_file(self, room, name, kind, octets):
        uploaded, _ = await self.client.upload(lambda *_: octets, kind, name, filesize=len(octets))
        return await self.send(room, {"msgtype": "m.image", "body": name, "url": uploaded.content_uri, "info": {"mimetype": kind, "size": len(octets)}})
