"""cmake --install: what the units, the manual and the README name is where they say, and works there."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import tool


class Install(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="mailtrace-install-"))
        self.install()

    def tearDown(self):
        shutil.rmtree(self.root)

    def install(self):
        done = subprocess.run(["cmake", "--install", tool.BUILD, "--prefix", "/usr"], capture_output=True, text=True,
                              env=os.environ | {"DESTDIR": str(self.root)})
        self.assertEqual(done.returncode, 0, done.stderr)

    def only(self, pattern):
        found = list(self.root.glob(pattern))
        self.assertEqual(len(found), 1, pattern)
        return found[0]

    def run_there(self, program, *arguments):
        clean = {k: v for k, v in os.environ.items() if k not in ("MAILTRACE_PLUGINS", "LD_LIBRARY_PATH")}
        return subprocess.run([self.root / program, *arguments], capture_output=True, text=True, env=clean)

    def test_the_units_start_what_is_installed(self):
        units = [u for u in (self.root / "usr/lib/systemd/system").iterdir() if u.suffix == ".service"]
        self.assertEqual(len(units), 2)
        for unit in units:
            program = re.search(r"^ExecStart=/(\S+)", unit.read_text(), re.M)[1]
            self.assertTrue(os.access(self.root / program, os.X_OK), program)

    def test_programs_find_library_and_plugins(self):
        done = self.run_there("usr/sbin/mailtraced", "--options")
        self.assertEqual(done.returncode, 0, done.stderr)
        for plugin in ("input.relp", "parser.postfix", "sink.sqlite"):
            self.assertIn(plugin, done.stdout)
        self.assertEqual(self.run_there("usr/bin/mailtrace", "--version").returncode, 0)
        shipped = self.only("**/etc/mailtrace/mailtrace.yaml")
        done = self.run_there("usr/sbin/mailtraced", "--check", "--config", shipped)
        self.assertEqual((done.returncode, done.stderr), (0, f"{shipped}: ok\n"))

    def test_an_upgrade_keeps_the_configuration(self):
        config = self.only("**/etc/mailtrace/mailtrace.yaml")
        config.write_text("mine\n")
        self.install()
        self.assertEqual(config.read_text(), "mine\n")

    def test_manual_pages(self):
        for page in ("man1/mailtrace.1", "man5/mailtrace.yaml.5", "man8/mailtraced.8"):
            self.only("usr/share/man/" + page)
        options = self.only("usr/share/man/man5/mailtrace.yaml.5").read_text()
        for name in ("state_directory", "input.relp", "max_unanswered", "keep_lines"):
            self.assertIn(name, options.replace("\\-", "-"))

    def test_completion(self):
        self.assertIn("complete ", self.only("usr/share/bash-completion/completions/mailtrace").read_text())
        self.assertTrue(self.only("usr/share/zsh/vendor-completions/_mailtrace").read_text().startswith("#compdef mailtrace\n"))


if __name__ == "__main__":
    unittest.main()
