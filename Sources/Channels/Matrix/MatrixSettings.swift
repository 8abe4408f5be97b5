package import Settings

/// `channels.<name>.matrix`.
package struct MatrixChannelSettings: SettingsGroup {
    package init(from reader: SettingsReader) {}
}
