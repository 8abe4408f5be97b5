package import HTTP
package import Secrets
package import Settings
package import Time

/// `store`: where state outside the process lives. The key that is present chooses the kind: `cache` or `etcd`.
package struct StoreSettings: SettingsGroup {
    package let cache: HTTPCacheSettings?
    package let etcd: EtcdSettings?
    package let keys: [Secret]
    package let deadlineMilliseconds: Int?

    package init(from reader: SettingsReader) {
        cache = reader.optionalGroup(
            "cache", HTTPCacheSettings.self, "Causeway's own `token-cache` function: one machine, nothing to install.")
        etcd = reader.optionalGroup("etcd", EtcdSettings.self, "etcd 3.4 or later: several machines, survives the loss of one.")
        keys = reader.required(
            "keys", .secrets,
            "Keys that seal what is stored; the first one seals, all of them open. Keep an old one until its values have expired.")
        deadlineMilliseconds = reader.optional(
            "deadlineMilliseconds", .integer(10...5000),
            "How long one call to the store may take; otherwise \(StoreLimits.patience) in a turn, \(StoreLimits.messagePatience) for messages.")
        if (cache == nil) == (etcd == nil) { reader.problem("must hold exactly one of \"cache\" and \"etcd\"") }
    }

    /// The store that these settings describe.
    /// - Parameters:
    ///   - patience: Milliseconds of one call where the settings say nothing.
    ///   - report: Hears of failures, now and then; `nil` for nobody.
    package func open(
        over transport: any HTTPTransport, time: any TimeSource, patience: Int = StoreLimits.messagePatience, report: WatchedStore.Report? = nil
    ) -> any KeyValueStore {
        let store = bare(over: transport, time: time, patience: deadlineMilliseconds ?? patience)
        return report.map { WatchedStore(store, time: time, report: $0) } ?? store
    }

    private func bare(over transport: any HTTPTransport, time: any TimeSource, patience: Int) -> any KeyValueStore {
        let store: any KeyValueStore
        if let etcd {
            store = EtcdStore(etcd, patience: patience, over: transport, time: time)
        } else if let cache {
            store = HTTPCacheStore(cache, patience: patience, over: transport, time: time)
        } else {
            return UnreachableStore()
        }
        // Without a key nothing may leave the process; the settings do not let that happen.
        return Sealer(keys: keys).map { SealedStore(store, sealer: $0) } ?? UnreachableStore()
    }
}

/// Stands where settings describe no store; every call tells so.
struct UnreachableStore: KeyValueStore {
    func perform(_ operation: StoreOperation, on key: StoreKey, by deadline: Instant?) async -> StoreResult { .unavailable(.notReached) }
}

/// `store.cache`: read by the functions that use the cache and by the `token-cache` function itself.
package struct HTTPCacheSettings: SettingsGroup {
    package let url: String
    package let secrets: [Secret]
    package let file: String?
    package let connection: ConnectionOptions

    package init(from reader: SettingsReader) {
        url = reader.required("url", .rootURL, "Where the `token-cache` function answers, such as `http://127.0.0.1:8080/cache`.")
        secrets = reader.required("secrets", .secrets, "Bearer secrets of the cache: the first is sent, the function accepts all of them.")
        file = reader.optional("file", .path, "The function's SQLite file, on a local disk. Only `token-cache` itself needs it.")
        connection = ConnectionOptions(from: reader)
    }
}

/// `store.etcd`.
package struct EtcdSettings: SettingsGroup {
    package let urls: [String]
    package let user: String?
    package let password: Secret?
    package let connection: ConnectionOptions

    package init(from reader: SettingsReader) {
        urls = reader.required("urls", .urls, "Client URLs of all nodes, such as `https://10.0.0.1:2379`.")
        user = reader.optional("user", .text, "etcd user, when authentication is on.")
        password = reader.optional("password", .secret, "Password of that user.")
        connection = ConnectionOptions(from: reader)
        if (user == nil) != (password == nil) { reader.problem("must hold both \"user\" and \"password\", or neither") }
    }
}

extension ConnectionOptions {
    /// The keys by which any settings group says how one remote end is reached.
    package init(from reader: SettingsReader) {
        self.init()
        authorityFile = reader.optional("authorityFile", .path, "PEM file of the authorities to trust instead of the system's.")
        certificateFile = reader.optional("certificateFile", .path, "PEM file of our client certificate and its chain.")
        keyFile = reader.optional("keyFile", .path, "PEM file of the certificate's key, when apart.")
        keyPassword = reader.optional("keyPassword", .secret, "Password of that key.")
        proxy = reader.optional("proxy", .rootURL, "HTTP proxy, such as `http://10.0.0.9:3128`. The environment's proxy variables are ignored.")
        if certificateFile == nil, keyFile != nil { reader.problem("needs \"certificateFile\" too", at: "keyFile") }
    }
}
