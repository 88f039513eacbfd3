#include "plugins/sinks/postgresql/binary.h"

#include <bit>
#include <cstring>

namespace mailtrace::sql {
namespace {

// src/include/catalog/pg_type.dat
constexpr uint32_t oid_bool = 16, oid_bytea = 17, oid_int8 = 20, oid_int2 = 21, oid_int4 = 23, oid_text = 25,
                   oid_float4 = 700, oid_float8 = 701, oid_date = 1082, oid_timestamp = 1114,
                   oid_timestamptz = 1184, oid_uuid = 2950;
// PostgreSQL counts from 2000-01-01.
constexpr int64_t epoch_days = 10957, epoch_us = epoch_days * 86'400'000'000;

uint32_t oid_of(Kind kind) {
  switch (kind) {
    case Kind::integer:
      return oid_int8;
    case Kind::real:
      return oid_float8;
    case Kind::text:
      return oid_text;
    case Kind::bytes:
      return oid_bytea;
    case Kind::id:
      return oid_uuid;
    case Kind::time:
      return oid_timestamptz;
    case Kind::day:
      return oid_date;
  }
  return oid_text;
}

template <class T>
void put(std::string& out, T value) {
  char bytes[sizeof(T)];
  for (size_t i = 0; i < sizeof(T); ++i) bytes[i] = static_cast<char>(value >> (8 * (sizeof(T) - 1 - i)));
  out.append(bytes, sizeof(T));
}

template <class T>
T get(const char* data) {
  T value = 0;
  for (size_t i = 0; i < sizeof(T); ++i)
    value = static_cast<T>((value << 8) | static_cast<unsigned char>(data[i]));
  return value;
}

void put_value(std::string& out, const Value& v) {
  switch (v.kind) {
    case Kind::integer:
      put<uint32_t>(out, 8);
      put<uint64_t>(out, static_cast<uint64_t>(v.number));
      return;
    case Kind::time:
      put<uint32_t>(out, 8);
      put<uint64_t>(out, static_cast<uint64_t>(v.number - epoch_us));
      return;
    case Kind::day:
      put<uint32_t>(out, 4);
      put<uint32_t>(out, static_cast<uint32_t>(v.number - epoch_days));
      return;
    case Kind::real:
      put<uint32_t>(out, 8);
      put<uint64_t>(out, std::bit_cast<uint64_t>(v.real));
      return;
    case Kind::text:
    case Kind::bytes:
    case Kind::id:
      put<uint32_t>(out, static_cast<uint32_t>(v.text.size()));
      out += v.text;
      return;
  }
}

void set_number(Cell& cell, Kind kind, int64_t number) {
  cell.kind = kind;
  cell.number = number;
  cell.real = static_cast<double>(number);
}

}  // namespace

// src/backend/utils/adt/arrayfuncs.c array_recv: dimensions, has-null flag, element type, length, lower
// bound, then each element behind its length, -1 for NULL.
std::string binary_array(Kind kind, std::span<const Value> values, size_t first, size_t stride) {
  std::string out;
  uint32_t count = 0, nulls = 0;
  size_t bytes = 20;
  for (size_t i = first; i < values.size(); i += stride) {
    ++count;
    if (values[i].null) nulls = 1;
    bytes += 12 + values[i].text.size();
  }
  out.reserve(bytes);
  put<uint32_t>(out, 1);
  put<uint32_t>(out, nulls);
  put<uint32_t>(out, oid_of(kind));
  put<uint32_t>(out, count);
  put<uint32_t>(out, 1);
  for (size_t i = first; i < values.size(); i += stride) {
    if (values[i].null)
      put<uint32_t>(out, UINT32_MAX);
    else
      put_value(out, values[i]);
  }
  return out;
}

Cell read_binary(uint32_t type, const char* data, size_t size) {
  Cell cell;
  cell.null = false;
  switch (type) {
    case oid_bool:
      set_number(cell, Kind::integer, size == 1 ? data[0] : 0);
      return cell;
    case oid_int2:
      set_number(cell, Kind::integer, static_cast<int16_t>(get<uint16_t>(data)));
      return cell;
    case oid_int4:
      set_number(cell, Kind::integer, static_cast<int32_t>(get<uint32_t>(data)));
      return cell;
    case oid_int8:
      set_number(cell, Kind::integer, static_cast<int64_t>(get<uint64_t>(data)));
      return cell;
    case oid_date:
      set_number(cell, Kind::day, static_cast<int32_t>(get<uint32_t>(data)) + epoch_days);
      return cell;
    case oid_timestamp:
    case oid_timestamptz:
      set_number(cell, Kind::time, static_cast<int64_t>(get<uint64_t>(data)) + epoch_us);
      return cell;
    case oid_float4:
      cell.real = static_cast<double>(std::bit_cast<float>(get<uint32_t>(data)));
      break;
    case oid_float8:
      cell.real = std::bit_cast<double>(get<uint64_t>(data));
      break;
    default:
      cell.kind = type == oid_uuid ? Kind::id : type == oid_bytea ? Kind::bytes : Kind::text;
      cell.text.assign(data, size);
      return cell;
  }
  cell.kind = Kind::real;
  cell.number = static_cast<int64_t>(cell.real);
  return cell;
}

std::string text_form(const Cell& cell) {
  static constexpr char digits[] = "0123456789abcdef";
  switch (cell.kind) {
    case Kind::integer:
      return std::to_string(cell.number);
    case Kind::real:
      return std::to_string(cell.real);
    case Kind::time:
      return format_time(time_from_us(cell.number));
    case Kind::day:
      return format_day(day_of_cell(cell));
    case Kind::text:
      return cell.text;
    case Kind::bytes:
    case Kind::id: {
      std::string out = cell.kind == Kind::bytes ? "\\x" : "";
      for (char c : cell.text) {
        out += digits[static_cast<unsigned char>(c) >> 4];
        out += digits[static_cast<unsigned char>(c) & 15];
      }
      return out;
    }
  }
  return {};
}

}  // namespace mailtrace::sql
