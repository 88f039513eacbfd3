// CRC-32C (Castagnoli, RFC 3720 appendix B.4) with the processor's instruction where it has one. Any thread.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace mailtrace {

// Continues from `seed`: 0 for the usual checksum, the result of a former call, or a salt.
uint32_t crc32c(uint32_t seed, const void* data, size_t size);
inline uint32_t crc32c(std::string_view bytes) { return crc32c(0, bytes.data(), bytes.size()); }
// The same by tables, on every processor.
uint32_t crc32c_portable(uint32_t seed, const void* data, size_t size);

}  // namespace mailtrace
