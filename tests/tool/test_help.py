"""--help of both programs speaks the user's language: every text of every command and option is there twice."""
import re
import subprocess
import unittest

import tool

DAEMON = str(tool.BUILD / "bin/mailtraced")
# What is the same word in both languages.
VALUES = {"NAME", "TEXT", "N", "DOMAIN", "ID", "SHELL"}
# Words that no German sentence has; others are values to be typed, or names.
ENGLISH = re.compile(r"\b(the|of|and|or|with|without|from|to|for|as|is|it|that|which|default|every|prints?|lists?|only|also|usage|options?|"
                     r"positionals|subcommands?|required)\b", re.I)


class Help:
    """The parts of a help text."""

    def __init__(self, text):
        self.text = text
        lines = text.splitlines()
        usage = next(i for i, line in enumerate(lines) if re.match(r"Usage: |Aufruf: ", line))
        self.about, self.usage = " ".join(lines[:usage]), lines[usage]
        self.headings, self.entries, self.values = [], {}, {}
        for line in lines[usage + 1:]:
            if re.match(r"\S", line):
                self.headings.append(line)
            elif entry := re.match(r"  (\S+)((?: [A-Z.-]+)*(?: \.\.\.)?(?: [A-Z]+)?)(?:  +(.*))?$", line):
                name = entry[1]
                # A place has no other name than its value.
                key = name if name[0] == "-" or name.islower() else len(self.entries)
                self.entries[key] = entry[3] or ""
                self.values[key] = (name if key != name else "") + entry[2]
            elif line:
                self.entries[key] = f"{self.entries[key]} {line.strip()}".strip()


class German(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = tool.Home()

    @classmethod
    def tearDownClass(cls):
        cls.home.remove()

    def run_program(self, program, *arguments, language):
        done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=300,
                              env=self.home.environment(LANG=language))
        return done

    def help(self, program, path, language):
        done = self.run_program(program, *path, "--help", language=language)
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        for line in done.stdout.splitlines():
            self.assertTrue(len(line) <= 80 or " " not in line.strip(), line)
        return Help(done.stdout)

    def pages(self, program, path=()):
        """(command, English, German) of the program and all its commands."""
        english, german = (self.help(program, path, language) for language in ("C", "de_DE.UTF-8"))
        yield path, english, german
        if "Subcommands:" in english.headings:
            commands = english.text.split("Subcommands:")[1]
            for name in re.findall(r"(?m)^  (\S+)", commands):
                yield from self.pages(program, (*path, name))

    def check(self, program):
        """How many texts were compared."""
        count = 0
        for path, english, german in self.pages(program):
            with self.subTest(command=path):
                self.assertEqual(list(english.entries), list(german.entries))
                self.assertEqual(len(english.headings), len(german.headings))
                pairs = [(english.about, german.about), *zip(english.headings, german.headings)]
                pairs += [(english.entries[key], german.entries[key]) for key in english.entries]
                for one, other in pairs:
                    self.assertTrue(one and other)
                    self.assertNotEqual(one, other)
                    self.assertIsNone(ENGLISH.search(re.sub(r"--?\w[\w-]*|\(\d\)", "", other)), other)
                for key in english.values:
                    self.assertEqual(len(english.values[key].split()), len(german.values[key].split()), key)
                    for one, other in zip(english.values[key].split(), german.values[key].split()):
                        self.assertTrue(one != other or one in VALUES or one == "...", (key, one))
                self.assertTrue(german.usage.startswith("Aufruf: "), german.usage)
                self.assertNotRegex(german.usage, r"OPTIONS|SUBCOMMAND")
                count += len(pairs)
        return count

    def test_the_command_line(self):
        self.assertGreater(self.check(tool.PROGRAM), 150)

    def test_the_daemon(self):
        self.assertGreater(self.check(DAEMON), 7)

    def test_what_is_wrong_with_the_daemons_command_line(self):
        for arguments, english, german in ((["--bogus"], "The following argument was not expected: --bogus", "Dieses Argument ist hier nicht vorgesehen: --bogus"),
                                           (["--chek"], "--chek, did you mean --check?", "--chek, gemeint war vielleicht --check"),
                                           (["--max-age"], "--max-age: 1 required DAYS missing", "--max-age: 1 Wert(e) von der Art TAGE fehlen"),
                                           (["--dry-run"], "--dry-run requires --max-age", "--dry-run verlangt --max-age")):
            for language, expected, more in (("C", english, "Run with --help for more information."), ("de_DE", german, "Mehr sagt --help.")):
                with self.subTest(arguments=arguments, language=language):
                    done = self.run_program(DAEMON, *arguments, language=language)
                    self.assertEqual((64, ""), (done.returncode, done.stdout))
                    first, second = done.stderr.splitlines()
                    self.assertTrue(first.startswith("mailtraced: ") and expected in first, first)
                    self.assertEqual(more, second)

    def test_what_is_made_once_stays_english(self):
        for form in ("bash", "zsh", "roff"):
            made = [self.run_program(tool.PROGRAM, "completion", form, language=language).stdout for language in ("C", "de_DE.UTF-8")]
            self.assertEqual(made[0], made[1], form)
            self.assertNotIn("\x1f", made[0])


if __name__ == "__main__":
    unittest.main()
