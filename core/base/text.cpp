#include "base/text.hpp"

#include "base/digest.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace mmscope {

void append_dec(std::string &out, u64 n) {
  char buf[20];
  unsigned i = sizeof buf;
  do {
    buf[--i] = static_cast<char>('0' + n % 10);
    n /= 10;
  } while (n != 0);
  out.append(buf + i, sizeof buf - i);
}

void append_signed(std::string &out, i64 n) {
  if (n < 0) {
    out += '-';
    append_dec(out, ~static_cast<u64>(n) + 1);
  } else {
    append_dec(out, static_cast<u64>(n));
  }
}

void append_hex(std::string &out, u64 n, unsigned width) {
  char buf[16];
  unsigned i = sizeof buf;
  do {
    buf[--i] = "0123456789abcdef"[n & 15];
    n >>= 4;
  } while (n != 0);
  for (unsigned have = static_cast<unsigned>(sizeof buf) - i; have < width; ++have) out += '0';
  out.append(buf + i, sizeof buf - i);
}

void append_padded(std::string &out, u64 n, unsigned width) {
  std::string digits;
  append_dec(digits, n);
  if (digits.size() < width) out.append(width - digits.size(), ' ');
  out += digits;
}

void append_range(std::string &out, phys_addr_t base, u64 size) {
  out += "[0x";
  append_hex(out, base.v, 16);
  out += "-0x";
  append_hex(out, base.v + size - 1, 16);
  out += ']';
}

static std::optional<u64> parse_digits(std::string_view s, unsigned radix) {
  if (s.empty()) return std::nullopt;
  u64 n = 0;
  for (char c : s) {
    unsigned d;
    if (c >= '0' && c <= '9')
      d = static_cast<unsigned>(c - '0');
    else if (c >= 'a' && c <= 'f')
      d = static_cast<unsigned>(c - 'a') + 10;
    else if (c >= 'A' && c <= 'F')
      d = static_cast<unsigned>(c - 'A') + 10;
    else
      return std::nullopt;
    if (d >= radix) return std::nullopt;
    if (n > (~u64{0} - d) / radix) return std::nullopt;
    n = n * radix + d;
  }
  return n;
}

std::optional<u64> parse_hex(std::string_view s) { return parse_digits(s, 16); }

std::optional<u64> parse_u64(std::string_view s) {
  if (s.size() > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) return parse_digits(s.substr(2), 16);
  return parse_digits(s, 10);
}

std::optional<u64> parse_size(std::string_view s) {
  unsigned shift = 0;
  // In hex, 'E' is a digit: the kernel's memparse reads it as one too, so only a decimal number takes it as a suffix.
  const bool hex = s.size() > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X');
  if (!s.empty()) {
    switch (s.back()) {
    case 'E':
    case 'e': shift = hex ? 0 : 60; break;
    case 'P':
    case 'p': shift = 50; break;
    case 'T':
    case 't': shift = 40; break;
    case 'G':
    case 'g': shift = 30; break;
    case 'M':
    case 'm': shift = 20; break;
    case 'K':
    case 'k': shift = 10; break;
    default: break;
    }
  }
  if (shift != 0) s.remove_suffix(1);
  const auto n = parse_u64(s);
  if (!n || (shift != 0 && *n > (~u64{0} >> shift))) return std::nullopt;
  return *n << shift;
}

std::string_view next_word(std::string_view &rest) {
  std::size_t a = 0;
  while (a < rest.size() && (rest[a] == ' ' || rest[a] == '\t')) ++a;
  std::size_t b = a;
  while (b < rest.size() && rest[b] != ' ' && rest[b] != '\t') ++b;
  const std::string_view word = rest.substr(a, b - a);
  rest.remove_prefix(b);
  return word;
}

std::string_view trim(std::string_view s) {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
  while (!s.empty() && (s.back() == ' ' || s.back() == '\t' || s.back() == '\r')) s.remove_suffix(1);
  return s;
}

// Nobody means a longer one, and the table below stays small.
static constexpr std::size_t longest_name = 64;

std::string_view closest(std::string_view word, std::span<const std::string_view> names) {
  if (word.size() > longest_name) return {};
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const std::string_view name : names) {
    const std::size_t longer = std::max(name.size(), word.size()), shorter = std::min(name.size(), word.size());
    if (name.size() > longest_name || longer - shorter >= best_distance) continue;
    // Edit distance, two letters swapped counting once. Row i+1 from rows i and i-1.
    std::vector<std::size_t> row(name.size() + 1), above(name.size() + 1), two_above;
    for (std::size_t j = 0; j <= name.size(); ++j) row[j] = j;
    for (std::size_t i = 0; i < word.size(); ++i) {
      two_above = std::exchange(above, row);
      row[0] = i + 1;
      for (std::size_t j = 0; j < name.size(); ++j) {
        row[j + 1] = std::min({above[j] + (word[i] != name[j]), above[j + 1] + 1, row[j] + 1});
        if (i > 0 && j > 0 && word[i] == name[j - 1] && word[i - 1] == name[j])
          row[j + 1] = std::min(row[j + 1], two_above[j - 1] + 1);
      }
    }
    if (row[name.size()] < best_distance) {
      best_distance = row[name.size()];
      best = name;
    }
  }
  return best;
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> names) {
  const std::string_view name = closest(word, names);
  return name.empty() ? std::string() : concat(", did you mean '", name, "'?");
}

std::string Digest::hex() const {
  std::string s;
  append_hex(s, h_, 16);
  return s;
}

} // namespace mmscope
