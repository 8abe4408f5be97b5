"""A private authority with one server certificate, added to copies of the system's CA bundle and CA directory."""

import pathlib
import shutil

from .place import command

SYSTEM = pathlib.Path("/etc/ssl/certs")


class Authority:
    """`bundle` and `directory` are Debian's own plus our authority, so that looking one up costs what it costs a real program."""

    def __init__(self, place):
        folder = place.run / "authority"
        self.directory = folder / "certs"
        self.directory.mkdir(parents=True)
        self.bundle = folder / "bundle.crt"
        self.key, self.certificate = folder / "server.key", folder / "server.crt"
        root_key, self.root, request, names = folder / "root.key", folder / "root.crt", folder / "server.csr", folder / "names.cnf"
        names.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        command(["openssl", "req", "-x509", *new_key, "-days", "2", "-subj", "/CN=bench authority", "-keyout", root_key, "-out", self.root])
        command(["openssl", "req", *new_key, "-subj", "/CN=localhost", "-keyout", self.key, "-out", request])
        command(["openssl", "x509", "-req", "-in", request, "-CA", self.root, "-CAkey", root_key, "-CAcreateserial", "-days", "2",
                 "-extfile", names, "-out", self.certificate])
        self.bundle.write_bytes((SYSTEM / "ca-certificates.crt").read_bytes() + self.root.read_bytes())
        for link in SYSTEM.glob("*.[0-9]"):
            shutil.copy(link, self.directory / link.name)
        hashed = command(["openssl", "x509", "-in", self.root, "-noout", "-hash"]).strip()
        shutil.copy(self.root, self.directory / f"{hashed}.0")

    def nginx(self, port, agent_port):
        """An nginx that ends TLS in front of the agent."""
        folder = self.bundle.parent
        return f"""
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log stderr error; events {{ worker_connections 1000; }}
http {{
    access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi; ssl_session_tickets off;
    upstream agent {{ server 127.0.0.1:{agent_port}; keepalive 8; }}
    server {{
        listen 127.0.0.1:{port} ssl; ssl_certificate {self.certificate}; ssl_certificate_key {self.key}; ssl_protocols TLSv1.2 TLSv1.3;
        location / {{ proxy_pass http://agent; proxy_http_version 1.1; proxy_set_header Connection ""; }}
    }}
}}
"""
