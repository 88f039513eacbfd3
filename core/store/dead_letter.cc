#include "core/store/dead_letter.h"

#include "core/mail/row_json.h"
#include "core/store/dead_letter_file.h"

namespace mailtrace {
namespace {

// A row that is there already is looked for in so many last bytes.
constexpr size_t searched_bytes = 1u << 20;

const char* table_of(const ConnectRow&) { return "connectlog"; }
const char* table_of(const DeliverRow&) { return "deliverlog"; }
const char* table_of(const LinesRow&) { return "lines"; }

}  // namespace

DeadLetter::DeadLetter(const std::string& state_directory, std::string sink)
    : file_(dead_letter_path(state_directory)), sink_(std::move(sink)) {}

template <class Row>
Result<void> DeadLetter::add(const Row& row, const std::string& error) {
  Json head{{"time", format_time(now())}, {"error", error}};
  Json body{{"sink", sink_}, {"table", table_of(row)}};
  body["row"] = to_json(row);
  std::string start = dump_line(head), end = dump_line(body);
  start.back() = ',';
  return append(start, end.substr(1));
}

template Result<void> DeadLetter::add(const ConnectRow&, const std::string&);
template Result<void> DeadLetter::add(const DeliverRow&, const std::string&);
template Result<void> DeadLetter::add(const LinesRow&, const std::string&);

// Lines are read again when the daemon ended between this and the commit of the checkpoint.
Result<void> DeadLetter::append(const std::string& head, const std::string& body) {
  DeadLetterFile file(file_);
  if (auto locked = file.lock(true); !locked) return locked.error();
  auto end = file.read_end(searched_bytes);
  if (!end) return end.error();
  // It may have been written and not been synced.
  if (end->find("," + body + "\n") != std::string::npos) return file.sync();
  return file.append(head + body);
}

}  // namespace mailtrace
