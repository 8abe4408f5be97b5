import Catalog
import Conversation
import JSON
import ScriptedAgent
import Settings
import Testing
import Time

@Test("The embedded order-status script is readable")
func embeddedScriptIsReadable() throws {
    _ = try Script(reading: Script.orderStatusText, soundsIn: ".")
}
