/// systemd's side: a socket that outlives its service, and a service with few rights. The function gets the listening socket as fd 0.
package enum SystemdUnits {
    /// File name and content of each unit.
    package static func files(_ site: Site, endpoints: [Endpoint] = Endpoint.all) -> [GeneratedFile] {
        endpoints.flatMap { endpoint in
            [
                GeneratedFile("causeway-\(endpoint.name).socket", socket(endpoint, site)),
                GeneratedFile("causeway-\(endpoint.name).service", service(endpoint, site)),
            ]
        }
    }

    private static func socket(_ endpoint: Endpoint, _ site: Site) -> String {
        """
        # Made by `causeway configure systemd` from the list of functions.
        [Unit]
        Description=\(endpoint.summary) (socket)

        [Socket]
        ListenStream=\(site.socket(endpoint))
        SocketMode=0660
        SocketGroup=\(site.webGroup)
        Backlog=4096

        [Install]
        WantedBy=sockets.target

        """
    }

    private static func service(_ endpoint: Endpoint, _ site: Site) -> String {
        """
        # Made by `causeway configure systemd` from the list of functions.
        [Unit]
        Description=\(endpoint.summary)
        Requires=causeway-\(endpoint.name).socket
        After=network.target

        [Service]
        ExecStart=\(site.program(endpoint))
        StandardInput=socket
        StandardOutput=journal
        StandardError=journal
        Environment=CAUSEWAY_SETTINGS=\(site.settings)
        # Secrets that the settings name by {"env": …}: one NAME=value a line, readable by root only.
        EnvironmentFile=-/etc/causeway/secrets.env
        # A crash must not print memory, which may hold secrets.
        Environment=SWIFT_BACKTRACE=enable=no
        User=\(site.user)
        StateDirectory=causeway
        WorkingDirectory=/var/lib/causeway
        LimitNOFILE=16384
        Restart=on-failure
        TimeoutStopSec=\(endpoint.timeout + 5)
        NoNewPrivileges=yes
        ProtectSystem=strict
        ProtectHome=yes
        PrivateTmp=yes
        PrivateDevices=yes
        RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
        CapabilityBoundingSet=
        LockPersonality=yes
        MemoryDenyWriteExecute=yes

        """
    }
}
