"""nginx in front of ours and of each peer, every one on a port of its own, with the same parameter list and the same keep-alive."""

import json

from . import inputs
from .processes import free_port, listening

PARAMETERS = """
    fastcgi_param GATEWAY_INTERFACE CGI/1.1;
    fastcgi_param SERVER_SOFTWARE   nginx/$nginx_version;
    fastcgi_param SERVER_PROTOCOL   $server_protocol;
    fastcgi_param SERVER_NAME       $server_name;
    fastcgi_param SERVER_ADDR       $server_addr;
    fastcgi_param SERVER_PORT       $server_port;
    fastcgi_param REMOTE_ADDR       $remote_addr;
    fastcgi_param REMOTE_PORT       $remote_port;
    fastcgi_param REQUEST_METHOD    $request_method;
    fastcgi_param REQUEST_SCHEME    $scheme;
    fastcgi_param HTTPS             $https if_not_empty;
    fastcgi_param REQUEST_URI       $request_uri;
    fastcgi_param SCRIPT_NAME       $document_uri;
    fastcgi_param QUERY_STRING      $query_string;
    fastcgi_param CONTENT_TYPE      $content_type;
    fastcgi_param CONTENT_LENGTH    $content_length;
    fastcgi_param REQUEST_ID        $request_id;
    fastcgi_param HTTP_HOST         $host;
    fastcgi_param HTTP_PROXY        "";
"""

OURS, GO_FCGI, GO_HTTP, PHP, ALONE = "exchange", "Go fcgi", "Go http", "PHP-FPM", "nginx alone"


class Site:
    """One agent stand-in with a fixed answer time, the servers in question, and nginx in front of them.

    `delay` is the agent's in milliseconds, or `None` for servers that answer by themselves. `keepalive` is the number of idle connections
    that each of nginx's two workers keeps to each server.
    """

    def __init__(self, place, processes, names, delay=None, keepalive=64):
        self.place = place
        self.processes = processes
        self.delay = delay
        self.keepalive = keepalive
        self.ports = {name: free_port() for name in names}
        self.servers = {}
        self.agent_url = None
        if delay is not None:
            port = free_port()
            self.agent = processes.start(f"agent-{delay}", [place.tool("agent"), port, delay])
            self.agent_url = f"http://127.0.0.1:{port}/webhooks/rest/webhook"
        self.turn = place.run / f"turn-{self.tag}.json"
        self.turn.write_bytes(inputs.turn("orders" if delay is None else "remote", 2048))
        self._start(names)
        self._check()

    @property
    def tag(self):
        return "pass" if self.delay is None else f"call-{self.delay}"

    def url(self, name):
        return f"http://127.0.0.1:{self.ports[name]}/exchange"

    # MARK: Starting

    def _start(self, names):
        upstreams, servers = [], []
        for name in names:
            upstream, kind = self._start_server(name)
            label = f"{name.replace(' ', '_').lower()}"
            if name == PHP:
                # A kept connection would pin one of PHP's workers; without is how it is deployed.
                upstreams.append(f"upstream {label} {{ server {upstream}; }}")
            else:
                upstreams.append(
                    f"upstream {label} {{ server {upstream}; keepalive {self.keepalive}; keepalive_requests 100000000; }}")
            servers.append(self._server_block(name, label, kind))
        configuration = self.place.run / f"nginx-{self.tag}.conf"
        configuration.write_text(self._configuration(upstreams, servers))
        self.processes.start(f"nginx-{self.tag}", ["nginx", "-p", self.place.run, "-c", configuration])

    def _start_server(self, name):
        """Starts one server; its address for nginx and whether that speaks FastCGI or HTTP."""
        environment = {"AGENT_URL": self.agent_url} if self.agent_url else {}
        file_name = f"{name.replace(' ', '-').lower()}-{self.tag}"
        socket_path = self.place.run / f"{file_name}.sock"
        if name == ALONE:
            return self.agent_url.split("/")[2], "http"
        if name == GO_HTTP:
            port = free_port()
            self.servers[name] = self.processes.start(file_name, [self.place.go("http")], {**environment, "PORT": str(port)})
            return f"127.0.0.1:{port}", "http"
        if name == PHP:
            self.servers[name] = self._start_php(file_name, socket_path)
            return f"unix:{socket_path}", "fcgi"
        if name == GO_FCGI:
            program = self.place.go("fcgi")
        else:
            program = self.place.ours("exchange")
            environment = inputs.settings(self.place, self.agent_url)
        with listening(socket_path) as listener:
            self.servers[name] = self.processes.start(file_name, [program], environment, standard_input=listener)
        return f"unix:{socket_path}", "fcgi"

    def _start_php(self, name, socket_path):
        configuration = self.place.run / f"{name}.conf"
        configuration.write_text(
            f"[global]\nerror_log = /dev/stderr\ndaemonize = no\n[turn]\nlisten = {socket_path}\nlisten.backlog = 4096\n"
            "user = nobody\ngroup = nogroup\nlisten.mode = 0666\npm = static\npm.max_children = 16\npm.max_requests = 0\n"
            + (f"env[AGENT_URL] = {self.agent_url}\n" if self.agent_url else ""))
        return self.processes.start(name, [php_fpm(), "-F", "-R", "-y", configuration, "-d", "opcache.enable=1"])

    # MARK: nginx

    def _configuration(self, upstreams, servers):
        folder = self.place.run
        return f"""
daemon off; worker_processes 2; worker_rlimit_nofile 20000; pid {folder}/nginx-{self.tag}.pid; error_log stderr error;
events {{ worker_connections 9000; }}
http {{
    access_log off; server_tokens off; keepalive_requests 100000000; keepalive_timeout 120s;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi; client_body_buffer_size 64k;
    fastcgi_buffer_size 16k; fastcgi_buffers 16 16k; fastcgi_read_timeout 30s; proxy_read_timeout 30s;
    proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffer_size 16k; proxy_buffers 16 16k; proxy_busy_buffers_size 32k;
    {PARAMETERS}
    {chr(10).join(upstreams)}
    {chr(10).join(servers)}
}}
"""

    def _server_block(self, name, label, kind):
        listen = f"listen 127.0.0.1:{self.ports[name]} backlog=4096;"
        if kind == "http":
            return f"server {{ {listen} location / {{ proxy_pass http://{label}; }} }}"
        if name == PHP:
            script = f"{PARAMETERS} fastcgi_param SCRIPT_FILENAME {self.place.peers}/turn.php;"
            return f"server {{ {listen} location / {{ {script} fastcgi_pass {label}; }} }}"
        return f"server {{ {listen} location / {{ fastcgi_pass {label}; fastcgi_keep_conn on; }} }}"

    def _check(self):
        """One turn through each server: what is fast but wrong must not be measured."""
        fields = {"Authorization": inputs.AUTHORIZATION, "Content-Type": "application/json"}
        for name in self.ports:
            said = json.loads(self.processes.await_answer(self.url(name), self.turn.read_bytes(), fields))
            if name != ALONE and said["branchName"] != "PromptAndCollectNextResponse":
                raise RuntimeError(f"{name} answered {said}")


def php_fpm():
    """Debian names the program by its version."""
    import glob

    found = sorted(glob.glob("/usr/sbin/php-fpm*"))
    if not found:
        raise RuntimeError("php-fpm is not installed")
    return found[-1]
