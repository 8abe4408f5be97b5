import CLinux
import Glibc
import TestSupport
import Testing

func readFile(_ path: String) throws -> [UInt8] {
    let descriptor = open(path, O_RDONLY)
    try #require(descriptor >= 0, "cannot open a file of the tests")
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = read(descriptor, &buffer, buffer.count)
        guard count > 0 else { return bytes }
        bytes += buffer[..<count]
    }
}

/// The probe, running with a listening unix socket on descriptor 0, or as the environment says.
final class Probe {
    let folder: String
    let socketPath: String
    private(set) var pid: pid_t = 0
    private var status: Int32?

    /// `listens`: whether it gets a listening socket, and so serves FastCGI.
    init(listens: Bool = true, environment: [String] = []) throws {
        folder = try temporaryFolder()
        socketPath = folder + "/s"
        let input: Int32
        if listens {
            input = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            var address = try #require(unixAddress(socketPath))
            let bound = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(input, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
            }
            try #require(bound == 0 && listen(input, 1024) == 0)
        } else {
            input = open("/dev/null", O_RDONLY)
        }
        defer { close(input) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input, 0)
        posix_spawn_file_actions_addopen(&actions, 1, folder + "/output", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, folder + "/log", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        let variables = environment + ["CAUSEWAY_LOOPS=2", "SWIFT_BACKTRACE=enable=no"] + (getenv("LD_LIBRARY_PATH").map { ["LD_LIBRARY_PATH=" + String(cString: $0)] } ?? [])
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("gateway-probe"), nil]
        var values: [UnsafeMutablePointer<CChar>?] = variables.map { strdup($0) } + [nil]
        defer { for pointer in arguments + values { free(pointer) } }
        try #require(posix_spawn(&pid, try Probe.path(), &actions, nil, &arguments, &values) == 0)
    }

    /// Beside the test bundle, which the test runner is told on its command line.
    static func path() throws -> String {
        let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? ""
        let folder = bundle.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 }
        let path = folder + "/gateway-probe"
        try #require(access(path, X_OK) == 0, "the probe is not built")
        return path
    }

    func signal(_ number: Int32) { kill(pid, number) }

    /// The exit status, waited for at most so long.
    func wait(milliseconds: Int) -> Int32? {
        for _ in 0..<(milliseconds / 5) where status == nil {
            var raw: Int32 = 0
            if waitpid(pid, &raw, WNOHANG) == pid { status = raw & 0x7F == 0 ? raw >> 8 & 0xFF : -(raw & 0x7F) } else { usleep(5000) }
        }
        return status
    }

    /// What it wrote to standard output.
    var output: String { (try? readFile(folder + "/output").text) ?? "" }
    var log: String { (try? readFile(folder + "/log").text) ?? "" }

    deinit {
        if status == nil {
            kill(pid, SIGKILL)
            var raw: Int32 = 0
            waitpid(pid, &raw, 0)
        }
    }
}

func unixAddress(_ path: String) -> sockaddr_un? {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let fits = withUnsafeMutableBytes(of: &address.sun_path) { room in
        guard path.utf8.count < room.count else { return false }
        room.copyBytes(from: path.utf8)
        return true
    }
    return fits ? address : nil
}

/// A blocking connection, with a limit on every wait.
final class Client {
    let descriptor: Int32

    init(accepted: Int32) {
        descriptor = accepted
        limitWaiting()
    }

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        limitWaiting()
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        address.sin_port = UInt16(port).bigEndian
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        try #require(result == 0, "cannot connect")
    }

    private func limitWaiting() {
        var limit = timeval(tv_sec: 5, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    init(_ path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        limitWaiting()
        var address = try #require(unixAddress(path))
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
        try #require(result == 0, "cannot connect")
    }

    deinit { close(descriptor) }

    /// False when the other side no longer takes it.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress.map { $0 + sent }, bytes.count - sent, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    /// Up to the end of one FastCGI answer, or all until the connection ends.
    func answer() -> FastCGIAnswer { FastCGIAnswer(receive { FastCGIAnswer.length(of: $0) }) }

    /// All until the connection ends, or until `isComplete` gives a length.
    func receive(_ isComplete: ([UInt8]) -> Int? = { _ in nil }) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while isComplete(bytes) == nil {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        return bytes
    }

    /// Whether the other side has ended the connection, waited for at most five seconds.
    var isEnded: Bool {
        var octet: UInt8 = 0
        return recv(descriptor, &octet, 1, 0) == 0
    }
}
