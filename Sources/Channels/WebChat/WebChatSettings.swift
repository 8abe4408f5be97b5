package import Settings

/// `channels.<name>.webchat`.
package struct WebChatChannelSettings: SettingsGroup {
    package init(from reader: SettingsReader) {}
}
