package import HTTP

extension ChannelError {
    /// A file for a contact that could not be fetched: nothing was sent yet.
    package init(_ error: FileFetchError) {
        let code: Code = switch error.code {
        case .refused, .notThere: .contentRefused
        case .tooLarge: .tooLarge
        case .unreachable: .unreachable
        case .timedOut: .timedOut
        case .failed: .failed
        case .cancelled: .cancelled
        }
        self.init(code, reason: "file: " + error.description, mayHaveArrived: false)
    }
}
