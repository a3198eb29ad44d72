#include "query/functions.hpp"

#include <algorithm>

namespace mmscope {

namespace {

constexpr Subject of_block[] = {Subject::node, Subject::zone, Subject::order, Subject::type};
constexpr Subject of_page[] = {Subject::state, Subject::node, Subject::zone, Subject::type};
constexpr Subject of_handed[] = {Subject::order, Subject::node, Subject::zone};

constexpr Function all[] = {
    {"free", of_block, QueryUnit::count, "blocks on free lists"},
    {"free_pages", of_block, QueryUnit::pages, "pages of the blocks on free lists"},
    {"pages", of_page, QueryUnit::pages, "page frames with a struct page"},
    {"handed", of_handed, QueryUnit::count, "blocks that the memblock_free_all on show has handed over so far"},
    {"reserved_by", {}, QueryUnit::bytes, "bytes that an owner holds"},
};

bool fits(std::span<const Condition> conditions, Subject subject, u64 value) {
  return std::all_of(conditions.begin(), conditions.end(),
                     [&](const Condition &c) { return c.subject != subject || holds(value, c.relation, c.value); });
}
bool asks(std::span<const Condition> conditions, Subject subject) {
  return std::any_of(conditions.begin(), conditions.end(), [&](const Condition &c) { return c.subject == subject; });
}
bool fits_home(std::span<const Condition> conditions, const PageInfo &page) {
  return fits(conditions, Subject::node, static_cast<u64>(page.nid)) && fits(conditions, Subject::zone, page.zone);
}

u64 count_free(const Context &c, std::span<const Condition> conditions, bool pages) {
  const System &s = c.s;
  u64 n = 0;
  for (const pglist_data &node : s.pages.nodes()) {
    if (!fits(conditions, Subject::node, static_cast<u64>(node.nid))) continue;
    for (unsigned z = 0; z < s.arch->zones.size(); ++z) {
      if (!fits(conditions, Subject::zone, z)) continue;
      for (unsigned order = 0; order <= s.pages.rules().max_order.v; ++order) {
        if (!fits(conditions, Subject::order, order)) continue;
        for (unsigned m = 0; m < migratetype_count; ++m)
          if (fits(conditions, Subject::type, m))
            n += c.zone_of(node.nid, z).areas[order].free_list[m].nr << (pages ? order : 0);
      }
    }
  }
  return n;
}

// 2.4's zones know which pages are free: whether another is reserved or taken, they do not say.
QueryValue count_pair_pages(const System &s, std::span<const Condition> conditions) {
  QueryValue v{.kind = QueryValue::Kind::number};
  const auto counts = [&](PageState state) { return fits(conditions, Subject::state, static_cast<u64>(state)); };
  if (asks(conditions, Subject::type) || counts(PageState::reserved) != counts(PageState::allocated)) return {};
  for (const PairZone &z : s.pair_zones) {
    if (!fits_home(conditions, {.nid = 0, .zone = static_cast<u8>(z.id())})) continue;
    if (counts(PageState::free)) v.number += z.free_pages();
    if (counts(PageState::reserved)) v.number += z.rules().pages - z.free_pages();
  }
  return v;
}

QueryValue count_pages(const System &s, std::span<const Condition> conditions) {
  if (s.on_pair_zones()) return count_pair_pages(s, conditions);
  u64 n = 0;
  s.pages.for_each_run(pfn_t{0}, s.pages.map().end(), [&](const PageRun &run) {
    // A frame without a struct page has no node, zone or type.
    if (run.info.state == PageState::absent && !asks(conditions, Subject::state)) return;
    if (run.info.state == PageState::absent &&
        (asks(conditions, Subject::node) || asks(conditions, Subject::zone) || asks(conditions, Subject::type)))
      return;
    if (fits(conditions, Subject::state, static_cast<u64>(run.info.state)) && fits_home(conditions, run.info) &&
        fits(conditions, Subject::type, static_cast<u64>(run.info.block_type)))
      n += run.count;
  });
  return {.kind = QueryValue::Kind::number, .number = n};
}

QueryValue count_handed(const Context &c, std::span<const Condition> conditions) {
  const auto call = c.lab.call();
  if (!call || c.lab.command(*call).op != Op::memblock_free_all) return {};
  const bool homes = asks(conditions, Subject::node) || asks(conditions, Subject::zone);
  u64 n = 0;
  for (const Event &e : c.lab.events()) {
    if (e.kind != EventKind::lab_hand_over || !fits(conditions, Subject::order, e.f[1])) continue;
    if (!homes) {
      n += e.f[2];
      continue;
    }
    // A run may cross into another zone: count the blocks that begin in each run of pages of one.
    const u64 first = e.f[0], order = e.f[1];
    const auto begun = [&](pfn_t before) { return div_round_up(before.v - first, u64{1} << order); };
    c.s.pages.for_each_run(pfn_t{first}, pfn_t{first} + (e.f[2] << order), [&](const PageRun &run) {
      if (fits_home(conditions, run.info)) n += begun(run.start + run.count) - begun(run.start);
    });
  }
  return {.kind = QueryValue::Kind::number, .number = n};
}

u64 bytes_reserved(const Context &c, std::string_view label) {
  u64 n = 0;
  for (const auto &[base, held] : c.lab.owners().held())
    if (c.lab.index().owners()[held.owner].label == label) n += held.end - base;
  return n;
}

} // namespace

bool holds(u64 a, Relation relation, u64 b) {
  switch (relation) {
  case Relation::equal: return a == b;
  case Relation::unequal: return a != b;
  case Relation::less: return a < b;
  case Relation::at_most: return a <= b;
  case Relation::more: return a > b;
  case Relation::at_least: return a >= b;
  }
  return false;
}

std::string_view subject_name(Subject s) {
  constexpr std::string_view names[subject_count] = {"node", "zone", "order", "type", "state"};
  return names[static_cast<std::size_t>(s)];
}

Words words_of(Subject s) {
  switch (s) {
  case Subject::zone: return Words::zone;
  case Subject::type: return Words::migratetype;
  case Subject::state: return Words::page_state;
  default: return Words::none;
  }
}

std::span<const Function> functions() { return all; }

const Function *find_function(std::string_view name) {
  for (const Function &f : all)
    if (f.name == name) return &f;
  return nullptr;
}

QueryValue answer(const Context &c, const Function &f, std::span<const Condition> conditions, std::string_view text) {
  QueryValue v{.kind = QueryValue::Kind::number};
  if (f.name == "free")
    v.number = count_free(c, conditions, false);
  else if (f.name == "free_pages")
    v.number = count_free(c, conditions, true);
  else if (f.name == "pages")
    v = count_pages(c.s, conditions);
  else if (f.name == "handed")
    v = count_handed(c, conditions);
  else
    v.number = bytes_reserved(c, text);
  if (v.kind == QueryValue::Kind::number) v.unit = f.unit;
  return v;
}

} // namespace mmscope
