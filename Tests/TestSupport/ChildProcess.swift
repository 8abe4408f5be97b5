import CLinux
package import Glibc
import Synchronization

/// A program that a test starts and that ends with the value, and at the latest with the test run.
package final class ChildProcess: Sendable {
    package let identifier: pid_t

    package struct Failure: Error, CustomStringConvertible {
        package let description: String
        package init(description: String) { self.description = description }
    }

    /// - Parameters:
    ///   - environment: Added to the test's own.
    ///   - input: File that is its standard input; empty when `nil`.
    ///   - log: File for what it prints; nowhere when `nil`.
    package init(
        _ arguments: [String], environment: [String: String] = [:], input: String? = nil, log: String? = nil
    ) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, input ?? "/dev/null", O_RDONLY, 0)
        for stream in 1...2 as ClosedRange<Int32> {
            posix_spawn_file_actions_addopen(&actions, stream, log ?? "/dev/null", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        }
        var variables = environment.map { strdup("\($0.key)=\($0.value)") }
        if var entry = clinux_environment() {
            while let text = entry.pointee {
                let name = String(String(cString: text).prefix { $0 != "=" })
                if environment[name] == nil { variables.append(strdup(text)) }
                entry += 1
            }
        }
        variables.append(nil)
        var words = arguments.map { strdup($0) } + [nil]
        defer { for text in words + variables { free(text) } }
        var process: pid_t = 0
        let code = posix_spawnp(&process, arguments[0], &actions, nil, &words, &variables)
        guard code == 0 else { throw Failure(description: "\(arguments[0]): \(String(cString: strerror(code)))") }
        identifier = process
        Self.living.withLock { living in
            if living.isEmpty { atexit { ChildProcess.endAll() } }
            _ = living.insert(process)
        }
    }

    deinit { end() }

    package func send(_ signal: Int32) { kill(identifier, signal) }

    /// Waits for the program's own end; its exit status, or `nil` when a signal ended it.
    package func wait() -> Int32? {
        var status: Int32 = 0
        guard waitpid(identifier, &status, 0) == identifier else { return nil }
        _ = Self.living.withLock { $0.remove(identifier) }
        return status & 0x7F == 0 ? status >> 8 & 0xFF : nil
    }

    /// Ends the program and waits for it; harmless when it has ended.
    package func end(_ signal: Int32 = SIGTERM) {
        guard Self.living.withLock({ $0.remove(identifier) }) != nil else { return }
        kill(identifier, SIGCONT)
        kill(identifier, signal)
        var status: Int32 = 0
        for _ in 0..<200 where waitpid(identifier, &status, WNOHANG) == 0 { usleep(10_000) }
        if kill(identifier, SIGKILL) == 0 { waitpid(identifier, &status, 0) }
    }

    private static let living = Mutex<Set<pid_t>>([])

    private static func endAll() {
        for process in living.withLock({ $0 }) {
            kill(process, SIGCONT)
            kill(process, SIGKILL)
        }
    }
}

private let folders = Mutex<[String]>([])

private func removeFolders() {
    var words = (["rm", "-rf", "--"] + folders.withLock { $0 }).map { strdup($0) } + [nil]
    var process: pid_t = 0
    var status: Int32 = 0
    if posix_spawnp(&process, "rm", nil, nil, &words, clinux_environment()) == 0 { waitpid(process, &status, 0) }
}

/// A TCP port of the loopback address that nobody listens on and no other test of this process was given. It lies below the ports that the system
/// gives to outgoing connections, so that none of those takes it before the test does.
package func freePort() throws -> Int {
    for _ in 0..<200 {
        let port = Int.random(in: 12_000..<32_000)
        guard givenPorts.withLock({ $0.insert(port).inserted }) else { continue }
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        address.sin_port = UInt16(port).bigEndian
        let isFree = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        if isFree { return port }
    }
    throw ChildProcess.Failure(description: "no free port: \(String(cString: strerror(errno)))")
}

private let givenPorts = Mutex<Set<Int>>([])

/// Waits until something accepts connections on a loopback port.
package func waitForListener(on port: Int, milliseconds: Int = 60_000) -> Bool {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    address.sin_port = UInt16(port).bigEndian
    for _ in 0..<(milliseconds / 20) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        if connected { return true }
        usleep(20_000)
    }
    return false
}

/// A new folder for one test's files; removed when the tests end.
package func temporaryFolder() throws -> String {
    var pattern = Array("/tmp/causeway-test-XXXXXX".utf8CString)
    guard mkdtemp(&pattern) != nil else { throw ChildProcess.Failure(description: "no temporary folder") }
    let path = String(decoding: pattern.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    folders.withLock { folders in
        if folders.isEmpty { atexit { removeFolders() } }
        folders.append(path)
    }
    return path
}
