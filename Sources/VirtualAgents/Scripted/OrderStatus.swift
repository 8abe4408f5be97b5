extension Script {
    /// The order-status example, compiled in so that a fresh checkout answers without any file. A test holds it equal to
    /// `Examples/order-status.bot`.
    package static let orderStatus = (try? Script(reading: orderStatusText, soundsIn: ".")) ?? Script()

    package static let orderStatusText = #"""
        # Order status by phone or chat: a greeting, a question for the order number, an answer, and a person if one is wanted.
        # One block is one intent: first what brings the contact to it, then what is answered.

        locale en

        intent Welcome
            starts
            says Welcome to Acme Orders. How can I help you?

        intent OrderStatus
            hears where is my order
            hears where is my package
            hears order status
            hears status of my order
            hears about my order
            hears about an order
            hears wo ist meine Bestellung
            keys 1
            says Please say or key in your 13-digit order number.
            speaks <speak>Please say or key in your <break time="200ms"/> thirteen digit order number.</speak>
            wants digits 13 ended by #
            waits 15 seconds
            goes to awaiting-order-number

        intent OrderNumber
            in awaiting-order-number
            digits 13
            remembers orderNumber = {digits}
            says Thank you. Order {orderNumber} is in transit and delayed by three days.
            speaks <speak>Thank you. Order <say-as interpret-as="digits">{orderNumber}</say-as> is in transit and delayed by three days.</speak>
            says Is there anything else I can do for you?
            tells orderNumber = {orderNumber}
            tells delayed = true
            tells delayDays = 3
            goes nowhere

        intent OrderNumberUnclear
            in awaiting-order-number
            digits 1 to 12
            digits 14 to 60
            falls back
            not understood
            says I need the 13 digits of your order number. Please try again.
            wants digits 13 ended by #
            waits 15 seconds

        intent Escalation
            hears agent
            hears person
            hears human
            hears talk to someone
            hears Mitarbeiter
            keys 0
            says I will connect you with a colleague.
            tells orderNumber = {orderNumber}
            transfers because the contact asked for a person

        intent EndConversation
            hears bye
            hears goodbye
            hears no thanks
            hears no thank you
            hears that is all
            hears exactly no
            hears tschüss
            says Thank you for calling Acme Orders. Goodbye.
            ends done

        intent Silence
            silence
            says Are you still there?

        intent SilenceAgain
            silence 3
            says I cannot hear you, so I will connect you with a colleague.
            transfers because the contact was silent {silences} times

        intent Fallback
            falls back
            says I did not understand that. You can ask where your order is, or for a person.

        intent ContactLeft
            leaves

        """#
}
