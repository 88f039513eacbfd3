// What a plugin and the core must have in common besides the ABI number: version, compiler, standard library
// and sanitizers. Made from what the compiler says, so that plugins built elsewhere tell the truth.
#pragma once
#include <string>

#include "core/plugin/version.h"

#ifdef __clang__
#define MAILTRACE_COMPILER "clang " __clang_version__
#else
#define MAILTRACE_COMPILER "gcc " __VERSION__
#endif

#ifdef _GLIBCXX_DEBUG
#define MAILTRACE_LIBRARY " _GLIBCXX_DEBUG"
#elif defined _GLIBCXX_USE_CXX11_ABI && !_GLIBCXX_USE_CXX11_ABI
#define MAILTRACE_LIBRARY " old-abi"
#else
#define MAILTRACE_LIBRARY ""
#endif

#ifdef __has_feature
#define MAILTRACE_HAS_FEATURE(x) __has_feature(x)
#else
#define MAILTRACE_HAS_FEATURE(x) 0
#endif
#if defined __SANITIZE_ADDRESS__ || MAILTRACE_HAS_FEATURE(address_sanitizer)
#define MAILTRACE_SANITIZER " address"
#elif defined __SANITIZE_THREAD__ || MAILTRACE_HAS_FEATURE(thread_sanitizer)
#define MAILTRACE_SANITIZER " thread"
#else
#define MAILTRACE_SANITIZER ""
#endif

#define MAILTRACE_BUILD \
  "mailtrace-" MAILTRACE_VERSION " " MAILTRACE_COMPILER MAILTRACE_LIBRARY MAILTRACE_SANITIZER
