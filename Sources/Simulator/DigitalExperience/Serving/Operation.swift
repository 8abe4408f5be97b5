/// What CXone serves and what it calls; names in the log, of faults and of counts.
package enum Operation: String, CaseIterable, Sendable {
    // Sign-in
    case openIDConfiguration, cxoneConfiguration, signIn, accessKeyToken
    // Channels
    case saveChannel, listChannels, deleteChannel, listTemplates
    // Messages
    case createMessage, createInbound, sendOutbound, updateStatus, listMessages, getMessage, deleteMessage, react, unreact, markRead
    case removeContent, removeAuthorName, tag, untag, setSentiment
    // Threads
    case listThreads, updateThread, senderAction
    // Contacts
    case listContacts, getContact, updateContact, updateContactStatus, abandonContact, listContactMessages, assignContact, unassignContact
    case contactFields, deleteContactField, setQueue, closeAgentContact, sendTranscript
    // Customers
    case listCustomers, getCustomer, customerFields, deleteCustomerField, mergeCustomers
    // The rest
    case uploadAttachment, verifyOneTimeToken, giveOneTimeToken, file, listQueues, listTags
    // Calls of CXone
    case callbackToken, callbackOutbound, callbackLegacy, callbackRecipients, callbackSenderAction, callbackEvent, callbackOther
    /// A path that nothing is known about.
    case unknown
}
