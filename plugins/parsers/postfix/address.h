// The pieces Postfix lines are made of: queue ids, peers, addresses. Called by every grammar of this parser.
#pragma once
#include <string_view>

#include "core/base/scan.h"
#include "core/mail/fact.h"

namespace mailtrace::postfix {

// How info_log_address_format is set: since Postfix 3.5 "external" quotes local parts; "internal" does not.
enum class AddressForm { external, internal };

// "QID: " at the start.
bool read_queue_id(Scan& scan, std::string_view& id);

// `name[addr]`, `[addr]`, `name[addr]:port`, `host[private/lmtp]`; a leading "IPv6:" is not part of the
// address.
bool read_peer(Scan& scan, Peer& peer);

// `<address>` in external form: dot-string or quoted local part (RFC 5321 4.1.2), so that what it contains
// can never be taken for the line's own structure. False for anything else.
bool read_address(Scan& scan, std::string_view& address);
// The same, or, if Postfix did not quote it, up to the only ">" + `next`; false if more than one could be
// meant.
bool read_address_before(Scan& scan, AddressForm form, std::string_view next, std::string_view& address);

// A word of A-Z, a-z, 0-9, '-', '_' and '.'.
bool read_word(Scan& scan, std::string_view& word);
// "550 5.1.1 " in front of a reply; either may be missing.
int read_code(Scan& scan);
std::string_view read_dsn(Scan& scan);

// ASCII letters compare equal in either case. `needle` is lower case.
bool contains_word(std::string_view text, std::string_view needle);
bool starts_with_word(std::string_view text, std::string_view prefix);

}  // namespace mailtrace::postfix
