extension Script {
    /// The order-status example, compiled in so that a fresh checkout answers without any file, and as values, so that a process that
    /// answers one turn has nothing to read. A test holds it equal to `Examples/order-status.bot`.
    package static let orderStatus = Script(
        locale: "en",
        intents: [
            Intent(
                name: "Welcome", triggers: [.start([])],
                actions: [.say(Template([.text("Welcome to Acme Orders. How can I help you?")]))]),
            Intent(
                name: "OrderStatus",
                triggers: [
                    .phrase(Phrase(elements: [.word("where"), .word("is"), .word("my"), .word("order")], isWhole: false)),
                    .phrase(Phrase(elements: [.word("where"), .word("is"), .word("my"), .word("package")], isWhole: false)),
                    .phrase(Phrase(elements: [.word("order"), .word("status")], isWhole: false)),
                    .phrase(Phrase(elements: [.word("status"), .word("of"), .word("my"), .word("order")], isWhole: false)),
                    .phrase(Phrase(elements: [.word("about"), .word("my"), .word("order")], isWhole: false)),
                    .phrase(Phrase(elements: [.word("about"), .word("an"), .word("order")], isWhole: false)),
                    .phrase(Phrase(elements: [.word("wo"), .word("ist"), .word("meine"), .word("bestellung")], isWhole: false)),
                    .keys("1"),
                ],
                actions: [
                    .say(Template([.text("Please say or key in your 13-digit order number.")])),
                    .speak(Template([
                        .text("<speak>Please say or key in your <break time=\"200ms\"/> thirteen digit order number.</speak>")
                    ])),
                    .expect(.digits(most: 13, terminators: "#", only: false)), .wait(milliseconds: 15_000), .go("awaiting-order-number"),
                ]),
            Intent(
                name: "OrderNumber", states: ["awaiting-order-number"], triggers: [.digits(13...13)],
                actions: [
                    .remember("orderNumber", Template([.variable("digits")])),
                    .say(Template([
                        .text("Thank you. Order "), .variable("orderNumber"), .text(" is in transit and delayed by three days."),
                    ])),
                    .speak(Template([
                        .text("<speak>Thank you. Order <say-as interpret-as=\"digits\">"), .variable("orderNumber"),
                        .text("</say-as> is in transit and delayed by three days.</speak>"),
                    ])),
                    .say(Template([.text("Is there anything else I can do for you?")])),
                    .tell("orderNumber", Template([.variable("orderNumber")])), .tell("delayed", Template([.text("true")])),
                    .tell("delayDays", Template([.text("3")])), .go(nil),
                ]),
            Intent(
                name: "OrderNumberUnclear", states: ["awaiting-order-number"],
                triggers: [.digits(1...12), .digits(14...60), .fallback],
                actions: [
                    .signal(.notUnderstood), .say(Template([.text("I need the 13 digits of your order number. Please try again.")])),
                    .expect(.digits(most: 13, terminators: "#", only: false)), .wait(milliseconds: 15_000),
                ]),
            Intent(
                name: "Escalation",
                triggers: [
                    .phrase(Phrase(elements: [.word("agent")], isWhole: false)),
                    .phrase(Phrase(elements: [.word("person")], isWhole: false)),
                    .phrase(Phrase(elements: [.word("human")], isWhole: false)),
                    .phrase(Phrase(elements: [.word("talk"), .word("to"), .word("someone")], isWhole: false)),
                    .phrase(Phrase(elements: [.word("mitarbeiter")], isWhole: false)),
                    .keys("0"),
                ],
                actions: [
                    .say(Template([.text("I will connect you with a colleague.")])),
                    .tell("orderNumber", Template([.variable("orderNumber")])),
                    .signal(.transfer(to: nil, reason: "the contact asked for a person")),
                ]),
            Intent(
                name: "EndConversation",
                triggers: [
                    .phrase(Phrase(elements: [.word("bye")], isWhole: false)),
                    .phrase(Phrase(elements: [.word("goodbye")], isWhole: false)),
                    .phrase(Phrase(elements: [.word("no"), .word("thanks")], isWhole: false)),
                    .phrase(Phrase(elements: [.word("no"), .word("thank"), .word("you")], isWhole: false)),
                    .phrase(Phrase(elements: [.word("that"), .word("is"), .word("all")], isWhole: false)),
                    .phrase(Phrase(elements: [.word("no")], isWhole: true)),
                    .phrase(Phrase(elements: [.word("tschuss")], isWhole: false)),
                ],
                actions: [.say(Template([.text("Thank you for calling Acme Orders. Goodbye.")])), .signal(.end("done"))]),
            Intent(name: "Silence", triggers: [.silence(1)], actions: [.say(Template([.text("Are you still there?")]))]),
            Intent(
                name: "SilenceAgain", triggers: [.silence(3)],
                actions: [
                    .say(Template([.text("I cannot hear you, so I will connect you with a colleague.")])),
                    .signal(.transfer(to: nil, reason: "the contact was silent {silences} times")),
                ]),
            Intent(
                name: "Fallback", triggers: [.fallback],
                actions: [
                    .say(Template([.text("I did not understand that. You can ask where your order is, or for a person.")]))
                ]),
            Intent(name: "ContactLeft", triggers: [.left]),
        ])
}
