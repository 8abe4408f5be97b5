package import Settings

/// `tenants.<name>.limits`: what CXone admits from this tenant (`byoc.md` §5.3), for the case that NICE has agreed to other figures.
package struct LimitSettings: SettingsGroup {
    package let updatesPerHour: Int
    package let inboundPerHour: Int
    package let outboundPerMinute: Int
    package let readsPerHour: Int
    package let contactBurst: Int
    package let contactPerMinute: Int

    package init(from reader: SettingsReader) {
        let many = 100...1_000_000_000
        updatesPerHour = reader.value("updatesPerHour", .integer(many), default: 1_000_000, "Everything that changes something, messages too.")
        inboundPerHour = reader.value("inboundPerHour", .integer(many), default: 360_000, "Messages from contacts.")
        outboundPerMinute = reader.value("outboundPerMinute", .integer(many), default: 6000, "Messages from agents that are recorded.")
        readsPerHour = reader.value("readsPerHour", .integer(many), default: 120_000, "Look-ups of contacts and messages.")
        contactBurst = reader.value("contactBurst", .integer(1...1_000_000), default: 250, "Changes of one contact that may come at once.")
        contactPerMinute = reader.value("contactPerMinute", .integer(1...1_000_000), default: 17, "Changes of one contact a minute after that.")
    }

    var updates: Allowance { updatesPerHour == 1_000_000 ? .updates : .hourly(updatesPerHour) }
    var stores: Allowance { inboundPerHour == 360_000 ? .stores : .hourly(inboundPerHour) }
    var sends: Allowance { outboundPerMinute == 6000 ? .sends : .hourly(outboundPerMinute * 60) }
    var reads: Allowance { readsPerHour == 120_000 ? .reads : .hourly(readsPerHour) }
    var contact: Allowance {
        guard contactBurst != 250 || contactPerMinute != 17 else { return .contact }
        return Allowance(
            burst: contactBurst, count: contactPerMinute, perMilliseconds: 60_000, chunk: max(1, min(4, contactBurst / 8)), keeping: 60_000)
    }
}

extension Allowance {
    /// Spread evenly, with a second's worth at once.
    fileprivate static func hourly(_ count: Int) -> Allowance {
        let second = max(1, count / 3600)
        return Allowance(
            burst: second, count: max(1, count - 2 * second), perMilliseconds: 3_600_000, chunk: max(1, min(1024, second / 6)), keeping: 1000)
    }
}
