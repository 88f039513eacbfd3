// The schema files of one database, embedded into its plugin by embed.cmake.
#pragma once
#include <span>

#include "plugins/sinks/sql/driver.h"

namespace mailtrace::sql {

std::span<const SchemaStep> schema_steps();

}  // namespace mailtrace::sql
