package import Conversation
import HTTPTypes
import JSON
package import Time

extension Matrix: OpeningChannel {
    package func check(_ recipient: Person, by deadline: Instant) async throws(ChannelError) {
        guard Accounts.isUser(recipient.id.text) else {
            throw ChannelError(
                .recipientRefused, reason: "not a user id", sentence: "A Matrix address looks like @name:server.", mayHaveArrived: false)
        }
        guard !accounts.isOurs(recipient.id.text) else {
            throw ChannelError(.recipientRefused, reason: "our own account", sentence: "This is the service's own address.", mayHaveArrived: false)
        }
        do {
            _ = try await homeserver.call(.get, ["profile", recipient.id.text], by: deadline)
        } catch {
            throw ChannelError(error, isAsking: true)
        }
    }

    /// The room that the person opened, if they did; otherwise one of ours, found again by an alias that these people alone lead to.
    package func open(
        with recipients: [Person], visibility: Visibility, name: String?, key: String, by deadline: Instant
    ) async throws(ChannelError) -> ThreadID {
        guard visibility == .direct, !recipients.isEmpty, recipients.allSatisfy({ Accounts.isUser($0.id.text) }) else {
            throw ChannelError(
                .recipientRefused, reason: "no user ids", sentence: "A Matrix address looks like @name:server.", mayHaveArrived: false)
        }
        if recipients.count == 1, let person = recipients.first, let room = await known(person, by: deadline) { return room }
        do {
            return try await made(with: recipients, name: name, by: deadline)
        } catch {
            throw ChannelError(error, isAsking: true)
        }
    }

    /// The remembered room of a person who is still in it.
    private func known(_ person: Person, by deadline: Instant) async -> ThreadID? {
        guard let room = await memory.room(of: person.id.text, by: deadline),
            let state = try? await homeserver.call(.get, ["rooms", room, "state", "m.room.member", person.id.text], by: deadline),
            state["membership"]?.string == "join"
        else { return nil }
        return ThreadID(room)
    }

    private func made(with recipients: [Person], name: String?, by deadline: Instant) async throws(MatrixFailure) -> ThreadID {
        let localpart = accounts.aliasName(for: recipients)
        let alias = "#\(localpart):\(accounts.server)"
        try await introduce(accounts.sender, by: deadline)
        for _ in 0..<2 {
            do {
                return try await create(localpart, with: recipients, name: name, by: deadline)
            } catch where error.code == "M_ROOM_IN_USE" {
                // Made before, perhaps by an attempt whose answer was lost.
            }
            guard let room = try await homeserver.call(.get, ["directory", "room", alias], by: deadline)["room_id"]?.string
            else { throw .malformed }
            do {
                for person in recipients { try await invite(person, to: room, by: deadline) }
                return ThreadID(room)
            } catch where error.status == 403 {
                // We left it: it can never be used again.
                _ = try await homeserver.call(.delete, ["directory", "room", alias], by: deadline)
            }
        }
        throw .malformed
    }

    private func create(
        _ alias: String, with recipients: [Person], name: String?, by deadline: Instant
    ) async throws(MatrixFailure) -> ThreadID {
        let body = RawJSON { json in
            json.object { json in
                json.field("preset", "trusted_private_chat")
                json.field("visibility", "private")
                json.field("is_direct", true)
                json.field("room_alias_name", alias)
                json.field("name", name)
                json.field("invite", array: { json in for person in recipients { json.value(person.id.text) } })
            }
        }
        let answer = try await homeserver.call(.post, ["createRoom"], as: accounts.sender, body: body, by: deadline)
        guard let room = answer["room_id"]?.string else { throw .malformed }
        return ThreadID(room)
    }

    /// Who is invited or there already needs no second invitation.
    private func invite(_ person: Person, to room: String, by deadline: Instant) async throws(MatrixFailure) {
        let members = try await homeserver.call(
            .get, ["rooms", room, "members"], as: accounts.sender, query: [("membership", "join")], by: deadline)
        if members["chunk"]?.elements.contains(where: { $0["state_key"]?.string == person.id.text }) == true { return }
        let body = RawJSON { $0.object { $0.field("user_id", person.id.text) } }
        _ = try await homeserver.call(.post, ["rooms", room, "invite"], as: accounts.sender, body: body, by: deadline)
    }
}
