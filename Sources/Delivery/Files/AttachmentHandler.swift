package import Conversation
import EventLoop
package import HTTP
import HTTPTypes
import JSON
package import Secrets
package import Time

/// `GET /attachments/{signed}`: a contact's file, streamed from where it lies (`byoc.md` §9).
///
/// Whatever is wrong with a link – changed, expired, for a channel that is no longer there – the answer is the same 404.
package struct AttachmentHandler: Handler {
    private let channels: [String: Channel]
    private let sealer: Sealer
    private let fetcher: FileFetcher
    private let time: any TimeSource

    /// Milliseconds for a whole file.
    private static let patience = 300_000
    /// And for its first octets.
    private static let begin = 10_000

    package init(channels: [Channel], sealer: Sealer, fetcher: FileFetcher, time: any TimeSource) {
        self.channels = Dictionary(channels.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        self.sealer = sealer
        self.fetcher = fetcher
        self.time = time
    }

    package func respond(to request: Request) async -> Response {
        guard request.method == .get || request.method == .head else {
            var refusal = Self.problem(405, "method-not-allowed", "Only GET and HEAD are served here.")
            refusal.fields[.allow] = "GET, HEAD"
            return refusal
        }
        let prefix = "/attachments/"
        guard request.path.hasPrefix(prefix),
            let link = AttachmentLink(sealed: request.path.dropFirst(prefix.utf8.count), by: sealer, now: Int(time.epochMilliseconds())),
            let channel = channels[link.channel]
        else { return Self.notFound }
        return await answer(link, channel, isHead: request.method == .head)
    }

    private func answer(_ link: AttachmentLink, _ channel: Channel, isHead: Bool) async -> Response {
        let (limit, pipe, deadline) = (fetcher.limit, BodyPipe(), time.now().advanced(byMilliseconds: Self.patience))
        let (outcome, reading) = (Outcome(), Reading(pipe))
        let sink = FilePipe(pipe, limit: limit)
        // A task of its own: the file is read while the answer goes out. It ends when the pipe is let go.
        Task(executorPreference: EventLoop.current) { [fetcher] in
            let failure = await Self.read(link, channel, fetcher, by: deadline, into: sink)
            outcome.fail(failure)
            pipe.finish(isComplete: failure == nil)
        }
        let head = await Self.head(of: pipe)
        guard let head else {
            pipe.cancel()
            return Self.failed(outcome.failure, channel: link.channel)
        }
        // The type needs the first octets.
        let first = await pipe.read() ?? []
        if first.isEmpty, let failure = outcome.failure { return Self.failed(failure, channel: link.channel) }
        let size = head.fields.value(.contentLength).flatMap { Int($0) }
        var fields: HTTPFields = [
            .contentType: MediaType.of(first, told: link.mediaType ?? head.fields.value(.contentType)), .cacheControl: "private, no-store",
            .contentDisposition: FileName.disposition(link.name), .xContentTypeOptions: "nosniff", .acceptRanges: "none",
        ]
        if let policy = HTTPField.Name("Content-Security-Policy") { fields[policy] = "default-src 'none'; sandbox" }
        var response = Response(status: .ok, fields: fields, notes: [Note("channel", link.channel)])
        response.stream = ResponseStream(length: size) { sink in
            var piece = first
            repeat {
                guard await sink.write(piece) else {
                    reading.cancel()
                    return false
                }
                piece = await pipe.read() ?? []
            } while !piece.isEmpty
            return pipe.isComplete
        }
        if isHead { pipe.cancel() }
        return response
    }

    /// The file's head, if it comes in time.
    private static func head(of pipe: BodyPipe) async -> Response? {
        await withTaskGroup(of: Response?.self) { group in
            group.addTask { await pipe.head() }
            group.addTask {
                await EventLoop.sleep(until: Instant.now().advanced(byMilliseconds: Self.begin))
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
    }

    private static func read(
        _ link: AttachmentLink, _ channel: Channel, _ fetcher: FileFetcher, by deadline: Instant, into sink: FilePipe
    ) async -> ChannelError? {
        do throws(ChannelError) {
            switch link.place {
            case .platform(let reference):
                guard let files = channel.files else { throw ChannelError(.rejected, reason: "the channel hands out no files") }
                try await files.read(reference, by: deadline, into: sink)
            case .open(let url):
                do throws(FileFetchError) {
                    try await fetcher.fetch(url, by: deadline, head: { head in sink.open(mediaType: head.mediaType, size: head.size) }, take: { octets in
                        await sink.put(octets)
                    })
                } catch {
                    throw ChannelError(error)
                }
            }
            return nil
        } catch {
            return error
        }
    }

    // MARK: Refusals

    private static func failed(_ failure: ChannelError?, channel: String) -> Response {
        var response: Response
        switch failure?.code {
        case .threadGone, .contentRefused, .rejected, .recipientRefused: response = notFound
        case .tooLarge: response = problem(413, "file-too-large", "The file is larger than this service hands out.")
        case .throttled:
            response = problem(503, "not-now", "The file cannot be fetched now.")
            response.fields[.retryAfter] = String(max(1, (failure?.retryAfterMilliseconds ?? 5000) / 1000))
        case .timedOut, nil: response = problem(504, "too-slow", "The file did not arrive in time.")
        default: response = problem(502, "file-unreachable", "The file cannot be fetched where it lies.")
        }
        response.notes += [Note("channel", channel), Note("file_error", failure?.description ?? "no head in time")]
        return response
    }

    private static let notFound = problem(404, "no-such-file", "There is no such file, or its link has expired.")

    private static func problem(_ status: Int, _ code: StaticString, _ title: StaticString) -> Response {
        let body = RawJSON { writer in
            writer.object { json in
                json.field("type", "urn:causeway:problem:\(code)")
                json.field("title", title.description)
                json.field("status", status)
            }
        }
        return Response(
            status: HTTPResponse.Status(code: status), fields: [.contentType: "application/problem+json"], body: Array(body.bytes),
            notes: [Note("refused", code.description)])
    }
}

/// What became of reading a file.
private final class Outcome: @unchecked Sendable {
    // @unchecked: one request's tasks on one loop.
    private(set) var failure: ChannelError?
    func fail(_ failure: ChannelError?) { self.failure = failure }
}

/// Belongs to the answer alone, and ends the reading of the file with it, also when the answer is never sent.
private final class Reading: Sendable {
    private let pipe: BodyPipe
    init(_ pipe: BodyPipe) { self.pipe = pipe }
    deinit { pipe.cancel() }
    func cancel() { pipe.cancel() }
}
