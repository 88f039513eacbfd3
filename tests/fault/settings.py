"""How much of it: the short form, which CI runs, or what the command line of tests/fault/run says."""

DATABASES = ("sqlite", "postgresql", "mariadb")
KNOWN = {  # name: (short form, help)
    "kills": (20, "how often the daemon, or the database, is killed or cut off"),
    "rate": (400, "lines a second that the load makes"),
    "seed": (1, "of all that is random"),
    "seconds": (5, "how long a load runs where nothing else says it"),
    "hour_lines": (8000, "lines of an hour of the outage"),
    "passes": (34, "the sweep: crash at each pass up to this one, while the site is passed so often"),
    "connections": (10000, "idle connections at the same time"),
    "mutants": (8, "damaged spools under the real program"),
    "spool_mib": (160, "size of a large spool"),
}
chosen = {name: value for name, (value, _) in KNOWN.items()}
given = set()
databases = DATABASES


def add_to(arguments):
    for name, (short, text) in KNOWN.items():
        arguments.add_argument("--" + name.replace("_", "-"), type=int, help=f"{text}; short form: {short}")
    arguments.add_argument("--database", action="append", choices=DATABASES, help="only this one")


def take(options):
    global databases
    databases = tuple(options.database or DATABASES)
    for name in KNOWN:
        if getattr(options, name) is not None:
            chosen[name] = getattr(options, name)
            given.add(name)


def number(name, short=None):
    """What was given, else the short form: that of KNOWN or the caller's own."""
    return chosen[name] if short is None or name in given else short
