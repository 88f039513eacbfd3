#include "core/store/expire.h"

#include <fmt/format.h>

#include <cstdio>

#include "core/base/plural.h"
#include "core/config/config.h"
#include "core/plugin/instances.h"
#include "core/store/dead_letter_file.h"
#include "core/store/expiry_record.h"
#include "core/store/kept_lines.h"

namespace mailtrace {
namespace {

constexpr int exit_unavailable = 69;  // EX_UNAVAILABLE
constexpr int exit_config = 78;       // EX_CONFIG

void print(const ConfigErrors& errors) {
  for (auto& line : errors.lines()) std::fprintf(stderr, "%s\n", line.c_str());
}

// What becomes of the process, and what `mailtrace status` will tell.
struct ExpireRun {
  int code = 0;
  ExpiryRecord record;

  void refuse(const std::string& what, const Error& error, int exit_code) {
    record.refused.push_back({what, error.text});
    code = exit_code;
  }
};

int code_of(const Error& error) { return error.fault == Fault::transient ? exit_unavailable : exit_config; }

void expire_one(Sink& sink, Day before, bool dry_run, bool force, ExpireRun& run) {
  auto opened = sink.open();
  if (!opened) {
    std::fprintf(stderr, "%s\n", opened.error().text.c_str());
    return run.refuse(sink.describe(), opened.error(), code_of(opened.error()));
  }
  auto expiry = sink.expire(before, dry_run, force);
  if (!expiry) {
    std::fprintf(stderr, "%s: %s\n", sink.describe().c_str(), expiry.error().text.c_str());
    return run.refuse(sink.describe(), expiry.error(), code_of(expiry.error()));
  }
  fmt::print("{}: {} {}, {}, {}, {} older than {}\n", sink.describe(), dry_run ? "would remove" : "removed",
             counted(expiry->connects, "mail", "mails"),
             counted(expiry->deliveries, "delivery", "deliveries"),
             counted(expiry->lines, "chunk of lines", "chunks of lines"),
             counted(expiry->partitions, "partition", "partitions"), format_day(before));
}

void expire_files(const std::string& directory, Day before, bool dry_run, ExpireRun& run) {
  const char* what = dry_run ? "would remove" : "removed";
  if (size_t files = expire_kept_lines(directory, before, dry_run))
    fmt::print("{}: {} {} of lines nobody understood\n", directory, what,
               counted(static_cast<int64_t>(files), "file", "files"));
  auto letters = expire_dead_letters(directory, before, dry_run);
  if (!letters) {
    std::fprintf(stderr, "%s\n", letters.error().text.c_str());
    return run.refuse(dead_letter_path(directory), letters.error(), code_of(letters.error()));
  }
  if (*letters > 0)
    fmt::print("{}: {} {}\n", directory, what,
               counted(static_cast<int64_t>(*letters), "dead letter", "dead letters"));
}

}  // namespace

int expire_all(const std::string& config_file, int max_age_days, bool dry_run, bool force) {
  ConfigErrors errors(config_file);
  auto config = load_config(config_file, errors);
  if (!config) {
    print(errors);
    return exit_config;
  }
  auto sinks = make_sinks(*config, errors);
  if (!errors.empty()) {
    print(errors);
    return exit_config;
  }
  Day before = day_of(now()) - std::chrono::days(max_age_days);
  ExpireRun run;
  for (auto& sink : sinks) expire_one(*sink.plugin, before, dry_run, force, run);
  auto& directory = config->core.state_directory;
  // A database that refused may have seen that the clock jumped.
  if (run.code == 0) expire_files(directory, before, dry_run, run);
  if (dry_run) return run.code;
  run.record.ended = now();
  run.record.max_age_days = max_age_days;
  if (auto noted = write_expiry_record(directory, run.record); !noted)
    std::fprintf(stderr, "%s\n", noted.error().text.c_str());
  return run.code;
}

}  // namespace mailtrace
