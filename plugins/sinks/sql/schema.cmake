# mailtrace_schema(target database): embeds sql/<database>/NNN_*.sql as `schema_steps`.
function(mailtrace_schema TARGET DATABASE)
  file(GLOB STEPS CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/sql/${DATABASE}/[0-9][0-9][0-9]_*.sql)
  set(OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/schema_${DATABASE}.cc)
  add_custom_command(OUTPUT ${OUTPUT}
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${OUTPUT} "-DSTEPS=${STEPS}" -P ${PROJECT_SOURCE_DIR}/plugins/sinks/sql/embed.cmake
    DEPENDS ${STEPS} ${PROJECT_SOURCE_DIR}/plugins/sinks/sql/embed.cmake VERBATIM)
  target_sources(${TARGET} PRIVATE ${OUTPUT})
endfunction()
