import EventLoop
import Glibc

/// Opens the plain HTTP port.
enum Listener {
    /// A burst beyond the backlog is refused by the kernel at once.
    private static let backlog: Int32 = 4096

    static func open(_ endpoint: StartMode.Endpoint) throws(SystemFailure) -> Int32 {
        switch endpoint {
        case .tcp(let host, let port): try tcp(host, port)
        case .fn(let path): try fn(path)
        }
    }

    private static func tcp(_ host: String, _ port: UInt16) throws(SystemFailure) -> Int32 {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &found) == 0, let address = found else {
            throw SystemFailure(call: "getaddrinfo", number: EADDRNOTAVAIL)
        }
        defer { freeaddrinfo(found) }
        let descriptor = socket(address.pointee.ai_family, address.pointee.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SystemFailure(call: "socket", number: errno) }
        var on: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        // Accepted sockets inherit it: an answer is written at once and shall leave at once.
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        guard bind(descriptor, address.pointee.ai_addr, address.pointee.ai_addrlen) == 0 else { throw failure("bind", descriptor) }
        guard listen(descriptor, backlog) == 0 else { throw failure("listen", descriptor) }
        return descriptor
    }

    /// Under another name in the same folder, open to the platform's user, and only then linked to the name that the platform watches.
    private static func fn(_ path: String) throws(SystemFailure) -> Int32 {
        let hidden = path + ".socket"
        unlink(hidden)
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SystemFailure(call: "socket", number: errno) }
        guard var address = Address.unix(hidden) else { throw failure("bind", descriptor, ENAMETOOLONG) }
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
        guard bound == 0 else { throw failure("bind", descriptor) }
        guard listen(descriptor, backlog) == 0 else { throw failure("listen", descriptor) }
        guard chmod(hidden, 0o666) == 0 else { throw failure("chmod", descriptor) }
        unlink(path)
        let name = hidden.split(separator: "/").last.map(String.init) ?? hidden
        guard symlink(name, path) == 0 else { throw failure("symlink", descriptor) }
        return descriptor
    }

    private static func failure(_ call: String, _ descriptor: Int32, _ number: Int32 = errno) -> SystemFailure {
        close(descriptor)
        return SystemFailure(call: call, number: number)
    }
}

/// Socket addresses as Swift values.
enum Address {
    /// `nil` when the path is too long for the kernel (107 octets).
    static func unix(_ path: String) -> sockaddr_un? {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let fits = withUnsafeMutableBytes(of: &address.sun_path) { room in
            guard path.utf8.count < room.count else { return false }
            room.copyBytes(from: path.utf8)
            return true
        }
        return fits ? address : nil
    }

    /// The peer's address as text without port; `nil` for a unix socket.
    static func peer(of descriptor: Int32) -> String? {
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let found = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                guard getpeername(descriptor, address, &size) == 0, Int32(address.pointee.sa_family) != AF_UNIX else { return false }
                return getnameinfo(address, size, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0
            }
        }
        return found ? String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
    }
}
