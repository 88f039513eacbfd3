"""What the tests of the web plugin share: a mailtraced that serves a database of real logs, and a client that keeps its
cookie like a browser does."""
import ctypes
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time
import unittest
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tool"))
from tool import BUILD, SOURCE, Home, corpus  # noqa: E402

API = "/api/v1"
GROUPS = ["simple", "twohop", "bounces", "deferred", "submission", "greylist", "aliases", "reject", "dovecot",
          "postscreen"]
PASSWORD = "correct horse battery"
# What each user of the tests is and may see.
PEOPLE = {
    "chief": {"role": "admin"},
    "desk": {"role": "helpdesk"},
    "beta": {"role": "helpdesk", "domains": ["beta.example"]},
    "anna": {"role": "user", "addresses": ["anna@alpha.example"]},
    "boris": {"role": "user", "addresses": ["boris@alpha.example", "info@alpha.example"]},
    "nobody": {"role": "user", "addresses": []},
}


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()
        kind = response.headers.get("Content-Type", "")
        self.json = json.loads(self.body) if "json" in kind and self.body else None


class Client:
    def __init__(self, port, language="en"):
        self.port = port
        self.language = language
        self.cookie = self.csrf = self.token = None

    def ask(self, method, path, body=None, headers=None):
        send = {"Accept-Language": self.language, "Host": f"127.0.0.1:{self.port}"}
        if self.cookie:
            send["Cookie"] = self.cookie
        if self.csrf and method not in ("GET", "HEAD"):
            send["X-CSRF-Token"] = self.csrf
        if self.token:
            send["Authorization"] = f"Bearer {self.token}"
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
            send["Content-Type"] = "application/json"
        send.update(headers or {})
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            connection.request(method, path, body, {k: v for k, v in send.items() if v is not None})
            answer = Answer(connection.getresponse())
        finally:
            connection.close()
        cookie = answer.headers.get("Set-Cookie")
        if cookie:
            self.cookie = cookie.split(";")[0]
        return answer

    def get(self, path, **query):
        text = urllib.parse.urlencode(query)
        return self.ask("GET", API + path + ("?" + text if text else ""))

    def post(self, path, body, headers=None):
        return self.ask("POST", API + path, body, headers)

    def login(self, name, password=PASSWORD):
        answer = self.post("/login", {"name": name, "password": password})
        if answer.status == 200:
            self.csrf = answer.json["csrf"]
        return answer

    def search(self, **query):
        """All results of a search, page after page, as the page asks for them."""
        out, after = [], {}
        while True:
            answer = self.get("/search", limit=100, **query, **after)
            assert answer.status == 200, (query, answer.status, answer.body)
            out += answer.json["results"]
            if not answer.json["next"]:
                return out
            after = {"after": answer.json["next"]}


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def end_with_parent():
    """In the child: a test that is killed leaves no server behind (prctl(2), PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, int(signal.SIGTERM), 0, 0, 0)


class Service:
    """mailtraced without inputs: a web server and nothing else."""

    def __init__(self, home, options=""):
        self.home = home
        self.port = free_port()
        home.config.write_text(
            f"state_directory: {home.path}\nparsers: [postfix, dovecot]\nsinks: [sqlite]\n"
            f"web:\n  - portal:\n      listen: 127.0.0.1:{self.port}\n"
            + ("" if "requests_per_second" in options else "      requests_per_second: 10000\n") + options)
        self.child = None

    def start(self, ready=True):
        self.log = open(self.home.path / "daemon.log", "ab")
        environment = {**os.environ, "MAILTRACE_PLUGINS": str(BUILD / "lib/mailtrace"), "TZ": "UTC",
                       "MAILTRACE_EXPLANATIONS": str(SOURCE / "conf/explanations")}
        self.child = subprocess.Popen([str(BUILD / "bin/mailtraced"), "-c", str(self.home.config)],
                                      stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, env=environment,
                                      preexec_fn=end_with_parent)
        end = time.monotonic() + 120
        while ready:
            if self.child.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"mailtraced: {self.said()}")
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                time.sleep(0.05)
        return self

    def said(self):
        return (self.home.path / "daemon.log").read_text(errors="replace")[-3000:]

    def stop(self):
        if self.child and self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
            self.child.wait(120)
        self.log.close()
        return self.child.returncode

    def client(self, language="en"):
        return Client(self.port, language)

    def logged_in(self, name):
        client = self.client()
        answer = client.login(name)
        assert answer.status == 200, (name, answer.status, answer.body)
        return client

    def add_people(self, people=PEOPLE):
        """Made on the command line; each changes his one-time password as he must."""
        for name, what in people.items():
            rights = [part for address in what.get("addresses", []) for part in ("--address", address)]
            rights += [part for domain in what.get("domains", []) for part in ("--domain", domain)]
            done = self.home.run("user", "add", name, "--role", what["role"], *rights)
            assert done.returncode == 0, done.err
            first = re.search(r"one-time password: (\S+)", done.out).group(1)
            client = self.client()
            answer = client.login(name, first)
            assert answer.status == 200, (name, answer.body)
            changed = client.post("/password", {"old": first, "new": PASSWORD})
            assert changed.status == 204, (name, changed.body)


class Served(unittest.TestCase):
    """A class of tests over one server; those that change something make what they change."""
    options = ""
    people = PEOPLE
    groups = GROUPS
    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        cls.home = Home()
        cls.home.config.write_text(f"state_directory: {cls.home.path}\nparsers: [postfix, dovecot]\nsinks: [sqlite]\n")
        done = cls.home.run("import", *corpus(cls.home.path, groups=cls.groups))
        assert done.returncode == 0, done.err
        cls.service = Service(cls.home, cls.options).start()
        cls.service.add_people(cls.people)

    @classmethod
    def tearDownClass(cls):
        assert cls.service.stop() == 0, cls.service.said()
        cls.home.remove()

    def logged_in(self, name):
        return self.service.logged_in(name)

    def assert_problem(self, answer, status, kind):
        self.assertEqual((status, kind), (answer.status, (answer.json or {}).get("type")), answer.body[:400])
        self.assertTrue(answer.headers["Content-Type"].startswith("application/problem+json"))


class Schema:
    """The part of JSON Schema that openapi.yaml uses."""

    def __init__(self):
        done = subprocess.run([str(BUILD / "bin/openapi_json"), str(SOURCE / "plugins/web/openapi.yaml")],
                              capture_output=True, text=True, check=True)
        self.file = json.loads(done.stdout)

    def resolve(self, node):
        while "$ref" in node:
            at = self.file
            for part in node["$ref"].removeprefix("#/").split("/"):
                at = at[part]
            node = at
        return node

    def properties(self, node):
        """(known properties, required ones) of an object, through allOf."""
        node = self.resolve(node)
        known, needed = dict(node.get("properties", {})), set(node.get("required", []))
        for part in node.get("allOf", []):
            more, also = self.properties(part)
            known |= more
            needed |= also
        return known, needed

    def faults(self, value, node, at="$"):
        node = self.resolve(node)
        if value is None:
            return [] if node.get("nullable") else [f"{at}: null"]
        if "oneOf" in node:
            return [] if any(not self.faults(value, one, at) for one in node["oneOf"]) else [f"{at}: none of oneOf"]
        if "allOf" in node or node.get("type") == "object":
            return self.object_faults(value, node, at)
        if node.get("type") == "array":
            if not isinstance(value, list):
                return [f"{at}: no list"]
            return [fault for i, one in enumerate(value) for fault in self.faults(one, node["items"], f"{at}[{i}]")]
        return self.scalar_faults(value, node, at)

    def object_faults(self, value, node, at):
        if not isinstance(value, dict):
            return [f"{at}: no object"]
        known, needed = self.properties(node)
        extra = node.get("additionalProperties")
        out = [f"{at}: {name} is missing" for name in sorted(needed - value.keys())]
        for name, one in value.items():
            if name in known:
                out += self.faults(one, known[name], f"{at}.{name}")
            elif extra is not None:
                out += self.faults(one, extra, f"{at}.{name}")
            else:
                out.append(f"{at}: {name} is not in the file")
        return out

    def scalar_faults(self, value, node, at):
        kinds = {"string": str, "integer": int, "number": (int, float), "boolean": bool}
        kind = node.get("type")
        if kind and (not isinstance(value, kinds[kind]) or (kind != "boolean" and isinstance(value, bool))):
            return [f"{at}: {value!r} is no {kind}"]
        if "enum" in node and value not in node["enum"]:
            return [f"{at}: {value!r} is none of {node['enum']}"]
        if node.get("format") == "date-time" and not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", value):
            return [f"{at}: {value!r} is no time"]
        return []
