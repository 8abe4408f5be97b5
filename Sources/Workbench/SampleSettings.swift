/// The settings that a newcomer starts with: the embedded agent, the embedded store, every secret by name.
package enum SampleSettings {
    /// The environment variables that the sample names, each a secret of at least 16 characters.
    package static let secrets = ["CAUSEWAY_AUTHORIZATION", "CAUSEWAY_SESSION_KEY", "CAUSEWAY_STORE_KEY", "CAUSEWAY_CACHE_SECRET"]

    /// What the sample names besides when it is for this machine: the channel's part.
    package static let channelSecrets = ["CAUSEWAY_BYOC_TOKEN_KEY", "CAUSEWAY_CHAT_KEY", "CAUSEWAY_HOLE_SECRET"]

    /// - Parameters:
    ///   - url: Where the front answers.
    ///   - desk: Where CXone's part is played; with it the sample has a web chat that belongs there.
    ///   - cacheFile: The token cache's database.
    ///   - isLocal: Whether unencrypted requests from this machine are served.
    ///   - standardBot: The script of StandardBot, where there is one to play.
    package static func text(url: String, cacheFile: String, isLocal: Bool, desk: String? = nil, standardBot: String? = nil) -> String {
        """
        // Settings of Causeway: JSON with comments and trailing commas. `causeway settings --reference` explains every key,
        // `causeway check` finds mistakes, `causeway settings --schema > causeway.schema.json` gives completion in editors.
        // Secrets never stand here: {"env": "NAME"} names an environment variable, {"file": "path"} a file.
        {
          "$schema": "causeway.schema.json",
          "exchange": {
            // Signs the conversation's state, which travels through CXone.
            "sessionKeys": [{"env": "CAUSEWAY_SESSION_KEY"}],
            "allowPlainHTTP": \(isLocal),\(isLocal ? " // this machine only; elsewhere the web server speaks TLS" : "")\(desk == nil ? "" : turnTrace)
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
        \(desk.map(faulty) ?? "")\(standardBot.map(standard) ?? "")  },
        \(desk.map { messaging(url: url, desk: $0) } ?? "")}

        """
    }

    private static func faulty(desk: String) -> String {
        """
            // A bot that misbehaves on order, for the desk's fault buttons.
            "faulty": {
              "caller": {"headers": [{"name": "Authorization", "values": [{"env": "CAUSEWAY_AUTHORIZATION"}]}]},
              "webhook": {"url": "\(desk)/fault-agent", "token": {"env": "CAUSEWAY_AUTHORIZATION"}},
            },

        """
    }

    private static func standard(script: String) -> String {
        """
            // The script of StandardBot, for its behaviour tests on the phone page.
            "standard": {
              "caller": {"headers": [{"name": "Authorization", "values": [{"env": "CAUSEWAY_AUTHORIZATION"}]}]},
              "carry": ["*"],
              "scripted": {"file": "\(script)"},
            },

        """
    }

    private static var turnTrace: String {
        """

            // What the desk's inspector and \u{60}causeway diagram\u{60} read; digits and secrets are masked. Leave it out where contacts are real.
            "trace": {"file": "turns.trace"},
        """
    }

    private static func messaging(url: String, desk: String) -> String {
        """

          // Messaging: where browsers and CXone reach us, and who may call as CXone (the integration form's client id and secret).
          "publicURL": "\(url)",
          // The same record for messages.
          "trace": {"file": "messages.trace"},
          "byoc": {
            "clients": {"cxone": {"secrets": [{"env": "CAUSEWAY_BYOC_SECRET"}]}},
            "tokenKeys": [{"env": "CAUSEWAY_BYOC_TOKEN_KEY"}],
            "allowPlainHTTP": true,
          },
          // What tells us that an agent ended a conversation: in CXone a workflow automation, here the simulator.
          "events": {
            "caller": {"headers": [{"name": "Authorization", "values": [{"env": "CAUSEWAY_EVENTS_AUTHORIZATION"}]}]},
            "allowPlainHTTP": true,
          },
          // The CXone tenant: here the one that `make run` plays. For a real one leave out "issuer", "apiURL" and "hosts".
          "tenants": {
            "simulator": {
              "brandId": "9001", "issuer": "\(desk)", "apiURL": "\(desk)", "hosts": ["127.0.0.1"],
              "clientId": "causeway-app", "clientSecret": {"env": "CAUSEWAY_CXONE_CLIENT_SECRET"},
              "accessKeyId": "AKIDCAUSEWAY", "accessKeySecret": {"env": "CAUSEWAY_CXONE_ACCESS_KEY_SECRET"},
            },
          },
          // Files of the CXone above lie on this machine.
          "attachments": {"allowLoopback": true},
          "channels": {
            // The chat in the browser, at \(url)/chat/webchat. Other sites that may show it stand in "origins".
            "webchat": {
              "tenant": "simulator", "integrationId": "causeway", "channelId": "webchat",
              "webchat": {"sessionKeys": [{"env": "CAUSEWAY_CHAT_KEY"}], "origins": ["\(desk)"]},
            },
            // The Watering Hole, an example of a platform of one's own, which the desk plays: public posts with comments, and private messages.
            "wateringhole": {
              "tenant": "simulator", "integrationId": "causeway", "channelId": "wateringhole", "postsChannelId": "wateringhole-posts",
              "showsAuthor": true,
              "webhook": {"url": "\(desk)/hole/app", "secrets": [{"env": "CAUSEWAY_HOLE_SECRET"}], "posts": true, "opensThreads": true},
            },
          },

        """
    }
}
