import Glibc
import JSON
import Secrets

/// Reads a turn and writes its answer COUNT times, as `peers/go/turn` does; prints nanoseconds a turn.
///
///     json-turn FILE COUNT
@main
enum JSONTurn {
    static func main() {
        let arguments = CommandLine.arguments
        guard arguments.count == 3, let body = contents(of: arguments[1]), let count = Int(arguments[2]), count > 0 else { exit(64) }
        let begun = nanoseconds()
        for _ in 0..<count {
            guard let answer = respond(to: body), !answer.isEmpty else { exit(65) }
        }
        print((nanoseconds() - begun) / count)
    }

    private static func respond(to body: [UInt8]) -> [UInt8]? {
        guard let turn = try? JSON(parsing: body), let said = turn["userInput"]?.string, turn["userInputType"] != nil,
            let contact = turn["executionInfo"]?["contactId"]?.numberLiteral, turn["executionInfo"]?["busNo"]?.integer != nil
        else { return nil }
        if let text = turn["base64wavFile"]?.plainBytes, Base64.decode(text) == nil { return nil }
        let prompt = "You said: " + said
        var writer = JSONWriter(reservingCapacity: body.count)
        writer.object { answer in
            answer.field("branchName", "PromptAndCollectNextResponse")
            answer.name("nextPromptSequence")
            answer.object { sequence in
                sequence.name("prompts")
                sequence.array { prompts in
                    prompts.object {
                        $0.field("transcript", prompt)
                        $0.field("textToSpeech", prompt)
                    }
                }
            }
            answer.name("intentInfo")
            answer.object {
                $0.field("intent", "OrderStatus")
                $0.field("intentConfidence", 1.0)
                $0.field("lastUserUtterance", said)
                $0.field("slots", RawJSON.emptyObject)
            }
            answer.field("customPayload", turn["customPayload"].map { RawJSON($0) })
            answer.name("botSessionState")
            answer.object {
                $0.field("contact", contact)
                $0.field("previous", turn["botSessionState"].map { RawJSON($0) })
            }
        }
        return writer.bytes
    }

    private static func contents(of path: String) -> [UInt8]? {
        guard let file = fopen(path, "rb") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 4 << 20)
        bytes.removeLast(bytes.count - fread(&bytes, 1, bytes.count, file))
        return bytes
    }

    private static func nanoseconds() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }
}
