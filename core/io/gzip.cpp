#include "io/gzip.hpp"

#include <zlib.h>

#include <algorithm>
#include <limits>

namespace mmscope {

bool is_gzip(std::string_view bytes) { return bytes.size() >= 2 && bytes[0] == '\x1f' && bytes[1] == '\x8b'; }

namespace {

// One member of a gzip file, appended to `out`. Returns how many bytes of `in` it took; 0 = damaged or too large.
std::size_t inflate_member(std::string_view in, std::string &out, std::size_t max_bytes) {
  constexpr int gzip_only = 16 + MAX_WBITS;
  z_stream z{};
  if (inflateInit2(&z, gzip_only) != Z_OK) return 0;
  std::size_t taken = 0;
  char block[16384];
  int status = Z_OK;
  while (status == Z_OK) {
    if (z.avail_in == 0) {
      const std::size_t n = std::min<std::size_t>(in.size() - taken, std::numeric_limits<uInt>::max());
      if (n == 0) break; // cut off
      // zlib does not write through next_in, it only lacks the const.
      z.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(in.data() + taken));
      z.avail_in = static_cast<uInt>(n);
      taken += n;
    }
    z.next_out = reinterpret_cast<Bytef *>(block);
    z.avail_out = sizeof block;
    status = inflate(&z, Z_NO_FLUSH);
    const std::size_t made = sizeof block - z.avail_out;
    if (made > max_bytes - out.size())
      status = Z_MEM_ERROR;
    else
      out.append(block, made);
  }
  taken -= z.avail_in;
  inflateEnd(&z);
  return status == Z_STREAM_END ? taken : 0;
}

} // namespace

std::optional<std::string> gunzip(std::string_view bytes, std::size_t max_bytes) {
  std::string out;
  if (!is_gzip(bytes)) {
    if (bytes.size() > max_bytes) return std::nullopt;
    out = bytes;
    return out;
  }
  // A gzip file is one member after another; zeros may pad its end.
  while (is_gzip(bytes)) {
    const std::size_t taken = inflate_member(bytes, out, max_bytes);
    if (taken == 0) return std::nullopt;
    bytes.remove_prefix(taken);
  }
  if (bytes.find_first_not_of('\0') != std::string_view::npos) return std::nullopt;
  return out;
}

} // namespace mmscope
