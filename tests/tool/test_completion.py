"""Completion in real bash and zsh offers what the program takes; it and the manual name every option there is."""
import os
import re
import select
import subprocess
import time
import unittest

import tool

BASH = tool.BUILD / "conf/completion/mailtrace.bash"
ZSH = tool.BUILD / "conf/completion/mailtrace.zsh"
PAGE = tool.BUILD / "conf/man/mailtrace.1"
DEADLINE = 120


def commands(home, *path):
    """Every command with its parents, as --help lists them."""
    text = home.run(*path, "--help").out
    out = [path]
    if "Subcommands:" in text:
        for name in re.findall(r"^  ([\w-]+) {2,}\S", text.split("Subcommands:")[1], re.M):
            out += commands(home, *path, name)
    return out


def options_in_help(home, path):
    found = re.findall(r"^  ((?:-\w,)?--[\w-]+(?:,--[\w-]+)*)", home.run(*path, "--help").out, re.M)
    return {name for names in found for name in names.split(",") if name.startswith("--")}


class Completion(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = tool.Home()
        cls.commands = commands(cls.home)
        cls.options = {path: options_in_help(cls.home, path) for path in cls.commands}

    @classmethod
    def tearDownClass(cls):
        cls.home.remove()

    def test_what_help_lists_was_read(self):
        self.assertIn(("user", "add"), self.commands)
        self.assertIn(("search",), self.commands)
        self.assertLessEqual({"--connect-from", "--since", "--watch", "--json"}, self.options["search",])

    def test_the_manual_names_every_option(self):
        page = PAGE.read_text().replace(r"\-", "-").replace(r"\fR", "").replace(r"\fB", "")
        sections = {tuple(title.split()[1:]) if title != "of all commands" else (): text for title, text in
                    re.findall(r'^\.SS "(.*)"\n((?:(?!\.S[SH] ).*\n)*)', page, re.M)}
        for path in self.commands:
            for option in self.options[path] - {"--help"}:
                self.assertIn(option, sections[path], path)
            if path:
                self.assertIn(path[-1], page.split(".SH DESCRIPTION")[0], path)

    # bash

    def bash(self, *words):
        """What bash offers for the last word."""
        script = ('source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _mailtrace; printf "%s\\n" "${COMPREPLY[@]}"')
        done = subprocess.run(["bash", "-c", script, BASH, "mailtrace", *words], capture_output=True, text=True, cwd=self.home.path)
        self.assertEqual("", done.stderr)
        return set(done.stdout.split())

    def test_bash_offers_every_command_and_option(self):
        for path in self.commands:
            children = {c[-1] for c in self.commands if len(c) == len(path) + 1 and c[:-1] == path}
            offered = self.bash(*path, "")
            self.assertLessEqual(children, offered, path)
            offered = self.bash(*path, "--")
            self.assertLessEqual(self.options[path], offered, path)
            self.assertIn("--config", offered)
            self.assertNotIn("--connect-from", offered if path != ("search",) else set())

    def test_bash_offers_values(self):
        statuses = {"deferred", "deleted", "delivered"} & self.bash("search", "--status", "de")
        self.assertEqual({"deferred", "deleted"}, statuses)
        self.assertEqual({"time", "sender", "recipient", "status"}, self.bash("search", "--sort", ""))
        self.assertEqual({"admin", "helpdesk", "user"}, self.bash("user", "add", "--role", ""))
        self.assertEqual({"customer", "admin"}, self.bash("show", "--ticket", "--audience", ""))
        self.assertEqual({"bash", "zsh", "roff"}, self.bash("completion", ""))
        self.assertEqual(set(), self.bash("search", "--from", ""))

    def test_bash_offers_files(self):
        self.assertEqual({"mailtrace.yaml"}, self.bash("--config", "mail"))
        self.assertEqual({"mailtrace.yaml"}, self.bash("search", "-c", "mail"))
        self.assertEqual({"mailtrace.yaml"}, self.bash("import", "mail"))
        self.assertEqual(set(), self.bash("search", "mail"))

    # zsh

    def zsh(self, line):
        """What an interactive zsh lists behind that line when Tab is pressed."""
        child, terminal = self.home.start_on_terminal(200, "-f", "-i", program="zsh", rows=200, TERM="dumb",
                                                       HOME=str(self.home.path))
        seen = ""

        def until(pattern):
            nonlocal seen
            end = time.monotonic() + DEADLINE
            while not re.search(pattern, seen):
                self.assertLess(time.monotonic(), end, seen)
                if select.select([terminal], [], [], 1)[0]:
                    seen += os.read(terminal, 65536).decode(errors="replace").replace("\r", "")
            out, seen = seen, ""
            return out

        def send(text):
            os.write(terminal, text.encode())
        try:
            send(f"PS1='READY> '; fpath=({self.home.path} $fpath); autoload -Uz compinit; compinit -D -u; setopt no_beep\n")
            send("zstyle ':completion:*' list-prompt ''; LISTMAX=1000; mkdir -p sub; print SET''UP\n")
            until(r"SETUP\n")
            # Lists at once, then shows the line again; what is typed behind it ends the list.
            send("bindkey '^T' list-choices; mark() { print -n FINI''SHED }; zle -N mark; bindkey '^O' mark; print BOU''ND\n")
            until(r"BOUND\n")
            send(line + "\x14\x0f")
            return until("FINISHED")
        finally:
            child.kill()
            child.wait()
            os.close(terminal)

    def test_zsh(self):
        (self.home.path / "_mailtrace").write_bytes(ZSH.read_bytes())
        top = self.zsh("mailtrace ")
        for path in self.commands:
            if len(path) == 1:
                self.assertRegex(top, rf"(?m)^{path[0]} +-- ", path)
        offered = self.zsh("mailtrace search --")
        for option in self.options["search",]:
            self.assertRegex(offered, rf"(?m)(^|\s){option} ", option)
        self.assertRegex(offered, r"(?m)--no-pager .*-- ")
        self.assertNotRegex(self.zsh("mailtrace search --watch --w"), r"(?m)^--watch")
        listed = self.zsh("mailtrace user ")
        for path in self.commands:
            if len(path) == 2 and path[0] == "user":
                self.assertRegex(listed, rf"(?m)^{path[1]} +-- ")
        self.assertRegex(self.zsh("mailtrace search --status de"), r"deferred +deleted")
        self.assertRegex(self.zsh("mailtrace user add --role "), r"admin +helpdesk +user")
        self.assertIn("mailtrace.yaml", self.zsh("mailtrace import "))

    def test_zsh_names_everything(self):
        text = ZSH.read_text()
        for path in self.commands:
            body = re.search(rf"(?ms)^_mailtrace{''.join('_' + p for p in path)}\(\) {{\n(.*?)^}}", text)[1]
            for option in self.options[path]:
                self.assertIn(option, body, path)


if __name__ == "__main__":
    unittest.main()
