"""Starts Debian's Apache with a configuration of debugger/tests/configurations/apache."""

import pathlib
import re
import subprocess
import time

# The modules that Debian enables and that can change an answer, and those that the configurations
# need.
MODULES = """mpm_event access_compat alias allowmethods auth_basic authn_core authn_file authz_core
    authz_host authz_user autoindex cgid deflate dir env filter headers mime negotiation proxy
    proxy_http rewrite setenvif""".split()
DIRECTORY = "/usr/lib/apache2/modules"


class Apache:
    name = "apache"
    packages = ["apache2"]

    def __init__(self, scratch, application, free_port):
        self.scratch, self.application, self.free_port = scratch, application, free_port

        index = pathlib.Path(__file__).parent.parent / "debugger/src/servers/apache/index.txt"
        if missing := missing_directives(scratch, index):
            raise SystemExit(f"directives that {index} does not list: {' '.join(missing)}")

    def start(self, case):
        """Starts the server, and returns its port."""
        www = self.scratch / "www"
        subprocess.run(["rm", "-rf", www], check=True)
        www.mkdir()
        port = self.free_port()
        sites = []
        for path in case.configuration():
            text = path.read_text().replace("127.0.0.1:9000", f"127.0.0.1:{self.application.port}")
            text = text.replace("/srv/www", str(www)).replace("/srv/users", str(self.scratch / "users"))
            text = re.sub(r"(<VirtualHost [^:>]*):80>", rf"\1:{port}>", text)
            if path.name.endswith(".conf"):
                sites.append(text)
            else:
                inside = path.parent.relative_to(case.path / "www") if case.path.is_dir() else "."
                (www / inside).mkdir(parents=True, exist_ok=True)
                (www / inside / ".htaccess").write_text(text)
        for name in case.files:
            file = www / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("content of a file that is long enough to be compressed\n" * 20)
        if case.script:
            self.write_script(www / case.files[0], case.upstreams[0])
        (self.scratch / "users").write_text("user:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n")
        whole = "".join(f"LoadModule {name}_module {DIRECTORY}/mod_{name}.so\n" for name in MODULES)
        whole += f"""ServerRoot {self.scratch}
            PidFile {self.scratch}/pid
            ErrorLog {self.scratch}/error.log
            ServerName localhost
            Listen 127.0.0.1:{port}
            User www-data
            Group www-data
            TypesConfig /etc/mime.types
            ScriptSock {self.scratch}/cgisock
            DocumentRoot {www}
            """
        if not sites:
            whole += f"<Directory {www}>\nAllowOverride All\n</Directory>\n"
        conf = self.scratch / "apache.conf"
        conf.write_text(re.sub(r"^ +", "", whole, flags=re.M) + "\n".join(sites))
        subprocess.run(["chmod", "-R", "a+rX", self.scratch], check=True)
        self.process = subprocess.Popen(
            ["apache2", "-d", self.scratch, "-f", conf, "-D", "FOREGROUND"], stderr=subprocess.PIPE
        )
        time.sleep(0.05)
        if self.process.poll() is not None:
            raise SystemExit(f"{case.name}: Apache does not start: {self.process.stderr.read().decode()}")
        return port

    def write_script(self, path, upstream):
        status, *fields = upstream.split("\n")
        lines = [f"Status: {status.split(' ', 1)[1]}", *fields, "Content-Type: text/plain", ""]
        path.write_text("#!/bin/sh\n" + "".join(f"echo '{line}'\n" for line in lines))
        path.chmod(0o755)

    def change_upstream(self, case, upstream):
        if case.script:
            self.write_script(self.scratch / "www" / case.files[0], upstream)

    def stop(self):
        self.process.terminate()
        self.process.wait()


def missing_directives(scratch, index):
    """Returns the names that `apache2 -L` prints with all modules, and that are not in a list."""
    known = set(index.read_text().lower().split())
    modules = sorted(path.name for path in pathlib.Path(DIRECTORY).glob("mod_*.so"))
    modules = [name for name in modules if not name.startswith("mod_mpm_") and name != "mod_md.so"]
    names = {name: None for name in ["mod_mpm_event.so", *FIRST, *modules]}
    conf = scratch / "all.conf"
    (scratch / "logs").mkdir(exist_ok=True)
    lines = [f"LoadModule {name[4:-3]}_module {DIRECTORY}/{name}\n" for name in names if available(name)]
    conf.write_text("ServerName localhost\nListen 127.0.0.1:1\n" + "".join(lines))
    printed = subprocess.run(["apache2", "-d", scratch, "-f", conf, "-L"], capture_output=True, text=True, check=False)
    names = {name.lower() for name in re.findall(r"^(\S+) \([\w.]+\)$", printed.stdout, re.M)}
    if len(names) < 500:
        raise SystemExit(f"apache2 -L prints too little: {printed.stderr}")
    return sorted(names - known)


# Modules that others need.
FIRST = [f"mod_{name}.so" for name in "dav proxy slotmem_shm ldap cache session dbd xml2enc ssl socache_shmcb".split()]


def available(name):
    # Modules that other packages add are not Apache's own.
    return "php" not in name and "security" not in name and "wsgi" not in name
