#include "query/schema.hpp"

#include "base/text.hpp"
#include "mm/direct_map.hpp"
#include "mm/fragmentation.hpp"
#include "mm/pair_alloc.hpp"

#include <algorithm>
#include <array>

namespace mmscope {

namespace {

using Kind = QueryValue::Kind;

constexpr std::size_t at(u64 i) { return static_cast<std::size_t>(i); }
constexpr u64 index(i32 nid) { return static_cast<u64>(nid); }

// --- values ---

QueryValue number(u64 n) { return {.kind = Kind::number, .number = n}; }
QueryValue number_unless(u64 n, u64 none) { return n == none ? QueryValue{} : number(n); }
QueryValue signed_number(i64 n) { return {.kind = Kind::number, .number = static_cast<u64>(n), .negative = n < 0}; }
QueryValue truth(bool b) { return {.kind = Kind::boolean, .number = b ? u64{1} : u64{0}}; }
QueryValue text(std::string_view s) { return {.kind = Kind::text, .text = std::string(s)}; }
QueryValue text_or_nothing(std::string_view s) { return s.empty() ? QueryValue{} : text(s); }

// --- nodes, zones, lists ---

Ref thing_ref(Thing t) { return {.thing = t}; }
bool has_node(const Context &c, u64 nid) { return nid < c.s.pages.nodes().size(); }
const pglist_data &node_of(const Context &c, const Ref &r) { return c.s.pages.node(r.nid); }
const zone &zone_of(const Context &c, const Ref &r) { return c.zone_of(r.nid, r.zid); }
const free_area &area_of(const Context &c, const Ref &r) { return zone_of(c, r).areas[r.order]; }
const FreeList &list_of(const Context &c, const Ref &r) { return area_of(c, r).free_list[r.type]; }

u64 nr_zones(const Context &c, const Ref &r) {
  u64 n = 0;
  for (unsigned z = 0; z < c.s.arch->zones.size(); ++z)
    if (c.zone_of(r.nid, z).spanned_pages != 0) n = z + 1;
  return n;
}
QueryValue fallback(const Context &c, const Ref &r, u64 i) {
  const std::vector<i32> &order = node_of(c, r).fallback;
  return i < order.size() ? number(index(order[at(i)])) : QueryValue{};
}
u64 node_cpus(const Context &c, u64 nid) { return nid < c.s.numa.cpus.size() ? c.s.numa.cpus[at(nid)] : 0; }
u64 all_cpus(const Context &c) {
  u64 n = 0;
  for (const u64 cpus : c.s.numa.cpus) n += cpus;
  return n;
}
QueryValue distance(const Context &c, const Ref &r, u64 i) {
  return has_node(c, i) ? number(c.s.numa.distance_of(r.nid, static_cast<i32>(i))) : QueryValue{};
}
bool has_order(const Context &c, u64 order) { return order <= c.s.pages.rules().max_order.v; }
QueryValue unusable(const Context &c, const Ref &r, u64 order) {
  if (!has_order(c, order)) return {};
  return number(unusable_free_index(free_blocks(zone_of(c, r)), static_cast<unsigned>(order)));
}
QueryValue extfrag(const Context &c, const Ref &r, u64 order) {
  if (!has_order(c, order)) return {};
  return signed_number(fragmentation_index(free_blocks(zone_of(c, r)), static_cast<unsigned>(order)));
}
Ref free_area_ref(const Context &c, Ref r, u64 order) {
  r.thing = Thing::free_area;
  r.there = r.there && has_order(c, order);
  r.order = r.there ? static_cast<unsigned>(order) : 0;
  return r;
}
Ref free_list_ref(Ref r, u64 type) {
  r.thing = Thing::free_list;
  r.there = r.there && type < migratetype_count;
  r.type = r.there ? static_cast<unsigned>(type) : 0;
  return r;
}
// --- CPUs' page lists ---

const per_cpu_pages &pcp_of(const Context &c, const Ref &r) { return zone_of(c, r).pcp[at(r.cpu)]; }
Ref pcp_ref(const Context &c, Ref r, u64 cpu) {
  r.thing = Thing::pcp;
  r.there = r.there && cpu < zone_of(c, r).pcp.size();
  r.cpu = r.there ? static_cast<u32>(cpu) : 0;
  return r;
}
Ref pcp_list_ref(const Context &c, Ref r, u64 i) {
  r.thing = Thing::pcp_list;
  r.there = r.there && i < c.s.pages.pcp_lists();
  r.index = r.there ? static_cast<u32>(i) : 0;
  return r;
}
u64 pcp_blocks(const Context &c, const Ref &r) {
  u64 n = 0;
  c.s.pages.for_each_pcp(r.nid, r.zid, r.cpu, r.index, [&](const PcpBlock &) { ++n; });
  return n;
}
// Movable, or not: what is kept for a CPU in blocks of a whole pageblock is not told apart further.
QueryValue pcp_list_type(const Context &c, const Ref &r) {
  if (c.s.pages.pcp_lists() == 1) return text("any");
  return r.index < 12 ? text(migratetype_name(static_cast<migratetype>(r.index % 3)))
                      : text(r.index == 13 ? migratetype_name(migratetype::MOVABLE) : "not Movable");
}
Ref pcp_page(const Context &c, const Ref &r, u64 i) {
  Ref page{.thing = Thing::page, .there = false};
  c.s.pages.for_each_pcp(r.nid, r.zid, r.cpu, r.index, [&](const PcpBlock &b) {
    if (i-- == 0) page = page_ref(c, b.pfn.v);
  });
  return page;
}
QueryValue next_drain(const Context &c, const Ref &r) { return number(c.s.pages.next_drain(zone_of(c, r), r.cpu)); }

Ref listed_block(const Context &c, Ref r, u64 i) {
  r.thing = Thing::block;
  r.there = false;
  c.s.pages.for_each_block(r.nid, r.zid, order_t{r.order}, static_cast<migratetype>(r.type), [&](const FreeBlock &b) {
    if (!r.there && i < b.count) {
      r.there = true;
      r.n = b.pfn.v + (i << r.order);
    }
    i -= std::min(i, b.count);
  });
  return r;
}

// --- blocks and pages ---

bool has_buddy(const Context &c, const Ref &r) { return r.order < c.s.pages.rules().max_order.v; }
u64 buddy_pfn(const Ref &r) { return r.n ^ (u64{1} << r.order); }
Ref buddy_ref(const Context &c, const Ref &r) {
  Ref buddy = page_ref(c, buddy_pfn(r));
  buddy.there = buddy.there && has_buddy(c, r);
  return buddy;
}
QueryValue buddy_free(const Context &c, const Ref &r) {
  if (!has_buddy(c, r)) return {};
  const auto head = c.s.pages.free_head(pfn_t{buddy_pfn(r)});
  const PageInfo info = c.s.pages.page(pfn_t{buddy_pfn(r)});
  return truth(head && head->order.v == r.order && info.nid == r.nid && info.zone == r.zid);
}
QueryValue parent(const Context &c, const Ref &r) {
  return has_buddy(c, r) ? number(r.n & ~(u64{1} << r.order)) : QueryValue{};
}

// 2.4's zones know of a page whether it is free, and no more: `init` stands for a struct page that says nothing.
const PairZone *pair_zone_with(const Context &c, u64 pfn) {
  for (const PairZone &z : c.s.pair_zones)
    if (c.s.on_pair_zones() && z.contains(pfn_t{pfn})) return &z;
  return nullptr;
}
std::optional<BuddyBlock> free_block_around(const Context &c, u64 pfn) {
  if (!c.s.on_pair_zones()) return c.s.pages.containing_free_block(pfn_t{pfn});
  const PairZone *z = pair_zone_with(c, pfn);
  const auto b = z != nullptr ? z->containing(pfn_t{pfn}) : std::nullopt;
  return b ? std::optional(BuddyBlock{b->pfn, b->order}) : std::nullopt;
}
PageInfo info_of(const Context &c, const Ref &r) {
  const PairZone *z = pair_zone_with(c, r.n);
  if (z == nullptr) return c.s.pages.page(pfn_t{r.n});
  return {free_block_around(c, r.n) ? PageState::free : PageState::init, 0, static_cast<u8>(z->id())};
}
QueryValue page_state(const Context &c, const Ref &r) {
  const PageState state = info_of(c, r).state;
  return c.s.on_pair_zones() && state == PageState::init ? QueryValue{} : text(page_state_name(state));
}
bool has_struct_page(PageState s) { return s != PageState::absent && s != PageState::uninit; }
void add_flag(std::string &flags, bool set, std::string_view name) {
  if (set) append(flags, flags.empty() ? "" : "|", name);
}
QueryValue page_flags(const Context &c, const Ref &r) {
  const PageState state = info_of(c, r).state;
  if (!has_struct_page(state) || c.s.on_pair_zones()) return {};
  if (state == PageState::hole || state == PageState::reserved) return text("PG_reserved");
  std::string flags;
  add_flag(flags, c.s.pages.free_head(pfn_t{r.n}).has_value(), "PG_buddy");
  if (const auto b = c.s.pages.block(pfn_t{r.n})) {
    const bool head = b->pfn.v == r.n;
    add_flag(flags, b->is(BlockUse::compound) && head, "PG_head");
    add_flag(flags, b->is(BlockUse::slab) && head, "PG_slab");
    add_flag(flags, b->lru && head, "PG_lru");
  }
  return text(flags);
}
QueryValue page_refcount(const Context &c, const Ref &r) {
  const PageState state = info_of(c, r).state;
  if (c.s.on_pair_zones() && state == PageState::init) return {};
  switch (state) {
  case PageState::hole:
  case PageState::init:
  case PageState::reserved: return number(1);
  case PageState::free:
  case PageState::pcp: return number(0);
  default: break;
  }
  const auto b = c.s.pages.block(pfn_t{r.n}); // what the boot took has no block that the model remembers
  return b ? number(b->pfn.v == r.n ? b->refcount : 0) : QueryValue{};
}
// First page and order of the block that a page lies in, whoever has it.
std::optional<BuddyBlock> block_around(const Context &c, u64 pfn) {
  if (const auto b = free_block_around(c, pfn)) return b;
  if (const auto b = c.s.pages.pcp_block(pfn_t{pfn})) return BuddyBlock{b->pfn, b->order, b->type};
  if (const auto b = c.s.pages.block(pfn_t{pfn})) return BuddyBlock{b->pfn, b->order};
  return std::nullopt;
}
Ref page_head(const Context &c, const Ref &r) {
  const auto b = block_around(c, r.n);
  Ref head = page_ref(c, b ? b->pfn.v : 0);
  head.there = b.has_value();
  return head;
}
QueryValue page_block_order(const Context &c, const Ref &r) {
  const auto b = block_around(c, r.n);
  return b ? number(b->order.v) : QueryValue{};
}
QueryValue page_use(const Context &c, const Ref &r) {
  const auto b = c.s.pages.block(pfn_t{r.n});
  if (!b) return {};
  std::string use;
  add_flag(use, b->is(BlockUse::compound), "compound");
  add_flag(use, b->is(BlockUse::movable), "movable");
  add_flag(use, b->is(BlockUse::slab), "slab");
  add_flag(use, b->lru, "lru");
  return text(use);
}
Ref page_node(const Context &c, const Ref &r) {
  const PageInfo info = info_of(c, r);
  Ref node = node_ref(c, index(info.nid));
  node.there = node.there && info.state != PageState::absent;
  return node;
}
Ref page_zone(const Context &c, const Ref &r) {
  const PageInfo info = info_of(c, r);
  Ref zone = zone_ref(c, info.nid, info.zone);
  zone.there = zone.there && info.state != PageState::absent;
  return zone;
}
QueryValue page_migratetype(const Context &c, const Ref &r) {
  const PageInfo info = info_of(c, r);
  if (info.state == PageState::absent || c.s.on_pair_zones()) return {};
  return text(migratetype_name(info.block_type));
}
QueryValue block_free_share(const Context &c, const Ref &r) {
  return number(c.s.pages.count_pageblock(pfn_t{r.n}).free);
}
QueryValue page_order(const Context &c, const Ref &r) {
  const auto block = free_block_around(c, r.n);
  return block && block->pfn.v == r.n ? number(block->order.v) : QueryValue{};
}
QueryValue owner_text(const Context &c, u64 address) {
  const Owner *owner = c.lab.owner_at(address);
  return owner == nullptr ? QueryValue{} : text(owner->label);
}

// --- sections ---

u64 sections_per_root(const Context &c) { return c.s.arch->page_size() / c.s.config.sizeof_mem_section; }
const SectionRun *section_run(const Context &c, const Ref &r) { return c.s.sparse.find(r.n); }
QueryValue struct_page(const Context &c, const Ref &r) {
  const SectionRun *run = c.s.sparse.find(r.n >> section_shift(c));
  if (run == nullptr || !run->initialised) return {};
  return number(vmemmap_base(c.s) + r.n * c.s.config.sizeof_page);
}
QueryValue section_mem_map(const Context &c, const Ref &r) { return number(section_word(c.s, r.n).value); }
QueryValue section_usage(const Context &c, const Ref &r) {
  const SectionRun *run = section_run(c, r);
  if (run == nullptr || !run->initialised) return {};
  return number(run->usage.v + (r.n - run->first) * c.s.config.sizeof_section_usage);
}
QueryValue section_map(const Context &c, const Ref &r) {
  const SectionRun *run = section_run(c, r);
  if (run == nullptr || !run->initialised) return {};
  const u64 step = round_up(c.s.config.sizeof_page << section_shift(c), u64{1} << c.s.arch->pmd_shift);
  return number(run->map.v + (r.n - run->first) * step);
}
Ref section_node(const Context &c, const Ref &r) {
  const SectionRun *run = section_run(c, r);
  Ref node = node_ref(c, run == nullptr ? no_index : index(run->nid));
  node.thing = Thing::node;
  return node;
}
QueryValue section_root(const Context &c, u64 i) {
  for (const SectionRoot &root : c.s.sparse.roots)
    if (root.index == i) return number(root.addr.v);
  return {};
}

// --- memblock, e820, vm ---

Ref array_ref(memblock_list list) { return {.thing = Thing::memblock_type, .list = list}; }
const memblock_type &array_of(const Context &c, const Ref &r) { return c.s.memblock.type(r.list); }
Ref region_ref(const Context &c, const Ref &r, u64 i) { return region_ref(r.list, i, c); }
const memblock_region &region_of(const Context &c, const Ref &r) { return array_of(c, r).regions[at(r.n)]; }
QueryValue region_flags(const Context &c, const Ref &r) {
  constexpr std::string_view names[] = {"MEMBLOCK_HOTPLUG", "MEMBLOCK_MIRROR", "MEMBLOCK_NOMAP",
                                        "MEMBLOCK_DRIVER_MANAGED"};
  std::string s;
  for (unsigned bit = 0; bit < std::size(names); ++bit)
    if ((region_of(c, r).flags >> bit & 1) != 0) append(s, s.empty() ? "" : "|", names[bit]);
  return text(s.empty() ? std::string_view("MEMBLOCK_NONE") : std::string_view(s));
}
Ref region_node(const Context &c, const Ref &r) { return node_ref(c, index(region_of(c, r).nid)); }
QueryValue region_owner(const Context &c, const Ref &r) { return owner_text(c, region_of(c, r).base.v); }

Ref entry_ref(const Context &c, u64 i) {
  return {.thing = Thing::e820_entry, .there = i < c.s.e820.entries.size(), .n = i};
}
const e820_entry &entry_of(const Context &c, const Ref &r) { return c.s.e820.entries[at(r.n)]; }

QueryValue vm_number(const Context &c, vm_field f) { return number(c.s.get(f)); }
QueryValue user_min_free(const Context &c) {
  const u64 n = c.s.get(vm_field::user_min_free_kbytes); // one more than it says
  return n == 0 ? QueryValue{} : number(n - 1);
}

// --- calls and events ---

const Command &command_of(const Context &c, const Ref &r) { return c.lab.command(r.n); }
bool begun(const Context &c, const Ref &r) {
  const Position p = c.lab.position();
  return r.n < p.call || (r.n == p.call && c.lab.inside());
}
bool returned(const Context &c, const Ref &r) { return r.n < c.lab.position().call; }
QueryValue call_result(const Context &c, const Ref &r) {
  if (!returned(c, r)) return {};
  const Result &result = c.lab.record(r.n).result;
  if (!result.ok()) return {};
  const Op op = command_of(c, r).op;
  if (returns_address(op)) {
    QueryValue v = number(result.value);
    v.unit = QueryUnit::address;
    return v;
  }
  QueryValue v = number(result.value);
  v.negative = static_cast<i64>(result.value) < 0; // an errno
  return v;
}
QueryValue call_error(const Context &c, const Ref &r) {
  return returned(c, r) ? text_or_nothing(c.lab.record(r.n).result.error) : QueryValue{};
}
u64 events_so_far(const Context &c, const Ref &r) {
  if (c.lab.call() == r.n) return c.lab.events().size();
  return returned(c, r) ? c.lab.index().calls()[at(r.n)].events : 0;
}
QueryValue event_kind(const Context &c, const Ref &r) { return text(event_info(event_of(c, r)->kind).name); }

// --- the table ---

// clang-format off
constexpr Row rows[] = {
#define THING(of_, name_, index_, child_, unit_, meaning_, ...)                                                        \
  {Thing::of_, #of_ "." #name_, Index::index_, Thing::child_, QueryUnit::unit_,                                        \
   Thing::child_ == Thing::zone && Index::index_ == Index::none ? Words::zone : Words::none, nullptr,                  \
   []([[maybe_unused]] const Context &c, [[maybe_unused]] const Ref &r, [[maybe_unused]] u64 i,                        \
      [[maybe_unused]] u64 j) -> Ref { return __VA_ARGS__; }},
#define FIELD(of_, name_, index_, unit_, words_, meaning_, ...)                                                        \
  {Thing::of_, #of_ "." #name_, Index::index_, Thing::root, QueryUnit::unit_, Words::words_,                           \
   []([[maybe_unused]] const Context &c, [[maybe_unused]] const Ref &r,                                                \
      [[maybe_unused]] u64 i) -> QueryValue { return __VA_ARGS__; },                                                   \
   nullptr},
#include "query/fields.def"
#undef THING
#undef FIELD
};
// clang-format on

constexpr u64 rows_with(Thing t) {
  u64 n = 0;
  for (const Row &row : rows) n += row.of == t;
  return n;
}
static_assert(rows_with(Thing::vm) == static_cast<u64>(vm_field::count_), "every vm_field can be asked for");

constexpr std::array<std::string_view, 3> watermarks{"min", "low", "high"};

// An event's fields are named by its kind (trace/events.def): rows are made of all the names there are.
std::span<const Row> event_rows() {
  static const std::vector<Row> made = [] {
    std::vector<Row> v(rows_of(Thing::event).begin(), rows_of(Thing::event).end());
    for (unsigned k = 0; k < event_kind_count; ++k)
      for (const FieldInfo &f : event_info(static_cast<EventKind>(k)).fields)
        if (std::none_of(v.begin(), v.end(), [&](const Row &row) { return row.name() == f.name; }))
          v.push_back({Thing::event, f.name, Index::none, Thing::root, QueryUnit::none, Words::none, nullptr, nullptr});
    return v;
  }();
  return made;
}

QueryValue event_field(const Context &c, const Ref &r, std::string_view name) {
  const Event &e = *event_of(c, r);
  const auto fields = event_info(e.kind).fields;
  for (unsigned i = 0; i < fields.size(); ++i) {
    if (fields[i].name != name) continue;
    if (fields[i].unit == FieldUnit::text) return text(c.lab.texts().text(e.f[i]));
    if (fields[i].unit == FieldUnit::type) return text(migratetype_name(static_cast<migratetype>(e.f[i])));
    if (fields[i].unit == FieldUnit::node && e.node(i) == no_node) return {};
    QueryValue v = number(e.f[i]);
    v.unit = unit_of(fields[i].unit);
    return v;
  }
  return {}; // this kind of event has none
}

// What a thing that has a value of its own is worth.
QueryValue value_of(const Context &c, const Row &row, const Ref &r) {
  if (!r.there) return {};
  if (row.words == Words::zone) return text(c.s.arch->zones[r.zid].name);
  if (row.unit == QueryUnit::none) return truth(true);
  return number(r.thing == Thing::node ? index(r.nid) : r.n);
}

} // namespace

const zone &Context::zone_of(i32 nid, unsigned zid) const {
  if (!s.on_pair_zones() || zid >= s.pair_zones.size()) return s.pages.zone_of(nid, zid);
  for (std::size_t i = pair_zones_.size(); i < s.pair_zones.size(); ++i)
    pair_zones_.push_back(as_zone(s.pair_zones[i]));
  return pair_zones_[zid];
}
bool Context::buddies_sound() const {
  if (!buddies_) buddies_ = s.pages.verify(true).empty();
  return *buddies_;
}
bool Context::system_sound() const {
  if (!system_) system_ = s.verify().empty();
  return *system_;
}

std::string_view thing_name(Thing t) {
  constexpr std::string_view names[] = {"root",    "node",        "zone",     "free_area",     "free_list",
                                        "block",   "pcp",         "pcp_list", "pageblock",     "page",
                                        "section", "mem_section", "memblock", "memblock_type", "memblock_region",
                                        "e820",    "e820_entry",  "vm",       "call",          "event"};
  return names[static_cast<std::size_t>(t)];
}

std::span<const Row> rows_of(Thing t) {
  const auto *first = std::find_if(std::begin(rows), std::end(rows), [&](const Row &row) { return row.of == t; });
  const auto *last = std::find_if(first, std::end(rows), [&](const Row &row) { return row.of != t; });
  return {first, last};
}

const Row *find_row(Thing t, std::string_view name) {
  for (const Row &row : t == Thing::event ? event_rows() : rows_of(t))
    if (row.name() == name) return &row;
  return nullptr;
}

std::vector<std::string_view> row_names(Thing t) {
  std::vector<std::string_view> names;
  for (const Row &row : t == Thing::event ? event_rows() : rows_of(t)) names.push_back(row.name());
  return names;
}

Ref enter(const Context &c, const Row &row, const Ref &from, u64 i, u64 j) {
  Ref to{.thing = row.child, .there = false};
  if (from.there) to = row.go(c, from, i, j);
  to.thing = row.child;
  return to;
}

QueryValue read(const Context &c, const Row &row, const Ref &of, u64 i, u64 j) {
  if (!of.there) return {};
  QueryValue v;
  if (row.child != Thing::root) {
    v = value_of(c, row, enter(c, row, of, i, j));
  } else if (row.value == nullptr) {
    v = event_field(c, of, row.name());
  } else {
    // An index that goes by name is within the names: the fixed arrays behind it are as long.
    if (const Words words = words_of(row.index); words != Words::none && i >= word_list(c, words).size()) return {};
    v = row.value(c, of, i);
  }
  if (v.kind == QueryValue::Kind::number && v.unit == QueryUnit::none) v.unit = row.unit;
  return v;
}

Words words_of(Index index) {
  switch (index) {
  case Index::zone: return Words::zone;
  case Index::watermark: return Words::watermark;
  case Index::migratetype: return Words::migratetype;
  default: return Words::none;
  }
}

std::vector<std::string_view> word_list(const Context &c, Words words) {
  std::vector<std::string_view> list;
  switch (words) {
  case Words::none: break;
  case Words::zone:
    for (const ZoneRow &z : c.s.arch->zones) list.push_back(z.name);
    break;
  case Words::migratetype:
    for (unsigned m = 0; m < migratetype_count; ++m) list.push_back(migratetype_name(static_cast<migratetype>(m)));
    break;
  case Words::watermark: list.assign(watermarks.begin(), watermarks.end()); break;
  case Words::page_state:
    for (unsigned p = 0; p < page_state_count; ++p) list.push_back(page_state_name(static_cast<PageState>(p)));
    break;
  case Words::phase:
    for (unsigned p = 1; p < phase_count; ++p) list.push_back(phase_name(static_cast<Phase>(p)));
    break;
  }
  return list;
}

std::string path_of(const Context &c, const Ref &r) {
  switch (r.thing) {
  case Thing::root: return {};
  case Thing::node: return concat("node[", r.nid, ']');
  case Thing::zone: return concat("node[", r.nid, "].zone[", c.s.arch->zones[r.zid].name, ']');
  case Thing::free_area:
    return concat("node[", r.nid, "].zone[", c.s.arch->zones[r.zid].name, "].free_area[", r.order, ']');
  case Thing::free_list:
    return concat("node[", r.nid, "].zone[", c.s.arch->zones[r.zid].name, "].free_area[", r.order, "].free_list[",
                  migratetype_name(static_cast<migratetype>(r.type)), ']');
  case Thing::pcp: return concat("node[", r.nid, "].zone[", c.s.arch->zones[r.zid].name, "].pcp[", r.cpu, ']');
  case Thing::pcp_list:
    return concat("node[", r.nid, "].zone[", c.s.arch->zones[r.zid].name, "].pcp[", r.cpu, "].lists[", r.index, ']');
  case Thing::page:
  case Thing::pageblock:
  case Thing::block: {
    std::string s = concat(thing_name(r.thing), "[0x");
    append_hex(s, r.n);
    return s + ']';
  }
  case Thing::section: return concat("section[", r.n, ']');
  case Thing::mem_section: return "mem_section";
  case Thing::memblock: return "memblock";
  case Thing::memblock_type: return r.list == memblock_list::memory ? "memblock.memory" : "memblock.reserved";
  case Thing::memblock_region:
    return concat(r.list == memblock_list::memory ? "memblock.memory" : "memblock.reserved", ".regions[", r.n, ']');
  case Thing::e820: return "e820";
  case Thing::e820_entry: return concat("e820.entries[", r.n, ']');
  case Thing::vm: return "vm";
  case Thing::call: return concat("call[", r.n, ']');
  case Thing::event: return concat("event[", r.call, '.', r.n, ']');
  }
  return {};
}

Ref node_ref(const Context &c, u64 nid) {
  const bool there = has_node(c, nid);
  return {.thing = Thing::node, .there = there, .nid = there ? static_cast<i32>(nid) : 0};
}

Ref zone_ref(const Context &c, i32 nid, u64 zid) {
  Ref r = node_ref(c, index(nid));
  r.thing = Thing::zone;
  r.there = r.there && zid < c.s.arch->zones.size();
  r.zid = r.there ? static_cast<unsigned>(zid) : 0;
  return r;
}

Ref page_ref(const Context &c, u64 pfn) {
  return {.thing = Thing::page, .there = pfn < u64{1} << (c.s.arch->max_physmem_bits - c.s.arch->page_shift), .n = pfn};
}

Ref block_ref(const Context &c, u64 pfn) {
  Ref r = page_ref(c, pfn);
  r.thing = Thing::block;
  const auto block = r.there ? free_block_around(c, pfn) : std::nullopt;
  r.there = block.has_value();
  if (!block) return r;
  r.n = block->pfn.v;
  const PageInfo info = info_of(c, r);
  r.nid = info.nid;
  r.zid = info.zone;
  r.order = static_cast<unsigned>(block->order.v);
  r.type = static_cast<unsigned>(block->list);
  return r;
}

Ref pageblock_ref(const Context &c, u64 pfn) {
  const PageInfo info = c.s.pages.page(pfn_t{pfn});
  Ref r = page_ref(c, pfn);
  r.thing = Thing::pageblock;
  r.there = r.there && info.state != PageState::absent;
  if (!r.there) return r;
  r.nid = info.nid;
  r.zid = info.zone;
  // The first of a zone may begin inside of one.
  r.n = std::max(round_down(pfn, u64{1} << c.s.pages.rules().pageblock_order.v), zone_of(c, r).start_pfn.v);
  return r;
}

Ref section_ref(const Context &c, u64 n) {
  return {.thing = Thing::section,
          .there = n < u64{1} << (c.s.arch->max_physmem_bits - c.s.arch->section_size_bits),
          .n = n};
}

Ref region_ref(memblock_list list, u64 n, const Context &c) {
  return {.thing = Thing::memblock_region, .there = n < c.s.memblock.type(list).regions.size(), .list = list, .n = n};
}

Ref region_at(const Context &c, memblock_list list, u64 pfn) {
  const int i = c.s.memblock.search(list, phys_addr_t{pfn << c.s.arch->page_shift});
  return region_ref(list, i < 0 ? no_index : static_cast<u64>(i), c);
}

Ref call_ref(const Context &c, u64 n) {
  if (n == no_index && c.lab.call()) n = *c.lab.call();
  // Behind a call that cannot be made there is no boot any more.
  return {.thing = Thing::call, .there = n < c.lab.index().calls().size(), .n = n};
}

Ref event_ref(const Context &c, u64 i, u64 j) {
  const bool of_call = j != no_index;
  Ref r = call_ref(c, of_call ? i : no_index);
  r.thing = Thing::event;
  r.call = r.n;
  r.n = of_call ? j : i;
  if (i == no_index && c.lab.call()) r.n = c.lab.events().size() - 1; // 0 - 1 is not there
  r.there = r.there && begun(c, {.n = r.call}) && event_of(c, r) != nullptr;
  return r;
}

const Event *event_of(const Context &c, const Ref &r) {
  const std::span<const Event> events =
      c.lab.call() == r.call ? c.lab.events() : std::span<const Event>(c.lab.record(r.call).events);
  return r.n < events.size() ? &events[at(r.n)] : nullptr;
}

QueryUnit unit_of(FieldUnit unit) {
  switch (unit) {
  case FieldUnit::addr: return QueryUnit::address;
  case FieldUnit::bytes: return QueryUnit::bytes;
  case FieldUnit::pfn: return QueryUnit::pfn;
  case FieldUnit::pages: return QueryUnit::pages;
  case FieldUnit::order: return QueryUnit::order;
  case FieldUnit::node: return QueryUnit::node;
  case FieldUnit::flags: return QueryUnit::flags;
  case FieldUnit::index: return QueryUnit::index;
  case FieldUnit::count: return QueryUnit::count;
  default: return QueryUnit::none;
  }
}

} // namespace mmscope
