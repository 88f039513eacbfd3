#include "core/store/expiry_record.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iterator>

#include "core/base/file.h"
#include "core/base/owner.h"

namespace mailtrace {
namespace {

std::string path_of(const std::string& state_directory) { return state_directory + "/expire.json"; }

}  // namespace

Json to_json(const ExpiryRecord& record) {
  Json refused = Json::array();
  for (auto& each : record.refused) refused.push_back({{"what", each.what}, {"error", each.error}});
  return {{"ended", format_time(record.ended)},
          {"max_age_days", record.max_age_days},
          {"refused", std::move(refused)}};
}

Result<void> write_expiry_record(const std::string& state_directory, const ExpiryRecord& record) {
  auto text = dump_line(to_json(record)) + "\n";
  auto path = path_of(state_directory), fresh = path + ".new";
  auto failed = [&](int error) { return Error{fault_of(error), fresh + ": " + error_text(error)}; };
  int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return failed(errno);
  own_like_directory(fd, fresh);
  auto written = ::write(fd, text.data(), text.size());
  int error = written < 0 ? errno : static_cast<size_t>(written) < text.size() ? ENOSPC : 0;
  if (::close(fd) != 0 && error == 0) error = errno;
  if (error == 0 && ::rename(fresh.c_str(), path.c_str()) != 0) error = errno;
  if (error != 0) return failed(error);
  return {};
}

std::optional<ExpiryRecord> read_expiry_record(const std::string& state_directory) {
  std::ifstream in(path_of(state_directory), std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(in), {});
  auto json = Json::parse(text, nullptr, false);
  try {
    ExpiryRecord record;
    if (!parse_time(json.at("ended").get<std::string>(), record.ended)) return {};
    record.max_age_days = json.at("max_age_days").get<int>();
    for (auto& each : json.at("refused"))
      record.refused.push_back({each.at("what").get<std::string>(), each.at("error").get<std::string>()});
    return record;
  } catch (const Json::exception&) {
    return {};
  }
}

}  // namespace mailtrace
