import JSON
import Synchronization
import Time

extension WateringHole {
    /// Everything that the page shows.
    var state: RawJSON {
        let epoch = time.epochMilliseconds()
        return world.withLock { world in
            RawJSON { $0.object { object in
                object.field("webhook", webhook)
                object.field("chat", chat)
                object.field("waiting", world.outbox.count)
                object.field("repeats", world.repeats)
                object.field("people", array: { list in
                    for person in HolePerson.all {
                        list.object { entry in
                            entry.field("id", person.id)
                            entry.field("firstName", person.firstName)
                            entry.field("lastName", person.lastName)
                            entry.field("hasLeft", person.hasLeft)
                        }
                    }
                })
                object.field("faults", array: { list in
                    for fault in world.faults {
                        list.object { entry in
                            entry.field("kind", fault.kind.rawValue)
                            entry.field("count", fault.count)
                        }
                    }
                })
                object.field("mishaps", array: { list in
                    for mishap in world.mishaps.reversed() {
                        list.object { entry in
                            entry.field("kind", mishap.kind.rawValue)
                            entry.field("at", Int(mishap.at))
                            entry.field("outcome", mishap.outcome)
                        }
                    }
                })
                object.field("threads", array: { list in
                    for thread in world.order.reversed().compactMap({ world.threads[$0] }) { world.write(thread, at: epoch, to: &list) }
                })
            } }
        }
    }
}

extension HoleWorld {
    fileprivate func write(_ thread: HoleThread, at epoch: Int64, to list: inout JSONWriter) {
        list.object { entry in
            entry.field("id", thread.id)
            entry.field("isPost", thread.isPost)
            entry.field("title", thread.title)
            entry.field("person", thread.person)
            entry.field("agentTypesFor", max(0, Int(thread.agentTypesUntil - epoch)))
            entry.field("isEnded", thread.isEnded)
            entry.field("messages", array: { messages in for message in thread.messages { write(message, to: &messages) } })
        }
    }

    private func write(_ message: HoleMessage, to list: inout JSONWriter) {
        list.object { entry in
            entry.field("id", message.id)
            entry.field("author", message.author)
            entry.field("authorName", message.authorName)
            entry.field("text", message.text)
            entry.field("heading", message.heading)
            entry.field("choices", message.choices)
            entry.field("link", message.link)
            entry.field("files", array: { files in
                for file in message.files.compactMap({ self.files[$0] }) {
                    files.object { object in
                        object.field("url", "/hole/files/\(file.id)")
                        object.field("name", file.name)
                        object.field("mediaType", file.mediaType)
                        object.field("size", file.octets.count)
                    }
                }
            })
            entry.field("lostFiles", array: { names in for name in message.lostFiles { names.value(name) } })
            entry.field("replyTo", message.replyTo)
            entry.field("isQuote", message.isQuote)
            entry.field("time", Int(message.time))
            entry.field("state", message.state.rawValue)
            entry.field("problem", message.problem)
            entry.field("attempts", message.attempts)
            entry.field("isEdited", message.isEdited)
            entry.field("isDeleted", message.isDeleted)
            entry.field("isSeen", message.isSeen)
        }
    }
}
