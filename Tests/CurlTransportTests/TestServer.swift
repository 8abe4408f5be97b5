import Glibc

/// A child process that speaks through pipes; ended with the value.
final class Child: @unchecked Sendable {
    // @unchecked: nothing changes after init.
    private let process: pid_t
    private let input: Int32
    private let output: Int32

    struct Failure: Error {}

    init(_ arguments: [String]) throws {
        var toChild: [Int32] = [0, 0]
        var fromChild: [Int32] = [0, 0]
        guard pipe(&toChild) == 0, pipe(&fromChild) == 0 else { throw Failure() }
        for end in toChild + fromChild { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, toChild[0], 0)
        posix_spawn_file_actions_adddup2(&actions, fromChild[1], 1)
        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var process: pid_t = 0
        guard posix_spawnp(&process, arguments[0], &actions, nil, &words, environ) == 0 else { throw Failure() }
        close(toChild[0])
        close(fromChild[1])
        self.process = process
        input = toChild[1]
        output = fromChild[0]
    }

    deinit {
        close(input)
        // Not SIGTERM: a child inherits the mask of the thread that made it, and a worker thread blocks that.
        kill(process, SIGKILL)
        var status: Int32 = 0
        waitpid(process, &status, 0)
        close(output)
    }

    /// One line of the child's standard output; empty at its end.
    func readLine() -> String {
        var line: [UInt8] = []
        var octet: UInt8 = 0
        while read(output, &octet, 1) == 1, octet != 0x0A { line.append(octet) }
        return String(decoding: line, as: UTF8.self)
    }

    /// Waits for the child's end.
    static func run(_ arguments: [String]) throws {
        let child = try Child(arguments)
        while !child.readLine().isEmpty {}
        var status: Int32 = 0
        guard waitpid(child.process, &status, 0) == child.process, status == 0 else { throw Failure() }
    }

    var identifier: pid_t { process }
}

/// `Fixtures/server.py` on a port of its own.
final class TestServer: Sendable {
    private let child: Child
    let port: Int

    init(_ arguments: String...) throws {
        child = try Child(["python3", fixtures + "/server.py"] + arguments)
        guard let port = Int(child.readLine()) else { throw Child.Failure() }
        self.port = port
    }

    func url(_ path: String) -> String { "http://127.0.0.1:\(port)/\(path)" }
    func secureURL(_ path: String, host: String = "localhost") -> String { "https://\(host):\(port)/\(path)" }
}

let fixtures = #filePath.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/Fixtures"
