import CXone
import HTTP
import HTTPTypes
package import JSON
import Simulator

extension Inspector {
    /// Sends it again, changed as the body says. What is hidden on the page and was left as it stood is put back here.
    func resend(_ entry: InspectorEntry, _ asked: [UInt8]) async -> Response {
        guard let exchange = entry.exchange, let resender = resenders[exchange.half] else {
            return .problem(.conflict, "Only what the simulator sent or received itself can be sent again; this exchange is known from a trace file.")
        }
        guard let wish = try? JSON(parsing: asked), wish.kind == .object else {
            return .problem(.badRequest, "The body must be an object with \"body\" or \"text\".")
        }
        var body = exchange.requestBody
        if let text = wish["text"]?.string {
            guard !text.contains(TraceMask.standIn) else {
                return .problem(.unprocessableContent, "A text that is no JSON cannot have hidden parts put back: write them.")
            }
            body = Array(text.utf8)
        } else if let edited = wish["body"] {
            do throws(Unmasking.Refusal) {
                body = try Unmasking(of: exchange.requestBody).restored(edited)
            } catch {
                return .problem(.unprocessableContent, error.message)
            }
        }
        let before = log.read { $0.nextID }
        if let failure = await resender.resend(exchange, body: body) { return .problem(.badGateway, failure) }
        let id = log.mark(since: before, like: exchange)
        return .json(.ok, Array(RawJSON { $0.object { $0.field("id", id) } }.bytes))
    }
}

/// Puts back what masking took out of a body, wherever the person left it alone.
package struct Unmasking {
    package struct Refusal: Error { package let message: String }

    private let original: JSON?
    private let masked: JSON?

    package init(of body: [UInt8]) {
        let original = try? JSON(parsing: body)
        self.original = original
        masked = original.flatMap { json in RawJSON { TraceMask(for: json).write(json, to: &$0) }.parsed() }
    }

    package func restored(_ edited: JSON) throws(Refusal) -> [UInt8] {
        var writer = JSONWriter()
        var missing: [String] = []
        write(edited, original, masked, "", &writer, &missing)
        guard let first = missing.first else { return writer.bytes }
        throw Refusal(message: "\(first) hides something that did not stand there before: write a value instead of the stand-in.")
    }

    private func write(
        _ edited: JSON, _ original: JSON?, _ masked: JSON?, _ path: String, _ writer: inout JSONWriter, _ missing: inout [String]
    ) {
        if let original, let masked, edited.kind == masked.kind, edited.kind != .object, edited.kind != .array, same(edited, masked) {
            return writer.value(original)
        }
        switch edited.kind {
        case .object:
            writer.object { object in
                for member in edited.members {
                    object.name(member.name)
                    write(
                        member.value, original?[member.name], masked?[member.name], JSONPath.member(member.name, of: path), &object, &missing)
                }
            }
        case .array:
            let (before, shown) = (original.map { Array($0.elements) } ?? [], masked.map { Array($0.elements) } ?? [])
            writer.array { array in
                for (index, element) in edited.elements.enumerated() {
                    let has = before.indices.contains(index) && shown.indices.contains(index)
                    write(element, has ? before[index] : nil, has ? shown[index] : nil, "\(path)[\(index)]", &array, &missing)
                }
            }
        default:
            guard let text = edited.string else { return writer.value(edited) }
            guard text != TraceMask.standIn, let restored = Self.restored(text, original?.string, masked?.string) else {
                missing.append(path)
                return writer.value(edited)
            }
            writer.value(restored)
        }
    }

    /// The text with every `digits:N` that stood in the masked one replaced by what it stood for; `nil` when one is new.
    private static func restored(_ edited: String, _ original: String?, _ masked: String?) -> String? {
        let wanted = edited.matches(of: /digits:\d+/)
        guard !wanted.isEmpty else { return edited }
        guard let original, let masked else { return nil }
        if original.contains(edited) { return edited }
        // What stands between the stand-ins is the same in both, so what is left over in the original is what they stand for.
        var hidden: [(standIn: String, value: String)] = []
        var (shownEnd, place) = (masked.startIndex, original.startIndex)
        let standIns = masked.matches(of: /digits:\d+/)
        for (index, standIn) in standIns.enumerated() {
            let before = masked[shownEnd..<standIn.range.lowerBound]
            guard original[place...].hasPrefix(before) else { return nil }
            let start = original.index(place, offsetBy: before.count)
            let next = index + 1 < standIns.count ? standIns[index + 1].range.lowerBound : masked.endIndex
            let behind = masked[standIn.range.upperBound..<next]
            let end = behind.isEmpty ? original.endIndex : original[start...].firstRange(of: behind)?.lowerBound
            guard let end else { return nil }
            hidden.append((String(standIn.output), String(original[start..<end])))
            (shownEnd, place) = (standIn.range.upperBound, end)
        }
        var out = "", rest = edited.startIndex
        for found in wanted {
            guard let index = hidden.firstIndex(where: { $0.standIn == found.output }) else { return nil }
            out += edited[rest..<found.range.lowerBound] + hidden.remove(at: index).value
            rest = found.range.upperBound
        }
        return out + edited[rest...]
    }

    private func same(_ left: JSON, _ right: JSON) -> Bool {
        left.kind == .string ? left.string == right.string : left.raw == right.raw
    }
}
