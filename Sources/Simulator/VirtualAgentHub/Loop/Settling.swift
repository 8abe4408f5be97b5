import JSON

/// What becomes of a turn: the branch that the script takes, what the contact hears, and whether it goes on (§5.2, §7.1, §13).
extension HubInteraction {
    mutating func settle(_ finished: HubTurn, _ behaviour: HubBehaviour) {
        var turn = finished
        let comfort = comfort(of: turn)
        if turn.failure == nil, let answer = turn.response?.parsed(), answer.kind == .object { judge(answer, &turn, behaviour) }
        if turn.failure == nil, let answer = turn.response?.parsed(), let branch = turn.branch.flatMap(ExchangeBranch.init) {
            apply(answer, branch, &turn, behaviour)
        } else {
            fail(&turn)
        }
        turn.says = comfort + turn.says
        if app.medium == .voice, comfort.isEmpty, turn.milliseconds > 4000 {
            let time = CollectionRules.seconds(turn.milliseconds)
            turn.warnings.append("The caller heard nothing for \(time); beyond 4 s that feels awkward, and no comfort prompt was set.")
        }
        if let ended { (phase, self.ended) = (.ended, ended) } else { phase = .waiting }
        collect(turn)
        turns.append(turn)
    }

    /// The prompts that cover a slow answer, by the rules of the turn before.
    private func comfort(of turn: HubTurn) -> [Saying] {
        guard let delay = rules.comfortDelayMilliseconds, turn.milliseconds > delay, turn.input.kind != "hangUp" else { return [] }
        return rules.comfort.map { Saying(kind: .comfort, text: $0) }
    }

    private func judge(_ answer: JSON, _ turn: inout HubTurn, _ behaviour: HubBehaviour) {
        turn.violations = AnswerContract(judging: answer).violations
        turn.branch = answer["branchName"]?.string
        let counting = turn.violations.filter { $0.isUnknown ? behaviour.unknownFields == .refuse : behaviour.violations == .refuse }
        if let first = counting.first {
            turn.failure = "the response does not conform to the contract: \(first.field.isEmpty ? "it" : first.field) \(first.message)"
        } else if turn.branch.flatMap(ExchangeBranch.init) == nil {
            turn.failure = "the response names no branch"
        }
    }

    // MARK: An answer by the contract

    private mutating func apply(_ answer: JSON, _ branch: ExchangeBranch, _ turn: inout HubTurn, _ behaviour: HubBehaviour) {
        take(answer, branch, &turn)
        var rendering = Rendering(app, variables: variables)
        rendering.render(answer["nextPromptSequence"])
        if branch == .error { rendering.render(answer["errorDetails"]?["errorPromptSequence"], as: .error) }
        turn.warnings += rendering.warnings
        turn.says = rendering.says
        if case .hangUp = turn.input { return leave(branch, &turn) }
        if case .test = turn.input {
            ended = Ending(why: "the app's test succeeded", by: "script", branch: branch.rawValue)
            return
        }
        guard connect(branch, &turn, behaviour) else { return }
        follow(branch, answer, &turn)
    }

    /// State, payload and intent, with remarks on what scripts would miss.
    private mutating func take(_ answer: JSON, _ branch: ExchangeBranch, _ turn: inout HubTurn) {
        let state = answer["botSessionState"].flatMap { $0.isNull ? nil : RawJSON($0) }
        turn.stateOctets = state?.bytes.count
        self.state = state
        if branch.collects, state == nil { turn.warnings.append("The conversation goes on without botSessionState: the next turn looks like the first.") }
        for (name, octets) in [("botSessionState", state?.bytes.count), ("customPayload", answer["customPayload"]?.raw.count)] {
            guard let octets, octets > 2048 else { continue }
            turn.warnings.append("\(name) has \(octets) octets; Studio's strings end at 2 KB or 32 KB, by setting.")
        }
        if let payload = answer["customPayload"], payload.kind == .object {
            turn.customPayload = RawJSON(payload)
            for member in payload.members {
                if let value = member.value.string ?? member.value.numberLiteral ?? member.value.bool.map({ "\($0)" }) { variables[member.name] = value }
                if ["callbackTime", "httpStatusCode", "diagnostics"].contains(member.name) {
                    turn.warnings.append("customPayload.\(member.name) is a name that CXone sets itself.")
                }
            }
        }
        let intent = answer["intentInfo"]
        turn.intent = intent.flatMap { intent in
            intent.kind != .object ? nil : RawJSON { $0.object { entry in
                entry.field("name", intent["intent"]?.string)
                entry.field("context", intent["context"]?.string)
                entry.field("confidence", intent["intentConfidence"].map { RawJSON($0) })
                entry.field("utterance", intent["lastUserUtterance"]?.string)
                entry.field("slots", intent["slots"].map { RawJSON($0) })
            } }
        }
        if intent?["intent"]?.string == nil { turn.warnings.append("intentInfo.intent is missing: scripts and transcripts use it.") }
        if let confidence = intent?["intentConfidence"]?.double, !(0...1).contains(confidence) {
            turn.warnings.append("intentInfo.intentConfidence is \(confidence); 0 to 1 is usual.")
        }
        if branch == .error, answer["errorDetails"]?.kind != .object { turn.warnings.append("The Error branch has no errorDetails.") }
        if branch == .doNotBegin, turn.number > 1 { turn.warnings.append("DoNotBegin belongs to the first turn.") }
        if app.medium == .chat, branch == .untranscribable || branch == .breakout { turn.warnings.append("\(branch.rawValue) belongs to calls.") }
    }

    /// Nobody is there any more.
    private mutating func leave(_ branch: ExchangeBranch, _ turn: inout HubTurn) {
        if branch != .returnControl { turn.warnings.append("A contact that has left is answered by ReturnControlToScript, not by \(branch.rawValue).") }
        if !turn.says.isEmpty { turn.warnings.append("The contact has left: nobody hears the prompts.") }
        turn.says = []
        turn.isConnected = app.action.holdsDialogue || app.connected.contains(ExchangeBranch.returnControl.rawValue)
        if !turn.isConnected { turn.warnings.append("OnReturnControlToScript is not connected: the script misses that the contact has left.") }
        turn.taken = turn.isConnected ? "On\(branch.rawValue)" : HubApp.defaultBranch
        ended = Ending(why: app.medium == .voice ? "the caller hung up" : "the contact left", by: "contact", branch: branch.rawValue)
    }

    /// Whether the script goes on by the branch; otherwise it has been dealt with.
    private mutating func connect(_ branch: ExchangeBranch, _ turn: inout HubTurn, _ behaviour: HubBehaviour) -> Bool {
        turn.taken = "On\(branch.rawValue)"
        if app.action.holdsDialogue, branch.collects { return true }
        let isOffered = app.action.branches(behaviour).contains(branch)
        if isOffered, app.connected.contains(branch.rawValue) { return true }
        turn.isConnected = false
        turn.warnings.append(isOffered
            ? "On\(branch.rawValue) is not connected in the script." : "\(app.action.title) shows no branch On\(branch.rawValue).")
        if branch == .returnControl {
            turn.warnings.append("The end of an interaction belongs to OnReturnControlToScript; by Default it may not work as expected.")
        }
        turn.says = []
        guard behaviour.unconnected == .default, app.connected.contains(HubApp.defaultBranch) else {
            turn.taken = nil
            turn.experience = .init(contact: "hears nothing more", script: "stops: no branch leads on from \(branch.rawValue)")
            ended = Ending(why: "the script stopped: On\(branch.rawValue) leads nowhere", by: "script", branch: branch.rawValue)
            return false
        }
        turn.taken = HubApp.defaultBranch
        turn.warnings.append("The script falls to Default, and what the agent said is lost.")
        if app.atDefault == .asksAgain, branch.collects {
            turn.experience = .init(contact: "hears nothing and is expected to go on", script: "went by Default and asks again")
        } else {
            turn.experience = .init(contact: "hears nothing of the agent's answer", script: "went by Default and ended")
            ended = Ending(why: "the script fell to Default at \(branch.rawValue)", by: "default", branch: branch.rawValue)
        }
        return false
    }

    private mutating func follow(_ branch: ExchangeBranch, _ answer: JSON, _ turn: inout HubTurn) {
        switch branch {
        case .promptAndCollect, .untranscribable, .timeout, .notUnderstood:
            let behaviors = answer["nextPromptBehaviors"]
            rules = app.rules.changed(by: behaviors)
            if let audio = behaviors?["audioCollectionRules"], audio.kind == .object, audio["collectionType"]?.isNull ?? true {
                turn.warnings.append("audioCollectionRules without collectionType is read as DO_NOT_COLLECT_USER_RESPONSE: nothing is collected.")
            }
        case .returnControl:
            let transfer = transfer(answer)
            let intent = answer["intentInfo"]?["intent"]?.string.map { " (\($0))" } ?? ""
            ended = Ending(
                why: (transfer.map { "the script asks for a person of \($0.skill)" } ?? "the agent gave control back to the script") + intent,
                by: "agent", branch: branch.rawValue, transfer: transfer)
        case .endContact: ended = Ending(why: "the agent ended the contact", by: "agent", branch: branch.rawValue)
        case .doNotBegin: ended = Ending(why: "the agent declined to begin", by: "agent", branch: branch.rawValue)
        case .breakout: ended = Ending(why: "the caller broke out of the dialogue by keys", by: "agent", branch: branch.rawValue)
        case .error:
            let isEnd = answer["errorDetails"]?["errorBehavior"]?.string == "EndContact"
            let message = answer["errorDetails"]?["systemErrorMessage"]?.string.map { ": \($0)" } ?? ""
            turn.experience = .init(
                contact: turn.says.isEmpty ? "hears nothing" : "hears “\(turn.says.map(\.text).joined(separator: " "))”",
                script: isEnd ? "ends the contact" : "goes on by OnError\(message)")
            ended = Ending(why: isEnd ? "the agent failed and ended the contact" : "the agent failed\(message)", by: "error", branch: branch.rawValue)
        }
    }

    private func transfer(_ answer: JSON) -> Transfer? {
        let payload = answer["customPayload"]
        let intent = answer["intentInfo"]?["intent"]?.string?.lowercased() ?? ""
        let (reason, target) = (payload?["reason"]?.string, payload?["target"]?.string)
        guard reason != nil || target != nil || app.transferIntents.contains(where: { !$0.isEmpty && intent.contains($0.lowercased()) }) else { return nil }
        return Transfer(skill: target ?? app.transferSkill, reason: reason, customPayload: payload.map { RawJSON($0) })
    }

    // MARK: No usable answer

    /// CXone's own end of a failed exchange: the Error branch, without a word of ours (§12).
    private mutating func fail(_ turn: inout HubTurn) {
        let why = turn.failure ?? "the exchange failed"
        turn.isConnected = app.connected.contains(ExchangeBranch.error.rawValue)
        turn.taken = turn.isConnected ? "OnError" : app.connected.contains(HubApp.defaultBranch) ? HubApp.defaultBranch : nil
        if !turn.isConnected { turn.warnings.append("OnError is not connected in the script.") }
        if case .hangUp = turn.input {
            ended = Ending(why: app.medium == .voice ? "the caller hung up" : "the contact left", by: "contact")
            return
        }
        let waited = turn.milliseconds > 1000 ? "waits \(CollectionRules.seconds(turn.milliseconds)), then hears" : "hears"
        turn.experience = .init(
            contact: "\(waited) nothing of the agent; only what the script says after a failure",
            script: turn.taken.map { "goes on by \($0): \(why)" } ?? "stops: no branch leads on")
        ended = Ending(why: why, by: "error")
    }

    // MARK: Transcript and intents

    private mutating func collect(_ turn: HubTurn) {
        switch turn.input {
        case .text, .keys, .choice: transcript.append(("contact", turn.input.shown))
        case .sound:
            if let heard = turn.intent?.parsed()?["utterance"]?.string, !heard.isEmpty { transcript.append(("contact", heard)) }
        case .welcome, .silence, .hangUp, .test: break
        }
        for saying in turn.says where saying.kind != .comfort && !saying.text.isEmpty { transcript.append(("agent", saying.text)) }
        if let intent = turn.intent?.parsed()?["name"]?.string { intents.append(intent) }
    }
}
