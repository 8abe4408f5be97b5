import JSON
import Simulator

extension ExchangeDetail {
    func write(to writer: inout JSONWriter, entry: InspectorEntry, canResend: Bool) {
        let panes = panes
        writer.object { object in
            object.name("row")
            entry.row.write(to: &object, id: entry.id, version: entry.version)
            object.field("url", entry.exchange.map { $0.url.urlOrigin + entry.row.path })
            object.field("violations", array: { list in for violation in entry.exchange?.violations ?? [] { list.value(violation) } })
            object.field("panes", array: { list in for pane in panes { Self.write(pane, to: &list) } })
            object.field("request", object: { Self.write(mapping(panes[0], panes[1]), to: &$0) })
            object.field("response", object: { Self.write(mapping(panes[2], panes[3]), to: &$0) })
            object.field("waterfall", object: { Waterfall(entry).write(to: &$0) })
            object.field("calls", array: { list in
                for (index, call) in (entry.trace?.calls ?? []).enumerated() {
                    list.object { item in
                        item.field("index", index)
                        item.field("line", "\(call.method) \(call.url)")
                        item.field("status", call.status)
                    }
                }
            })
            object.field("call", shownCall)
            object.field("canResend", canResend)
        }
    }

    private func mapping(_ source: Pane, _ target: Pane) -> FieldMapping? {
        guard let source = source.json, let target = target.json else { return nil }
        return FieldMapping(from: source, to: target)
    }

    private static func write(_ mapping: FieldMapping?, to writer: inout JSONWriter) {
        writer.field("isKnown", mapping != nil)
        writer.field("links", array: { list in
            for link in mapping?.links ?? [] { list.array { $0.value(link.from); $0.value(link.to) } }
        })
        writer.field("dropped", array: { list in for path in mapping?.dropped ?? [] { list.value(path) } })
    }

    private static func write(_ pane: Pane, to writer: inout JSONWriter) {
        writer.object { object in
            object.field("title", pane.title)
            object.field("line", pane.line)
            object.field("fields", array: { list in
                for field in pane.fields { list.array { $0.value(field.name); $0.value(field.value) } }
            })
            if let json = pane.json {
                object.name("lines")
                JSONLines(json).write(to: &object)
            }
            object.field("text", pane.text)
            object.field("note", pane.note)
            object.field("marks", array: { list in
                for mark in pane.marks {
                    list.object { item in
                        item.field("path", mark.path)
                        item.field("kind", mark.kind)
                        item.field("message", mark.message)
                    }
                }
            })
        }
    }
}

extension InspectorEntry.Row {
    func write(to writer: inout JSONWriter, id: Int, version: Int) {
        writer.object { object in
            object.field("id", id)
            object.field("version", version)
            object.field("time", Int(time))
            object.field("direction", direction.rawValue)
            object.field("half", half.rawValue)
            object.field("name", name)
            object.field("contact", contact)
            object.field("conversation", conversation)
            object.field("method", method)
            object.field("path", path)
            object.field("status", status)
            object.field("milliseconds", milliseconds)
            object.field("outcome", outcome)
            object.field("words", words)
            object.field("flags", array: { list in for flag in flags { list.value(flag) } })
        }
    }
}

/// Where the milliseconds of an exchange went, against what it was given.
struct Waterfall: Sendable {
    struct Span: Sendable {
        let label: String
        let at: Int
        let milliseconds: Int
        let isFailed: Bool
    }

    let total: Int
    /// `nil` where nobody gives up.
    let budget: Int?
    let spans: [Span]

    init(_ entry: InspectorEntry) {
        let isWhole = entry.call == .whole
        let trace = isWhole ? entry.trace : nil
        total = max(entry.row.milliseconds, trace?.milliseconds ?? 0)
        budget = entry.budget
        // What the trace does not know is the way there and back.
        let lead = max(0, (total - (trace?.milliseconds ?? total)) / 2)
        var spans: [Span] = []
        if let trace { spans.append(Span(label: "middleware", at: lead, milliseconds: trace.milliseconds, isFailed: false)) }
        for call in trace?.calls ?? [] {
            spans.append(Span(
                label: "\(call.method) \(call.url.urlPath)", at: lead + call.at, milliseconds: call.milliseconds, isFailed: (call.status ?? 599) >= 500))
        }
        self.spans = spans
    }

    func write(to object: inout JSONWriter) {
        object.field("total", total)
        object.field("budget", budget)
        object.field("spans", array: { list in
            for span in spans {
                list.object { item in
                    item.field("label", span.label)
                    item.field("at", span.at)
                    item.field("milliseconds", span.milliseconds)
                    if span.isFailed { item.field("isFailed", true) }
                }
            }
        })
    }
}
