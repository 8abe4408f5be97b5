import Conversation
import HTTPTypes
import JSON
import Time

/// Does for one transaction what the homeserver expects of a member of rooms: joins where it is invited, knows people's names. Everything here may be
/// repeated without harm. What can never succeed is given up, so that one room does not hold up all others; what may succeed in a moment makes
/// the homeserver send the transaction again.
struct RoomKeeper {
    let matrix: Matrix
    let deadline: Instant
    /// Display names that this transaction needed; `nil` inside: could not be had.
    private var names: [String: String?] = [:]

    init(matrix: Matrix, deadline: Instant) {
        self.matrix = matrix
        self.deadline = deadline
    }

    /// The event that a step is for the contact centre; `nil` when it was for us alone.
    mutating func take(_ step: FromMatrix.Step) async throws(WebhookRefusal) -> InboundEvent? {
        switch step {
        case .message(var message):
            if !message.isOwn { message.author.firstName = await name(of: message.author.id.text, in: message.thread) }
            return .message(message)
        case .edit(var message):
            guard try await isAuthor(of: message) else { return nil }
            message.author.firstName = await name(of: message.author.id.text, in: message.thread)
            return .edit(message)
        case .deletion(let message, let thread): return .deletion(of: message, in: thread, visibility: .direct)
        case .invitation(let invitation):
            try await accept(invitation)
            return nil
        case .departure(_, let thread):
            return try await isLeft(thread) ? .ending(of: thread, visibility: .direct) : nil
        case .dismissal(let thread): return .ending(of: thread, visibility: .direct)
        case .name(let user, let name):
            names[user] = .some(name)
            await matrix.memory.remember(name: name ?? "", of: user, by: deadline)
            return nil
        case .encrypted(let thread):
            await say(matrix.settings.encryptionNotice, in: thread)
            return nil
        }
    }

    // MARK: Names

    private mutating func name(of user: String, in room: ThreadID) async -> String? {
        if let known = names[user] { return known }
        var name = await matrix.memory.name(of: user, by: deadline)
        if name == nil, let state = try? await matrix.homeserver.call(.get, ["rooms", room.text, "state", "m.room.member", user], by: deadline) {
            name = state["displayname"]?.string ?? ""
            await matrix.memory.remember(name: name ?? "", of: user, by: deadline)
        }
        // Who chose no name has their account's, which is the nickname.
        if name == "" { name = nil }
        names[user] = .some(name)
        return name
    }

    // MARK: Rooms

    private func accept(_ invitation: FromMatrix.Invitation) async throws(WebhookRefusal) {
        do {
            try await matrix.introduce(invitation.account, by: deadline)
            if invitation.isEncrypted, matrix.settings.encryptedRooms == .decline {
                _ = try await matrix.homeserver.call(
                    .post, ["rooms", invitation.room.text, "leave"], as: invitation.account, by: deadline)
                return
            }
            _ = try await matrix.homeserver.call(.post, ["join", invitation.room.text], as: invitation.account, by: deadline)
            if invitation.isDirect { await matrix.memory.remember(room: invitation.room, of: invitation.inviter, by: deadline) }
            if invitation.isEncrypted { await say(matrix.settings.encryptionNotice, in: invitation.room) }
        } catch where error.isMomentary {
            throw WebhookRefusal(.notNow, reason: "an invitation could not be answered: \(ChannelError(error))")
        } catch {
            // Withdrawn, or the room's own server does not answer. Who still wants us can invite again.
        }
    }

    /// Best effort, and by the same key for a day: contacts may be told again, but not with every message.
    private func say(_ text: String, in room: ThreadID) async {
        guard !text.isEmpty else { return }
        let day = matrix.time.epochMilliseconds() / 86_400_000
        _ = try? await matrix.put(ToMatrix.notice(text), in: room, key: "encrypted-\(day)", as: matrix.accounts.sender, by: deadline)
    }

    /// Whether no contact is left in the room.
    private func isLeft(_ room: ThreadID) async throws(WebhookRefusal) -> Bool {
        do {
            let members = try await matrix.homeserver.call(.get, ["rooms", room.text, "joined_members"], by: deadline)["joined"]
            return members?.members.allSatisfy { matrix.accounts.isOurs($0.name) } ?? true
        } catch where error.isMomentary {
            throw WebhookRefusal(.notNow, reason: "the members of a room are not known: \(ChannelError(error))")
        } catch {
            return true
        }
    }

    /// An edit is sent like any message, by anybody in the room: only its author may change what was said.
    private func isAuthor(of edit: InboundMessage) async throws(WebhookRefusal) -> Bool {
        do {
            let original = try await matrix.homeserver.call(.get, ["rooms", edit.thread.text, "event", edit.id.text], by: deadline)
            return original["sender"]?.string == edit.author.id.text
        } catch where error.isMomentary {
            throw WebhookRefusal(.notNow, reason: "the author of an edited message is not known: \(ChannelError(error))")
        } catch {
            return false
        }
    }
}
