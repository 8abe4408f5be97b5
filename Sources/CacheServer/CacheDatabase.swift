import CSQLite
import Glibc
import Secrets
import Synchronization

/// The cache's table in an SQLite file, shared by every process that has the file open. Each operation is one SQL statement, which makes it
/// atomic across processes; no transaction outlives a call.
package final class CacheDatabase: Sendable {
    private let path: String
    private let idle: Mutex<[CacheConnection]>

    /// Opens the file, making it and its table when they are missing.
    package init(path: String) throws(CacheFailure) {
        // Made here first, so that nobody else can read it; SQLite gives its own side files the same rights.
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw CacheFailure(code: errno, reason: "\(path): \(String(cString: strerror(errno)))") }
        close(descriptor)
        self.path = path
        idle = Mutex([try CacheConnection(path: path)])
    }

    /// Lends a connection for one call. There are never more than threads that call at the same time.
    package func perform<Result>(_ work: (CacheConnection) throws(CacheFailure) -> Result) throws(CacheFailure) -> Result {
        let connection = if let free = idle.withLock({ $0.popLast() }) { free } else { try CacheConnection(path: path) }
        defer { idle.withLock { $0.append(connection) } }
        return try work(connection)
    }
}

/// One connection with its prepared statements. Used by one thread at a time.
package final class CacheConnection: @unchecked Sendable {
    // @unchecked: SQLite's handles are raw pointers; `CacheDatabase` lends a connection to one caller at a time.
    private let database: OpaquePointer
    private let statements: [Operation: OpaquePointer]

    package struct Entry {
        package let octets: [UInt8]
        package let tag: Int64
        package let expires: Int64
    }

    /// The cache's operations. `?1` key, `?2` value, `?3` new tag, `?4` expiry, `?5` now, `?6` expected tag; times in milliseconds
    /// since 1970.
    private enum Operation: String, CaseIterable {
        case get = "SELECT value, tag, expires FROM entry WHERE key = ?1 AND expires > ?5"
        case put = """
            INSERT INTO entry (key, value, tag, expires) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (key) DO UPDATE SET value = excluded.value, tag = excluded.tag, expires = excluded.expires
            RETURNING tag
            """
        case claim = """
            INSERT INTO entry (key, value, tag, expires) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (key) DO UPDATE SET value = excluded.value, tag = excluded.tag, expires = excluded.expires
            WHERE entry.expires <= ?5 RETURNING tag
            """
        case swap = "UPDATE entry SET value = ?2, tag = ?3, expires = ?4 WHERE key = ?1 AND tag = ?6 AND expires > ?5 RETURNING tag"
        case delete = "DELETE FROM entry WHERE key = ?1 AND expires > ?5 RETURNING tag"
        case deleteTagged = "DELETE FROM entry WHERE key = ?1 AND tag = ?6 AND expires > ?5 RETURNING tag"
        case count = "SELECT count(*) FROM entry"
        case sweep = "DELETE FROM entry WHERE rowid IN (SELECT rowid FROM entry WHERE expires <= ?5 LIMIT 64)"
    }

    fileprivate init(path: String) throws(CacheFailure) {
        var handle: OpaquePointer?
        let opened = sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nil)
        guard opened == SQLITE_OK, let handle else {
            sqlite3_close_v2(handle)
            throw CacheFailure(code: opened, reason: "\(path) cannot be opened: \(String(cString: sqlite3_errstr(opened)))")
        }
        sqlite3_busy_timeout(handle, 5000)
        let setUp = sqlite3_exec(handle, """
            PRAGMA journal_mode = WAL;
            PRAGMA synchronous = NORMAL;
            CREATE TABLE IF NOT EXISTS entry (key TEXT PRIMARY KEY, value BLOB NOT NULL, tag INTEGER NOT NULL, expires INTEGER NOT NULL);
            CREATE INDEX IF NOT EXISTS entry_expires ON entry (expires);
            """, nil, nil, nil)
        guard setUp == SQLITE_OK else {
            let reason = String(cString: sqlite3_errmsg(handle))
            sqlite3_close_v2(handle)
            throw CacheFailure(code: setUp, reason: "\(path) is no cache: \(reason)")
        }
        var prepared: [Operation: OpaquePointer] = [:]
        for operation in Operation.allCases {
            var statement: OpaquePointer?
            let code = sqlite3_prepare_v3(handle, operation.rawValue, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
            guard code == SQLITE_OK, let statement else {
                for statement in prepared.values { sqlite3_finalize(statement) }
                let reason = String(cString: sqlite3_errmsg(handle))
                sqlite3_close_v2(handle)
                throw CacheFailure(code: code, reason: "\(path) is no cache: \(reason)")
            }
            prepared[operation] = statement
        }
        database = handle
        statements = prepared
    }

    deinit {
        for statement in statements.values { sqlite3_finalize(statement) }
        sqlite3_close_v2(database)
    }

    // MARK: Operations

    package func get(_ key: String, now: Int64) throws(CacheFailure) -> Entry? {
        try run(.get, key: key, now: now) { statement in
            let count = Int(sqlite3_column_bytes(statement, 0))
            let octets = sqlite3_column_blob(statement, 0).map { Array(UnsafeRawBufferPointer(start: $0, count: count)) } ?? []
            return Entry(octets: octets, tag: sqlite3_column_int64(statement, 1), expires: sqlite3_column_int64(statement, 2))
        }
    }

    package enum Condition {
        case none, absent
        case tag(Int64)
    }

    /// - Returns: The new tag, or `nil` when the condition does not hold.
    package func put(
        _ key: String, _ octets: [UInt8], expires: Int64, if condition: Condition, now: Int64
    ) throws(CacheFailure) -> Int64? {
        let tag = try Self.newTag()
        let (operation, expected): (Operation, Int64) = switch condition {
        case .none: (.put, 0)
        case .absent: (.claim, 0)
        case .tag(let tag): (.swap, tag)
        }
        let stored: Int64? = try run(
            operation, key: key, octets: octets, tag: tag, expires: expires, now: now, expected: expected
        ) { _ in tag }
        // Every sixteenth write, told by its random tag, takes some expired rows along; so no process needs to remember when.
        if stored != nil, tag & 15 == 0 { try sweep(now: now) }
        return stored
    }

    /// - Returns: Whether anything was removed.
    package func delete(_ key: String, tag: Int64?, now: Int64) throws(CacheFailure) -> Bool {
        try run(tag == nil ? .delete : .deleteTagged, key: key, now: now, expected: tag ?? 0) { _ in true } ?? false
    }

    /// Rows in the file, expired ones included.
    package func count() throws(CacheFailure) -> Int64 {
        try run(.count, now: 0) { sqlite3_column_int64($0, 0) } ?? 0
    }

    package func sweep(now: Int64) throws(CacheFailure) { _ = try run(.sweep, now: now) { _ in true } }

    /// Random, not counted: with `synchronous = NORMAL` a power cut may undo the last writes, and a counter would then give out
    /// again the tags that clients already hold.
    private static func newTag() throws(CacheFailure) -> Int64 {
        let octets = Random.bytes(8)
        guard octets.count == 8 else { throw CacheFailure(code: SQLITE_ERROR, reason: "no random octets") }
        return octets.reduce(0) { $0 << 8 | Int64($1) } & .max
    }

    // MARK: SQLite

    private func run<Result>(
        _ operation: Operation, key: String? = nil, octets: [UInt8] = [], tag: Int64 = 0, expires: Int64 = 0, now: Int64,
        expected: Int64 = 0, _ read: (OpaquePointer) -> Result
    ) throws(CacheFailure) -> Result? {
        guard let statement = statements[operation] else { return nil }
        defer {
            sqlite3_reset(statement)
            sqlite3_clear_bindings(statement)
        }
        let wanted = sqlite3_bind_parameter_count(statement)
        if let key { sqlite3_bind_text(statement, 1, key, -1, transient) }
        if wanted >= 2 {
            _ = octets.withUnsafeBytes { bytes in
                bytes.count == 0
                    ? sqlite3_bind_zeroblob(statement, 2, 0)
                    : sqlite3_bind_blob64(statement, 2, bytes.baseAddress, UInt64(bytes.count), transient)
            }
        }
        for (index, number) in [(3, tag), (4, expires), (5, now), (6, expected)] as [(Int32, Int64)] where index <= wanted {
            sqlite3_bind_int64(statement, index, number)
        }
        let code = sqlite3_step(statement)
        guard code == SQLITE_ROW || code == SQLITE_DONE else {
            throw CacheFailure(code: code, reason: String(cString: sqlite3_errmsg(database)))
        }
        guard code == SQLITE_ROW else { return nil }
        let result = read(statement)
        // A RETURNING statement has done its work before its first row, but ends its transaction only when it is run out.
        let end = sqlite3_step(statement)
        guard end == SQLITE_DONE else { throw CacheFailure(code: end, reason: String(cString: sqlite3_errmsg(database))) }
        return result
    }
}

/// Tells SQLite to copy what is bound. Its C macro is a cast that Swift cannot import.
private nonisolated(unsafe) let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

/// What went wrong with the file, with SQLite's result code or errno.
package struct CacheFailure: Error, CustomStringConvertible {
    package let code: Int32
    package let reason: String

    /// Whether the same call may work a moment later.
    package var isPassing: Bool { code == SQLITE_BUSY || code == SQLITE_LOCKED }
    package var description: String { reason }
}
