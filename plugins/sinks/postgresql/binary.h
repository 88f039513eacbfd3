// PostgreSQL's binary forms: arrays as parameters, single values as answers. Any thread.
#pragma once
#include <cstdint>
#include <span>
#include <string>

#include "plugins/sinks/sql/value.h"

namespace mailtrace::sql {

// One column of a block of rows as an array: values[first], values[first + stride] …
std::string binary_array(Kind kind, std::span<const Value> values, size_t first, size_t stride);

// One value of an answer; `type` is its OID.
Cell read_binary(uint32_t type, const char* data, size_t size);

// A parameter in text form; empty optional-like NULL is handled by the caller.
std::string text_form(const Cell& cell);

}  // namespace mailtrace::sql
