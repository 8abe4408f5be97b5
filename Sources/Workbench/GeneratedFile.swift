/// A file made from the list of functions or from the declarations of the settings.
package struct GeneratedFile: Sendable, Equatable {
    /// Relative to where the set of files goes.
    package let path: String
    package let content: String

    package init(_ path: String, _ content: String) {
        self.path = path
        self.content = content
    }
}
