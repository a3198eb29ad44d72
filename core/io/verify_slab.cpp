#include "io/verify_slab.hpp"

#include "base/text.hpp"
#include "mm/slub.hpp"

#include <algorithm>
#include <array>
#include <map>

namespace mmscope {

namespace {

// What a build fixes for its caches, beyond what all 6.1 builds of Debian share.
struct Flavour {
  std::string_view suffix; // of the release
  u32 word, page_shift;
  u32 kmalloc_min_align; // ARCH_KMALLOC_MINALIGN: where devices write past the caches, a cache line and more
  bool zone_dma;
  unsigned major = 0, minor = 0; // from this version on
};
constexpr Flavour flavours[] = {
    {"-amd64", 8, 12, 8, true},
    {"-cloud-amd64", 8, 12, 8, true},
    {"-686", 4, 12, 8, true},
    {"-686-pae", 4, 12, 8, true},
    {"-arm64", 8, 12, 128, true},
    {"-arm64-16k", 8, 14, 128, true},
    {"-armmp", 4, 12, 64, true},
    {"-armmp-lpae", 4, 12, 64, true},
    {"-riscv64", 8, 12, 8, false},
    {"-loongson-3", 8, 14, 128, false},
    {"-5kc-malta", 8, 12, 128, true},
    {"-4kc-malta", 4, 12, 128, true},
    // Since then small buffers are bounced for devices, so kmalloc need not mind them.
    {"-arm64", 8, 12, 8, true, 6, 5},
    {"-arm64-16k", 8, 14, 8, true, 6, 5},
};

// Caches whose kmem_cache_create names a constructor, in any era (fs/*/inode.c, fs/inode.c, ipc/mqueue.c, net/socket.c,
// lib/radix-tree.c, mm/shmem.c, mm/rmap.c, kernel/fork.c, security/integrity/iint.c, fs/userfaultfd.c, …).
constexpr std::string_view with_constructor[] = {"aio_inode_cache",
                                                 "anon_vma",
                                                 "bdev_cache",
                                                 "bpf_fs_inode_cache",
                                                 "dax_cache",
                                                 "debugfs_inode_cache",
                                                 "ext4_inode_cache",
                                                 "fat_inode_cache",
                                                 "fuse_inode",
                                                 "hugetlbfs_inode_cache",
                                                 "iint_cache",
                                                 "ima_iint_cache",
                                                 "inode_cache",
                                                 "isofs_inode_cache",
                                                 "mqueue_inode_cache",
                                                 "proc_inode_cache",
                                                 "radix_tree_node",
                                                 "shmem_inode_cache",
                                                 "sighand_cache",
                                                 "sock_inode_cache",
                                                 "squashfs_inode_cache",
                                                 "tracefs_inode_cache",
                                                 "userfaultfd_ctx_cache"};

// Caches whose objects hold their free pointer themselves (kmem_cache_args.use_freeptr_offset), and since when.
constexpr struct {
  std::string_view name;
  unsigned major, minor;
} with_free_pointer[] = {{"filp", 6, 12}, {"bfilp", 7, 2}, {"vm_area_struct", 7, 2},
                         {"TCP", 7, 2},   {"TCPv6", 7, 2}, {"ext4_inode_cache", 7, 2}};

template <class Fn> void for_each_line(std::string_view text, Fn &&fn) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    fn(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}
std::vector<std::string_view> words(std::string_view line) {
  std::vector<std::string_view> w;
  for (std::string_view word = next_word(line); !word.empty(); word = next_word(line)) w.push_back(word);
  return w;
}
std::optional<u64> number_behind(std::string_view line, std::string_view name) {
  const std::size_t at = line.find(name);
  if (at == std::string_view::npos) return std::nullopt;
  line.remove_prefix(at + name.size());
  return parse_u64(line.substr(0, line.find_first_not_of("0123456789")));
}

struct SysfsRow {
  std::string_view name;
  u32 object_size = 0, align = 0;
  slab_flags_t flags = 0;
  std::string results; // of the columns that are compared
  u64 size = 0, objects = 0, order = 0;
};

std::string results_text(u64 size, u64 objects, u64 order, u64 min_partial, u64 cpu_partial) {
  return concat("size ", size, ", ", objects, " a slab of order ", order, ", min_partial ", min_partial,
                ", cpu_partial ", cpu_partial);
}

std::optional<SysfsRow> read_row(std::string_view line) {
  const std::vector<std::string_view> w = words(line);
  if (w.size() != 10 || w[9].size() < 2 || w[9].front() != '[') return std::nullopt;
  std::array<u64, 8> n{};
  for (std::size_t i = 0; i < n.size(); ++i) {
    const std::optional<u64> v = parse_u64(w[i + 1]);
    if (!v) return std::nullopt;
    n[i] = *v;
  }
  SysfsRow r;
  r.name = w[0];
  r.object_size = static_cast<u32>(n[0]);
  r.align = static_cast<u32>(n[2]);
  r.size = n[1];
  r.objects = n[3];
  r.order = n[4];
  r.results = results_text(n[1], n[3], n[4], n[5], n[6]);
  for (const char c : w[9]) switch (c) {
    case 'a': r.flags |= slab_flag::RECLAIM_ACCOUNT; break;
    case 't': r.flags |= slab_flag::HWCACHE_ALIGN; break;
    case 'c': r.flags |= slab_flag::CACHE_DMA; break;
    case 'D': r.flags |= slab_flag::TYPESAFE_BY_RCU; break;
    case 'z': r.flags |= slab_flag::RED_ZONE; break;
    case 'p': r.flags |= slab_flag::POISON; break;
    case 'u': r.flags |= slab_flag::STORE_USER; break;
    default: break;
    }
  // Not in sysfs: kmalloc's caches keep the size that was asked for, when they keep owners.
  if (r.name.find("kmalloc-") != std::string_view::npos) r.flags |= slab_flag::KMALLOC;
  return r;
}

// `version` stands in for a log that has lost its first lines.
std::optional<SlubRules> read_rules(std::string_view log, std::string_view version, const Era *&era) {
  std::string_view release, slub, command_line;
  for_each_line(log, [&](std::string_view line) {
    const auto behind = [&](std::string_view mark) {
      const std::size_t at = line.find(mark);
      return at == std::string_view::npos ? std::string_view() : line.substr(at + mark.size());
    };
    if (release.empty()) {
      std::string_view rest = behind("Linux version ");
      release = next_word(rest);
    }
    if (slub.empty()) slub = behind("SLUB: ");
    if (command_line.empty()) command_line = behind("Kernel command line: ");
  });
  if (release.empty() && version.starts_with("Linux version ")) {
    version.remove_prefix(14);
    release = next_word(version);
  }
  unsigned major = 0, minor = 0;
  version_of_release(release, major, minor);
  era = era_of_release(release);
  if (era == nullptr) return std::nullopt;
  const Flavour *flavour = nullptr;
  for (const Flavour &f : flavours)
    if (release.ends_with(f.suffix) && (major > f.major || (major == f.major && minor >= f.minor)) &&
        (flavour == nullptr || f.suffix.size() >= flavour->suffix.size()))
      flavour = &f;
  const std::optional<u64> line = number_behind(slub, "HWalign="), cpus = number_behind(slub, "CPUs="),
                           nodes = number_behind(slub, "Nodes=");
  if (flavour == nullptr || !line || !cpus || !nodes || *cpus == 0 || *cpus > 8192 || *nodes == 0 || *nodes > 1024 ||
      *line < 8 || *line > 4096 || (*line & (*line - 1)) != 0)
    return std::nullopt;
  SlubRules r;
  r.word = flavour->word;
  r.page_shift = flavour->page_shift;
  r.kmalloc_min_align = flavour->kmalloc_min_align;
  r.zone_dma = flavour->zone_dma;
  r.cache_line = static_cast<u32>(*line);
  r.sizeof_track = flavour->word == 8 ? 32 : 20;
  r.nr_cpu_ids = r.present_cpus = static_cast<u32>(*cpus);
  r.nr_node_ids = static_cast<u32>(*nodes);
  read_slub_era(r, *era);
  read_slub_params(r, command_line);
  return r;
}

// The caches that the boot makes, on a small machine of that many CPUs and nodes, newest first.
std::vector<std::string> boot_caches(const SlubRules &rules) {
  constexpr u64 pages = 4096;
  // One zone serves every request.
  PageAlloc pa(BuddyRules{.zone_types = 1, .zone_normal = 0, .zone_dma32 = no_zone, .gfp_zones = {}});
  SlubMachine machine{rules.nr_cpu_ids, rules.present_cpus, rules.nr_node_ids, {}, false};
  for (u32 n = 0; n < rules.nr_node_ids; ++n) {
    const auto nid = static_cast<i32>(n);
    pa.init_node(nullptr, nid, pfn_t{n * pages}, pages, pages, {});
    pa.init_zone(nullptr, nid, 0, pfn_t{n * pages}, pages, pages);
    pa.set_pages(nullptr, pfn_t{n * pages}, pages, PageState::init, nid, 0);
    pa.set_pageblocks(nullptr, pfn_t{n * pages}, pages, migratetype::MOVABLE);
    pa.free_core(nullptr, pfn_t{n * pages}, order_t{10}, pages / 1024);
    pa.add_fallback(nullptr, nid, nid);
    machine.normal_nodes.push_back(nid);
  }
  Slub slub(rules);
  slub.kmem_cache_init({pa}, machine);
  std::vector<std::string> lines;
  slub.for_each_cache([&](cache_id, const KmemCache &s) {
    lines.push_back(
        concat(s.name, ": size ", s.layout.size, ", ", s.layout.objects, " a slab of order ", u32{s.layout.order}));
  });
  return lines;
}

} // namespace

bool slab_has_constructor(std::string_view name) {
  return std::find(std::begin(with_constructor), std::end(with_constructor), name) != std::end(with_constructor);
}

void check_slab(std::string_view log, const CaptureFile &file, const Compare &item) {
  const std::optional<std::string> sysfs = file("slab_sysfs"), info = file("slabinfo");
  const Era *era = nullptr;
  const std::string version = file("version").value_or(std::string());
  std::optional<SlubRules> rules = read_rules(log, version, era);
  if (!sysfs || !rules) return;

  std::map<std::string_view, std::size_t> lines; // of a cache or alias: index in `rows`
  std::vector<SysfsRow> rows;
  std::vector<std::pair<std::string_view, std::string_view>> links;
  for_each_line(*sysfs, [&](std::string_view line) {
    if (const std::vector<std::string_view> w = words(line); w.size() == 3 && w[0] == "link")
      links.emplace_back(w[1], w[2]);
    const std::optional<SysfsRow> r = read_row(line);
    if (!r) return;
    lines[r->name] = rows.size();
    rows.push_back(*r);
  });
  for (const auto &[name, to] : links)
    if (const auto it = lines.find(to); it != lines.end()) lines[name] = it->second;

  // Structures that the kernel keeps in caches of its own: their sizes are the build's.
  const auto struct_size = [&](std::string_view name, u32 other) {
    const auto it = lines.find(name);
    const u32 size = it != lines.end() ? rows[it->second].object_size : 0;
    return size > other && size <= 16384 ? size - other : 0;
  };
  const u32 base = struct_size("kmem_cache", rules->nr_node_ids * rules->word),
            node = struct_size("kmem_cache_node", 0);

  std::vector<std::optional<SlabLayout>> layouts;
  for (const SysfsRow &r : rows) {
    const bool ctor = slab_has_constructor(r.name);
    const bool sane = r.align != 0 && (r.align & (r.align - 1)) == 0;
    const bool own_pointer =
        std::any_of(std::begin(with_free_pointer), std::end(with_free_pointer), [&](const auto &c) {
          return c.name == r.name && (era->major != c.major ? era->major > c.major : era->minor >= c.minor);
        });
    layouts.push_back(sane ? make_layout(*rules, {r.object_size, r.align, ctor, own_pointer}, r.flags) : std::nullopt);
    const std::optional<SlabLayout> &l = layouts.back();
    item(concat("slab_sysfs ", r.name), r.results,
         l ? results_text(l->size, l->objects, l->order, l->min_partial, l->cpu_partial) : std::string("(no layout)"));
  }

  if (!info) return;
  std::vector<std::string> last; // lines of slabinfo
  for_each_line(*info, [&](std::string_view line) {
    const std::vector<std::string_view> w = words(line);
    if (w.size() < 6 || line.front() == '#') return;
    const std::optional<u64> pages = parse_u64(w[5]);
    if (!pages) return;
    u64 order = 0;
    while ((u64{1} << order) < *pages) ++order;
    const std::string expected = concat("size ", w[3], ", ", w[4], " a slab of order ", order);
    last.push_back(concat(w[0], ": ", expected));
    const auto it = lines.find(w[0]);
    const SlabLayout *l = it != lines.end() && layouts[it->second] ? &*layouts[it->second] : nullptr;
    item(concat("slabinfo ", w[0]), expected,
         l != nullptr ? concat("size ", l->size, ", ", l->objects, " a slab of order ", u32{l->order})
                      : std::string("(not in slab_sysfs)"));
  });
  if (base == 0 || node == 0) return;
  rules->kmem_cache_base = base;
  rules->sizeof_cache_node = node;
  const std::vector<std::string> boot = boot_caches(*rules);
  for (std::size_t i = 0; i < boot.size(); ++i) {
    const std::size_t at = last.size() + i;
    item(concat("kmem_cache_init, cache ", boot.size() - i),
         at >= boot.size() ? std::string_view(last[at - boot.size()]) : "(nothing)", boot[i]);
  }
}

} // namespace mmscope
