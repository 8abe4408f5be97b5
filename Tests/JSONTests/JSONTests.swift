import JSON
import Testing

@Test("A parsed document is read back by name, and unknown parts keep their octets")
func readsByName() throws {
    let json = try JSON(parsing: Array(#"{"a":[1,2.50,{"b":"x\u00e9"}],"big":12345678901234567890}"#.utf8))
    #expect(json["a"]?.count == 3)
    #expect(json["big"].map { String(decoding: $0.raw, as: UTF8.self) } == "12345678901234567890")
    #expect(json["a"]?.elements.map(\.kind) == [.number, .number, .object])
}
