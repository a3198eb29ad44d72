#include "io/views.hpp"

#include "base/check.hpp"
#include "base/text.hpp"
#include "io/old_views.hpp"
#include "io/slab_views.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace mmscope {

namespace {

constexpr std::array<std::string_view, 14> names{"memblock", "zones",      "zoneinfo", "buddyinfo", "pagetypeinfo",
                                                 "iomem",    "free-lists", "sections", "slabinfo",  "bootmem",
                                                 "pairs",    "slob",       "log",      "digest"};

void append_left(std::string &out, std::string_view s, std::size_t width) {
  out += s;
  if (s.size() < width) out.append(width - s.size(), ' ');
}
void append_right(std::string &out, std::string_view s, std::size_t width) {
  if (s.size() < width) out.append(width - s.size(), ' ');
  out += s;
}
void append_addr(std::string &out, u64 a) {
  out += "0x";
  append_hex(out, a, 16);
}

// fn(node, zone number, zone), as the kernel walks over the zones of online nodes.
template <class Fn> void for_each_zone(const System &s, bool populated_only, Fn &&fn) {
  for (const pglist_data &node : s.pages.nodes()) {
    if (!node.online) continue;
    for (unsigned z = 0; z < s.arch->zones.size(); ++z)
      if (!populated_only || node.zones[z].populated()) fn(node, z, node.zones[z]);
  }
}
// "Node 0, zone      DMA"
void append_zone_head(std::string &out, const System &s, const pglist_data &node, unsigned z) {
  append(out, "Node ", node.nid, ", zone ");
  append_right(out, s.arch->zones[z].name, 8);
}
std::string upper(std::string_view s) {
  std::string out(s);
  for (char &c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return out;
}

void memblock_array(std::string &out, std::string_view name, const memblock_type &type) {
  append(out, ' ', name, ".cnt  = 0x");
  append_hex(out, type.cnt());
  out += '\n';
  const auto line = [&](std::size_t i, const memblock_region &r) {
    append(out, ' ', name, "[0x");
    append_hex(out, i);
    out += "]\t";
    append_range(out, r.base, r.size);
    out += ", ";
    append_addr(out, r.size);
    out += " bytes";
    if (r.nid != no_node) append(out, " on node ", r.nid);
    out += " flags: 0x";
    append_hex(out, r.flags);
    out += '\n';
  };
  for (std::size_t i = 0; i < type.regions.size(); ++i) line(i, type.regions[i]);
  if (type.regions.empty()) line(0, {}); // the kernel's dummy
}

void view_memblock(std::string &out, const System &s) {
  out += "MEMBLOCK configuration:\n memory size = ";
  append_addr(out, s.memblock.memory.total_size);
  out += " reserved size = ";
  append_addr(out, s.memblock.reserved.total_size);
  out += '\n';
  memblock_array(out, "memory", s.memblock.memory);
  memblock_array(out, "reserved", s.memblock.reserved);
}

void view_zones(std::string &out, const System &s) {
  for_each_zone(s, false, [&](const pglist_data &node, unsigned z, const zone &zn) {
    append_zone_head(out, s, node, z);
    append(out, "  start_pfn ", zn.start_pfn.v, "  spanned ", zn.spanned_pages, "  present ", zn.present_pages,
           "  managed ", zn.managed_pages, "  free ", zn.free_pages(), '\n');
  });
}

void view_zoneinfo(std::string &out, const System &s) {
  for_each_zone(s, false, [&](const pglist_data &node, unsigned z, const zone &zn) {
    append_zone_head(out, s, node, z);
    append(out, "\n  pages free     ", zn.free_pages());
    append(out, "\n        boost    ", zn.watermark_boost);
    // The kernel prints its watermarks with the boost in them.
    append(out, "\n        min      ", zn.watermark[static_cast<std::size_t>(watermark::min)] + zn.watermark_boost);
    append(out, "\n        low      ", zn.watermark[static_cast<std::size_t>(watermark::low)] + zn.watermark_boost);
    append(out, "\n        high     ", zn.watermark[static_cast<std::size_t>(watermark::high)] + zn.watermark_boost);
    append(out, "\n        spanned  ", zn.spanned_pages);
    append(out, "\n        present  ", zn.present_pages);
    append(out, "\n        managed  ", zn.managed_pages);
    append(out, "\n        cma      0");
    out += "\n        protection: (";
    for (unsigned j = 0; j < s.arch->zones.size(); ++j) append(out, j == 0 ? "" : ", ", zn.lowmem_reserve[j]);
    out += ')';
    if (zn.populated()) {
      append(out, "\n      nr_free_pages ", zn.free_pages());
      if (!zn.pcp.empty()) out += "\n  pagesets";
      for (std::size_t cpu = 0; cpu < zn.pcp.size(); ++cpu)
        append(out, "\n    cpu: ", cpu, "\n              count: ", zn.pcp[cpu].count,
               "\n              high:  ", zn.pcp_high, "\n              batch: ", zn.pcp_batch,
               "\n  vm stats threshold: ", zn.stat_threshold);
      append(out, "\n  start_pfn:           ", zn.start_pfn.v);
    }
    out += '\n';
  });
}

void view_buddyinfo(std::string &out, const System &s) {
  for_each_zone(s, true, [&](const pglist_data &node, unsigned z, const zone &zn) {
    append_zone_head(out, s, node, z);
    out += ' ';
    for (unsigned order = 0; order <= s.pages.rules().max_order.v; ++order) {
      append_padded(out, zn.areas[order].nr_free(), 6);
      out += ' ';
    }
    out += '\n';
  });
}

void view_pagetypeinfo(std::string &out, const System &s) {
  // The kernel stops counting a list here.
  constexpr u64 most_counted = 100'000;
  const auto types = printed_migratetypes(s);
  const u64 block = u64{1} << s.pages.rules().pageblock_order.v;
  for (const pglist_data &node : s.pages.nodes()) {
    if (!node.online || node.present_pages == 0) continue;
    append(out, "Page block order: ", s.pages.rules().pageblock_order.v, "\nPages per block:  ", block, "\n\n");
    append_left(out, "Free pages count per migrate type at order ", 43);
    out += ' ';
    for (unsigned order = 0; order <= s.pages.rules().max_order.v; ++order) {
      append_padded(out, order, 6);
      out += ' ';
    }
    out += '\n';
    for (unsigned z = 0; z < s.arch->zones.size(); ++z) {
      const zone &zn = node.zones[z];
      if (!zn.populated()) continue;
      for (const migratetype m : types) {
        out += "Node ";
        append_padded(out, static_cast<u64>(node.nid), 4);
        out += ", zone ";
        append_right(out, s.arch->zones[z].name, 8);
        out += ", type ";
        append_right(out, migratetype_name(m), 12);
        out += ' ';
        for (unsigned order = 0; order <= s.pages.rules().max_order.v; ++order) {
          const u64 nr = zn.areas[order].free_list[static_cast<std::size_t>(m)].nr;
          if (nr >= most_counted) out += '>';
          append_padded(out, std::min(nr, most_counted), 6);
          out += ' ';
        }
        out += '\n';
      }
    }
    out += '\n';
    append_left(out, "Number of blocks type ", 23);
    for (const migratetype m : types) {
      append_right(out, migratetype_name(m), 12);
      out += ' ';
    }
    out += '\n';
    for (unsigned z = 0; z < s.arch->zones.size(); ++z) {
      const zone &zn = node.zones[z];
      if (!zn.populated()) continue;
      // One page of every pageblock is asked, counted from the zone's first page, which need not begin a block.
      std::array<u64, migratetype_count> count{};
      s.pages.for_each_run(zn.start_pfn, zn.end_pfn(), [&](const PageRun &r) {
        if (r.info.state == PageState::absent || r.info.nid != node.nid || r.info.zone != z) return;
        const u64 from = r.start - zn.start_pfn;
        count[static_cast<std::size_t>(r.info.block_type)] +=
            div_round_up(from + r.count, block) - div_round_up(from, block);
      });
      append_zone_head(out, s, node, z);
      out += ' ';
      for (const migratetype m : types) {
        append_padded(out, count[static_cast<std::size_t>(m)], 12);
        out += ' ';
      }
      out += '\n';
    }
  }
}

std::string_view resource_name(u32 type) {
  switch (type) {
  case E820_TYPE_RAM: return "System RAM";
  case E820_TYPE_ACPI: return "ACPI Tables";
  case E820_TYPE_NVS: return "ACPI Non-volatile Storage";
  case E820_TYPE_UNUSABLE: return "Unusable memory";
  case E820_TYPE_PRAM: return "Persistent Memory (legacy)";
  case E820_TYPE_PMEM: return "Persistent Memory";
  case E820_TYPE_RESERVED: return "Reserved";
  case E820_TYPE_SOFT_RESERVED: return "Soft Reserved";
  default: return "Unknown E820 type";
  }
}

void view_iomem(std::string &out, const System &s) {
  const auto line = [&](std::string_view indent, u64 base, u64 end, std::string_view name) {
    out += indent;
    append_hex(out, base, 8);
    out += '-';
    append_hex(out, end - 1, 8);
    append(out, " : ", name, '\n');
  };
  const KernelConfig &k = s.config;
  struct Part {
    u64 base, end;
    std::string_view name;
  };
  const Part image[] = {{k.text_gap.base + k.text_gap.size, k.rodata_gap.base, "Kernel rodata"},
                        {k.image_end - k.bss_kb * 1024, k.image_end, "Kernel bss"}};
  for (const e820_entry &e : s.e820.entries) {
    const u64 end = e.addr.v + e.size;
    line("", e.addr.v, end, resource_name(e.type));
    if (e.type != E820_TYPE_RAM) continue;
    for (const Part &p : image)
      if (p.base < p.end && e.addr.v <= p.base && p.end <= end) line("  ", p.base, p.end, p.name);
  }
}

void view_free_lists(std::string &out, const System &s) {
  for (const pglist_data &node : s.pages.nodes()) {
    if (!node.online) continue;
    append(out, "node ", node.nid, " start_pfn ", node.start_pfn.v, " present ", node.present_pages, " spanned ",
           node.spanned_pages, '\n');
    for (unsigned z = 0; z < s.arch->zones.size(); ++z) {
      const zone &zn = node.zones[z];
      if (!zn.populated()) continue;
      append(out, " zone ", z, ' ', s.arch->zones[z].name, " start_pfn ", zn.start_pfn.v, " spanned ", zn.spanned_pages,
             " present ", zn.present_pages, " managed ", zn.managed_pages, " nr_free_pages ", zn.free_pages(), '\n');
      for (unsigned order = 0; order <= s.pages.rules().max_order.v; ++order) {
        for (unsigned m = 0; m < migratetype_count; ++m) {
          const u64 nr = zn.areas[order].free_list[m].nr;
          if (nr == 0) continue;
          append(out, "  order ", order, ' ', upper(migratetype_name(static_cast<migratetype>(m))), " n ", nr, " :");
          s.pages.for_each_block(node.nid, z, order_t{order}, static_cast<migratetype>(m), [&](const FreeBlock &b) {
            for (u64 i = 0; i < b.count; ++i) {
              out += ' ';
              append_hex(out, b.pfn.v + (i << order));
            }
          });
          out += '\n';
        }
      }
    }
  }
}

void view_sections(std::string &out, const System &s) {
  append(out, "sections of ", s.arch->section_bytes() >> 20, " MiB, ", s.sparse.present_count(), " present\n");
  if (s.sparse.roots_bytes != 0) {
    append(out, "roots     at ");
    append_addr(out, s.sparse.roots_addr.v);
    append(out, ", ", s.sparse.roots_bytes, " bytes\n");
  }
  for (const SectionRoot &r : s.sparse.roots) {
    append(out, "root ", r.index, " at ");
    append_addr(out, r.addr.v);
    out += '\n';
  }
  for (const SectionRun &r : s.sparse.sections) {
    std::string range = concat("section ", r.first);
    if (r.count > 1) append(range, '-', r.first + r.count - 1);
    append_left(out, range, 20);
    append(out, " node ", r.nid);
    if (r.initialised) {
      out += " usage ";
      append_addr(out, r.usage.v);
      out += " map ";
      append_addr(out, r.map.v);
    }
    out += '\n';
  }
  for (const VmemmapTable &t : s.sparse.tables) {
    append(out, "vmemmap table, level ", t.level, " at ");
    append_addr(out, t.addr.v);
    out += '\n';
  }
}

// SLAB's if a script runs it.
void view_slabinfo(std::string &out, const System &s) {
  if (has_slab(s)) {
    append_old_slabinfo(out, *s.old_slabs.get()->slab);
    return;
  }
  out += "slabinfo - version: 2.1\n# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : "
         "tunables <limit> <batchcount> <sharedfactor> : slabdata <active_slabs> <num_slabs> <sharedavail>\n";
  s.slub.for_each_cache([&](cache_id id, const KmemCache &c) {
    const Slub::Counts n = s.slub.counts(id);
    append_left(out, c.name, 17);
    for (const auto &[value, width] :
         {std::pair{n.active_objs, 6u}, std::pair{n.num_objs, 6u}, std::pair{u64{c.layout.size}, 6u},
          std::pair{u64{c.layout.objects}, 4u}, std::pair{u64{1} << c.layout.order, 4u}}) {
      out += ' ';
      append_padded(out, value, width);
    }
    out += " : tunables    0    0    0 : slabdata ";
    append_padded(out, n.num_slabs, 6);
    out += ' ';
    append_padded(out, n.num_slabs, 6);
    out += "      0\n";
  });
}

} // namespace

std::span<const std::string_view> view_names() { return names; }

std::optional<View> find_view(std::string_view name) {
  const auto it = std::find(names.begin(), names.end(), name);
  if (it == names.end()) return std::nullopt;
  return static_cast<View>(it - names.begin());
}

std::span<const migratetype> printed_migratetypes(const System &s) {
  static constexpr std::array<migratetype, 6> types{migratetype::UNMOVABLE,   migratetype::MOVABLE,
                                                    migratetype::RECLAIMABLE, migratetype::HIGHATOMIC,
                                                    migratetype::CMA,         migratetype::ISOLATE};
  static constexpr std::array<migratetype, 5> without_cma{types[0], types[1], types[2], types[3], types[5]};
  MM_CHECK(s.era->migratetypes == without_cma.size());
  if (!s.config.cma) return without_cma;
  return types;
}

void append_view(std::string &out, View view, const Machine &m) {
  const System &s = m.system();
  switch (view) {
  case View::memblock: view_memblock(out, s); break;
  case View::zones: view_zones(out, s); break;
  case View::zoneinfo: view_zoneinfo(out, s); break;
  case View::buddyinfo: view_buddyinfo(out, s); break;
  case View::pagetypeinfo: view_pagetypeinfo(out, s); break;
  case View::iomem: view_iomem(out, s); break;
  case View::free_lists: view_free_lists(out, s); break;
  case View::sections: view_sections(out, s); break;
  case View::slabinfo: view_slabinfo(out, s); break;
  case View::bootmem: append_bootmem(out, s); break;
  case View::pairs: append_pairs(out, s); break;
  case View::slob: append_slob(out, s); break;
  case View::log:
    for (const std::string &line : s.lines) append(out, line, '\n');
    break;
  case View::digest: {
    append_hex(out, s.digest(), 16);
    out += '\n';
    break;
  }
  }
}

} // namespace mmscope
