package import HTTP
import HTTPTypes

/// Stands for a function whose part of the settings is not there: whoever serves turns only need not take the channels' functions away.
package struct UnconfiguredHandler: Handler {
    package init() {}

    package func respond(to request: Request) async -> Response {
        let body = #"{"type":"urn:causeway:problem:notConfigured","title":"There is nothing here.","status":404}"#
        return Response(
            status: .notFound, fields: [.contentType: "application/problem+json"], body: Array(body.utf8),
            notes: [Note("outcome", "notConfigured")])
    }
}
