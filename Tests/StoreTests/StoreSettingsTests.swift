import Secrets
import Settings
import Store
import TestSupport
import Testing
import Time

private let cache = #""cache": {"url": "http://127.0.0.1:8080/cache", "secrets": [{"env": "SECRET"}]}"#
private let etcd = #""etcd": {"urls": ["http://10.0.0.1:2379", "http://10.0.0.2:2379/"], "user": "u", "password": {"env": "PASSWORD"}}"#
private let keys = #""keys": [{"env": "KEY"}]"#

@Suite struct StoreSettingsTests {
    private func read(_ members: String...) throws -> StoreSettings {
        let text = "{" + members.joined(separator: ", ") + "}"
        return try SettingsFile.read(StoreSettings.self, text: Array(text.utf8), path: "test", environment: environment).settings
    }

    @Test("The key that is present chooses the kind")
    func kinds() throws {
        let cache = try read(cache, keys)
        #expect(cache.cache?.url == "http://127.0.0.1:8080/cache")
        #expect(cache.etcd == nil)
        #expect(cache.deadlineMilliseconds == nil)
        let etcd = try read(etcd, keys, #""deadlineMilliseconds": 400"#)
        #expect(etcd.etcd?.urls == ["http://10.0.0.1:2379", "http://10.0.0.2:2379"])
        #expect(etcd.deadlineMilliseconds == 400)
    }

    @Test("What is missing, double or unknown is told with its name", arguments: [
        ([keys], "exactly one of"), ([cache, etcd, keys], "exactly one of"), ([cache], "\"keys\" is missing"),
        ([cache, #""keys": []"#], "must be a list of secrets"), ([cache, #""keys": ["inline"]"#], "never stands in the settings file"),
        ([#""etcd": {"urls": []}"#, keys], "must be a list of URLs"), ([#""etcd": {"urls": ["10.0.0.1"]}"#, keys], "http or https URL"),
        ([#""etcd": {"urls": ["http://a"], "user": "u"}"#, keys], "both \"user\" and \"password\""),
        ([cache, keys, #""deadlineMilliseconds": 5"#], "whole number from 10 to 5000"), ([cache, keys, #""deadline": 5"#], "unknown key"),
    ] as [([String], String)])
    func mistakes(_ members: [String], _ word: String) {
        let text = "{" + members.joined(separator: ", ") + "}"
        let error = #expect(throws: SettingsError.self) {
            try SettingsFile.read(StoreSettings.self, text: Array(text.utf8), path: "test", environment: environment)
        }
        #expect(error?.description.contains(word) == true, "\(String(describing: error))")
        #expect(error?.description.contains("inline") == false)
    }

    @Test("A function reads only its own group of the file")
    func place() throws {
        let text = #"{"agents": {"x": 5}, "store": {"cache": {"url": "http://a/c", "secrets": [{"env": "SECRET"}], "file": "c.db"}, "keys": [{"env": "NONE"}]}}"#
        let settings = try SettingsFile.read(
            HTTPCacheSettings.self, text: Array(text.utf8), path: "/etc/causeway/causeway.jsonc", environment: environment, place: "store.cache"
        ).settings
        #expect(settings.file == "/etc/causeway/c.db")
        #expect(throws: SettingsError.self) {
            try SettingsFile.read(HTTPCacheSettings.self, text: Array(text.utf8), path: "x", environment: environment, place: "store.other")
        }
    }

    @Test("Keys show tenant and purpose, never the id, and need no encoding in a path", arguments: [
        ("orders", "orders"), ("a/b", "a~2fb"), ("..", "~2e~2e"), ("", "~"), ("ä", "~c3~a4"), ("~", "~7e"), ("A_b-9", "A_b-9"),
    ])
    func spelling(_ tenant: String, _ spelled: String) {
        let key = StoreKey(tenant: tenant, purpose: "token", id: "abc")
        #expect(key.text == spelled + "/token/ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(key.companion("token-lock").text == spelled + "/token-lock/ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }
}
