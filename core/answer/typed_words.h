// What is typed instead of pasted: "from anna@example.net to boris@example.org", "anna berger", "552 5.2.2",
// "bounced", "mx[192.0.2.1]:25". Called by understand(). Any thread.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "core/answer/understand.h"

namespace mailtrace {

// None: nothing of these. The kind and its words are set; `tries` are the likeliest meanings, the text as
// words of a subject not among them.
std::optional<Understood> read_typed_words(std::string_view line, const Query& base);

// "name(at)example(dot)org" with its signs, as people write an address that no robot shall find; other text
// as it is.
std::string with_address_signs(std::string_view line);

// "mx.example.org[192.0.2.1]:25", "192.0.2.1:25", "[2001:db8::1]:25", "mx.example.org:25", as logs write who
// was spoken to.
struct Peer {
  std::string name, address;  // one of them may be empty
  bool has_port = false;
};
std::optional<Peer> read_peer(std::string_view text);

}  // namespace mailtrace
