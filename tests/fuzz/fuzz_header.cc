// Header parser under libFuzzer: the first byte chooses options, the rest is the line.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "core/parse/header.h"

using namespace mailtrace;

namespace {

void check_inside(std::string_view view, std::string_view bytes) {
  if (view.empty()) return;
  if (view.data() < bytes.data() || view.data() + view.size() > bytes.data() + bytes.size()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto berlin = find_zone("Europe/Berlin");
  if (!berlin) std::abort();
  HeaderOptions options;
  if (size > 0) {
    options.import = data[0] & 1;
    options.zone = data[0] & 2 ? *berlin : nullptr;
    ++data;
    --size;
  }
  Record record;
  record.received = time_from_us(1'795'464'000'000'000);
  record.peer = "192.0.2.1";
  record.bytes = {reinterpret_cast<const char*>(data), size};
  LogLine line;
  parse_header(record, options, line);
  for (auto view :
       {line.hostname, line.app_name, line.proc_id, line.msg_id, line.structured_data, line.text, line.raw})
    check_inside(view, record.bytes);
  if (line.facility < -1 || line.facility > 23 || line.severity < -1 || line.severity > 7) std::abort();
  if (options.import && line.time_suspect) std::abort();
  // The same bytes are the same line.
  LogLine again;
  parse_header(record, options, again);
  if (again.identity != line.identity || again.time != line.time) std::abort();
  return 0;
}
