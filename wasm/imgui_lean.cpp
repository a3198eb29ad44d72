// What Dear ImGui would link and mmscope never calls, replaced by nothing, and what it formats with, replaced by little.
// It saves a learner about 30 kB of download (gzipped):
//
//   - tables and columns: the canvas draws its own, but ImGui's error recovery mentions them;
//   - most of sscanf, which the parsers of .ini settings want: the canvas has none (IniFilename is null);
//   - C's printf with floating point, for the handful of "%d" and "%08X" that ImGui writes.
//
// cmake/imgui.cmake compiles it in place of imgui_tables.cpp, in wasm only: natively the real functions are linked.
#include <cstdarg>
#include <cstddef>
#include <cstdint>

#include "imgui.h"
#include "imgui_internal.h"

namespace ImGui {
void EndTable() {}
void TableEndRow(ImGuiTable *) {}
void TableEndCell(ImGuiTable *) {}
void TablePushColumnChannel(int) {}
void TablePopColumnChannel() {}
void TablePushBackgroundChannel() {}
void TablePopBackgroundChannel() {}
void TableGcCompactSettings() {}
void TableGcCompactTransientBuffers(ImGuiTable *) {}
void TableGcCompactTransientBuffers(ImGuiTableTempData *) {}
void TableSettingsAddSettingsHandler() {}
void EndColumns() {}
void PushColumnsBackground() {}
void PopColumnsBackground() {}
} // namespace ImGui

namespace {

/// With a buffer it ends where that ends; without one it counts.
class Out {
public:
  Out(char *to, std::size_t room) : to_(to), room_(room) {}
  void put(char c) {
    if (n_ + 1 < room_) to_[n_] = c;
    ++n_;
  }
  void pad(char c, int count) {
    for (; count > 0; --count) put(c);
  }
  int finish() {
    if (room_ == 0) return static_cast<int>(n_);
    const std::size_t length = n_ < room_ ? n_ : room_ - 1;
    to_[length] = 0;
    return static_cast<int>(length);
  }

private:
  char *to_;
  std::size_t room_, n_ = 0;
};

struct Spec {
  bool zero = false, left = false;
  int width = 0, precision = -1;
};

void put_text(Out &out, const char *s, int length, const Spec &spec) {
  if (!spec.left) out.pad(' ', spec.width - length);
  for (int i = 0; i < length; ++i) out.put(s[i]);
  if (spec.left) out.pad(' ', spec.width - length);
}

void put_number(Out &out, std::uint64_t n, bool negative, unsigned base, bool upper, const Spec &spec) {
  char digits[24];
  int at = 24;
  const char *const all = upper ? "0123456789ABCDEF" : "0123456789abcdef";
  do digits[--at] = all[n % base];
  while ((n /= base) != 0);
  if (spec.zero) {
    if (negative) out.put('-');
    out.pad('0', spec.width - (24 - at) - negative);
    negative = false;
  }
  if (negative) digits[--at] = '-';
  put_text(out, digits + at, 24 - at, {.left = spec.left, .width = spec.zero ? 0 : spec.width});
}

/// Fixed point, as many places as asked for, at most 6: enough for a slider's label.
void put_float(Out &out, double x, const Spec &spec) {
  const bool negative = x < 0;
  if (negative) x = -x;
  int places = spec.precision < 0 ? 6 : spec.precision > 6 ? 6 : spec.precision;
  std::uint64_t scale = 1;
  for (int i = 0; i < places; ++i) scale *= 10;
  const double scaled = x * static_cast<double>(scale) + 0.5;
  if (!(scaled < 9e18)) return put_text(out, "inf", 3, spec);
  const auto n = static_cast<std::uint64_t>(scaled);
  put_number(out, n / scale, negative, 10, false, {.width = spec.width - (places > 0 ? places + 1 : 0)});
  if (places == 0) return;
  out.put('.');
  put_number(out, n % scale, false, 10, false, {.zero = true, .width = places});
}

} // namespace

// One "%d" behind literal text: the renderer reads "#version 300 es" with it.
extern "C" int sscanf(const char *text, const char *format, ...) {
  for (; *format != 0 && *format != '%'; ++format, ++text)
    if (*text != *format) return 0;
  if (format[0] != '%' || format[1] != 'd' || *text < '0' || *text > '9') return 0;
  std::va_list args;
  va_start(args, format);
  int &n = *va_arg(args, int *);
  va_end(args);
  for (n = 0; *text >= '0' && *text <= '9'; ++text) n = n * 10 + (*text - '0');
  return 1;
}

// Without a buffer, the length is asked for; with one, what fits is written and its length returned.
int ImFormatStringV(char *to, std::size_t room, const char *format, std::va_list args) {
  Out out(to, to == nullptr ? 0 : room);
  for (const char *f = format; *f != 0; ++f) {
    if (*f != '%') {
      out.put(*f);
      continue;
    }
    Spec spec;
    for (++f; *f == '0' || *f == '-' || *f == '+' || *f == ' ' || *f == '#'; ++f) {
      if (*f == '0') spec.zero = true;
      if (*f == '-') spec.left = true;
    }
    const auto count = [&] {
      int n = 0;
      if (*f == '*') {
        n = va_arg(args, int);
        ++f;
      } else {
        for (; *f >= '0' && *f <= '9'; ++f) n = n * 10 + (*f - '0');
      }
      return n;
    };
    spec.width = count();
    if (*f == '.') {
      ++f;
      spec.precision = count();
    }
    int longs = 0;
    for (; *f == 'l' || *f == 'z' || *f == 'h'; ++f)
      if (*f == 'l') ++longs;
    switch (*f) {
    case 'd':
    case 'i': {
      const std::int64_t n = longs > 1 ? va_arg(args, long long) : va_arg(args, int);
      put_number(out, n < 0 ? 0 - static_cast<std::uint64_t>(n) : static_cast<std::uint64_t>(n), n < 0, 10, false,
                 spec);
      break;
    }
    case 'u':
    case 'x':
    case 'X': {
      const std::uint64_t n = longs > 1 ? va_arg(args, unsigned long long) : va_arg(args, unsigned);
      put_number(out, n, false, *f == 'u' ? 10 : 16, *f == 'X', spec);
      break;
    }
    case 'p': put_number(out, reinterpret_cast<std::uintptr_t>(va_arg(args, void *)), false, 16, false, spec); break;
    case 'f':
    case 'g': put_float(out, va_arg(args, double), spec); break;
    case 'c': out.put(static_cast<char>(va_arg(args, int))); break;
    case 's': {
      const char *s = va_arg(args, const char *);
      if (s == nullptr) s = "(null)";
      int length = 0;
      while (s[length] != 0 && (spec.precision < 0 || length < spec.precision)) ++length;
      put_text(out, s, length, spec);
      break;
    }
    case 0: return out.finish();
    default: out.put(*f);
    }
  }
  return out.finish();
}

int ImFormatString(char *to, std::size_t room, const char *format, ...) {
  std::va_list args;
  va_start(args, format);
  const int n = ImFormatStringV(to, room, format, args);
  va_end(args);
  return n;
}
