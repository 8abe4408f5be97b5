import HTTP
import HTTPTypes
import JSON
import Secrets

/// An app as JSON: what the page writes, and what it may read.
extension HubApp {
    private static let pairs: Shape = .list(.object([.required("name", .filledText), .optional("value", .text)]))
    private static let tokenForm: Shape = .object([
        .required("url", .url), .optional("body", pairs), .optional("headers", pairs), .optional("encoding", .choice(of: OAuth.Encoding.self)),
        .optional("tokenName", .filledText), .optional("expiresName", .filledText), .optional("headerName", .filledText), .optional("prefix", .text),
        .nullable("lifeSeconds", .integer),
    ])
    static let shape: Shape = .object([
        .optional("name", .filledText), .optional("agent", .filledText), .optional("url", .url), .optional("version", .choice(of: HubVersion.self)),
        .optional("medium", .choice(of: HubMedium.self)), .optional("action", .choice(of: StudioAction.self)),
        .nullable("authorizationHeader", .text), .optional("headers", pairs), .nullable("oauth", tokenForm),
        .nullable("scriptToken", .object([
            .required("oauth", tokenForm), .optional("place", .choice(of: ScriptToken.Place.self)), .optional("name", .filledText),
            .optional("renews", .boolean),
        ])),
        .nullable("clientCertificate", .object([.required("certificateFile", .filledText), .optional("keyFile", .filledText)])),
        .nullable("authorityFile", .filledText), .optional("endpointParameters", pairs), .optional("timeoutSeconds", .integer),
        .nullable("locale", .text), .optional("welcome", .filledText), .optional("customPayload", .anyObject),
        .optional("connectedBranches", .list(.choice(ExchangeBranch.allCases.map(\.rawValue) + [defaultBranch]))),
        .optional("scriptDrops", .object(["state", "headers", "payload", "welcome"].map { .optional($0, .boolean) })),
        .optional("atDefault", .choice(of: AtDefault.self)), .optional("transferSkill", .filledText),
        .optional("richTypes", .list(.choice(allRichTypes))), .optional("transcript", .choice(of: Transcript.self)),
        .optional("rules", .object([
            .optional("detectDtmf", .boolean), .optional("clearDigits", .boolean), .optional("terminationCharacters", .text),
            .optional("stripTerminator", .boolean), .optional("interDigitTimeoutMilliseconds", .integer), .nullable("maxDigits", .integer),
            .optional("collectionType", .choice(of: CollectionRules.Kind.self)), .optional("enableSpeakerBarge", .boolean),
            .nullable("millisecondsToWaitForUserResponse", .integer),
        ])),
    ])

    /// A form; what it leaves out comes from `known`. The shape has been checked.
    init(_ json: JSON, name: String, known: HubApp?) throws(HubProblem) {
        let action: StudioAction = json["action"]?.choice() ?? known?.action ?? (json["medium"]?.string == "chat" ? .textbotExchange : .voicebotExchange)
        if let refusal = action.refusal { throw HubProblem(400, refusal, [Violation("action", refusal, "action")]) }
        if let medium = json["medium"]?.string, medium != action.medium.rawValue {
            let why = "\(action.title) belongs to scripts of the media type \(action.medium.rawValue), not \(medium)."
            throw HubProblem(400, why, [Violation("medium", why, "medium")])
        }
        guard let url = json["url"]?.string ?? known?.url else {
            throw HubProblem(400, "The app needs a url.", [Violation("url", "This field is missing.", "missing")])
        }
        self = known ?? HubApp(name: name, agent: name, url: url, action: action)
        if action.medium != self.medium { rules = CollectionRules.ofScript(action.medium) }
        (self.url, self.action) = (url, action)
        agent = json["agent"]?.string ?? agent
        version = json["version"]?.choice() ?? version
        try readCredentials(json)
        readScript(json)
        try check()
    }

    private mutating func readCredentials(_ json: JSON) throws(HubProblem) {
        if let value = json["authorizationHeader"] { authorizationHeader = value.string.map { Secret($0) } }
        if let list = json["headers"] { headers = HubApp.pairs(list, known: headers) }
        if let form = json["oauth"] { oauth = form.isNull ? nil : OAuth(form, known: oauth) }
        if let form = json["scriptToken"] {
            if let inner = form["oauth"] {
                var token = scriptToken ?? ScriptToken(oauth: OAuth(inner, known: nil))
                token.oauth = OAuth(inner, known: scriptToken?.oauth)
                token.place = form["place"]?.choice() ?? token.place
                token.name = form["name"]?.string ?? token.name
                token.renews = form["renews"]?.bool ?? token.renews
                scriptToken = token
            } else {
                scriptToken = nil
            }
        }
        if let form = json["clientCertificate"] {
            (connection.certificateFile, connection.keyFile) = (form["certificateFile"]?.string, form["keyFile"]?.string)
        }
        if let file = json["authorityFile"] { connection.authorityFile = file.string }
    }

    private mutating func readScript(_ json: JSON) {
        if let list = json["endpointParameters"] { endpointParameters = list.elements.map { ($0["name"]?.string ?? "", $0["value"]?.string ?? "") } }
        timeoutSeconds = json["timeoutSeconds"]?.integer.map { min(max(1, $0), 120) } ?? timeoutSeconds
        if let value = json["locale"] { locale = value.string }
        welcome = json["welcome"]?.string ?? welcome
        if let value = json["customPayload"] { customPayload = RawJSON(value) }
        if let list = json["connectedBranches"] { connected = Set(list.elements.compactMap(\.string)) }
        if let form = json["scriptDrops"] {
            drops.state = form["state"]?.bool ?? drops.state
            drops.headers = form["headers"]?.bool ?? drops.headers
            drops.payload = form["payload"]?.bool ?? drops.payload
            drops.welcome = form["welcome"]?.bool ?? drops.welcome
        }
        atDefault = json["atDefault"]?.choice() ?? atDefault
        transferSkill = json["transferSkill"]?.string ?? transferSkill
        if let list = json["richTypes"] { richTypes = list.elements.compactMap(\.string) }
        transcript = json["transcript"]?.choice() ?? transcript
        if let form = json["rules"] { rules.read(form) }
    }

    /// What the form of that integration version does not have (V63, V87).
    private func check() throws(HubProblem) {
        var errors: [Violation] = []
        if version == .v1 {
            if !headers.isEmpty { errors.append(Violation("headers", "1.0.0 sends one header, always named Authorization: authorizationHeader.", "version")) }
            if oauth != nil { errors.append(Violation("oauth", "1.0.0 manages no tokens; the script does: scriptToken.", "version")) }
        } else {
            if authorizationHeader != nil { errors.append(Violation("authorizationHeader", "Only 1.0.0 has this field; use headers.", "version")) }
            if scriptToken != nil { errors.append(Violation("scriptToken", "From 2.0.0 on the app manages tokens: oauth.", "version")) }
        }
        if version != .v3, connection.certificateFile != nil {
            errors.append(Violation("clientCertificate", "Client certificates need integration version 3.0.0.", "version"))
        }
        for (field, pairs) in [("headers", headers), ("oauth.headers", oauth?.headers ?? [])] {
            for (index, pair) in pairs.enumerated() where HTTPField.Name(pair.name) == nil {
                errors.append(Violation("\(field)[\(index)].name", "This is no name of a header.", "format"))
            }
        }
        if let first = errors.first { throw HubProblem(400, first.message, errors) }
    }

    /// What a careful administrator would change (V21, V47, V48).
    var warnings: [String] {
        var warnings: [String] = []
        if version != .v3 { warnings.append("Integration version \(version.rawValue) is to be deprecated; 3.0.0 is preferred.") }
        for branch in ExchangeBranch.allCases where !connected.contains(branch.rawValue) && !(action.holdsDialogue && branch.collects) {
            warnings.append("On\(branch.rawValue) is not connected; all branches should be.")
        }
        if drops.state { warnings.append("The script drops botSessionState.") }
        if drops.headers { warnings.append("The script does not pass the authorization headers.") }
        if headers.isEmpty, authorizationHeader == nil, oauth == nil, connection.certificateFile == nil {
            warnings.append("The app proves itself by nothing; the middleware refuses such callers.")
        }
        return warnings
    }

    fileprivate static func pairs(_ list: JSON, known: [Pair]) -> [Pair] {
        list.elements.compactMap { entry in
            guard let name = entry["name"]?.string else { return nil }
            let value = entry["value"]?.string.map { Secret($0) } ?? known.first { $0.name == name }?.value ?? Secret("")
            return Pair(name, value)
        }
    }

    // MARK: Writing

    func write(to writer: inout JSONWriter, _ behaviour: HubBehaviour) {
        writer.object { object in
            object.field("name", name)
            object.field("agent", agent)
            object.field("url", url)
            object.field("version", version.rawValue)
            object.field("medium", medium.rawValue)
            object.field("action", action.rawValue)
            object.field("authorizationHeader", authorizationHeader.map { _ in RawJSON { $0.object { $0.field("isSet", true) } } } ?? .null)
            object.pairs("headers", headers)
            object.name("oauth")
            if let oauth { oauth.write(to: &object) } else { object.null() }
            object.name("scriptToken")
            if let scriptToken {
                object.object { form in
                    form.name("oauth")
                    scriptToken.oauth.write(to: &form)
                    form.field("place", scriptToken.place.rawValue)
                    form.field("name", scriptToken.name)
                    form.field("renews", scriptToken.renews)
                }
            } else {
                object.null()
            }
            object.name("clientCertificate")
            if let file = connection.certificateFile {
                object.object { form in
                    form.field("certificateFile", file)
                    form.field("keyFile", connection.keyFile)
                }
            } else {
                object.null()
            }
            object.field("authorityFile", connection.authorityFile)
            writeScript(to: &object, behaviour)
            object.field("warnings", array: { list in for text in warnings { list.value(text) } })
        }
    }

    private func writeScript(to object: inout JSONWriter, _ behaviour: HubBehaviour) {
        object.field("endpointParameters", array: { list in
            for pair in endpointParameters {
                list.object { entry in
                    entry.field("name", pair.name)
                    entry.field("value", pair.value)
                }
            }
        })
        object.field("timeoutSeconds", timeoutSeconds)
        object.field("locale", locale)
        object.field("welcome", welcome)
        object.field("customPayload", customPayload)
        object.field("branches", array: { list in for branch in action.branches(behaviour) { list.value(branch.rawValue) } })
        let names = ExchangeBranch.allCases.map(\.rawValue) + [HubApp.defaultBranch]
        object.field("connectedBranches", array: { list in for name in names where connected.contains(name) { list.value(name) } })
        object.field("scriptDrops", object: { form in
            form.field("state", drops.state)
            form.field("headers", drops.headers)
            form.field("payload", drops.payload)
            form.field("welcome", drops.welcome)
        })
        object.field("atDefault", atDefault.rawValue)
        object.field("transferSkill", transferSkill)
        object.field("richTypes", array: { list in for type in richTypes { list.value(type) } })
        object.field("transcript", transcript.rawValue)
        object.field("rules", object: rules.writeForm)
    }
}

extension HubApp.OAuth {
    init(_ json: JSON, known: HubApp.OAuth?) {
        self = known ?? HubApp.OAuth(url: json["url"]?.string ?? "")
        url = json["url"]?.string ?? url
        if let list = json["body"] { body = HubApp.pairs(list, known: body) }
        if let list = json["headers"] { headers = HubApp.pairs(list, known: headers) }
        encoding = json["encoding"]?.choice() ?? encoding
        tokenName = json["tokenName"]?.string ?? tokenName
        expiresName = json["expiresName"]?.string ?? expiresName
        headerName = json["headerName"]?.string ?? headerName
        prefix = json["prefix"]?.string ?? prefix
        if let life = json["lifeSeconds"] { lifeSeconds = life.integer }
    }

    func write(to writer: inout JSONWriter) {
        writer.object { form in
            form.field("url", url)
            form.pairs("body", body)
            form.pairs("headers", headers)
            form.field("encoding", encoding.rawValue)
            form.field("tokenName", tokenName)
            form.field("expiresName", expiresName)
            form.field("headerName", headerName)
            form.field("prefix", prefix)
            form.field("lifeSeconds", lifeSeconds.map(RawJSON.number) ?? .null)
        }
    }
}

extension CollectionRules {
    mutating func read(_ form: JSON) {
        detectsKeys = form["detectDtmf"]?.bool ?? detectsKeys
        clearsDigits = form["clearDigits"]?.bool ?? clearsDigits
        terminators = form["terminationCharacters"]?.string ?? terminators
        stripsTerminator = form["stripTerminator"]?.bool ?? stripsTerminator
        gapMilliseconds = form["interDigitTimeoutMilliseconds"]?.integer.map { min(max(0, $0), 600_000) } ?? gapMilliseconds
        if let most = form["maxDigits"] { mostDigits = most.integer }
        kind = form["collectionType"]?.choice() ?? kind
        bargeIn = form["enableSpeakerBarge"]?.bool ?? bargeIn
        if let patience = form["millisecondsToWaitForUserResponse"] { patienceMilliseconds = patience.integer.map { min(max(0, $0), 600_000) } }
    }

    func writeForm(to form: inout JSONWriter) {
        form.field("detectDtmf", detectsKeys)
        form.field("clearDigits", clearsDigits)
        form.field("terminationCharacters", terminators)
        form.field("stripTerminator", stripsTerminator)
        form.field("interDigitTimeoutMilliseconds", gapMilliseconds)
        form.field("maxDigits", mostDigits.map(RawJSON.number) ?? .null)
        form.field("collectionType", kind.rawValue)
        form.field("enableSpeakerBarge", bargeIn)
        form.field("millisecondsToWaitForUserResponse", patienceMilliseconds.map(RawJSON.number) ?? .null)
    }
}

extension JSONWriter {
    fileprivate mutating func pairs(_ name: String, _ pairs: [HubApp.Pair]) {
        field(name, array: { list in
            for pair in pairs {
                list.object { entry in
                    entry.field("name", pair.name)
                    entry.field("isSet", pair.value.byteCount > 0)
                }
            }
        })
    }
}
