"""What the page says in German for what the tests call things by in English. By hand, as good German says it; never read
from the page, or nothing would be checked. What is the same in both languages need not stand here, but for said()."""
import re

from harness import ROOT

GERMAN = {
    # The head, and what every page may say.
    "Skip to content": "Zum Inhalt springen", "Mailtrace": "Mailtrace", "Search": "Suche", "Search|button": "Suchen", "Overview": "Überblick", "Users": "Benutzer",
    "Audit": "Protokoll", "Close": "Schließen", "Copied": "Kopiert", "Try again": "Noch einmal versuchen", "To the search": "Zur Suche",
    "Log out": "Abmelden", "You may not see this page.": "Diese Seite dürfen Sie nicht sehen.",
    "Too many requests": "Zu viele Anfragen", "Light": "Hell",
    # Logging in.
    "Where is my mail? Log in and see.": "Wo ist meine Mail? Melden Sie sich an und sehen Sie nach.",
    "Name or password is wrong.": "Name oder Passwort ist falsch.", "one-time password": "Einmalpasswort",
    "Your session has ended.": "Ihre Sitzung ist beendet.", "Current password": "Aktuelles Passwort", "New password": "Neues Passwort",
    # Searching.
    "Where is my mail?": "Wo ist meine Mail?", "What are you looking for?": "Was suchen Sie?", "Newest mails": "Neueste Mails",
    "Understood as": "Verstanden als", "a time": "eine Zeitangabe", "No longer limited to:": "Nicht mehr eingegrenzt auf:", "Limit again": "Wieder eingrenzen",
    "Not understood in this address, and therefore left out:": "In dieser Adresse nicht verstanden und darum weggelassen:",
    "Remove all": "Alle entfernen", "Filters": "Filter", "All fields": "Alle Felder", "Fewer fields": "Weniger Felder",
    "Sender or recipient": "Absender oder Empfänger", "Sender": "Absender", "Recipient": "Empfänger", "Status": "Status", "Time": "Zeit",
    "Server's answer": "Antwort des Servers", "Logged by server": "Protokolliert von Server",
    "Came in from": "Eingang ab", "Came in before": "Eingang vor", "Delivery from": "Zustellung ab",
    "Any time": "Beliebige Zeit", "Last 2 hours": "Letzte 2 Stunden", "Today": "Heute", "Yesterday": "Gestern", "Last 7 days": "Letzte 7 Tage",
    "yesterday around noon": "gestern gegen Mittag",
    "Sort by": "Sortieren nach", "Newest first": "Neueste zuerst", "Oldest first": "Älteste zuerst", "A to Z": "A bis Z", "Z to A": "Z bis A",
    "Grouped": "Gruppiert", "Grouped, reversed": "Gruppiert, umgekehrt",
    "Searching …": "Suche läuft …", "searched back to": "zurück bis", "Older": "Ältere", "1 result": "1 Ergebnis", "1 new mail": "1 neue Mail",
    "Copy link": "Link kopieren", "Table (CSV)": "Tabelle (CSV)", "Nothing saved yet.": "Noch nichts gespeichert.",
    "All mails with this ID": "Alle Mails mit dieser ID", "this server itself": "dieser Server selbst", "to": "an",
    "Incoming": "Eingehend", "Outgoing": "Ausgehend",
    # Nothing found.
    "Nothing found": "Nichts gefunden", "What helps": "Was hilft", "Search any time": "Ohne Zeitgrenze suchen",
    "Lines that were lost on the way here": "Zeilen, die auf dem Weg hierher verloren gingen",
    "There is nothing similar": "Es gibt auch sonst nichts Ähnliches", "But there is something similar": "Aber es gibt etwas Ähnliches",
    # What became of a mail.
    "Sent": "Gesendet", "Delivered": "Zugestellt", "Forwarded": "Weitergeleitet", "Waiting": "Wartet", "Delayed": "Verzögert", "Handed on inside": "Intern übergeben", "Undeliverable": "Unzustellbar", "Refused": "Abgelehnt",
    "Blocked": "Blockiert", "Greylisted": "Greylisting", "Discarded": "Verworfen", "On hold": "Angehalten", "End · Sent": "Ende · Gesendet",
    "What happened": "Was geschehen ist", "customers": "Kunden", "admins": "Administration", "Who must act": "Wer handeln muss", "What to do now": "Was jetzt zu tun ist",
    "The server's answer": "Antwort des Servers", "The next attempt": "Der nächste Versuch", "Next attempt": "Nächster Versuch",
    "All attempts": "Alle Versuche", "The first visit": "Der erste Besuch", "came back and was accepted": "kam wieder und wurde angenommen",
    "You are not alone": "Sie sind nicht allein", "Show them": "Anzeigen",
    "a precaution against spam": "zum Schutz vor Spam", "mailbox": "Postfach", "is full": "ist voll", "does not exist": "gibt es nicht",
    "is waiting": "wartet", "threw the mail away": "verworfen",
    # A mail's page.
    "Back to the results": "Zurück zu den Ergebnissen", "Back": "Zurück",
    "This mail is no longer stored, or you may not see it.": "Diese Mail ist nicht mehr gespeichert, oder Sie dürfen sie nicht sehen.",
    "The way of the mail": "Der Weg der Mail", "Picture": "Bild", "List": "Liste", "Mailbox": "Postfach", "Other server": "Anderer Server",
    "the recipient's mail server": "Mailserver des Empfängers", "Log lines": "Log-Zeilen", "Related mails": "Verwandte Mails", "Notice to the sender": "Meldung an den Absender",
    # The answer for the ticket.
    "Evidence": "Nachweis", "From:": "Von:", "To:": "An:", "answer:": "Antwort:", "What to do": "Was zu tun ist",
    # The overview.
    "Deliveries by time and status": "Zustellungen nach Zeit und Status", "Top senders": "Häufigste Absender", "Servers and gaps": "Server und Lücken",
    "Slow or failing destinations": "Langsame oder gestörte Ziele", "Why mails were refused or undeliverable": "Warum Mails abgelehnt wurden oder unzustellbar waren",
    "As a table": "Als Tabelle", "7 days": "7 Tage", "undeliverable": "unzustellbar",
    # Trouble.
    "Counted back to": "Gezählt zurück bis", "what is older is not in these numbers": "Was älter ist, fehlt in diesen Zahlen",
    "these numbers are not complete": "Diese Zahlen sind nicht vollständig", "Copy": "Kopieren",
    "The browser did not allow copying": "Der Browser hat das Kopieren nicht erlaubt", "Ctrl+C": "Strg+C",
    "The server cannot be reached": "Der Server ist nicht erreichbar", "New mails cannot be fetched right now": "Neue Mails sind gerade nicht abrufbar",
    "The server did not understand this.": "Der Server hat das nicht verstanden.", "was accepted by": "vom Mailserver des Empfängers angenommen",
    # People.
    "Add a user": "Benutzer anlegen", "blocked": "gesperrt", "this session": "diese Sitzung", "Log out there": "Dort abmelden",
    "Log out everywhere else": "Überall sonst abmelden", "The two new passwords differ.": "Die beiden neuen Passwörter sind verschieden.",
    "The current password is wrong.": "Das aktuelle Passwort ist falsch.", "The password is changed.": "Das Passwort ist geändert.",
    "It is never shown again.": "Es wird nie wieder gezeigt.", "No tokens.": "Keine Token.", "Searched": "Gesucht",
    "A token may read what you may see, and change nothing.": "Ein Token darf lesen, was Sie sehen dürfen, und nichts ändern.",
    "Cancel": "Abbrechen", "The current password ends at once.": "Das bisherige Passwort gilt sofort nicht mehr.", "ends": "endet am",
    "Nothing recorded.": "Nichts aufgezeichnet.",
    # The keyboard.
    "Keyboard shortcuts": "Tastenkürzel", "Next result": "Nächstes Ergebnis", "React to single keys": "Auf einzelne Tasten reagieren",
}
# {} is a text of the table above, or as it is in both languages: an address, a name, a number. The first that fits.
PATTERNS = [(re.compile(re.escape(english).replace(r"\{\}", "(.+)"), re.DOTALL), german) for english, german in {
    "Understood as {}": "Verstanden als {}", "Remove: {}": "Entfernen: {}", "Remove {}?": "{} entfernen?", "Block: {}": "Sperren: {}", "Unblock: {}": "Entsperren: {}",
    "New password: {}": "Neues Passwort: {}", "A new password for {}?": "Neues Passwort für {}?",
    "One-time password of {}": "Einmalpasswort von {}", "Account: {}": "Konto: {}", "Page {}": "Seite {}", "For {}": "Für {}", "into {}": "in {}",
    "Came in from: {}": "Eingang ab: {}", "Status {}": "Status {}", "Logged by server {}": "Protokolliert von Server {}",
    "{} attempts": "{} Versuche", "{} log lines": "{} Log-Zeilen",
}.items()]
# As regular expressions: since when in a sentence, by the day and the clock of the browser, and how a number is grouped.
SINCE = {"en": r"since \d\d:\d\d (?:today|yesterday|on \d{4}-\d\d-\d\d)", "de": r"seit (?:heute|gestern|dem \d\d\.\d\d\.\d{4} um) \d\d:\d\d Uhr(?! \()"}
GROUPED = {"en": ",", "de": "."}
OTHER = {"en": "de", "de": "en"}


def german(text):
    """Its German, or None."""
    if text in GERMAN:
        return GERMAN[text]
    for english, words in PATTERNS:
        found = english.fullmatch(text)
        if found:
            return words.format(*(GERMAN.get(part, part) for part in found.groups()))
    return None


def said(text, language):
    """For what the page must say, or must not: a text without German is an error. Behind "|": what tells two meanings apart."""
    if language == "en":
        return text.split("|")[0]
    found = german(text)
    if found is None:
        raise KeyError(f"no German for {text!r} in tests/page/said.py")
    return found


def named(text, language):
    """For what is looked for: a text that is not in the table is data, or is not found."""
    return text if language == "en" else german(text) or text


def english_phrases():
    """A regular expression of all of at least two words that the page says in English, to find what its German left as it was."""
    words = (ROOT / "plugins" / "web" / "page" / "src" / "words" / "en.ts").read_text()
    texts = {*GERMAN, *re.findall(r'"((?:[^"\\]|\\.)+)"', words)}
    texts |= {re.sub(r"\$\{[^{}`]*\}", "{}", text) for text in re.findall("`([^`]+)`", words)}
    phrases = sorted(text for text in texts if re.search(r"[A-Za-z] [A-Za-z]", text) and "${" not in text and GERMAN.get(text) != text)
    return "^(?:" + "|".join(re.escape(phrase).replace(r"\{\}", ".+") for phrase in phrases) + ")$"
