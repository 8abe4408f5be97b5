import EventLoop
import JSON
import Secrets
import Synchronization
import Time

/// Callbacks that go wrong by order.
extension DigitalExperience {
    func deliver(_ post: Post, _ shape: Shape?, with fault: TakenFault) async -> CallbackResult {
        var post = post
        switch fault.kind {
        case .duplicate(after: nil):
            let (first, twin) = (post, post)
            async let second = deliver(twin, shape)
            let result = await deliver(first, shape)
            judge(fault, result, await second)
            return result
        case .duplicate(let pause?):
            let result = await deliver(post, shape)
            let twin = post
            // The agent goes on meanwhile.
            Task(executorPreference: EventLoop.current) {
                await self.sleep(self.time.now().advanced(byMilliseconds: pause))
                self.judge(fault, result, await self.deliver(twin, shape))
                self.onChange()
            }
            return result
        case .lost:
            let unseen = await deliver(post, shape)
            let result = await deliver(post, shape)
            judge(fault, unseen, result)
            return result
        case .unknownField:
            post.body = DigitalExperience.withUnknownField(post.body)
            return judged(fault, await deliver(post, shape), wanted: 200...299)
        case .expiredToken:
            let token = CallbackToken(text: Digest.hex(Random.bytes(24)), expires: time.now().advanced(byMilliseconds: 3_600_000))
            world.withLock { $0.callbackTokens[post.integration.id] = token }
            return judged(fault, await deliver(post, shape), wanted: 200...299)
        case .cut:
            post.body = Array(post.body.prefix(post.body.count / 2))
            return judged(fault, await deliver(post, shape), wanted: 400...499)
        case .slow, .drop, .reset, .status, .html: return await deliver(post, shape)
        }
    }

    private func judged(_ fault: TakenFault, _ result: CallbackResult, wanted: ClosedRange<Int>) -> CallbackResult {
        let attempts = result.attempts == 1 ? "" : ", \(result.attempts) posts"
        let words = result.status == 0 ? "the middleware did not answer" : "the middleware answered \(result.status)\(attempts)"
        world.withLock { $0.judge(fault, words, isGood: wanted.contains(result.status)) }
        return result
    }

    /// Whether the same message twice became one.
    private func judge(_ fault: TakenFault, _ first: CallbackResult, _ second: CallbackResult) {
        func id(_ result: CallbackResult) -> String? {
            (result.body?["message"] ?? result.body)?["idOnExternalPlatform"]?.string
        }
        let statuses = "\(first.status) and \(second.status)"
        let outcome: (String, Bool) = switch (id(first), id(second)) {
        case (let one?, let other?) where one == other: ("answered \(statuses) with one id: the contact sees it once", true)
        case (_?, _?): ("answered \(statuses) with two ids: the contact sees it twice, which CXone cannot tell from two equal messages", false)
        case (_?, nil): ("answered \(statuses): the second was refused, the contact sees it once", true)
        case (nil, _?): ("answered \(statuses): the first was refused, the contact sees it once", true)
        case (nil, nil): ("answered \(statuses)", first.isDone || second.isDone)
        }
        world.withLock { $0.judge(fault, outcome.0, isGood: outcome.1) }
    }

    private static func withUnknownField(_ body: [UInt8]) -> [UInt8] {
        guard let json = try? JSON(parsing: body), json.kind == .object else { return body }
        return Array(RawJSON { $0.object { object in
            object.field("ofAFutureRelease", object: { future in
                future.field("kind", "SOMETHING_NEW")
                future.field("values", array: { list in
                    list.value(1)
                    list.null()
                })
            })
            for member in json.members {
                object.name(member.name)
                object.value(member.value)
            }
        } }.bytes)
    }
}
