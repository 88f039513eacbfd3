// The greylisting story: a refusal for now and the later acceptance, found by asking the database. The
// Reader's thread.
#pragma once
#include <optional>
#include <string>

#include "core/answer/verdict.h"

namespace mailtrace {

// Was the refused transaction's client network back with this sender and recipient within some days? None:
// the database could not be asked.
std::optional<GreylistStory> came_back(Reader& reader, const ConnectRow& refused, const DeliverRow& deliver);
// The refusals before this mail was accepted; none if there were none.
std::optional<GreylistStory> refused_before(Reader& reader, const ConnectRow& accepted,
                                            const std::string& recipient);

// "192.0.2" of 192.0.2.1, the first 64 bits of an IPv6 address (as postgrey and rspamd compare them).
std::string client_network(const std::string& address);

}  // namespace mailtrace
