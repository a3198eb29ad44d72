#include "mm/boot_params.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace mmscope {

namespace {

// Words of the line, split as next_arg() splits them: double quotes hold spaces and are not part of the value.
struct Word {
  std::string_view name, value;
  bool has_value = false;
  std::string_view text; // as written
};
bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

bool take_word(std::string_view &rest, Word &w) {
  while (!rest.empty() && is_space(rest.front())) rest.remove_prefix(1);
  if (rest.empty()) return false;
  bool in_quote = false;
  std::size_t equals = std::string_view::npos, i = 0;
  for (; i < rest.size() && (in_quote || !is_space(rest[i])); ++i) {
    if (rest[i] == '=' && equals == std::string_view::npos && i != 0) equals = i;
    if (rest[i] == '"') in_quote = !in_quote;
  }
  w.text = rest.substr(0, i);
  rest.remove_prefix(i);
  const auto unquote = [](std::string_view s) {
    if (!s.empty() && s.front() == '"') {
      s.remove_prefix(1);
      if (!s.empty() && s.back() == '"') s.remove_suffix(1);
    }
    return s;
  };
  w.has_value = equals != std::string_view::npos;
  if (w.has_value) {
    w.name = w.text.substr(0, equals);
    w.value = unquote(w.text.substr(equals + 1));
    if (w.name.starts_with('"')) { // "name=some value"
      w.name.remove_prefix(1);
      if (w.value.ends_with('"')) w.value.remove_suffix(1);
    }
  } else {
    w.name = unquote(w.text);
    w.value = {};
  }
  return true;
}

// Parameter names compare with - and _ alike.
bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return x == y || (x == '-' && y == '_') || (x == '_' && y == '-'); });
}

// simple_strtoull(…, 0): 0x, octal with a leading 0, decimal; stops at the first other character, wraps on overflow.
u64 take_number(std::string_view &s) {
  unsigned radix = 10;
  const auto digit = [](char c) -> unsigned {
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
    if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
    return 99;
  };
  if (s.size() > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X') && digit(s[2]) < 16) {
    radix = 16;
    s.remove_prefix(2);
  } else if (!s.empty() && s[0] == '0') {
    radix = 8;
  }
  u64 n = 0;
  while (!s.empty() && digit(s.front()) < radix) {
    n = n * radix + digit(s.front());
    s.remove_prefix(1);
  }
  return n;
}

// memparse: the number, then an optional K M G T P E.
u64 take_size(std::string_view &s) {
  u64 n = take_number(s);
  if (s.empty()) return n;
  unsigned shift = 0;
  switch (s.front()) {
  case 'E':
  case 'e': shift = 60; break;
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
  default: return n;
  }
  s.remove_prefix(1);
  return n << shift;
}

u64 round_up_pow2(u64 n) {
  u64 p = 1;
  while (p < n && p != 0) p <<= 1;
  return p;
}

class Parser {
public:
  Parser(BootParams &params, unsigned page_shift) : p_(params), page_shift_(page_shift) {}

  void run(std::string_view line) {
    p_.text = line;
    Word w;
    while (take_word(line, w)) {
      if (!w.has_value && w.name == "--") break; // the rest is for init
      if (!take(w)) p_.ignored.emplace_back(w.text);
    }
  }

private:
  // False: a memory parameter that the kernel would not accept.
  bool take(const Word &w) {
    const auto is = [&](std::string_view name) { return same_name(w.name, name); };
    if (is("mem")) return mem(w.value);
    if (is("memmap")) return memmap(w.value);
    if (is("cma")) return cma(w.value);
    if (is("numa_cma") || is("cma_pernuma")) return p_.node_cma_given = true;
    if (is("kernelcore")) {
      if (has_option(w.value, "mirror")) return p_.kernelcore_mirror = true;
      return core(w, p_.kernelcore);
    }
    if (is("movablecore")) return core(w, p_.movablecore);
    if (is("movable_node")) return p_.movable_node = true;
    if (is("numa")) return numa(w.value);
    if (is("transparent_hugepage")) return thp(w.value);
    if (is("default_hugepagesz") || is("hugepagesz")) return hugepagesz(w.value, is("default_hugepagesz"));
    if (is("hugepages")) return hugepages(w.value);
    if (is("log_buf_len")) return log_buf_len(w.value);
    if (is("vmalloc")) return amount(w, p_.vmalloc);
    if (is("highmem")) return amount(w, p_.highmem);
    std::string_view name = w.name;
    if (name.starts_with("sysctl.") || name.starts_with("sysctl/")) {
      name.remove_prefix(7);
      if (name == "vm.min_free_kbytes" || name == "vm/min_free_kbytes") return number(w.value, p_.min_free_kbytes);
      if (name == "vm.watermark_scale_factor" || name == "vm/watermark_scale_factor")
        return number(w.value, p_.watermark_scale_factor);
    }
    return true; // not ours
  }

  static bool has_option(std::string_view list, std::string_view option) {
    while (!list.empty()) {
      const std::size_t comma = std::min(list.find(','), list.size());
      if (list.substr(0, comma) == option) return true;
      list.remove_prefix(std::min(comma + 1, list.size()));
    }
    return false;
  }

  void limit(u64 bytes) {
    if (p_.mem_limit == 0 || bytes < p_.mem_limit) p_.mem_limit = bytes;
  }

  bool mem(std::string_view v) {
    if (v == "nopentium") return true;
    const u64 size = take_size(v);
    if (size == 0) return false;
    limit(size);
    return true;
  }

  bool cma(std::string_view v) {
    CmaParam c{.given = true, .size = take_size(v)};
    if (v.starts_with('@')) {
      v.remove_prefix(1);
      c.base = take_size(v);
      c.limit = c.base + c.size;
      if (v.starts_with('-')) {
        v.remove_prefix(1);
        c.limit = take_size(v);
      }
    }
    p_.cma = c;
    return true;
  }

  bool memmap(std::string_view list) {
    bool good = true;
    if (list.empty()) return false;
    while (!list.empty()) {
      const std::size_t comma = std::min(list.find(','), list.size());
      good = memmap_one(list.substr(0, comma)) && good;
      list.remove_prefix(std::min(comma + 1, list.size()));
    }
    return good;
  }
  bool memmap_one(std::string_view v) {
    if (v.starts_with("exactmap")) { // forgets the firmware's map and what was given before
      p_.exactmap = true;
      p_.memmap.clear();
      p_.mem_limit = 0;
      return true;
    }
    const std::size_t before = v.size();
    const u64 size = take_size(v);
    if (v.size() == before) return false;
    if (v.empty() || std::string_view("@#$!%").find(v.front()) == std::string_view::npos) {
      limit(size); // memmap=SIZE alone works like mem=SIZE
      return v.empty();
    }
    const char sign = v.front();
    v.remove_prefix(1);
    const u64 start = take_size(v);
    MemmapKind kind{};
    switch (sign) {
    case '@': kind = MemmapKind::usable; break;
    case '#': kind = MemmapKind::acpi; break;
    case '$': kind = MemmapKind::reserved; break;
    case '!': kind = MemmapKind::persistent; break;
    default: return retype(start, size, v);
    }
    p_.memmap.push_back({kind, phys_addr_t{start}, size});
    return v.empty();
  }
  // memmap=SIZE%START[-FROM][+TO]
  bool retype(u64 start, u64 size, std::string_view v) {
    u64 to = 0;
    if (v.starts_with('-')) {
      v.remove_prefix(1);
      take_number(v);
    }
    if (v.starts_with('+')) {
      v.remove_prefix(1);
      to = take_number(v);
    }
    if (!v.empty()) return false;
    MemmapKind kind{};
    switch (to) {
    case 0: kind = MemmapKind::remove; break;
    case 1: kind = MemmapKind::usable; break;
    case 2: kind = MemmapKind::reserved; break;
    case 3: kind = MemmapKind::acpi; break;
    case 12: kind = MemmapKind::persistent; break;
    default: return false; // a type that the model has no use for
    }
    p_.memmap.push_back({kind, phys_addr_t{start}, size});
    return true;
  }

  bool core(const Word &w, CoreParam &out) const {
    if (!w.has_value) return false;
    std::string_view v = w.value;
    const u64 percent = take_number(v);
    if (v.starts_with('%')) {
      out.percent = percent;
      return true;
    }
    v = w.value;
    out = {.pages = take_size(v) >> page_shift_, .percent = 0};
    return v.size() != w.value.size();
  }

  static bool amount(const Word &w, std::optional<u64> &out) {
    if (!w.has_value) return false;
    std::string_view v = w.value;
    out = take_size(v);
    return true;
  }

  bool numa(std::string_view v) {
    if (v.starts_with("off"))
      p_.numa_off = true;
    else if (v.starts_with("fake="))
      p_.numa_fake = v.substr(5);
    return true;
  }

  bool thp(std::string_view v) {
    if (v != "always" && v != "madvise" && v != "never") return false;
    p_.thp_given = true;
    p_.thp_never = v == "never";
    return true;
  }

  bool hugepagesz(std::string_view v, bool is_default) {
    const u64 size = take_size(v);
    valid_hugepagesz_ = size == u64{2} << 20 || size == u64{1} << 30;
    if (!valid_hugepagesz_) return false;
    hugepagesz_ = size;
    // A count given before the default size was named belongs to it.
    if (is_default)
      for (HugepagesParam &h : p_.hugepages)
        if (h.size == 0) h.size = size;
    return true;
  }
  bool hugepages(std::string_view v) {
    if (!valid_hugepagesz_) {
      valid_hugepagesz_ = true;
      return false;
    }
    u64 count = 0;
    for (bool first = true;; first = false) {
      const auto decimal = [&](u64 &n) {
        const std::size_t before = v.size();
        for (n = 0; !v.empty() && v.front() >= '0' && v.front() <= '9'; v.remove_prefix(1))
          n = n * 10 + static_cast<u64>(v.front() - '0');
        return v.size() != before;
      };
      u64 n = 0;
      if (!decimal(n)) return false;
      if (!v.starts_with(':')) { // a plain count; only as the whole value
        if (!first) return false;
        count = n;
        break;
      }
      v.remove_prefix(1);
      if (!decimal(n)) return false;
      count += n;
      if (!v.starts_with(',')) break;
      v.remove_prefix(1);
    }
    for (const HugepagesParam &h : p_.hugepages)
      if (h.size == hugepagesz_) return false; // twice for one size
    p_.hugepages.push_back({hugepagesz_, count});
    return true;
  }

  bool log_buf_len(std::string_view v) {
    const u64 size = std::min(take_size(v), u64{1} << 31);
    if (size == 0) return false;
    p_.log_buf_len = round_up_pow2(size); // log_buf_len_update: the last one counts, in powers of two
    return true;
  }

  static bool number(std::string_view v, u64 &out) {
    const std::string_view all = v;
    const u64 n = take_number(v);
    if (!v.empty() || all.empty()) return false;
    out = n;
    return true;
  }

  BootParams &p_;
  unsigned page_shift_;
  u64 hugepagesz_ = 0; // 0: the default size
  bool valid_hugepagesz_ = true;
};

} // namespace

BootParams parse_boot_params(std::string_view line, unsigned page_shift) {
  BootParams p;
  Parser(p, page_shift).run(line);
  return p;
}

} // namespace mmscope
