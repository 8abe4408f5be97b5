package import JSON
package import Secrets
package import Settings

/// Settings of a server that speaks chat completions: OpenAI, Azure OpenAI, vLLM, llama.cpp, LiteLLM, Mistral, Groq and others.
package struct OpenAISettings: SettingsGroup {
    package let url: String
    package let model: String
    package let key: Secret?
    package let azure: AzureSettings?
    package let prompt: String
    package let greeting: String
    package let streams: Bool
    package let temperature: Double?
    package let maxTokens: Int?
    package let maxTokensName: String
    package let historyBytes: Int
    package let tools: OpenAIToolSettings
    package let parameters: RawJSON?

    package init(from reader: SettingsReader) {
        url = reader.required("url", .rootURL,
            "Root of the API, such as `https://api.openai.com/v1`; for Azure the resource, `https://name.openai.azure.com`.")
        model = reader.required("model", .text, "Name of the model.")
        key = reader.optional("key", .secret, "API key.")
        azure = reader.optionalGroup("azure", AzureSettings.self, "Call the deployment of an Azure OpenAI resource.")
        prompt = reader.value("prompt", .text,
            default: "You are a customer service assistant. Answer briefly, in plain sentences that can be read aloud, in the customer's language.",
            "System prompt. What the script carries is added below it as data.")
        greeting = reader.value("greeting", .text, default: "[conversation starts] Greet the customer and ask how you can help.",
            "Message that begins a conversation.")
        streams = reader.value("stream", .flag, default: true,
            "Receive the answer as it is made, so that complete sentences can be given when time runs out.")
        temperature = reader.optional("temperature", .number(0...2), "Sampling temperature. Absent: the server's own.")
        maxTokens = reader.optional("maxTokens", .integer(1...100_000), "Most tokens of an answer. Absent: the server's own.")
        maxTokensName = reader.value("maxTokensName", .text, default: "max_tokens",
            "Name of that parameter; newer OpenAI models want `max_completion_tokens`.")
        historyBytes = reader.value("historyBytes", .integer(500...9000), default: 6000,
            "Octets of earlier messages that travel in the session state; the oldest are dropped first.")
        tools = reader.group("tools", OpenAIToolSettings.self,
            "Functions that the model calls to steer the conversation. An empty name withdraws one.")
        parameters = reader.optional("parameters", .json, "Further members of the request, as an object, such as `{\"seed\": 7}`.")
        if let parameters, parameters.parsed()?.kind != .object { reader.problem("must be an object", at: "parameters") }
    }

    /// Where the turn is posted.
    package var endpoint: String {
        guard let azure else { return url + "/chat/completions" }
        return "\(url)/openai/deployments/\(azure.deployment)/chat/completions?api-version=\(azure.apiVersion)"
    }
}

package struct AzureSettings: SettingsGroup {
    package let deployment: String
    package let apiVersion: String

    package init(from reader: SettingsReader) {
        deployment = reader.required("deployment", .text, "Name of the deployment.")
        apiVersion = reader.value("apiVersion", .text, default: "2024-10-21", "Version of the API.")
        for (key, text) in [("deployment", deployment), ("apiVersion", apiVersion)] where !text.utf8.allSatisfy({ octet in
            (0x30...0x39).contains(octet) || (0x41...0x5A).contains(octet) || (0x61...0x7A).contains(octet) || "._-".utf8.contains(octet)
        }) { reader.problem("may hold letters, digits, dots, _ and - only", at: key) }
    }
}

package struct OpenAIToolSettings: SettingsGroup {
    package let end: String
    package let transfer: String
    package let digits: String
    package let slot: String

    package init(from reader: SettingsReader) {
        end = reader.value("end", .text, default: "end_conversation", "Ends the conversation.")
        transfer = reader.value("transfer", .text, default: "transfer_to_agent", "Asks for a person.")
        digits = reader.value("digits", .text, default: "collect_digits", "Asks the contact for keys.")
        slot = reader.value("slot", .text, default: "set_slot", "Remembers a value for the script.")
    }
}
