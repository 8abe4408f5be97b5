package import Conversation
import HTTPTypes
import JSON
package import Time

extension Matrix: OutboundChannel {
    package func send(_ part: OutboundPart) async throws(ChannelError) -> SentPart {
        let hasAccount = settings.agentAccounts && part.author != nil
        let account = hasAccount ? accounts.agent(part.author ?? "") : accounts.sender
        do {
            let content: RawJSON
            if let file = part.files.first {
                content = try await share(file, part, as: account)
            } else if let words = ToMatrix.content(of: part, author: hasAccount ? nil : part.author) {
                content = words
            } else {
                throw ChannelError(.contentRefused, reason: "neither words nor a file", mayHaveArrived: false)
            }
            let event = try await put(content, in: part.thread, key: part.key, as: account, name: part.author, by: part.deadline)
            if settings.marksRead {
                _ = try? await homeserver.call(
                    .post, ["rooms", part.thread.text, "receipt", "m.read", event], as: account, by: part.deadline)
            }
            return SentPart(id: MessageID(event))
        } catch let error as ChannelError {
            throw error
        } catch let failure as MatrixFailure {
            throw ChannelError(failure)
        } catch {
            throw ChannelError(.failed, reason: "unexpected")
        }
    }
}

extension Matrix: TypingChannel {
    package func showTyping(_ isOn: Bool, in thread: ThreadID, by deadline: Instant) async throws(ChannelError) {
        let body = RawJSON { json in
            json.object { json in
                json.field("typing", isOn)
                if isOn { json.field("timeout", settings.typingSeconds * 1000) }
            }
        }
        do {
            _ = try await homeserver.call(
                .put, ["rooms", thread.text, "typing", accounts.sender], as: accounts.sender, body: body, by: deadline)
        } catch {
            throw ChannelError(error)
        }
    }
}

extension Matrix: EndingChannel {
    package func end(_ thread: ThreadID, by deadline: Instant) async throws(ChannelError) {
        guard settings.ending != .nothing else { return }
        do {
            if !settings.endingNotice.isEmpty {
                // Told twice within ten minutes, it is said once.
                let key = "end-\(time.epochMilliseconds() / 600_000)"
                _ = try await put(ToMatrix.notice(settings.endingNotice), in: thread, key: key, as: accounts.sender, by: deadline)
            }
            guard settings.ending == .leave else { return }
            let members = try await homeserver.call(.get, ["rooms", thread.text, "joined_members"], by: deadline)["joined"]
            // The sender goes last: without it, a repeat could not see who is left.
            let ours = (members?.members.map(\.name) ?? []).filter { accounts.isOurs($0) && $0 != accounts.sender } + [accounts.sender]
            for account in ours { _ = try await homeserver.call(.post, ["rooms", thread.text, "leave"], as: account, by: deadline) }
        } catch {
            // Where we are no more, nothing is left to end.
            if error.status == 403 || error.status == 404 { return }
            throw ChannelError(error)
        }
    }
}

// MARK: Accounts

extension Matrix {
    /// Named with every message: the homeserver then remembers for a day, and across its own restart, which keys this account used.
    static let device = "CAUSEWAY"

    /// Sends one event; makes the account, its device and its place in the room first, where they turn out to be missing.
    ///
    /// - Parameter key: The same for every attempt: the homeserver answers a repeat with the event of the first (specification §6.5).
    /// - Returns: The event's id.
    func put(
        _ content: RawJSON, in room: ThreadID, key: String, as account: String, name: String? = nil, by deadline: Instant
    ) async throws(MatrixFailure) -> String {
        var hasDevice = false
        var hasPlace = false
        while true {
            do throws(MatrixFailure) {
                let answer = try await homeserver.call(
                    .put, ["rooms", room.text, "send", "m.room.message", key], as: account, query: [("device_id", Self.device)], body: content,
                    by: deadline)
                guard let event = answer["event_id"]?.string, !event.isEmpty else { throw MatrixFailure.malformed }
                return event
            } catch where error.code.hasSuffix("UNKNOWN_DEVICE") && !hasDevice {
                hasDevice = true
                _ = try await homeserver.call(.put, ["devices", Self.device], as: account, by: deadline)
            } catch where error.status == 403 && !hasPlace {
                hasPlace = true
                try await bring(account, named: name, into: room, by: deadline)
            }
        }
    }

    private func bring(_ account: String, named name: String?, into room: ThreadID, by deadline: Instant) async throws(MatrixFailure) {
        try await register(account, name: account == accounts.sender ? settings.displayName : name ?? settings.displayName, by: deadline)
        if account != accounts.sender {
            let invited = RawJSON { $0.object { $0.field("user_id", account) } }
            do {
                _ = try await homeserver.call(.post, ["rooms", room.text, "invite"], as: accounts.sender, body: invited, by: deadline)
            } catch where error.status == 403 {
                // It is there already, or the sender is not: joining tells.
            }
        }
        _ = try await homeserver.call(.post, ["join", room.text], as: account, by: deadline)
    }

    /// Makes an account and gives it its name; leaves one that exists as it is.
    func register(_ account: String, name: String, by deadline: Instant) async throws(MatrixFailure) {
        let body = RawJSON { json in
            json.object { json in
                json.field("type", "m.login.application_service")
                json.field("username", Accounts.localpart(of: account))
                json.field("inhibit_login", true)
            }
        }
        do {
            _ = try await homeserver.call(.post, ["register"], body: body, by: deadline)
        } catch where error.code == "M_USER_IN_USE" {
            return
        }
        try await call(account, name, by: deadline)
    }

    /// Sees to it that an account exists and, if it is the sender, bears the name of the settings.
    func introduce(_ account: String, by deadline: Instant) async throws(MatrixFailure) {
        do {
            let profile = try await homeserver.call(.get, ["profile", account], by: deadline)
            // Only when it differs: the homeserver tells a new name to every room.
            if account == accounts.sender, profile["displayname"]?.string != settings.displayName {
                try await call(account, settings.displayName, by: deadline)
            }
        } catch where error.status == 404 || error.status == 403 {
            try await register(account, name: settings.displayName, by: deadline)
        }
    }

    private func call(_ account: String, _ name: String, by deadline: Instant) async throws(MatrixFailure) {
        let body = RawJSON { $0.object { $0.field("displayname", name) } }
        _ = try await homeserver.call(.put, ["profile", account, "displayname"], as: account, body: body, by: deadline)
    }
}
