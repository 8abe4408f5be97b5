package import Settings

/// `channels.<name>.webhook`.
package struct WebhookChannelSettings: SettingsGroup {
    package init(from reader: SettingsReader) {}
}
