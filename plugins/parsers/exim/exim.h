// What the files of the Exim parser share. Pipeline thread.
#pragma once
#include <string_view>

#include "core/base/scan.h"
#include "core/plugin/parser.h"

namespace mailtrace::exim {

// "host (helo) [192.0.2.1]:25": each part may be missing but the address. Exim refuses a HELO of other
// characters than those of names and literals, unless helo_accept_junk_hosts allows it.
bool read_host(Scan& scan, Peer& peer, std::string_view& helo);
// An address as string_log_address() of deliver.c writes it: quoted local part, "|command", "/file",
// ":blackhole:".
std::string_view read_address(Scan& scan);
// " KEY=" of the next field; the scan stands on its value. False at ": ", at the end, at a word.
bool read_key(Scan& scan, std::string_view& key);
// A word among the keys: " K", " L*", " PRDR", " DS", " TFO*", " ARC". False at " from <…>" and " for …":
// what follows are addresses.
bool skip_flag(Scan& scan);
// A value without a blank, or a quoted one.
std::string_view read_value(Scan& scan);

// Behind "ID <= ".
Parsed parse_arrival(std::string_view id, Scan scan, Fact& fact);
// Behind "ID => ", "-> ", ">> ", "*> ", "** ", "== ".
Parsed parse_delivery(std::string_view id, std::string_view flag, Scan scan, Fact& fact);
// "H=… F=<…> rejected RCPT <…>: …", "… authenticator failed for …". unknown: none of these.
Parsed parse_refusal(std::string_view id, Scan scan, Fact& fact);

}  // namespace mailtrace::exim
