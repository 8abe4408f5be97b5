import CXone
import Catalog
import ChannelCatalog
import Glibc

extension Doctor {
    static var privacyChecks: [Check] { [
        Check("privacy.trace", "the record of turns, which holds what contacts said", look: trace),
        Check("privacy.links", "how long contacts' files can be fetched", look: links),
    ] }

    private static func trace(_ examination: Examination) -> [Finding] {
        guard let settings = examination.settings else { return [] }
        guard let file = settings.turns.exchange.traceFile else { return [.good("turns are not recorded")] }
        if let mode = FileMode(file), mode.readers == .everybody {
            return [.bad("everybody on this machine can read \(file)", at: "exchange.trace.file", fix: "chmod 600 \(file)")]
        }
        return [.warn("every turn is recorded in \(file), and nothing removes it", at: "exchange.trace.file",
            fix: "remove \"trace\" when the diagrams are drawn, and the file with it")]
    }

    private static func links(_ examination: Examination) -> [Finding] {
        guard let messaging = examination.settings?.messaging, !messaging.channels.isEmpty else { return [] }
        let hours = (messaging.attachments ?? .standard).lifeHours
        guard hours > 168 else { return [.good("links to contacts' files end after \(hours) hours")] }
        return [.warn("links to contacts' files can be followed for \(hours / 24) days", at: "attachments.lifeHours",
            fix: "set it to what your retention rules allow; 168 is the default")]
    }
}
