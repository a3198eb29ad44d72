#include "io/verify_slab_old.hpp"

#include "base/text.hpp"
#include "desc/era.hpp"
#include "io/verify_slab.hpp"
#include "mm/slab_layout.hpp"

#include <algorithm>
#include <array>
#include <bit>

namespace mmscope {

namespace {

// Made with SLAB_TYPESAFE_BY_RCU (net/ipv4/tcp_ipv4.c, net/ipv4/udp.c, net/core/sock.c, nf_conntrack_core.c, …).
constexpr std::string_view freed_by_rcu[] = {"TCP",
                                             "TCPv6",
                                             "UDP",
                                             "UDPv6",
                                             "UDP-Lite",
                                             "UDPLITEv6",
                                             "tw_sock_TCP",
                                             "tw_sock_TCPv6",
                                             "request_sock_TCP",
                                             "nf_conntrack",
                                             "anon_vma",
                                             "sighand_cache",
                                             "request_sock_TCPv6"};
// Made with SLAB_RECLAIM_ACCOUNT (fs/dcache.c, fs/inode.c, fs/*/super.c, lib/radix-tree.c, net/socket.c).
constexpr std::string_view reclaimable[] = {"bdev_cache",           "buffer_head",        "dentry",
                                            "ext4_extent_status",   "ext4_inode_cache",   "fat_inode_cache",
                                            "fuse_inode",           "inode_cache",        "isofs_inode_cache",
                                            "proc_inode_cache",     "radix_tree_node",    "sock_inode_cache",
                                            "squashfs_inode_cache", "tracefs_inode_cache"};
// Made with SLAB_HWCACHE_ALIGN for structures that do not fill a cache line: struct fs_struct, user_struct, pid. It
// matters where the line holds as many bytes as a slab has objects.
constexpr std::string_view padded[] = {"fs_cache", "pid", "uid_cache"};

template <std::size_t N> bool holds(const std::string_view (&names)[N], std::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

template <class Fn> void for_each_line(std::string_view text, Fn &&fn) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    fn(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}
std::optional<u64> number_behind(std::string_view line, std::string_view mark) {
  const std::size_t at = line.find(mark);
  if (at == std::string_view::npos) return std::nullopt;
  line.remove_prefix(at + mark.size());
  return parse_u64(line.substr(0, line.find_first_not_of("0123456789")));
}

struct Kernel {
  const SlabRules *rules = nullptr;
  SlabMachine machine;
};
std::optional<Kernel> read_kernel(std::string_view log, std::string_view version, const Arch &arch) {
  std::string_view release;
  bool slub = false;
  Kernel k;
  k.machine.page_shift = arch.page_shift;
  k.machine.word = static_cast<u32>(arch.word);
  k.machine.cache_line = static_cast<u32>(arch.cache_line);
  k.machine.zone_dma =
      std::any_of(arch.zones.begin(), arch.zones.end(), [](const ZoneRow &z) { return z.name == "DMA"; });
  const auto see_release = [&](std::string_view line) {
    const std::size_t at = line.find("Linux version ");
    if (at == std::string_view::npos || !release.empty()) return;
    line.remove_prefix(at + 14);
    release = next_word(line);
  };
  for_each_line(log, [&](std::string_view line) {
    see_release(line);
    slub = slub || line.find("SLUB: ") != std::string_view::npos;
    if (const auto n = number_behind(line, "pci_cache_line_size set to "); n && *n >= 16 && *n <= 1024)
      k.machine.cache_line = static_cast<u32>(*n);
    if (const auto n = number_behind(line, "nr_cpu_ids:"); n && *n != 0 && *n <= 8192)
      k.machine.cpus = static_cast<u32>(*n);
    if (const auto n = number_behind(line, "Memory: "); n && line.find("available") != std::string_view::npos)
      k.machine.more_than_32M = *n > 32 * 1024;
  });
  see_release(version);
  unsigned major = 0, minor = 0;
  if (slub || !version_of_release(release, major, minor) || !std::has_single_bit(k.machine.cache_line))
    return std::nullopt;
  k.rules = slab_rules_of_version(major, minor);
  return k.rules != nullptr ? std::optional(k) : std::nullopt;
}

struct Line {
  std::string_view name;
  u64 size = 0;
  std::string results; // of the columns that are compared
};
std::string results_text(u64 num, u64 pages, u64 limit, u64 batchcount, u64 shared) {
  return concat(num, " on ", pages, pages == 1 ? " page" : " pages", ", tunables ", limit, ' ', batchcount, ' ',
                shared);
}
std::string results_text(const CacheLayout &l) {
  return results_text(l.num, u64{1} << l.order, l.limit, l.batchcount, l.shared);
}
// "name active all size num pages : tunables limit batchcount shared : …", version 2.1
std::optional<Line> read_line(std::string_view line) {
  Line l;
  l.name = next_word(line);
  std::array<u64, 8> n{};
  for (std::size_t i = 0; i < n.size(); ++i) {
    std::string_view word = next_word(line);
    if (i == 5) {
      if (word != ":" || next_word(line) != "tunables") return std::nullopt;
      word = next_word(line);
    }
    const std::optional<u64> v = parse_u64(word);
    if (!v) return std::nullopt;
    n[i] = *v;
  }
  l.size = n[2];
  l.results = results_text(n[3], n[4], n[5], n[6], n[7]);
  return l;
}

SlabShape shape_of(const Line &l, const Kernel &k) {
  SlabShape s{.size = static_cast<u32>(l.size), .ctor = slab_has_constructor(l.name)};
  if (holds(freed_by_rcu, l.name)) s.flags |= slab_flag::TYPESAFE_BY_RCU;
  if (holds(reclaimable, l.name)) s.flags |= slab_flag::RECLAIM_ACCOUNT;
  if (holds(padded, l.name)) {
    s.flags |= slab_flag::HWCACHE_ALIGN;
    s.size -= k.machine.word; // any size that is rounded up to the same slot
  }
  return s;
}

} // namespace

void check_old_slab(std::string_view log, const CaptureFile &file, const Arch &arch, const Compare &item) {
  const std::optional<std::string> info = file("slabinfo");
  if (!info || !info->starts_with("slabinfo - version: 2.1")) return;
  const std::string version = file("version").value_or(std::string());
  const std::optional<Kernel> k = read_kernel(log, version, arch);
  if (!k) return;
  // A directory of SLUB's has a line for each cache.
  bool has_directory = false;
  for_each_line(file("slab_sysfs").value_or(std::string()),
                [&](std::string_view line) { has_directory = has_directory || line.ends_with(']'); });
  if (has_directory) return;

  std::vector<Line> lines;
  for_each_line(*info, [&](std::string_view line) {
    if (const std::optional<Line> l = read_line(line); l && l->size != 0 && l->size <= u64{32} << 20)
      lines.push_back(*l);
  });
  const GeneralCaches general = general_caches(*k->rules, k->machine);
  const std::size_t of_boot = general.list.size() + 1, others = lines.size() - std::min(of_boot, lines.size());
  const auto result = [&](const SlabShape &s) {
    const auto l = make_cache_layout(*k->rules, k->machine, s);
    return l ? results_text(*l) : std::string("(no layout)");
  };
  for (std::size_t i = 0; i < others; ++i)
    item(concat("slabinfo ", lines[i].name), lines[i].results, result(shape_of(lines[i], *k)));
  // Newest first: the last one made is the first line, the cache of caches the last.
  for (std::size_t i = 0; i < of_boot; ++i) {
    const std::size_t made = of_boot - 1 - i; // 0: kmem_cache
    const std::string what = concat("kmem_cache_init, cache ", made + 1);
    const Line *l = others + i < lines.size() ? &lines[others + i] : nullptr;
    if (made == 0) {
      const SlabShape s{.size = l != nullptr ? static_cast<u32>(l->size) : 0, .flags = slab_flag::HWCACHE_ALIGN};
      item(what, l != nullptr ? concat(l->name, ": ", l->results) : "(nothing)", concat("kmem_cache: ", result(s)));
      continue;
    }
    const GeneralCache &g = general.list[made - 1];
    const auto layout = make_cache_layout(*k->rules, k->machine, general_shape(*k->rules, k->machine, g));
    item(what, l != nullptr ? concat(l->name, " of ", l->size, ": ", l->results) : "(nothing)",
         concat(general_name(*k->rules, g.size, g.type), " of ", layout ? layout->size : 0, ": ",
                layout ? results_text(*layout) : "(no layout)"));
  }
}

} // namespace mmscope
