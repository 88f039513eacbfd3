# Writes the numbered schema files as a C++ table. Run at build time: cmake -DOUTPUT=… -DSTEPS=… -P embed.cmake
set(TEXT "// Made from sql/ by plugins/sinks/sql/embed.cmake.\n#include \"plugins/sinks/sql/driver.h\"\n#include \"plugins/sinks/sql/steps.h\"\n\nnamespace mailtrace::sql {\n\nstatic const SchemaStep steps[] = {\n")
foreach(STEP ${STEPS})
  get_filename_component(NAME ${STEP} NAME)
  string(REGEX MATCH "^0*([0-9]+)_" UNUSED ${NAME})
  file(READ ${STEP} CONTENT)
  # String literals have a limited length: one literal for each line.
  string(REPLACE "\\" "\\\\" CONTENT "${CONTENT}")
  string(REPLACE "\"" "\\\"" CONTENT "${CONTENT}")
  string(REPLACE "\n" "\\n\"\n    \"" CONTENT "${CONTENT}")
  string(APPEND TEXT "  {${CMAKE_MATCH_1}, \"${NAME}\",\n    \"${CONTENT}\"},\n")
endforeach()
string(APPEND TEXT "};\n\nstd::span<const SchemaStep> schema_steps() { return steps; }\n\n}  // namespace mailtrace::sql\n")
file(WRITE ${OUTPUT} "${TEXT}")
