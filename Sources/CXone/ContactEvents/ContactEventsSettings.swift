package import Settings

/// `events`: what tells us that an agent ended a conversation (`byoc.md` §11).
package struct ContactEventsSettings: SettingsGroup {
    package let caller: CallerSettings
    package let endingStatuses: [String]
    package let pollSeconds: Int?
    package let tickSeconds: Int
    package let allowPlainHTTP: Bool

    package init(from reader: SettingsReader) {
        caller = reader.group("caller", CallerSettings.self,
            "How the workflow automation, the Studio script or the timer that calls `/events` proves who it is. At least one header is needed.")
        endingStatuses = reader.value("endingStatuses", .texts, default: ["closed", "trashed"],
            "Statuses of a contact that end the conversation on the channel. Add `resolved` where agents set no other.")
        pollSeconds = reader.optional("pollSeconds", .integer(30...3600),
            "Seconds between two looks for closed contacts, where nothing calls `/events/contact`. Each look counts against CXone's limits.")
        tickSeconds = reader.value("tickSeconds", .integer(1...300), default: 3,
            "Seconds between two looks for accepted messages that are due, in a process that lives on.")
        allowPlainHTTP = reader.value("allowPlainHTTP", .flag, default: false, "Serve unencrypted requests from this machine.")
    }
}
