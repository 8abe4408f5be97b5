/// `causeway doctor`: looks at a set-up from the settings file to the virtual agent, and names each fault with its remedy.
package enum Doctor {
    /// In the order in which a set-up is made: what comes later makes little sense while something before is wrong.
    package static let checks: [Check] =
        settingsChecks + secretChecks + certificateChecks + frontChecks + reachChecks + storeChecks + tokenChecks + agentChecks + privacyChecks

    /// - Parameter tell: Hears of each finding as it comes.
    package static func examine(_ examination: Examination, tell: (Finding) -> Void = { _ in }) async -> DoctorReport {
        var findings: [Finding] = []
        for check in checks {
            switch check.need {
            case .files: break
            case .network: if examination.options.isOffline { continue }
            case .live: if examination.options.isOffline || !examination.options.isLive { continue }
            }
            for finding in await check.findings(examination) {
                findings.append(finding)
                tell(finding)
            }
        }
        return DoctorReport(findings)
    }
}
