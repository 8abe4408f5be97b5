/// The settings that a newcomer starts with: the embedded agent, the embedded store, every secret by name.
package enum SampleSettings {
    /// The environment variables that the sample names, each a secret of at least 16 characters.
    package static let secrets = ["CAUSEWAY_AUTHORIZATION", "CAUSEWAY_SESSION_KEY", "CAUSEWAY_STORE_KEY", "CAUSEWAY_CACHE_SECRET"]

    /// - Parameters:
    ///   - url: Where the front answers.
    ///   - cacheFile: The token cache's database.
    ///   - isLocal: Whether unencrypted requests from this machine are served.
    package static func text(url: String, cacheFile: String, isLocal: Bool) -> String {
        """
        // Settings of Causeway: JSON with comments and trailing commas. `causeway settings --reference` explains every key,
        // `causeway check` finds mistakes, `causeway settings --schema > causeway.schema.json` gives completion in editors.
        // Secrets never stand here: {"env": "NAME"} names an environment variable, {"file": "path"} a file.
        {
          "$schema": "causeway.schema.json",
          "exchange": {
            // Signs the conversation's state, which travels through CXone.
            "sessionKeys": [{"env": "CAUSEWAY_SESSION_KEY"}],
            "allowPlainHTTP": \(isLocal),\(isLocal ? " // this machine only; elsewhere the web server speaks TLS" : "")
          },

          // Where tokens for agents are kept between requests. "etcd" instead of "cache" when there are several machines.
          "store": {
            "keys": [{"env": "CAUSEWAY_STORE_KEY"}],
            "cache": {"url": "\(url)/cache", "secrets": [{"env": "CAUSEWAY_CACHE_SECRET"}], "file": "\(cacheFile)"},
          },

          // The virtual agents, chosen by the turn's virtualAgentId or by the path: /exchange/orders.
          "agents": {
            "orders": {
              "caller": {"headers": [{"name": "Authorization", "values": [{"env": "CAUSEWAY_AUTHORIZATION"}]}]},
              // The embedded agent, which plays the order-status conversation. One of these instead:
              //   "rasa": {"url": "http://127.0.0.1:5005"},
              //   "openai": {"url": "http://127.0.0.1:8000/v1", "model": "…", "key": {"env": "…"}},
              //   "webhook": {"url": "https://bot.example/turn", …},
              "scripted": {},
            },
          },
        }

        """
    }
}
