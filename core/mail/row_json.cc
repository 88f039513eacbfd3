#include "core/mail/row_json.h"

#include <charconv>

#include "core/mail/columns.h"

namespace mailtrace {
namespace {

Json value_json(const std::string& v) { return v; }
Json value_json(int64_t v) { return v; }
Json value_json(double v) { return v; }
Json value_json(Time v) { return format_time(v); }
Json value_json(Day v) { return format_day(v); }
Json value_json(const Id& v) { return v.hex(); }

bool read_value(const Json& json, std::string& to) {
  if (!json.is_string()) return false;
  to = json.get<std::string>();
  return true;
}
bool read_value(const Json& json, int64_t& to) {
  if (!json.is_number_integer()) return false;
  to = json.get<int64_t>();
  return true;
}
bool read_value(const Json& json, double& to) {
  if (!json.is_number()) return false;
  to = json.get<double>();
  return true;
}
bool read_value(const Json& json, Time& to) {
  return json.is_string() && parse_time(json.get<std::string>(), to);
}
bool read_value(const Json& json, Day& to) {
  Time time{};
  if (!read_value(json, time)) return false;
  to = day_of(time);
  return true;
}
bool read_value(const Json& json, Id& to) {
  return json.is_string() && parse_id(json.get<std::string>(), to);
}

struct Put {
  Json& out;
  template <class T>
  void operator()(const char* name, const std::optional<T>& v) {
    if (v) out[name] = value_json(*v);
  }
  template <class T>
  void operator()(const char* name, const T& v) {
    out[name] = value_json(v);
  }
};

struct Get {
  const Json& in;
  template <class T>
  bool operator()(const char* name, std::optional<T>& to) {
    auto at = in.find(name);
    if (at == in.end()) return true;
    return read_value(*at, to.emplace());
  }
  template <class T>
  bool operator()(const char* name, T& to) {
    auto at = in.find(name);
    return at != in.end() && read_value(*at, to);
  }
};

std::string to_hex(std::string_view bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (char c : bytes) {
    out += digits[static_cast<unsigned char>(c) >> 4];
    out += digits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

bool from_hex(std::string_view hex, std::string& out) {
  if (hex.size() % 2) return false;
  out.clear();
  for (size_t i = 0; i < hex.size(); i += 2) {
    unsigned byte = 0;
    auto [end, failed] = std::from_chars(hex.data() + i, hex.data() + i + 2, byte, 16);
    if (failed != std::errc{} || end != hex.data() + i + 2) return false;
    out += static_cast<char>(byte);
  }
  return true;
}

}  // namespace

Json to_json(const ConnectRow& row) {
  Json out = Json::object();
  connect_columns([&](auto column) { Put{out}(column.name, row.*column.member); });
  return out;
}

Json to_json(const DeliverRow& row) {
  Json out = Json::object();
  deliver_columns([&](auto column) { Put{out}(column.name, row.*column.member); });
  return out;
}

Json to_json(const LinesRow& row) {
  return {{"day", format_day(row.day)},
          {"connect_id", row.connect_id.hex()},
          {"id", row.id.hex()},
          {"data", to_hex(row.data)}};
}

bool from_json(const Json& json, ConnectRow& row) {
  bool ok = json.is_object();
  if (ok) connect_columns([&](auto column) { ok = ok && Get{json}(column.name, row.*column.member); });
  return ok;
}

bool from_json(const Json& json, DeliverRow& row) {
  bool ok = json.is_object();
  if (ok) deliver_columns([&](auto column) { ok = ok && Get{json}(column.name, row.*column.member); });
  return ok;
}

bool from_json(const Json& json, LinesRow& row) {
  std::string hex;
  if (!json.is_object()) return false;
  Get get{json};
  return get("day", row.day) && get("connect_id", row.connect_id) && get("id", row.id) && get("data", hex) &&
         from_hex(hex, row.data);
}

std::string dump_line(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace mailtrace
