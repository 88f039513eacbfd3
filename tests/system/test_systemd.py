"""The units: systemd itself reads them, and they stay as closed as they are."""
import re

from harness import ROOT, Case, run

UNITS = ["mailtraced.service", "mailtrace-expire.service", "mailtrace-expire.timer"]


class Units(Case):
    def copies(self):
        """The units with a program that exists here."""
        folder = self.scratch.folder("systemd")
        for name in UNITS:
            text = (ROOT / "systemd" / name).read_text()
            text = text.replace("/usr/sbin/mailtraced", "/bin/true")
            text = re.sub(r"^Documentation=.*\n", "", text, flags=re.M)  # the man page may not be installed
            (folder / name).write_text(text)
        return [folder / name for name in UNITS]

    def complaints(self, *paths):
        done = run("systemd-analyze", "verify", "--recursive-errors=no", *paths, check=False)
        return [*(done.stdout + done.stderr).splitlines(), f"exit {done.returncode}"]

    def of_the_machine(self):
        """What it says of this machine's own units, whatever it is asked about."""
        bare = self.scratch.folder("bare") / "bare.service"
        bare.write_text("[Service]\nExecStart=/bin/true\n")
        return self.complaints(bare)

    def test_systemd_analyze_verify_finds_nothing(self):
        for path in (copies := self.copies()):
            with self.subTest(unit=path.name):
                self.assertEqual(self.of_the_machine(), self.complaints(path))
        self.assertEqual(self.of_the_machine(), self.complaints(*copies))

    def test_verify_would_notice_a_wrong_line(self):
        wrong = {"WatchdogSec=30": "WatchdogSek=30",       # names the file
                 "Type=notify": "Type=notifi",
                 "/bin/true": "/bin/no-such-program"}      # names the unit only
        for right, text in wrong.items():
            paths = self.copies()
            before = paths[0].read_text()
            self.assertIn(right, before)
            paths[0].write_text(before.replace(right, text, 1))
            with self.subTest(line=text):
                self.assertNotEqual(self.of_the_machine(), self.complaints(*paths))

    def test_exposure_is_at_most_1_5(self):
        for path in self.copies():
            if path.suffix != ".service":
                continue
            done = run("systemd-analyze", "security", "--offline=true", "--no-pager", path)
            line = next(line for line in done.stdout.splitlines() if "Overall exposure" in line)
            print(f"    {line.strip()}")
            self.assertLessEqual(float(re.search(r"(\d+\.\d+)", line.split("exposure level")[1])[1]), 1.5)

    def test_the_user_of_the_units_is_made(self):
        root = self.scratch.folder("root/etc").parent
        run("systemd-sysusers", "--root", root, ROOT / "systemd" / "mailtrace.sysusers")
        self.assertRegex((root / "etc/passwd").read_text(), r"(?m)^mailtrace:x:\d+:\d+:Mailtrace:/var/lib/mailtrace:")
