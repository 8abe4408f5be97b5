import Conversation
import HTTP
import HTTPTypes
import JSON
import Time

/// What CXone is told about an agent's message.
enum OutboundAnswer {
    /// `byoc.md` §3.2.
    static func delivered(_ delivery: Delivery, _ callback: OutboundCallback, visibility: Visibility) -> Response {
        let people = delivery.people.isEmpty ? callback.people : delivery.people
        var writer = JSONWriter(reservingCapacity: 512)
        writer.object { json in
            json.field("message", object: { json in
                json.field("idOnExternalPlatform", delivery.message.text)
                json.field("createdAtWithMilliseconds", Timestamp.text(delivery.occurred))
                json.field("url", delivery.url)
            })
            json.field("thread", object: { $0.field("idOnExternalPlatform", delivery.thread.text) })
            json.field("endUserIdentities", array: { list in
                for person in people {
                    list.object { json in
                        json.field("idOnExternalPlatform", person.id.text)
                        json.field("firstName", person.firstName ?? "")
                        json.field("lastName", person.lastName ?? "")
                        json.field("nickname", person.nickname ?? "")
                        json.field("image", person.image ?? "")
                    }
                }
            })
            json.field("recipients", array: { list in recipients(callback, people, visibility, &list) })
        }
        return .json(.ok, writer.bytes, notes: notes(delivery))
    }

    /// Those of the request, as they came; else whom the thread is with.
    private static func recipients(_ callback: OutboundCallback, _ people: [Person], _ visibility: Visibility, _ list: inout JSONWriter) {
        for recipient in callback.recipients {
            list.object { json in
                json.field("idOnExternalPlatform", recipient.id)
                json.field("name", recipient.name)
                json.field("isPrimary", recipient.isPrimary ?? (callback.recipients.count == 1))
                json.field("isPrivate", recipient.isPrivate ?? (visibility == .direct))
            }
        }
        guard callback.recipients.isEmpty else { return }
        for (index, person) in people.enumerated() {
            list.object { json in
                json.field("idOnExternalPlatform", person.id.text)
                json.field("name", name(person))
                json.field("isPrimary", index == 0)
                json.field("isPrivate", visibility == .direct)
            }
        }
    }

    private static func name(_ person: Person) -> String? {
        let full = [person.firstName, person.lastName].compactMap { $0 }.joined(separator: " ")
        return full.isEmpty ? person.nickname : full
    }

    /// `byoc.md` §3.3: the least that NICE asks for.
    static func deliveredLegacy(_ delivery: Delivery) -> Response {
        var writer = JSONWriter(reservingCapacity: 96)
        writer.object { $0.field("idOnExternalPlatform", delivery.message.text) }
        return .json(.ok, writer.bytes, notes: notes(delivery))
    }

    private static func notes(_ delivery: Delivery) -> [Note] {
        [Note("outcome", "delivered")] + (delivery.losses.isEmpty ? [] : [Note("lost", delivery.losses.joined(separator: ","))])
    }

    // MARK: Failures (§3.7)

    /// 503 rather than 409: whoever repeats anything repeats 503, and 409 is the end of it for many. The repeat gets the first one's answer.
    static func running(_ retryAfterMilliseconds: Int) -> CallbackProblem {
        CallbackProblem(
            .serviceUnavailable, "running", "This message is being sent already.", retryAfterMilliseconds: max(1000, retryAfterMilliseconds))
    }

    static func notNow(_ retryAfterMilliseconds: Int, reason: String) -> CallbackProblem {
        CallbackProblem(
            .serviceUnavailable, "notNow", "Messages cannot be sent at the moment. Please try again.",
            retryAfterMilliseconds: max(1000, retryAfterMilliseconds), notes: [Note("reason", reason)])
    }

    static func failed(_ error: ChannelError) -> CallbackProblem {
        let (status, sentence) = judgement(error.code)
        let wait = error.isTransient ? max(1000, error.retryAfterMilliseconds ?? 5000) : nil
        return CallbackProblem(
            status, error.code.rawValue, error.sentence ?? sentence, retryAfterMilliseconds: wait,
            notes: [Note("reason", error.reason), Note("mayHaveArrived", error.mayHaveArrived)])
    }

    private static func judgement(_ code: ChannelError.Code) -> (HTTPResponse.Status, String) {
        switch code {
        case .unreachable, .failed: (.serviceUnavailable, "The messaging platform cannot be reached at the moment. Please try again.")
        case .timedOut: (.serviceUnavailable, "The messaging platform did not answer in time. Please try again.")
        case .cancelled: (.serviceUnavailable, "The message was not sent. Please try again.")
        case .throttled: (.tooManyRequests, "The messaging platform takes no more messages at the moment. Please wait a little.")
        case .unauthorized: (.badGateway, "The messaging platform refused the connection. Please tell your administrator.")
        case .malformed: (.badGateway, "The messaging platform gave an answer that could not be understood.")
        case .recipientRefused: (.unprocessableContent, "This person cannot be written to.")
        case .threadGone: (.unprocessableContent, "This conversation does not exist any more.")
        case .contentRefused: (.unprocessableContent, "The messaging platform cannot carry this message.")
        case .tooLarge: (.unprocessableContent, "The message or one of its files is too large for the messaging platform.")
        case .rejected: (.unprocessableContent, "The messaging platform refused the message.")
        }
    }
}
