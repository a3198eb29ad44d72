#include "mm/page_address.hpp"

#include "base/text.hpp"
#include "base/units.hpp"

#include <algorithm>
#include <array>

namespace mmscope {

namespace {

using Op = AddressStep::Op;

constexpr std::array<std::string_view, static_cast<std::size_t>(AddressModel::count_)> names = {
    "flatmem", "discontigmem", "sparsemem-static", "sparsemem-extreme", "vmemmap"};
constexpr std::array<std::string_view, static_cast<std::size_t>(AddressModel::count_)> limits = {
    "no hole can be left out, nothing can be added behind the end, and the array must be one piece of the kernel's "
    "addresses",
    "no hole within a node can be left out, and nodes must not share an element of the node table; gone since 5.14",
    "nothing smaller than a section can be left out, no frame beyond the table, and the section's number must have "
    "room in page->flags",
    "nothing smaller than a section can be left out, and the section's number must have room in page->flags",
    "the kernel's addresses must have room for a struct page of every frame that could exist; 32-bit ones have not",
};

std::string hex(u64 n) { return hex_text(n); }

void step(Conversion &c, Op op, std::string name, std::string expression, std::string numbers, u64 value) {
  c.steps.push_back({op, std::move(name), std::move(expression), std::move(numbers), value});
  c.result = value;
}

} // namespace

std::string_view model_name(AddressModel m) { return names[static_cast<std::size_t>(m)]; }
std::string_view model_limit(AddressModel m) { return limits[static_cast<std::size_t>(m)]; }
AddressModel find_model(std::string_view name) {
  return static_cast<AddressModel>(std::find(names.begin(), names.end(), name) - names.begin());
}

u64 Conversion::loads() const {
  return static_cast<u64>(
      std::count_if(steps.begin(), steps.end(), [](const AddressStep &s) { return s.op == Op::load; }));
}

// --- building ---

PageAddresses::PageAddresses(AddressModel model, PageGeometry geometry, std::vector<RamPages> ram)
    : model_(model), g_(std::move(geometry)), ram_(std::move(ram)), tables_at_(g_.maps_at), next_(g_.maps_at) {
  g_.flags.sections_shift = sparse() ? g_.max_physmem_bits - g_.section_size_bits : 0;
  g_.flags.vmemmap = model_ == AddressModel::vmemmap;
  flags_ = flags_layout(g_.flags_rules, g_.flags);
  if (ram_.empty()) {
    error_ = "there is no memory";
    return;
  }
  if (model_ == AddressModel::flatmem) {
    add_span(ram_.front().start.v, ram_.back().end.v, 0);
  } else if (model_ == AddressModel::discontigmem) {
    add_nodes();
  } else {
    add_sections();
  }
  if (error_.empty() && !flags_.error.empty()) error_ = flags_.error;
}

// An array for the frames from the first to the last (alloc_node_mem_map).
void PageAddresses::add_span(u64 first, u64 end, i32 nid) {
  const u64 block = g_.map.whole_blocks ? u64{1} << g_.max_order : 1;
  first = round_down(first, block);
  const u64 pages = round_up(end, block) - first;
  const u64 bytes = (pages + !g_.map.whole_blocks) * g_.sizeof_page;
  next_ = round_up(next_, g_.cache_line);
  arrays_.push_back({first, pages, next_, nid, bytes});
  next_ += bytes;
}

void PageAddresses::add_nodes() {
  // The node table has the coarsest elements that do not hold two nodes.
  const auto shared = [&](unsigned shift) {
    for (std::size_t i = 1; i < ram_.size(); ++i)
      if (ram_[i].nid != ram_[i - 1].nid && ram_[i].start.v >> shift == (ram_[i - 1].end.v - 1) >> shift) return true;
    return false;
  };
  node_shift_ = g_.max_physmem_bits - g_.page_shift;
  while (node_shift_ != 0 && shared(node_shift_)) --node_shift_;
  table_bytes_ = (((ram_.back().end.v - 1) >> node_shift_) + 1) * 2; // s16 an element

  std::vector<i32> nodes;
  for (const RamPages &r : ram_)
    if (std::find(nodes.begin(), nodes.end(), r.nid) == nodes.end()) nodes.push_back(r.nid);
  const u64 page = u64{1} << g_.page_shift;
  nodes_at_ = tables_at_ + round_up(table_bytes_, page);
  table_bytes_ += nodes.size() * g_.word;
  next_ = nodes_at_ + page * (1 + nodes.size());
  for (const i32 nid : nodes) {
    u64 first = ~u64{0}, end = 0;
    for (const RamPages &r : ram_) {
      if (r.nid != nid) continue;
      first = std::min(first, r.start.v);
      end = std::max(end, r.end.v);
    }
    add_span(first, end, nid);
  }
  const FlagsField *node = flags_.find("node");
  const bool room = node == nullptr || nodes.size() <= u64{1} << node->width;
  if (nodes.size() > 1 && !room) error_ = "page->flags has no room for the node's number";
}

void PageAddresses::add_sections() {
  const u64 per_section = u64{1} << (g_.section_size_bits - g_.page_shift);
  const u64 limit = u64{1} << (g_.max_physmem_bits - g_.page_shift);
  const u64 count = limit / per_section;
  const u64 page = u64{1} << g_.page_shift;
  if (ram_.back().end.v > limit) {
    error_ = concat("frames from ", hex(limit), " on have no section");
    return;
  }
  if (model_ == AddressModel::vmemmap && g_.vmemmap_base == 0) {
    error_ = concat("struct pages of all frames that could exist need ", bytes_text(limit * g_.sizeof_page),
                    " of addresses, and none are kept for them");
    return;
  }
  std::vector<std::pair<u64, i32>> present; // section and node, ascending
  for (const RamPages &r : ram_)
    for (u64 nr = r.start.v / per_section; nr <= (r.end.v - 1) / per_section; ++nr)
      if (present.empty() || present.back().first < nr) present.emplace_back(nr, r.nid);

  const bool extreme = model_ != AddressModel::sparsemem_static;
  const u64 per_root = extreme ? page / g_.sizeof_mem_section : 1;
  if (extreme) {
    for (const auto &[nr, nid] : present)
      if (roots_.empty() || roots_.back() != nr / per_root) roots_.push_back(nr / per_root);
    const u64 table = round_up(div_round_up(count, per_root) * g_.word, page);
    table_bytes_ = div_round_up(count, per_root) * g_.word + roots_.size() * page;
    next_ += table + roots_.size() * page;
  } else {
    table_bytes_ = count * g_.sizeof_mem_section;
    next_ += round_up(table_bytes_, page);
  }

  const u64 pmd = u64{1} << g_.pmd_shift;
  u64 mapped = 0; // end of what the vmemmap has mapped
  for (const auto &[nr, nid] : present) {
    const u64 first = nr * per_section;
    if (model_ == AddressModel::vmemmap) {
      const u64 at = g_.vmemmap_base + first * g_.sizeof_page;
      const u64 end = round_up(at + per_section * g_.sizeof_page, pmd);
      const u64 from = std::max(mapped, round_down(at, pmd));
      arrays_.push_back({first, per_section, at, nid, end - from});
      mapped = end;
    } else {
      const u64 bytes = round_up(per_section * g_.sizeof_page, page);
      arrays_.push_back({first, per_section, next_, nid, bytes});
      next_ += bytes;
    }
  }
}

// --- looking up ---

const PageAddresses::Array *PageAddresses::array_of(u64 pfn) const {
  for (const Array &a : arrays_)
    if (pfn >= a.first && pfn - a.first < a.pages) return &a;
  return nullptr;
}

const PageAddresses::Array *PageAddresses::array_of_node(i32 nid) const {
  for (const Array &a : arrays_)
    if (a.nid == nid) return &a;
  return nullptr;
}

const PageAddresses::Array *PageAddresses::array_at(u64 page) const {
  for (const Array &a : arrays_)
    if (page >= a.at && page - a.at < a.pages * g_.sizeof_page) return &a;
  return nullptr;
}

i32 PageAddresses::nid_of(u64 pfn) const {
  for (const RamPages &r : ram_)
    if (pfn >> node_shift_ >= r.start.v >> node_shift_ && pfn >> node_shift_ <= (r.end.v - 1) >> node_shift_)
      return r.nid;
  return no_node;
}

u64 PageAddresses::node_start(i32 nid) const {
  u64 start = ~u64{0};
  for (const RamPages &r : ram_)
    if (r.nid == nid) start = std::min(start, r.start.v);
  return start;
}

bool PageAddresses::pfn_valid(pfn_t pfn) const {
  if (!error_.empty()) return false;
  switch (model_) {
  case AddressModel::flatmem: return pfn.v >= arrays_[0].first && pfn < ram_.back().end;
  case AddressModel::discontigmem: {
    const Array *a = array_of_node(nid_of(pfn.v));
    u64 end = 0;
    for (const RamPages &r : ram_)
      if (a != nullptr && r.nid == a->nid) end = r.end.v;
    return a != nullptr && pfn.v >= a->first && pfn.v < end;
  }
  default: return array_of(pfn.v) != nullptr;
  }
}

u64 PageAddresses::flags_word(const Array &a) const {
  const u64 per_section = u64{1} << (g_.section_size_bits - g_.page_shift);
  return place(flags_, "section", a.first / per_section) | place(flags_, "node", static_cast<u64>(a.nid));
}

// The array's address less what its first frame is away from frame 0, with the flags of a section that was there at
// boot: PRESENT, HAS_MEM_MAP and, where they exist, IS_ONLINE and IS_EARLY.
u64 PageAddresses::section_word(const Array *a) const {
  if (a == nullptr) return 0;
  const u64 mask = g_.word == 8 ? ~u64{0} : 0xffffffff;
  return ((a->at - a->first * g_.sizeof_page) & mask) | (g_.map.section_flag_bits >= 4 ? 15 : 3);
}

u64 PageAddresses::root_at(u64 nr) const {
  const u64 page = u64{1} << g_.page_shift;
  const u64 per_root = page / g_.sizeof_mem_section;
  const u64 count = u64{1} << (g_.max_physmem_bits - g_.section_size_bits);
  const auto it = std::find(roots_.begin(), roots_.end(), nr / per_root);
  if (it == roots_.end()) return 0;
  return tables_at_ + round_up(div_round_up(count, per_root) * g_.word, page) +
         static_cast<u64>(it - roots_.begin()) * page;
}

// Steps from a section's number to the pointer in its section_mem_map; 0 and an error when it has none.
u64 PageAddresses::section_map(Conversion &c, u64 nr) const {
  u64 entry = 0;
  if (model_ == AddressModel::sparsemem_static) {
    entry = tables_at_ + nr * g_.sizeof_mem_section;
    step(c, Op::add, "ms", concat("mem_section + nr * ", g_.sizeof_mem_section),
         concat(hex(tables_at_), " + ", nr, " * ", g_.sizeof_mem_section), entry);
  } else {
    const u64 per_root = (u64{1} << g_.page_shift) / g_.sizeof_mem_section;
    const u64 root = nr / per_root;
    step(c, Op::divide, "root", concat("nr / SECTIONS_PER_ROOT"), concat(nr, " / ", per_root), root);
    if (g_.map.roots_allocated)
      step(c, Op::load, "mem_section", "the pointer to the table of roots", "*&mem_section", tables_at_);
    const u64 slot = tables_at_ + root * g_.word;
    const u64 page = root_at(nr);
    step(c, Op::load, "root page", concat("mem_section[root]"), concat('*', hex(slot)), page);
    if (page == 0) {
      c.error = "the root has no page: no section of it is present";
      return 0;
    }
    entry = page + nr % per_root * g_.sizeof_mem_section;
    step(c, Op::add, "ms", concat("root page + nr % ", per_root, " * ", g_.sizeof_mem_section),
         concat(hex(page), " + ", nr % per_root, " * ", g_.sizeof_mem_section), entry);
  }
  const u64 per_section = u64{1} << (g_.section_size_bits - g_.page_shift);
  const u64 word = section_word(array_of(nr * per_section));
  step(c, Op::load, "section_mem_map", "ms->section_mem_map", concat('*', hex(entry)), word);
  if (word == 0) {
    c.error = concat("section ", nr, " is not present");
    return 0;
  }
  const u64 low = (u64{1} << g_.map.section_flag_bits) - 1;
  step(c, Op::mask, "map", "section_mem_map & SECTION_MAP_MASK", concat(hex(word), " & ~", hex(low)), word & ~low);
  return word & ~low;
}

void PageAddresses::load_node(Conversion &c, i32 nid, u64 map) const {
  const u64 page = u64{1} << g_.page_shift, slot = nodes_at_ + static_cast<u64>(nid) * g_.word;
  u64 order = 0; // of the node among the nodes
  while (arrays_[order].nid != nid) ++order;
  step(c, Op::load, "pgdat", "node_data[nid]", concat('*', hex(slot)), nodes_at_ + page * (1 + order));
  step(c, Op::load, "node_mem_map", "pgdat->node_mem_map", "*&pgdat->node_mem_map", map);
}

// --- conversions ---

Conversion PageAddresses::pfn_to_page(pfn_t pfn) const {
  Conversion c;
  if (!error_.empty()) {
    c.error = error_;
    return c;
  }
  const u64 wrap = g_.word == 8 ? ~u64{0} : 0xffffffff;
  // map + index * sizeof(struct page), the last two steps of each way
  const auto element = [&](std::string_view map_name, u64 map, std::string_view index_name, u64 index) {
    const u64 bytes = index * g_.sizeof_page;
    step(c, Op::multiply, "offset", concat(index_name, " * sizeof(struct page)"),
         concat(hex(index), " * ", g_.sizeof_page), bytes & wrap);
    step(c, Op::add, "page", concat(map_name, " + offset"), concat(hex(map), " + ", hex(bytes & wrap)),
         (map + bytes) & wrap);
  };
  if (model_ == AddressModel::flatmem) {
    const Array &a = arrays_[0];
    const u64 map = (a.at - (a.first - g_.arch_pfn_offset) * g_.sizeof_page) & wrap;
    const u64 index = pfn.v - g_.arch_pfn_offset;
    step(c, Op::load, "mem_map", "the pointer to the array", "*&mem_map", map);
    if (g_.arch_pfn_offset != 0)
      step(c, Op::subtract, "index", "pfn - ARCH_PFN_OFFSET", concat(hex(pfn.v), " - ", hex(g_.arch_pfn_offset)),
           index);
    element("mem_map", map, g_.arch_pfn_offset != 0 ? "index" : "pfn", index);
    if (!pfn_valid(pfn)) c.error = "there is no such frame: the address is outside of mem_map";
  } else if (model_ == AddressModel::discontigmem) {
    const i32 nid = nid_of(pfn.v);
    const Array *a = array_of_node(nid);
    step(c, Op::shift, "element", concat("pfn >> ", node_shift_), concat(hex(pfn.v), " >> ", node_shift_),
         pfn.v >> node_shift_);
    step(c, Op::load, "nid", "memnodemap[element]", concat('*', hex(tables_at_ + (pfn.v >> node_shift_) * 2)),
         static_cast<u64>(nid) & 0xffff);
    if (a == nullptr) {
      c.error = "no node has this frame";
      return c;
    }
    // node_mem_map is of the node's first frame, not of the block that the array begins with.
    const u64 start = node_start(nid), map = a->at + (start - a->first) * g_.sizeof_page;
    load_node(c, nid, map);
    step(c, Op::load, "node_start_pfn", "pgdat->node_start_pfn", "*&pgdat->node_start_pfn", start);
    step(c, Op::subtract, "index", "pfn - node_start_pfn", concat(hex(pfn.v), " - ", hex(start)), pfn.v - start);
    element("node_mem_map", map, "index", pfn.v - start);
    if (!pfn_valid(pfn)) c.error = "there is no such frame: the address is outside of the node's array";
  } else if (model_ == AddressModel::vmemmap) {
    step(c, Op::load, "vmemmap", "the address that the array of all frames would begin at", "*&vmemmap_base",
         g_.vmemmap_base);
    element("vmemmap", g_.vmemmap_base, "pfn", pfn.v);
    if (!pfn_valid(pfn)) c.error = "the section is not present: nothing is mapped at that address";
  } else {
    const unsigned shift = g_.section_size_bits - g_.page_shift;
    step(c, Op::shift, "nr", concat("pfn >> PFN_SECTION_SHIFT"), concat(hex(pfn.v), " >> ", shift), pfn.v >> shift);
    if (pfn.v >> (g_.max_physmem_bits - g_.page_shift) != 0) {
      c.error = "there is no such section: the frame lies beyond what the architecture can address";
      return c;
    }
    const u64 map = section_map(c, pfn.v >> shift);
    if (c.ok()) element("map", map, "pfn", pfn.v);
  }
  return c;
}

Conversion PageAddresses::page_to_pfn(u64 page) const {
  Conversion c;
  if (!error_.empty()) {
    c.error = error_;
    return c;
  }
  const Array *a = array_at(page);
  if (a == nullptr || (page - a->at) % g_.sizeof_page != 0) {
    c.error = concat("there is no struct page at ", hex(page));
    return c;
  }
  const u64 wrap = g_.word == 8 ? ~u64{0} : 0xffffffff;
  const auto index_in = [&](std::string_view map_name, u64 map) {
    const u64 bytes = (page - map) & wrap;
    step(c, Op::subtract, "offset", concat("page - ", map_name), concat(hex(page), " - ", hex(map)), bytes);
    step(c, Op::divide, "index", "offset / sizeof(struct page)", concat(hex(bytes), " / ", g_.sizeof_page),
         bytes / g_.sizeof_page);
    return bytes / g_.sizeof_page;
  };
  const auto plus = [&](std::string_view name, u64 start, u64 index) {
    step(c, Op::add, "pfn", concat("index + ", name), concat(hex(index), " + ", hex(start)), index + start);
  };
  const auto field = [&](std::string_view name) {
    const u64 word = flags_word(*a);
    const FlagsField *f = flags_.find(name);
    const u64 value = take(flags_, name, word);
    step(c, Op::load, "flags", "page->flags", concat('*', hex(page)), word);
    step(c, Op::shift, std::string(name == "section" ? "nr" : "nid"),
         concat("(flags >> ", f == nullptr ? 0 : f->pgshift, ") & its ", f == nullptr ? 0 : f->width, " bits"),
         concat(hex(word), " >> ", f == nullptr ? 0 : f->pgshift), value);
    return value;
  };
  if (model_ == AddressModel::flatmem) {
    const u64 map = (a->at - (a->first - g_.arch_pfn_offset) * g_.sizeof_page) & wrap;
    step(c, Op::load, "mem_map", "the pointer to the array", "*&mem_map", map);
    const u64 index = index_in("mem_map", map);
    if (g_.arch_pfn_offset != 0) plus("ARCH_PFN_OFFSET", g_.arch_pfn_offset, index);
  } else if (model_ == AddressModel::discontigmem) {
    const i32 nid = static_cast<i32>(field("node"));
    const u64 start = node_start(nid), map = a->at + (start - a->first) * g_.sizeof_page;
    load_node(c, nid, map);
    // The array may begin before the node's first frame: the difference is signed there.
    const u64 bytes = (page - map) & wrap;
    const bool before = page < map;
    const u64 index = before ? (map - page) / g_.sizeof_page : bytes / g_.sizeof_page;
    step(c, Op::subtract, "offset", "page - node_mem_map", concat(hex(page), " - ", hex(map)), bytes);
    step(c, Op::divide, "index", "offset / sizeof(struct page), signed",
         concat(before ? "-" : "", hex(before ? map - page : bytes), " / ", g_.sizeof_page),
         before ? 0 - index : index);
    step(c, Op::load, "node_start_pfn", "pgdat->node_start_pfn", "*&pgdat->node_start_pfn", start);
    step(c, Op::add, "pfn", "index + node_start_pfn", concat(before ? "-" : "", hex(index), " + ", hex(start)),
         before ? start - index : start + index);
  } else if (model_ == AddressModel::vmemmap) {
    step(c, Op::load, "vmemmap", "the address that the array of all frames would begin at", "*&vmemmap_base",
         g_.vmemmap_base);
    index_in("vmemmap", g_.vmemmap_base);
  } else {
    const u64 map = section_map(c, field("section"));
    if (c.ok()) index_in("map", map);
  }
  return c;
}

ModelCost PageAddresses::cost() const {
  ModelCost cost;
  if (!error_.empty()) return cost;
  u64 ram = 0;
  for (const RamPages &r : ram_) ram += r.end - r.start;
  for (const Array &a : arrays_) {
    ++cost.arrays;
    cost.map_bytes += a.bytes;
    cost.struct_pages += a.pages;
  }
  cost.hole_pages = cost.struct_pages - ram;
  cost.table_bytes = table_bytes_;
  cost.address_bytes =
      model_ == AddressModel::vmemmap ? g_.sizeof_page << (g_.max_physmem_bits - g_.page_shift) : cost.map_bytes;
  const Conversion there = pfn_to_page(ram_[0].start);
  cost.loads_to_page = there.loads();
  cost.loads_to_pfn = page_to_pfn(there.result).loads();
  return cost;
}

// --- of a machine ---

namespace {

unsigned log2_up(u64 n) {
  unsigned bits = 0;
  while (u64{1} << bits < n) ++bits;
  return bits;
}

} // namespace

const PageRow &page_row_of(const Era &era) {
  if (const PageRow *row = find_page_row(era.name)) return *row;
  const PageRow *best = page_rows().front();
  for (const PageRow *row : page_rows()) {
    const std::string_view name = row->name;
    const std::size_t dot = name.find('.'), next = name.find('.', dot + 1);
    const auto major = parse_u64(name.substr(0, dot)), minor = parse_u64(name.substr(dot + 1, next - dot - 1));
    if (major && minor && (*major < era.major || (*major == era.major && *minor <= era.minor))) best = row;
  }
  return *best;
}

PageGeometry geometry_of(const System &s) {
  const Arch &a = *s.arch;
  const KernelConfig &c = s.config;
  const PageRow &row = page_row_of(*s.era);
  PageGeometry g;
  g.word = a.word;
  g.page_shift = a.page_shift;
  g.section_size_bits = a.section_size_bits;
  g.max_physmem_bits = a.max_physmem_bits;
  g.pmd_shift = a.pmd_shift;
  g.max_order = c.max_order;
  g.map = row.map;
  g.sizeof_page = c.sizeof_page;
  // A kernel without sections does not say: the pointer to the map and the one to the usage map.
  g.sizeof_mem_section = c.sizeof_mem_section != 0 ? c.sizeof_mem_section : 2 * a.word;
  g.cache_line = s.memblock.rules.cache_line;
  g.vmemmap_base = a.vmemmap_base;
  g.maps_at = a.direct_map_base + a.low_limit;
  g.flags_rules = row.rules;
  g.flags = {.long_bits = 8 * a.word,
             .word_bits = (row.usual & page_option::int_flags) != 0 ? 32 : 8 * a.word,
             .pageflags = nr_pageflags(row, a.word, row.usual),
             .zones = static_cast<unsigned>(a.zones.size()),
             .nodes_shift = log2_up(c.max_numnodes),
             .numa = c.numa,
             .cpu_bits = c.numa ? log2_up(c.nr_cpus_max) : 0, // distributions balance wherever there are nodes
             .gen_bits = 3,
             .tier_bits = 2};
  return g;
}

PageGeometry geometry_of(const System &s, const PageRow &row, u32 options) {
  PageGeometry g = geometry_of(s);
  g.sizeof_page = page_layout(row, g.word, options).size;
  g.map = row.map;
  g.flags_rules = row.rules;
  g.flags.pageflags = nr_pageflags(row, g.word, options);
  g.flags.word_bits = (options & page_option::int_flags) != 0 ? 32 : 8 * g.word;
  return g;
}

AddressModel model_of(const System &s) {
  switch (s.config.memory_model) {
  case MemoryModel::flatmem: return AddressModel::flatmem;
  case MemoryModel::vmemmap: return AddressModel::vmemmap;
  case MemoryModel::sparsemem: break;
  }
  return AddressModel::sparsemem_extreme;
}

u64 ram_bytes_of(const System &s) {
  u64 bytes = 0;
  for (const RamPages &r : ram_of(s)) bytes += (r.end - r.start) << s.arch->page_shift;
  return bytes;
}

std::vector<RamPages> ram_of(const System &s) {
  std::vector<RamPages> ram;
  for (const memblock_region &r : s.memblock.memory.regions) {
    const RamPages pages{to_pfn_up(r.base, s.arch->page_shift), to_pfn_down(r.end(), s.arch->page_shift),
                         r.nid == no_node ? 0 : r.nid};
    if (pages.start < pages.end) ram.push_back(pages);
  }
  return ram;
}

} // namespace mmscope
