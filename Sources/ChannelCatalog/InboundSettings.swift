package import Conversation
package import Settings

/// `channels.<name>.inbound`: what is done with those events of a platform that are no plain messages.
package struct InboundSettings: SettingsGroup {
    package let options: InboundOptions

    package init(from reader: SettingsReader) {
        var options = InboundOptions()
        options.window = reader.value("answerWithinMilliseconds", .integer(500...60_000), default: options.window,
            "How long the platform waits for its answer; what CXone has not taken by then is refused, so that the platform sends it again.")
        options.edits = reader.value("edits", .choice(), default: options.edits,
            "When a contact edits a message: a new message marked as an edit, the same message again (only where your tenant then changes it), or nothing.")
        options.deletions = reader.value("deletions", .choice(), default: options.deletions,
            "When a contact deletes a message: a new message that says so, the same message marked as deleted, or nothing.")
        options.carriesOwnMessages = reader.value("ownMessages", .flag, default: options.carriesOwnMessages,
            "Whether agents see what the business wrote on the platform by other means.")
        options.customerFields = reader.value("customerFields", .texts, default: [],
            "Facts that go to custom fields of the customer: `fact`, or `fact=ident` where CXone calls it otherwise.").map(CarriedFact.init)
        options.contactFields = reader.value("contactFields", .texts, default: [],
            "Facts that go to custom fields of the contact, in the same way.").map(CarriedFact.init)
        options.editedWords = reader.value("editedWords", .text, default: options.editedWords, "Stand before the text of an edited message.")
        options.deletedWords = reader.value("deletedWords", .text, default: options.deletedWords, "Stand for a message that was deleted.")
        self.options = options
    }
}
