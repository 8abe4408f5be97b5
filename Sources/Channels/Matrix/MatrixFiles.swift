package import Conversation
import HTTP
import HTTPTypes
import JSON
import Synchronization
package import Time

// Both ways piece by piece: nothing of a file stands in memory but what is on its way.

extension Matrix: FileSource {
    /// - Parameter reference: `mxc://server/id`. The homeserver asks for our token, and fetches from other servers what does not lie with it
    ///   (specification, Client-Server API §11.7, authenticated media).
    package func read(_ reference: String, by deadline: Instant, into sink: any FileSink) async throws(ChannelError) {
        guard let media = MediaReference(reference) else {
            throw ChannelError(.rejected, reason: "not a reference to a file", mayHaveArrived: false)
        }
        let path = "/_matrix/client/v1/media/download" + Homeserver.path([media.server, media.id])
        var call = homeserver.request(.get, path, as: accounts.sender, query: [], [:], by: deadline)
        call.responseLimit = Self.largestFile
        let failure = FirstFailure()
        let result = await homeserver.transport.download(call, head: { head in
            await failure.none { () async throws(ChannelError) in
                let size = head.fields.value(.contentLength).flatMap { Int($0) }
                try await sink.begin(mediaType: head.fields.value(.contentType), size: size.flatMap { $0 >= 0 ? $0 : nil })
            }
        }, take: { octets in await failure.none { () async throws(ChannelError) in try await sink.write(octets) } })
        if let error = failure.error { throw error }
        switch result {
        case .failure(let error): throw ChannelError(error)
        case .success(let response):
            guard response.status.code != 200 else { return }
            throw ChannelError(MatrixFailure(response, response.holdsJSON ? try? JSON(parsing: response.body) : nil))
        }
    }

    private static let largestFile = 100 << 20
}

extension Matrix {
    /// Brings an agent's file to the homeserver while it is still coming; gives the content of the message that shows it.
    func share(_ file: OutboundFile, _ part: OutboundPart, as account: String) async throws(ChannelError) -> RawJSON {
        let pipe = BodyPipe()
        let count = OctetCount()
        let (fetched, uploaded) = await withTaskGroup(of: Piece.self) { group in
            group.addTask { .fetched(await fetch(file, into: pipe, counting: count, by: part.deadline)) }
            group.addTask { .uploaded(await upload(pipe, named: file.name, as: account, by: part.deadline)) }
            var pieces: (fetched: ChannelError?, uploaded: Result<Upload, ChannelError>?) = (nil, nil)
            for await piece in group {
                switch piece {
                case .fetched(let error): pieces.fetched = error
                case .uploaded(let result): pieces.uploaded = result
                }
            }
            return pieces
        }
        // What could not be fetched is the reason, whatever the homeserver then said to half a file.
        if let fetched, fetched.code != .cancelled { throw fetched }
        guard let uploaded else { throw fetched ?? ChannelError(.failed, reason: "nothing was uploaded", mayHaveArrived: false) }
        let (url, mediaType) = try uploaded.get()
        return ToMatrix.file(file.name, mediaType, size: count.value, at: url, part)
    }

    private typealias Upload = (url: String, mediaType: String)

    private enum Piece: Sendable {
        case fetched(ChannelError?)
        case uploaded(Result<Upload, ChannelError>)
    }

    private func fetch(_ file: OutboundFile, into pipe: BodyPipe, counting count: OctetCount, by deadline: Instant) async -> ChannelError? {
        var failure: ChannelError?
        do throws(FileFetchError) {
            try await fetcher.fetch(file.url, by: deadline, head: { head in
                var fields: HTTPFields = [.contentType: head.mediaType ?? "application/octet-stream"]
                if let size = head.size { fields[.contentLength] = String(size) }
                pipe.begin(Response(status: .ok, fields: fields))
                return true
            }, take: { octets in
                count.add(octets.count)
                return await pipe.write(octets)
            })
        } catch {
            failure = ChannelError(error)
        }
        pipe.finish(isComplete: failure == nil)
        return failure
    }

    private func upload(
        _ pipe: BodyPipe, named name: String, as account: String, by deadline: Instant
    ) async -> Result<Upload, ChannelError> {
        guard let head = await pipe.head() else { return .failure(ChannelError(.cancelled, reason: "no file came", mayHaveArrived: false)) }
        // Whoever waits for room in the pipe must not wait for ever.
        defer { pipe.cancel() }
        let mediaType = head.fields.value(.contentType) ?? "application/octet-stream"
        var call = homeserver.request(
            .post, "/_matrix/media/v3/upload", as: account, query: [("filename", name)],
            [.contentType: mediaType, .accept: "application/json"], by: deadline)
        call.upload = Call.Upload(pipe, length: head.fields.value(.contentLength).flatMap { Int($0) })
        do throws(MatrixFailure) {
            guard let url = try await homeserver.answer(call)["content_uri"]?.string else { throw .malformed }
            return .success((url, mediaType))
        } catch {
            return .failure(ChannelError(error).beforeSending)
        }
    }
}

extension ChannelError {
    /// The message itself was not sent, whatever became of its file.
    fileprivate var beforeSending: ChannelError {
        ChannelError(code, reason: "upload: " + reason, sentence: sentence, retryAfterMilliseconds: retryAfterMilliseconds, mayHaveArrived: false)
    }
}

/// The first error of several steps, after which none is taken.
private final class FirstFailure: Sendable {
    private let state = Mutex<ChannelError?>(nil)

    var error: ChannelError? { state.withLock { $0 } }

    func none(_ step: @Sendable () async throws(ChannelError) -> Void) async -> Bool {
        do throws(ChannelError) {
            try await step()
            return true
        } catch {
            state.withLock { $0 = $0 ?? error }
            return false
        }
    }
}

private final class OctetCount: Sendable {
    private let state = Mutex(0)
    var value: Int { state.withLock { $0 } }
    func add(_ octets: Int) { state.withLock { $0 += octets } }
}
