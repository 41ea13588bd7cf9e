"""nginx with the shipped files and two changes: the service's socket, and the
rate of the login's limit, because all clients have the same address."""
import http.client
import os
import re
import signal
import socket

from . import files
from .console import die
from .layout import TREE

MAIN = """\
# written by scripts/stack at every start
{user}
daemon off;
worker_processes 2;
pid "{dir}/pids/nginx.pid";
error_log "{dir}/log/nginx-error.log" notice;
# Idle clients hold connections, not workers.
worker_rlimit_nofile 16384;
events {{
	worker_connections 12000;
}}
http {{
	client_body_temp_path "{dir}/tmp/nginx/body";
	fastcgi_temp_path "{dir}/tmp/nginx/fastcgi";
	proxy_temp_path "{dir}/tmp/nginx/proxy";
	scgi_temp_path "{dir}/tmp/nginx/scgi";
	uwsgi_temp_path "{dir}/tmp/nginx/uwsgi";
	include snippets/ordermux-http.conf;
	access_log "{dir}/log/nginx-access.log" ordermux;
	server {{
		listen 127.0.0.1:{port};
		server_name localhost;
		server_tokens off;
{error_pages}
		include snippets/ordermux-snippet.conf;
		location / {{
			return 404;
		}}
	}}
}}
"""


def answers(port):
    """Whether somebody listens on a port of 127.0.0.1."""
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


class Nginx:
    def __init__(self, layout, supervisor):
        self.layout, self.supervisor = layout, supervisor

    def make(self):
        layout = self.layout
        snippets = layout.nginx_dir / "snippets"
        snippets.mkdir(parents=True, exist_ok=True)
        (layout.tmp / "nginx").mkdir(exist_ok=True)
        shipped = TREE / "nginx"
        for file in [*shipped.glob("ordermux-*.conf"),
                     shipped / "ordermux_params"]:
            text = files.read(file)
            text = text.replace("unix:/run/ordermux/fcgi.sock",
                                f'"unix:{layout.fcgi_socket}"')
            text = text.replace("rate=60r/m", "rate=1000r/s")
            files.write(snippets / file.name, self.adapt(text))
        site = re.search(r"(?ms)^server \{.*?^\}",
                         files.read(shipped / "ordermux.conf"))[0]
        files.write(layout.nginx_dir / "nginx.conf", MAIN.format(
            dir=layout.dir, port=layout.port,
            # Its workers must be able to enter DIR and connect.
            user="user root;" if os.geteuid() == 0 else "",
            error_pages="\n".join(
                re.findall(r"(?m)^\terror_page.*", site))))

    def adapt(self, text):
        """scripts/galera adds a second host to the upstream here."""
        return text

    def check_port(self):
        """nginx itself reports a port in use only after some seconds."""
        if answers(self.layout.port):
            die(f"port {self.layout.port} is taken by another program;"
                " take another --port")

    def start(self):
        if self.supervisor.up("nginx"):
            return
        self.supervisor.stop("nginx", signal.SIGQUIT)
        self.check_port()
        log = self.layout.log("nginx-error.log")
        self.supervisor.launch("nginx", log, [
            "nginx", "-p", f"{self.layout.dir}/", "-c",
            self.layout.nginx_dir / "nginx.conf", "-e", log])

    def ready(self):
        """Status and body of /ready. None if there is no answer."""
        connection = http.client.HTTPConnection("127.0.0.1",
                                                self.layout.port, timeout=10)
        try:
            connection.request("GET", "/ready")
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()
