import Conversation
import HTTP
import HTTPTypes
import JSON

/// Files both ways: up as the body of a request, before the message that names them; down with the session's token.
extension WebChatHandler {
    func takeFile(_ call: ChatCall, _ token: ChatToken) async throws(ChatRefusal) -> Response {
        let (place, thread, limits) = (call.place, ThreadID(token.thread), call.place.chat.settings.limits)
        guard limits.files > 0, call.request.body.count <= limits.fileOctets else { throw ChatRefusal(.tooLong, place: "$") }
        guard !call.request.body.isEmpty else { throw ChatRefusal(.malformed, place: "$") }
        guard try await head(of: thread, call).ended == nil else { throw ChatRefusal(.ended) }
        try await count("files", of: token.visitor, limit: limits.messagesPerMinute, call)
        guard let type = ChatFileType.checked(call.request.fields.value(.contentType), call.request.body) else { throw ChatRefusal(.wrongFileType) }
        let name = ChatQuery.parameter("name", in: call.request) ?? ""
        let file: ChatFile
        do {
            file = try await place.chat.files.keep(
                call.request.body, id: ChatToken.random("f-"), name: name, type: type, in: thread, by: deadline(call))
        } catch {
            throw ChatRefusal(ChatProblem.notNow.response(retryAfterMilliseconds: 2000, reason: "\(error)"))
        }
        var writer = JSONWriter()
        writer.object { file.write(to: &$0) }
        return .json(.created, writer.bytes, notes: [Note("octets", file.size)])
    }

    /// The files that a message names; each must have been uploaded in this very conversation.
    func files(_ ids: [String], in thread: ThreadID, _ call: ChatCall) async throws(ChatRefusal) -> [ChatFile] {
        var files: [ChatFile] = []
        for id in ids {
            do {
                guard let file = try await call.place.chat.files.file(id, in: thread, by: deadline(call)) else {
                    throw ChatRefusal(.malformed, place: "files")
                }
                files.append(file)
            } catch let refusal as ChatRefusal {
                throw refusal
            } catch {
                throw ChatRefusal(.notNow)
            }
        }
        return files
    }

    /// Never shown by the browser itself, whatever it holds: the script makes a picture of it, or a download.
    func giveFile(_ id: String, _ call: ChatCall, _ token: ChatToken) async throws(ChatRefusal) -> Response {
        let (files, thread) = (call.place.chat.files, ThreadID(token.thread))
        guard id.utf8.count <= 64, id.utf8.allSatisfy(Self.isPlain) else { throw ChatRefusal(.notFound) }
        do {
            guard let file = try await files.file(id, in: thread, by: deadline(call)) else { throw ChatRefusal(.notFound) }
            let octets = try await files.octets(of: file, by: deadline(call))
            return Response(
                status: .ok,
                fields: [
                    .contentType: file.type, .contentDisposition: "attachment", .contentSecurityPolicy: "default-src 'none'; sandbox",
                    .xContentTypeOptions: "nosniff", .cacheControl: "no-store",
                ],
                body: octets, notes: [Note("octets", octets.count)])
        } catch let refusal as ChatRefusal {
            throw refusal
        } catch {
            throw ChatRefusal((error as? ChannelError)?.isTransient == false ? .notFound : .notNow)
        }
    }
}
