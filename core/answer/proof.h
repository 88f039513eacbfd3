// Proof of "nothing found", near misses, and "you are not alone". The Reader's thread.
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "core/answer/time_words.h"
#include "core/answer/verdict.h"
#include "core/base/result.h"
#include "core/mail/query.h"
#include "core/plugin/sink.h"

namespace mailtrace {

// What is known of one logging host, and what it sent in the time asked for.
struct HostProof {
  std::string host;
  Time first{}, last{};        // of all its lines that are kept
  Time since{};                // its lines are here: `first`, or when all began if that was minutes before
  int64_t lines = 0;           // in the time asked for, by whole hours
  int64_t silent_seconds = 0;  // since the last line
  bool complete = false;       // it sent lines before, all over, and until the end of that time
  struct Gap {
    Time from{}, to{};
  };
  std::vector<Gap> gaps;  // in the time asked for: silent for longer than is usual for it at that time of day
  Words sentence;         // "mx1: lines from … to …, the last one 12 seconds ago"
  Words quiet;            // "quiet 3 times, …; perhaps there was nothing to log"; empty without gaps
};

enum class NearMissKind { similar_address, other_time, other_recipient, other_status, same_local_part };
std::string_view near_miss_name(NearMissKind kind);

struct NearMiss {
  NearMissKind kind = NearMissKind::other_time;
  std::string value;  // the address that exists
  Words words;        // "similar address: boris@alpha.example"
  Query query;        // what to ask instead
  int64_t count = 0;  // results of it, at most 25
  bool more = false;  // there are more
  Time newest{};
};

struct Proof {
  std::vector<HostProof> hosts;
  // Where lines were lost on the way here, of whichever hosts.
  struct Loss {
    Time from{}, to{};
    int64_t lines = 0;  // 0: unknown
    std::string receiver, reason;
    Words words;
  };
  std::vector<Loss> losses;
  bool complete = false;    // each known host sent lines over the whole time asked for; nothing was lost
  bool only_quiet = false;  // not complete, but nothing is known to be missing: some hosts logged little
  Words sentence;           // "no server that reports here saw this mail …", or why that is not proved
  std::vector<NearMiss> near;
};

struct ProofOptions {
  Time now = mailtrace::now();
  const date::time_zone* zone = nullptr;
  bool read_now = false;                  // of VerdictOptions
  std::chrono::milliseconds limit{1500};  // no further search is begun after this
  std::chrono::seconds quiet{3600};       // a host silent for longer is named
  bool with_hosts = true;                 // false: they are examined, but not named
  Reader* hosts = nullptr;                // asked about them instead, if the other one may not tell of them
};

// How sentences with these options tell times.
TimeWords time_words(Language language, const ProofOptions& options);

// `query` found nothing: why that is true, and what comes near. Query::only_addresses limits these, too.
Result<Proof> prove_nothing(Reader& reader, const Query& query, const ProofOptions& options);

// The longest `most` of a host's gaps, in order of time.
std::vector<HostProof::Gap> longest_gaps(const HostProof& host, size_t most);

// The same answer from the same server, for others.
struct Company {
  int64_t others = 0, senders = 0;  // deliveries besides this one; distinct senders of them
  bool at_least = false;            // counting stopped at the limit
  std::optional<Time> since;        // the first of them
  std::string server;               // whose answer it is
  Query query;                      // finds them, and this one
  Words sentence;                   // empty: alone
};
// `window`: how far back. One search over at most 1,000 rows.
Result<Company> not_alone(Reader& reader, const DeliverRow& deliver, const ProofOptions& options,
                          std::chrono::hours window = std::chrono::hours(48));
// For each verdict that is no good end: of its last attempt. Few are asked for, each answer once.
std::vector<Company> companies(Reader& reader, const Trace& trace, const std::vector<MailVerdict>& verdicts,
                               const ProofOptions& options);

}  // namespace mailtrace
