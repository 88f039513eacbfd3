#!/usr/bin/env python3
"""TLS of its own: certificate and its renewal, cookies that only go over it, no old versions; and what is wrong in the
configuration."""
import http.client
import json
import os
import pathlib
import signal
import ssl
import subprocess
import sys
import tempfile
import unittest

from service import API, SOURCE, Home, Service, Served

sys.path.insert(0, str(SOURCE / "tests/system"))
from harness import wait_until  # noqa: E402


def make_certificate(folder):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost",
                    "-keyout", folder / "key.pem", "-out", folder / "cert.pem"], check=True, capture_output=True)


class Tls(Served):
    people = {}
    groups = ["simple"]

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="mailtrace-tls-"))
        make_certificate(cls.folder)
        cls.options = f"      tls_certificate: {cls.folder}/cert.pem\n      tls_key: {cls.folder}/key.pem\n"
        super().setUpClass()
        done = cls.home.run("user", "add", "chief", "--admin")
        cls.first = done.out.split()[-1]

    def ask(self, method, path, body=None, headers=None, context=None):
        context = context or ssl.create_default_context(cafile=self.folder / "cert.pem")
        connection = http.client.HTTPSConnection("127.0.0.1", self.service.port, timeout=60, context=context)
        connection.request(method, path, json.dumps(body) if body else None,
                           {"Content-Type": "application/json", **(headers or {})})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()

    def test_cookies_go_over_tls_only(self):
        status, headers, body = self.ask("POST", API + "/login", {"name": "chief", "password": self.first})
        self.assertEqual(200, status, body)
        cookie = headers["Set-Cookie"]
        self.assertTrue(cookie.startswith("__Host-mailtrace="), cookie)
        for part in ("Secure", "HttpOnly", "SameSite=Strict", "Path=/"):
            self.assertIn(part, cookie)
        self.assertIn("max-age=31536000", headers["Strict-Transport-Security"])
        status, _, _ = self.ask("GET", API + "/session", headers={"Cookie": cookie.split(";")[0]})
        self.assertEqual(200, status)
        # The name without __Host- could have been set by another host of the domain.
        status, _, _ = self.ask("GET", API + "/session", headers={"Cookie": cookie.split(";")[0].removeprefix("__Host-")})
        self.assertEqual(401, status)

    def test_old_versions_are_refused(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            self.ask("GET", "/", context=context)
        with self.assertRaises((http.client.HTTPException, ConnectionError)):
            plain = http.client.HTTPConnection("127.0.0.1", self.service.port, timeout=10)
            plain.request("GET", "/")
            plain.getresponse()


class Renewal(unittest.TestCase):
    def setUp(self):
        self.home = Home()
        self.addCleanup(self.home.remove)
        make_certificate(self.home.path)
        self.service = Service(self.home, f"      tls_certificate: {self.home.path}/cert.pem\n"
                                          f"      tls_key: {self.home.path}/key.pem\n").start()
        self.addCleanup(self.service.stop)
        self.trust_anyone = ssl.create_default_context()
        self.trust_anyone.check_hostname, self.trust_anyone.verify_mode = False, ssl.CERT_NONE

    def connect(self):
        connection = http.client.HTTPSConnection("127.0.0.1", self.service.port, timeout=60, context=self.trust_anyone)
        self.ask(connection)
        return connection

    def ask(self, connection):
        connection.request("GET", "/")
        answer = connection.getresponse()
        self.assertEqual(200, answer.status)
        answer.read()

    def certificate(self):
        connection = self.connect()
        try:
            return connection.sock.getpeercert(binary_form=True)
        finally:
            connection.close()

    def reload(self, word):
        before = self.service.said().count(word)
        self.service.child.send_signal(signal.SIGHUP)
        wait_until(lambda: self.service.said().count(word) > before, self.service.said)

    def threads(self):
        return len(os.listdir(f"/proc/{self.service.child.pid}/task"))

    def test_a_hangup_renews_the_certificate_and_ends_no_connection(self):
        open_before, first, threads = self.connect(), self.certificate(), self.threads()
        make_certificate(self.home.path)
        self.assertEqual(first, self.certificate())
        self.reload("config.reload")
        renewed = self.certificate()
        self.assertNotEqual(first, renewed)
        self.ask(open_before)
        self.assertGreater(self.threads(), threads)  # those that serve it
        open_before.close()
        wait_until(lambda: self.threads() == threads, "the end of the old listener")
        (self.home.path / "key.pem").write_text("this is no key\n")
        self.reload("config.mistake")
        self.assertIn(f"read tls_key {self.home.path}/key.pem", self.service.said())
        self.assertEqual(renewed, self.certificate())


class Mistakes(unittest.TestCase):
    def test_what_is_wrong_is_said_at_its_place(self):
        home = Home()
        try:
            for options, text in (("      tls_key: /nix\n", "expected both or none"),
                                  ("      tls_certificate: /nix.pem\n      tls_key: /nix.key\n", 'cannot read "/nix.pem"'),
                                  ("      user_header: X-Remote-User\n", "believed only from trusted_proxies"),
                                  ("      trusted_proxies: [elsewhere]\n", "expected a network"),
                                  ("      workers: 0\n", "1..64"), ("      lisen: x\n", 'did you mean "listen"?')):
                Service(home, options)
                done = home.run("check")
                self.assertEqual(78, done.returncode, options)
                self.assertIn(text, done.err)
            home.config.write_text(f"state_directory: {home.path}\nweb: [portal]\n")
            done = home.run("check")
            self.assertEqual(78, done.returncode)
            self.assertIn("expected a database", done.err)
            home.config.write_text(f"state_directory: {home.path}\nsinks: [sqlite]\n")
            done = home.run("user", "list")
            self.assertEqual(78, done.returncode)
            self.assertIn("found none", done.err)
        finally:
            home.remove()


if __name__ == "__main__":
    unittest.main()
