// What the inspector shows of a thing. Its fields come from the schema alone; here are the things related to it, where
// the kernel keeps it, and how to see it on a machine of one's own.
#include "base/text.hpp"
#include "base/units.hpp"
#include "query/expression.hpp"

#include <algorithm>

namespace mmscope {

namespace {

constexpr u64 most_indices = 64; // of a field that goes by number

std::string hex(u64 n) { return hex_text(n); }
std::string hex16(u64 n) { return hex_text(n, 16); }

std::string zone_name(const Context &c, const Ref &r) { return std::string(c.s.arch->zones[r.zid].name); }

std::string title_of(const Context &c, const Ref &r) {
  switch (r.thing) {
  case Thing::node: return concat("node ", r.nid);
  case Thing::zone: return concat("node ", r.nid, ", zone ", zone_name(c, r));
  case Thing::free_area: return concat("node ", r.nid, ", zone ", zone_name(c, r), ", order ", r.order);
  case Thing::free_list:
    return concat("node ", r.nid, ", zone ", zone_name(c, r), ", order ", r.order, ", ",
                  migratetype_name(static_cast<migratetype>(r.type)));
  case Thing::pcp: return concat("node ", r.nid, ", zone ", zone_name(c, r), ", pages of CPU ", r.cpu);
  case Thing::pcp_list:
    return concat("node ", r.nid, ", zone ", zone_name(c, r), ", CPU ", r.cpu, ", list ", r.index, " of order ",
                  c.s.pages.pcp_order(r.index).v);
  case Thing::pageblock: return concat("pageblock ", hex(r.n));
  case Thing::page: return concat("page ", hex(r.n));
  case Thing::block: return concat("block ", hex(r.n), ", order ", r.order);
  case Thing::section: return concat("section ", r.n);
  case Thing::memblock_region:
    return concat(r.list == memblock_list::memory ? "memblock.memory" : "memblock.reserved", ", region ", r.n);
  case Thing::e820_entry: return concat("firmware range ", r.n);
  case Thing::call: return concat("call ", r.n, ": ", op_info(c.lab.command(r.n).op).name);
  case Thing::event: return concat("event ", r.n, " of call ", r.call, ": ", event_info(event_of(c, r)->kind).name);
  default: return path_of(c, r);
  }
}

std::string_view source_of(Thing t) {
  switch (t) {
  case Thing::node: return "mm/page_alloc.c, free_area_init_node, v6.1";
  case Thing::zone: return "mm/page_alloc.c, free_area_init_core, v6.1";
  case Thing::free_area:
  case Thing::free_list:
  case Thing::block: return "mm/page_alloc.c, __free_one_page, v6.1";
  case Thing::pcp:
  case Thing::pcp_list: return "mm/page_alloc.c, free_unref_page_commit, v6.1";
  case Thing::pageblock: return "mm/page_alloc.c, set_pfnblock_flags_mask, v6.1";
  case Thing::page: return "mm/page_alloc.c, __init_single_page, v6.1";
  case Thing::section: return "mm/sparse.c, sparse_init_one_section, v6.1";
  case Thing::mem_section: return "mm/sparse.c, memblocks_present, v6.1";
  case Thing::memblock:
  case Thing::memblock_type:
  case Thing::memblock_region: return "mm/memblock.c, memblock_add_range, v6.1";
  case Thing::e820:
  case Thing::e820_entry: return "arch/x86/kernel/e820.c, e820__range_add, v6.1";
  case Thing::vm: return "mm/page_alloc.c, v6.1";
  default: return {};
  }
}

struct CallRow {
  Op op;
  std::string_view source;
  std::string_view at_home; // what the call leaves to be seen
};
// clang-format off
constexpr CallRow call_rows[] = {
    {Op::memblock_reserve, "mm/memblock.c, v6.1", "dmesg | grep -w memblock_reserve"}, // of a boot with memblock=debug
    {Op::memblock_free_all, "mm/memblock.c, memblock_free_all, v6.1", "cat /proc/buddyinfo"},
    {Op::e820_add, "arch/x86/kernel/e820.c, e820__range_add, v6.1", "dmesg | grep BIOS-e820"},
    {Op::e820_finish, "arch/x86/kernel/setup.c, setup_arch, v6.1", "dmesg | grep -E 'e820: |last_pfn'"},
    {Op::e820__memblock_setup, "arch/x86/kernel/e820.c, e820__memblock_setup, v6.1", "dmesg | grep -A 40 'MEMBLOCK configuration'"},
    {Op::numa_add_memblk, "arch/x86/mm/numa.c, numa_add_memblk, v6.1", "dmesg | grep 'SRAT: Node'"},
    {Op::numa_set_distance, "arch/x86/mm/numa.c, numa_set_distance, v6.1", "grep . /sys/devices/system/node/node*/distance"},
    {Op::numa_set_cpus, "arch/x86/mm/srat.c, v6.1", "grep . /sys/devices/system/node/node*/cpulist"},
    {Op::numa_init, "arch/x86/mm/numa.c, numa_init, v6.1", "dmesg | grep -E 'NUMA|NODE_DATA'"},
    {Op::initmem_init, "arch/x86/mm/init_32.c, initmem_init, v6.1", "dmesg | grep -E 'LOWMEM|HIGHMEM|low ram'"},
    {Op::sparse_init, "mm/sparse.c, sparse_init, v6.1", "lsmem -a -o RANGE,SIZE,STATE,NODE,BLOCK"},
    {Op::free_area_init, "mm/page_alloc.c, free_area_init, v6.1", "dmesg | grep -A 30 'Zone ranges'"},
    {Op::build_all_zonelists, "mm/page_alloc.c, build_all_zonelists, v6.1", "dmesg | grep zonelists"},
    {Op::set_highmem_pages_init, "arch/x86/mm/highmem_32.c, set_highmem_pages_init, v6.1", "dmesg | grep Initializing"},
    {Op::mem_init, "arch/x86/mm/init_64.c, mem_init, v6.1", "dmesg | grep 'Memory: '"},
    {Op::page_alloc_init_late, "mm/page_alloc.c, page_alloc_init_late, v6.1", "dmesg | grep 'deferred pages initialised'"},
    {Op::init_per_zone_wmark_min, "mm/page_alloc.c, init_per_zone_wmark_min, v6.1", "cat /proc/sys/vm/min_free_kbytes"},
    {Op::hugetlb_init, "mm/hugetlb.c, gather_bootmem_prealloc, v6.1", "grep Huge /proc/meminfo"},
    {Op::hugepage_init, "mm/huge_memory.c, hugepage_init, v6.1", "cat /sys/kernel/mm/transparent_hugepage/enabled"},
    {Op::free_reserved_area, "mm/page_alloc.c, free_reserved_area, v6.1", "dmesg | grep Freeing"},
    {Op::write_sysctl, "kernel/sysctl.c, v6.1", "grep . /proc/sys/vm/min_free_kbytes /proc/sys/vm/watermark_scale_factor"},
};
// clang-format on

class SheetWriter {
public:
  SheetWriter(const Context &c, const Ref &r) : c_(c), r_(r) {}

  Sheet write() {
    sheet_.path = path_of(c_, r_);
    sheet_.kind = thing_name(r_.thing);
    sheet_.title = title_of(c_, r_);
    sheet_.source = source_of(r_.thing);
    fields();
    switch (r_.thing) {
    case Thing::node: node(); break;
    case Thing::zone: zone(); break;
    case Thing::free_area:
    case Thing::free_list: lists(); break;
    case Thing::block: block(); break;
    case Thing::pcp:
    case Thing::pcp_list: cpu_pages(); break;
    case Thing::pageblock: pageblock(); break;
    case Thing::page: page(); break;
    case Thing::section: section(); break;
    case Thing::mem_section: mem_section(); break;
    case Thing::memblock:
    case Thing::memblock_type: memblock_arrays(); break;
    case Thing::memblock_region: region(); break;
    case Thing::e820:
    case Thing::e820_entry: firmware(); break;
    case Thing::vm: vm(); break;
    case Thing::call: call(); break;
    case Thing::event: event(); break;
    case Thing::root: break;
    }
    return std::move(sheet_);
  }

private:
  // --- fields ---

  void field(const Row &row, const std::string &index, u64 i) {
    sheet_.fields.push_back(
        {concat(row.name(), index), read(c_, row, r_, i), concat(sheet_.path, '.', row.name(), index), row.key});
  }
  void fields() {
    if (r_.thing == Thing::event) {
      field(*find_row(Thing::event, "kind"), "", no_index);
      for (const FieldInfo &f : event_info(event_of(c_, r_)->kind).fields)
        field(*find_row(Thing::event, f.name), "", no_index);
      return;
    }
    for (const Row &row : rows_of(r_.thing)) {
      if (!row.has_value()) continue;
      const std::vector<std::string_view> words = word_list(c_, words_of(row.index));
      if (row.index == Index::none)
        field(row, "", no_index);
      else if (row.child != Thing::root)
        continue; // the blocks of a list: there are links to them
      else if (!words.empty())
        for (std::size_t i = 0; i < words.size(); ++i) field(row, concat('[', words[i], ']'), i);
      else
        for (u64 i = 0; i < most_indices && read(c_, row, r_, i).kind != QueryValue::Kind::nothing; ++i)
          field(row, concat('[', i, ']'), i);
    }
  }

  // --- helpers ---

  unsigned shift() const { return c_.s.arch->page_shift; }
  void link(std::string_view relation, const Ref &to) {
    if (to.there) sheet_.links.push_back({relation, path_of(c_, to), title_of(c_, to)});
  }
  void link_region(std::string_view relation, memblock_list list, u64 n) { link(relation, region_ref(list, n, c_)); }
  void home(std::string line) { sheet_.at_home.push_back(std::move(line)); }
  void pages(u64 first, u64 count) {
    sheet_.base = first << shift();
    sheet_.end = (first + count) << shift();
  }
  Ref node_and(unsigned zid) const { return zone_ref(c_, r_.nid, zid); }
  Ref list_head(Ref list) const {
    Ref block{.thing = Thing::block, .there = false};
    const FreeList &l = c_.s.pages.zone_of(list.nid, list.zid).areas[list.order].free_list[list.type];
    if (l.nr == 0) return block;
    bool first = true;
    c_.s.pages.for_each_block(list.nid, list.zid, order_t{list.order}, static_cast<migratetype>(list.type),
                              [&](const FreeBlock &b) {
                                if (first) block = block_ref(c_, b.pfn.v);
                                first = false;
                              });
    return block;
  }
  void list_heads(unsigned first_order, unsigned last_order) {
    Ref list = r_;
    for (list.order = first_order; list.order <= last_order; ++list.order)
      for (list.type = 0; list.type < migratetype_count; ++list.type) {
        const Ref head = list_head(list);
        if (!head.there) continue;
        link("first_block", head);
        append(sheet_.links.back().text, ", ", migratetype_name(static_cast<migratetype>(list.type)));
      }
  }
  // The call that reserved what holds this byte, if somebody holds it.
  void made_by(u64 address) {
    if (c_.lab.owner_at(address) == nullptr) return;
    const Position now = c_.lab.position();
    const std::vector<OwnerChange> &all = c_.lab.index().changes();
    for (auto it = all.rbegin(); it != all.rend(); ++it) {
      if (it->call > now.call || (it->call == now.call && it->event > now.event)) continue;
      if (it->owner == nobody || address < it->base || address >= it->end) continue;
      link("made_by", call_ref(c_, it->call));
      return;
    }
  }
  std::string zone_pattern() const { return concat("'Node ", r_.nid, ", zone *", zone_name(c_, r_), "'"); }

  // --- things ---

  void node() {
    const pglist_data &n = c_.s.pages.node(r_.nid);
    pages(n.start_pfn.v, n.spanned_pages);
    for (unsigned z = 0; z < c_.s.arch->zones.size(); ++z)
      if (n.zones[z].spanned_pages != 0) link("zone", node_and(z));
    if (n.spanned_pages != 0) {
      link("first_page", page_ref(c_, n.start_pfn.v));
      link("section", section_ref(c_, n.start_pfn.v >> section_shift(c_)));
    }
    for (const i32 to : n.fallback)
      if (to != r_.nid) link("fallback", node_ref(c_, static_cast<u64>(to)));
    if (n.pgdat.v != 0) {
      link("pgdat", page_ref(c_, n.pgdat.v >> shift()));
      made_by(n.pgdat.v);
    }
    home(concat("cat /sys/devices/system/node/node", r_.nid, "/meminfo"));
    home(concat("cat /sys/devices/system/node/node", r_.nid, "/distance"));
    home("dmesg | grep -A 20 'Early memory node ranges'");
    home(concat("echo 'p *node_data[", r_.nid, "]' | crash -s"));
    home(concat("echo 'prog[\"node_data\"][", r_.nid, "].node_spanned_pages' | drgn"));
  }

  void zone() {
    const struct zone &z = c_.zone_of(r_.nid, r_.zid);
    pages(z.start_pfn.v, z.spanned_pages);
    link("node", node_ref(c_, static_cast<u64>(r_.nid)));
    if (z.spanned_pages != 0) link("first_page", page_ref(c_, z.start_pfn.v));
    list_heads(0, static_cast<unsigned>(c_.s.pages.rules().max_order.v));
    home(concat("grep -A 15 ", zone_pattern().insert(zone_pattern().size() - 1, "$"), " /proc/zoneinfo"));
    home(concat("grep ", zone_pattern().insert(zone_pattern().size() - 1, " "), " /proc/buddyinfo"));
    home(concat("echo 'p node_data[", r_.nid, "]->node_zones[", r_.zid, "].managed_pages' | crash -s"));
    home(concat("echo 'prog[\"node_data\"][", r_.nid, "].node_zones[", r_.zid, "].managed_pages.counter' | drgn"));
  }

  void lists() {
    link("zone", node_and(r_.zid));
    if (r_.thing == Thing::free_area) {
      list_heads(r_.order, r_.order);
    } else {
      Ref area = r_;
      area.thing = Thing::free_area;
      link("free_area", area);
      link("first_block", list_head(r_));
    }
    list_lines();
  }
  void list_lines() {
    home(concat("grep ", zone_pattern().insert(zone_pattern().size() - 1, " "), " /proc/buddyinfo"));
    if (r_.thing != Thing::free_area)
      home(concat("grep 'Node *", r_.nid, ", zone *", zone_name(c_, r_), ", type *",
                  migratetype_name(static_cast<migratetype>(r_.type)), " ' /proc/pagetypeinfo"));
    home(concat("echo 'prog[\"node_data\"][", r_.nid, "].node_zones[", r_.zid, "].free_area[", r_.order,
                "].nr_free' | drgn"));
  }

  void block() {
    pages(r_.n, u64{1} << r_.order);
    const Row &to_buddy = *find_row(Thing::block, "buddy");
    link("first_page", page_ref(c_, r_.n));
    const Ref buddy = enter(c_, to_buddy, r_);
    const Ref buddy_block = buddy.there ? block_ref(c_, buddy.n) : buddy;
    link("buddy", buddy_block.there && buddy_block.n == buddy.n && buddy_block.order == r_.order ? buddy_block : buddy);
    if (buddy.there) link("parent", page_ref(c_, r_.n & ~(u64{1} << r_.order)));
    Ref list = r_;
    list.thing = Thing::free_list;
    link("free_list", list);
    link("zone", node_and(r_.zid));
    link("section", section_ref(c_, r_.n >> section_shift(c_)));
    list_lines();
    home(concat("page-types -l -a ", hex(r_.n), "+", u64{1} << r_.order));
  }

  void cpu_pages() {
    link("zone", node_and(r_.zid));
    if (r_.thing == Thing::pcp_list) link("first_page", enter(c_, *find_row(Thing::pcp_list, "page"), r_, 0));
    home("grep -A 8 pagesets /proc/zoneinfo");
    home(concat("echo 'per_cpu_ptr(prog[\"node_data\"][", r_.nid, "].node_zones[", r_.zid, "].per_cpu_pageset, ",
                r_.cpu, ").count' | drgn"));
  }

  void pageblock() {
    const u64 size = u64{1} << c_.s.pages.rules().pageblock_order.v;
    pages(r_.n, round_down(r_.n, size) + size - r_.n);
    link("first_page", page_ref(c_, r_.n));
    link("zone", node_and(r_.zid));
    link("section", section_ref(c_, r_.n >> section_shift(c_)));
    home("grep -A 6 'Number of blocks type' /proc/pagetypeinfo");
    home(concat("page-types -l -a ", hex(r_.n), "+", size));
  }

  void page() {
    pages(r_.n, 1);
    const u64 address = r_.n << shift();
    for (const std::string_view relation : {"zone", "node", "section", "block", "head", "memory", "reserved"})
      link(relation, enter(c_, *find_row(Thing::page, relation), r_));
    made_by(address);
    const QueryValue map = read(c_, *find_row(Thing::section, "map"), section_ref(c_, r_.n >> section_shift(c_)));
    if (map.kind == QueryValue::Kind::number) {
      const u64 in_section = r_.n & (c_.s.arch->pages_per_section() - 1);
      link("struct_page", page_ref(c_, (map.number + in_section * c_.s.config.sizeof_page) >> shift()));
    }
    if (r_.n > 0) link("previous", page_ref(c_, r_.n - 1));
    link("next", page_ref(c_, r_.n + 1));
    home(concat("page-types -l -a ", hex(r_.n)));
    home(concat("dd if=/proc/kpageflags bs=8 skip=", r_.n, " count=1 2>/dev/null | od -An -tx8"));
    home(concat("echo 'kmem -p ", hex(address), "' | crash -s"));
    home(concat("echo 'pfn_to_page(prog, ", hex(r_.n), ").flags' | drgn"));
  }

  void section() {
    const u64 per = c_.s.arch->pages_per_section(), first = r_.n * per;
    pages(first, per);
    for (const std::string_view relation : {"node"}) link(relation, enter(c_, *find_row(Thing::section, relation), r_));
    link("first_page", page_ref(c_, first));
    const SectionRun *run = c_.s.sparse.find(r_.n);
    const QueryValue map = read(c_, *find_row(Thing::section, "map"), r_);
    if (map.kind == QueryValue::Kind::number) {
      link("map", page_ref(c_, map.number >> shift()));
      made_by(map.number);
    }
    if (r_.n > 0) link("previous", section_ref(c_, r_.n - 1));
    link("next", section_ref(c_, r_.n + 1));
    if (run != nullptr) section_bits();
    home("lsmem -a -o RANGE,SIZE,STATE,NODE,BLOCK");
    // A memory block may be several sections.
    home(concat("cat /sys/devices/system/memory/memory$((", r_.n, " * ", hex(c_.s.arch->section_bytes()),
                " / 0x$(cat /sys/devices/system/memory/block_size_bytes)))/state"));
    const u64 per_root = c_.s.arch->page_size() / c_.s.config.sizeof_mem_section;
    home(concat("echo 'hex(prog[\"mem_section\"][", r_.n / per_root, "][", r_.n % per_root,
                "].section_mem_map.value_())' | drgn"));
  }
  void section_bits() {
    constexpr unsigned shift = SectionWord::flag_bits;
    const SectionWord word = section_word(c_.s, r_.n);
    SheetBits bits{.name = "section_mem_map", .word = word.value, .parts = {}};
    if (word.ready) {
      const u64 first = r_.n * c_.s.arch->pages_per_section();
      const u64 coded = word.value >> shift << shift;
      bits.parts.push_back({63, shift, "section_mem_map.pointer",
                            concat(hex16(coded), " = mem_map ", hex16(coded + first * c_.s.config.sizeof_page),
                                   " - pfn ", hex(first), " * ", c_.s.config.sizeof_page)});
    } else {
      bits.parts.push_back({63, shift, "section_mem_map.nid", concat("node ", word.value >> shift)});
    }
    constexpr std::string_view about[shift] = {"section_mem_map.marked_present", "section_mem_map.has_mem_map",
                                               "section_mem_map.is_online", "section_mem_map.is_early",
                                               "section_mem_map.taint_zone_device"};
    for (unsigned bit = shift; bit-- > 0;)
      bits.parts.push_back({bit, bit, about[bit],
                            (word.value >> bit & 1) != 0 ? concat("SECTION_", section_flag_name(bit)) : std::string()});
    sheet_.bits.push_back(std::move(bits));
  }

  void mem_section() {
    if (c_.s.sparse.roots_bytes != 0) {
      sheet_.base = c_.s.sparse.roots_addr.v;
      sheet_.end = sheet_.base + c_.s.sparse.roots_bytes;
      link("first_page", page_ref(c_, sheet_.base >> shift()));
      made_by(sheet_.base);
    }
    if (!c_.s.sparse.sections.empty()) link("section", section_ref(c_, c_.s.sparse.sections[0].first));
    home("lsmem -a -o RANGE,SIZE,STATE,NODE,BLOCK");
    home("echo 'hex(prog[\"mem_section\"].value_())' | drgn");
  }

  void memblock_arrays() {
    const auto regions = [&](memblock_list list) {
      const u64 n = c_.s.memblock.type(list).regions.size();
      if (n != 0) link("first_region", region_ref(list, 0, c_));
      if (n > 1) link("last_region", region_ref(list, n - 1, c_));
    };
    if (r_.thing == Thing::memblock_type) {
      link("memblock", {.thing = Thing::memblock});
      regions(r_.list);
      const u64 array = c_.s.memblock.type(r_.list).array.v;
      if (array != 0) link("array", page_ref(c_, array >> shift()));
    } else {
      link("memory", {.thing = Thing::memblock_type, .list = memblock_list::memory});
      link("reserved", {.thing = Thing::memblock_type, .list = memblock_list::reserved});
    }
    memblock_lines();
  }
  void memblock_lines() {
    // x86 forgets memblock after the boot; only its log remains, of a boot with memblock=debug.
    home("dmesg | grep -A 100 'MEMBLOCK configuration'");
  }

  void region() {
    const memblock_region &m = c_.s.memblock.type(r_.list).regions[static_cast<std::size_t>(r_.n)];
    sheet_.base = m.base.v;
    sheet_.end = m.end().v;
    link("array", {.thing = Thing::memblock_type, .list = r_.list});
    if (r_.n > 0) link_region("previous", r_.list, r_.n - 1);
    link_region("next", r_.list, r_.n + 1);
    link("node", enter(c_, *find_row(Thing::memblock_region, "nid"), r_));
    link("first_page", page_ref(c_, m.base.v >> shift()));
    link("last_page", page_ref(c_, (m.end().v - 1) >> shift()));
    if (r_.list == memblock_list::reserved) {
      link("memory", region_at(c_, memblock_list::memory, m.base.v >> shift()));
      made_by(m.base.v);
    }
    std::string line = "dmesg | grep -i '";
    append(line, r_.list == memblock_list::memory ? "memory" : "reserved", "\\[0x");
    append_hex(line, r_.n);
    home(line + "\\]'");
    memblock_lines();
  }

  void firmware() {
    if (r_.thing == Thing::e820) {
      for (u64 i = 0; i < std::min<u64>(c_.s.e820.entries.size(), most_indices); ++i)
        link("entry", {.thing = Thing::e820_entry, .n = i});
      home("dmesg | grep BIOS-e820");
      home("grep -r . /sys/firmware/memmap");
      return;
    }
    const e820_entry &e = c_.s.e820.entries[static_cast<std::size_t>(r_.n)];
    sheet_.base = e.addr.v;
    sheet_.end = e.addr.v + e.size;
    if (r_.n > 0) link("previous", {.thing = Thing::e820_entry, .n = r_.n - 1});
    if (r_.n + 1 < c_.s.e820.entries.size()) link("next", {.thing = Thing::e820_entry, .n = r_.n + 1});
    link("memory", region_at(c_, memblock_list::memory, (e.addr.v + c_.s.arch->page_size() - 1) >> shift()));
    link("first_page", page_ref(c_, e.addr.v >> shift()));
    home(concat("dmesg | grep 'BIOS-e820: .mem ", hex16(e.addr.v), "'"));
    std::string line = "grep -i '^ *";
    append_hex(line, e.addr.v, 8);
    home(line + "-' /proc/iomem");
  }

  void vm() {
    home("cat /proc/sys/vm/min_free_kbytes /proc/sys/vm/watermark_scale_factor");
    home("grep MemTotal /proc/meminfo");
    home("echo 'prog[\"max_pfn\"], prog[\"_totalram_pages\"].counter, prog[\"totalreserve_pages\"]' | drgn");
    home("echo 'p max_pfn' | crash -s");
  }

  void call() {
    const Command &command = c_.lab.command(r_.n);
    if (r_.n > 0) link("previous", call_ref(c_, r_.n - 1));
    link("next", call_ref(c_, r_.n + 1));
    if (c_.lab.call() == r_.n) {
      const Changes changes = changes_of(c_.lab.events(), c_.lab.state());
      constexpr std::size_t most = 8;
      for (std::size_t i = 0; i < std::min(changes.places.size(), most); ++i) {
        const Place &p = changes.places[i];
        link("place", page_ref(c_, p.base >> shift()));
        if (!sheet_.links.empty() && sheet_.links.back().relation == "place")
          sheet_.links.back().text = range_text(p.base, p.end - p.base);
      }
      if (!changes.places.empty()) { // the last one is what the call came for
        sheet_.base = changes.places.back().base;
        sheet_.end = changes.places.back().end;
      }
    }
    for (const Op op : {command.op, Op::memblock_reserve}) // whatever has no row of its own is memblock's
      for (const CallRow &row : call_rows)
        if (row.op == op && sheet_.at_home.empty()) {
          sheet_.source = row.source;
          home(op == command.op ? std::string(row.at_home)
                                : concat("dmesg | grep -w '", op_info(command.op).name, "'"));
        }
  }

  void event() {
    const Event e = *event_of(c_, r_); // a copy: looking at another call may drop this one's record
    link("call", call_ref(c_, r_.call));
    if (r_.n > 0) link("previous", event_ref(c_, r_.call, r_.n - 1));
    link("next", event_ref(c_, r_.call, r_.n + 1));
    // Where: an address and its bytes, or a page and its pages or blocks.
    std::optional<u64> address;
    u64 count = 1, order = 0, bytes = 0;
    const auto about = event_info(e.kind).fields;
    for (unsigned i = 0; i < about.size(); ++i) {
      const FieldUnit unit = about[i].unit;
      const bool place = unit == FieldUnit::pfn || unit == FieldUnit::addr;
      if (place) {
        const u64 a = unit == FieldUnit::pfn ? e.f[i] << shift() : e.f[i];
        link("page", page_ref(c_, a >> shift()));
        if (!address) address = a;
      }
      if (unit == FieldUnit::bytes) bytes = e.f[i];
      if (unit == FieldUnit::pages || unit == FieldUnit::count) count = e.f[i];
      if (unit == FieldUnit::order) order = e.f[i];
      if (unit == FieldUnit::zone) link("zone", zone_ref(c_, e.node(0), e.f[i]));
    }
    if (!address) return;
    sheet_.base = *address;
    sheet_.end = *address + (bytes != 0 ? bytes : count << order << shift());
  }

  const Context &c_;
  const Ref r_;
  Sheet sheet_;
};

} // namespace

Sheet inspect(const Lab &lab, std::string_view path) {
  const Context c(lab);
  FoundThing found = find_thing(c, path);
  if (!found.error.empty()) {
    Sheet none;
    none.error = concat(found.error, " (column ", found.column, ')');
    return none;
  }
  return SheetWriter(c, found.ref).write();
}

} // namespace mmscope
