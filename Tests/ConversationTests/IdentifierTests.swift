import Conversation
import Testing

@Test("B19: ids are compared octet by octet: what only looks alike is another thread")
func identifiers() {
    #expect(ThreadID("caf\u{E9}") != ThreadID("cafe\u{301}"))
    #expect(Set([MessageID("caf\u{E9}"), MessageID("cafe\u{301}"), MessageID("caf\u{E9}")]).count == 2)
    #expect(PersonID("a") == PersonID("a") && PersonID("a") != PersonID("A"))
}
