import CXone
import ChannelCatalog
import HTTP
import HTTPTypes
import Secrets
import Time

extension Doctor {
    static var reachChecks: [Check] { [
        Check("reach.firewall", "what must be reachable from here, for firewall people", look: firewall),
        Check("reach.hosts", "every host that the settings name: name, connection, TLS, trust", need: .network, look: hosts),
        Check("reach.clock", "this machine's clock", need: .network, look: clock),
    ] }

    private static func firewall(_ examination: Examination) -> [Finding] {
        guard let settings = examination.settings else { return [] }
        let ends = RemoteEnd.called(by: settings)
        let plain = ends.filter { !$0.isTLS && !$0.isLoopback }.map { end in
            Finding.bad("\(end.name) is called without encryption", at: end.place, fix: "let it serve https and enter https://…")
        }
        var hosts = Set(ends.filter { !$0.isLoopback }.map { "\($0.connection.proxy.map { proxy in "\(proxy) to " } ?? "")\($0.name)" })
        if settings.messaging.channels.contains(where: { $0.group.platform != nil }) {
            for (_, tenant) in settings.messaging.tenants where tenant.apiURL == nil { hosts.insert("api-de-AREA.niceincontact.com:443") }
            hosts.formUnion(settings.messaging.tenants.flatMap(\.group.hosts).filter { $0.hasPrefix(".") }.map { "*\($0):443 (files)" })
        }
        guard !hosts.isEmpty else { return plain }
        return plain + [.good("outward: \(hosts.sorted().joined(separator: ", ")); inward: port \(examination.front?.port ?? 443) for CXone and browsers")]
    }

    private static func hosts(_ examination: Examination) -> [Finding] {
        guard let settings = examination.settings else { return [] }
        return RemoteEnd.called(by: settings).flatMap { end -> [Finding] in
            if end.hasProxy { return [.good("\(end.name) is reached by its proxy, not looked at", at: end.place)] }
            return reach(end, examination)
        }
    }

    private static func reach(_ end: RemoteEnd, _ examination: Examination) -> [Finding] {
        let begun = examination.tools.time.now()
        guard !examination.tools.resolve(end.host).isEmpty else {
            return [.bad("\(end.host) leads nowhere", at: end.place, fix: "correct the URL, or let this machine's resolver know the name")]
        }
        let naming = examination.tools.time.now().milliseconds(since: begun)
        let own = examination.outline?.ownCertificates.first { $0.certificateFile == end.connection.certificateFile }
        let seen = examination.shake(end) { wish in
            guard let own else { return }
            wish.certificate = Files.read(own.certificateFile)
            wish.key = Files.read(own.keyFile).map { Secret($0) }
            wish.password = own.password
        }
        guard let seen, seen.stage != .notConnected else {
            return [.bad("no connection to \(end.name) (\(seen?.reason ?? ""))", at: end.place, fix: "start it, or open \(end.name) in the firewall")]
        }
        let times = "name \(naming) ms, connection \(seen.connectMilliseconds) ms"
        guard end.isTLS else { return [.good("\(end.name) answers: \(times)", at: end.place)] }
        guard seen.stage == .done else {
            return [.bad("no TLS with \(end.name) (\(seen.reason)\(seen.alert.map { ", alert \($0)" } ?? ""))", at: end.place,
                fix: own == nil ? "correct scheme or port; it must speak TLS 1.2 or 1.3"
                    : "let it accept our certificate: see certificates.keys and certificates.chains")]
        }
        var found: [Finding] = []
        if seen.version != "TLSv1.3", seen.version != "TLSv1.2" {
            found.append(.bad("\(end.name) speaks \(seen.version) only, which is not accepted", at: end.place, fix: "its operator must offer TLS 1.2 or 1.3"))
        }
        if seen.asksCertificate, seen.alert != nil {
            found.append(.bad("\(end.name) wants a client certificate", at: end.place,
                fix: "name \"certificateFile\" and \"keyFile\" there; `causeway certs make client` makes them"))
        } else if own != nil, let alert = seen.alert {
            found.append(.bad("\(end.name) refuses our certificate (alert \(alert))", at: end.place,
                fix: "let its operator trust the authority that issued it"))
        }
        let authorities = end.connection.authorityFile.map { Files.read($0).map { Array($0.utf8) } ?? [] }
        found += judge(seen, of: end, authorities: authorities, examination)
        let isGood = found.allSatisfy { $0.verdict == .good }
        return (isGood ? [.good("\(end.name) answers: \(times), TLS \(seen.tlsMilliseconds) ms", at: end.place)] : []) + found
    }

    private static func clock(_ examination: Examination) async -> [Finding] {
        guard let settings = examination.settings else { return [] }
        let tenants = settings.messaging.tenants.compactMap { RemoteEnd(place: "tenants.\($0.name)", url: $0.group.issuer) }
        let ends = tenants.map { ($0, root(of: $0) + "/.well-known/openid-configuration") }
        guard let (end, url) = ends.first, settings.messaging.channels.contains(where: { $0.group.platform != nil }) else { return [] }
        guard case .success(let response) = await examination.call(.get, url) else { return [] }
        return clockSkew(response, of: end.name, examination, saysGood: true)
    }

    /// What an answer's date says about our clock, or about its sender's.
    static func clockSkew(_ response: Response, of name: String, _ examination: Examination, saysGood: Bool = false) -> [Finding] {
        guard let date = response.fields[.date].flatMap(CertificateDate.seconds(http:)) else { return [] }
        let skew = examination.now - date
        guard abs(skew) > 5 else { return saysGood ? [.good("agrees with \(name)", at: "clock")] : [] }
        let words = "this machine's clock is \(abs(skew)) seconds \(skew > 0 ? "ahead of" : "behind") \(name)"
        let fix = "let a time service set it: timedatectl set-ntp true"
        return [abs(skew) > 60 ? .bad(words + ": signatures and tokens are refused", at: "clock", fix: fix) : .warn(words, at: "clock", fix: fix)]
    }
}
