import Glibc
import Subprocess
import SystemPackage

/// A program that the desk starts: nginx, a function, a counterpart of a test. It runs in a process group of its own, so that Ctrl-C reaches
/// only us, and is told to end by SIGTERM.
package struct Program: Sendable {
    package var name: String
    package var executable: String
    package var arguments: [String]
    /// The whole environment.
    package var environment: [String: String]
    /// Becomes fd 0; `nil` gives it an empty input.
    package var listener: Int32?
    /// The file that its output and errors are appended to.
    package var log: String
    /// Seconds between SIGTERM and SIGKILL.
    package var patience = 20
    package var folder: String?

    package init(
        _ name: String, executable: String, arguments: [String] = [], environment: [String: String], listener: Int32? = nil, log: String
    ) {
        self.name = name
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
        self.listener = listener
        self.log = log
    }

    /// Runs it until it ends by itself or the task is cancelled; then it is told to end and waited for.
    /// - Parameter started: Called with the process id.
    /// - Returns: How it ended, for people.
    @discardableResult
    package func run(started: @Sendable @escaping (Int32) -> Void = { _ in }) async throws -> String {
        let output = try FileDescriptor.open(FilePath(log), .writeOnly, options: [.create, .append], permissions: .ownerReadWrite)
        defer { try? output.close() }
        let input = try listener.map { FileDescriptor(rawValue: $0) }
            ?? FileDescriptor.open("/dev/null", .readOnly)
        defer { if listener == nil { try? input.close() } }
        var options = PlatformOptions()
        options.processGroupID = 0
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(patience))]
        let result = try await Subprocess.run(
            .path(FilePath(executable)), arguments: Arguments(arguments), environment: Environment.only(environment),
            workingDirectory: folder.map { FilePath($0) }, platformOptions: options,
            input: .fileDescriptor(input, closeAfterSpawningProcess: false),
            output: .fileDescriptor(output, closeAfterSpawningProcess: false),
            error: .fileDescriptor(output, closeAfterSpawningProcess: false)
        ) { execution in
            started(execution.processIdentifier.value)
        }
        return "\(result.terminationStatus)"
    }

    /// Does `body` while the programs run, then ends them in reverse order of trust: all at once, each waited for.
    package static func with<Result: Sendable>(_ programs: [Program], _ body: () async throws -> Result) async throws -> Result {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for program in programs {
                group.addTask { try await program.run() }
            }
            defer { group.cancelAll() }
            return try await body()
        }
    }
}

/// A command that ends soon: what it printed and whether it succeeded.
package struct Finished: Sendable {
    package let succeeded: Bool
    package let output: String
    package let errors: String
}

/// Runs a command to its end. Its whole environment is what is given, or ours.
package func execute(
    _ executable: String, _ arguments: [String], input: String = "", environment: [String: String]? = nil, folder: String? = nil
) async throws -> Finished {
    // A command that ends without reading its input must not end us.
    signal(SIGPIPE, SIG_IGN)
    let result = try await Subprocess.run(
        .path(FilePath(executable)), arguments: Arguments(arguments), environment: environment.map { Environment.only($0) } ?? .inherit,
        workingDirectory: folder.map { FilePath($0) }, input: .string(input), output: .string(limit: 64 << 20), error: .string(limit: 16 << 20))
    return Finished(
        succeeded: result.terminationStatus.isSuccess, output: result.standardOutput, errors: result.standardError)
}

/// The full path of a program on `PATH` or in the folders of system programs, which a user's `PATH` may lack.
package func find(_ program: String, in path: String? = nil) -> String? {
    let path = path ?? ProcessEnvironment.current["PATH"] ?? ""
    for folder in path.split(separator: ":").map(String.init) + ["/usr/bin", "/usr/sbin", "/sbin", "/usr/lib/cgi-bin"] {
        if access("\(folder)/\(program)", X_OK) == 0 { return "\(folder)/\(program)" }
    }
    return nil
}

extension Environment {
    static func only(_ variables: [String: String]) -> Environment {
        var keyed: [Environment.Key: String] = [:]
        for (name, value) in variables { if let key = Environment.Key(rawValue: name) { keyed[key] = value } }
        return .custom(keyed)
    }
}

/// Our own environment. Where a name stands twice, the last one counts.
package enum ProcessEnvironment {
    package static var current: [String: String] {
        var variables: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let line = String(cString: text)
            if let equals = line.firstIndex(of: "=") { variables[String(line[..<equals])] = String(line[line.index(after: equals)...]) }
            entry += 1
        }
        return variables
    }
}
