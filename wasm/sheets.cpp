#include "sheets.hpp"

#include <algorithm>
#include <span>

#include "base/text.hpp"
#include "io/json_writer.hpp"
#include "mm/e820.hpp"

namespace mmscope::sheets {
namespace {

std::string_view unit_name(QueryUnit unit) {
  switch (unit) {
  case QueryUnit::none: return "";
  case QueryUnit::bytes: return "bytes";
  case QueryUnit::address: return "address";
  case QueryUnit::pages: return "pages";
  case QueryUnit::pfn: return "pfn";
  case QueryUnit::order: return "order";
  case QueryUnit::node: return "node";
  case QueryUnit::count: return "count";
  case QueryUnit::index: return "index";
  case QueryUnit::flags: return "flags";
  }
  return "";
}

void value(JsonWriter &j, const QueryValue &v) {
  j.key("text").string(to_text(v)).key("unit").string(unit_name(v.unit));
  j.key("nothing").boolean(v.kind == QueryValue::Kind::nothing);
  // What an address or a PFN can be followed by: a number that JavaScript holds exactly.
  if (v.kind == QueryValue::Kind::number && !v.negative && v.number <= u64{1} << 53) j.key("number").number(v.number);
}

JsonWriter &place(JsonWriter &j, const Position &at) {
  return j.key("call").number(at.call).key("event").number(at.event);
}

void bits(JsonWriter &j, const SheetBits &b) {
  std::string word = "0x";
  append_hex(word, b.word, 16);
  j.begin_object().key("name").string(b.name).key("word").string(word).key("parts").begin_array();
  for (const SheetBits::Part &part : b.parts)
    j.begin_object()
        .key("high")
        .number(part.high)
        .key("low")
        .number(part.low)
        .key("about")
        .string(part.about)
        .key("text")
        .string(part.text)
        .end_object();
  j.end_array().end_object();
}

void life_event(JsonWriter &j, const Lab &lab, const LifeEvent &e) {
  place(j.begin_object(), e.at).key("what").string(life_name(e.what));
  j.key("base").number(e.base).key("end").number(e.end);
  j.key("function").string(e.function).key("caller").string(e.caller).key("owner").string(e.owner);
  j.key("node").number_signed(e.nid).key("zone");
  const auto &zones = lab.state().arch->zones;
  j.string(e.zone < zones.size() ? zones[e.zone].name : std::string_view());
  j.key("from").number(e.from_order).key("order").number(e.order);
  j.key("list").string(e.list < migratetype_count ? migratetype_name(static_cast<migratetype>(e.list)) : "");
  j.key("state").string(page_state_name(e.state));
  j.key("number").number(e.number).key("count").number(e.count);
  if (e.what == Life::firmware || e.what == Life::firmware_changed)
    j.key("type").string(e.number == 0 ? std::string_view() : e820_type_name(static_cast<u32>(e.number)));
  if (e.what == Life::allocated) j.key("gfp").string(gfp_text(static_cast<gfp_t>(e.number)));
  if (e.what == Life::stolen) j.key("type").string(migratetype_name(static_cast<migratetype>(e.number)));
  j.end_object();
}

bool named(const Lab &lab, u32 owner, std::string_view label) {
  return owner != nobody && lab.index().owners()[owner].label == label;
}

} // namespace

std::string sheet(const Sheet &s, unsigned page_shift) {
  std::string out;
  JsonWriter j(out);
  j.begin_object().key("path").string(s.path).key("kind").string(s.kind).key("title").string(s.title);
  j.key("error").string(s.error).key("base").number(s.base).key("end").number(s.end);
  if (s.end > s.base) j.key("firstPfn").number(s.base >> page_shift).key("lastPfn").number((s.end - 1) >> page_shift);
  j.key("fields").begin_array();
  for (const SheetField &f : s.fields) {
    j.begin_object().key("name").string(f.name).key("path").string(f.path).key("about").string(f.about);
    value(j, f.value);
    j.end_object();
  }
  j.end_array().key("links").begin_array();
  for (const SheetLink &l : s.links)
    j.begin_object()
        .key("relation")
        .string(l.relation)
        .key("path")
        .string(l.path)
        .key("text")
        .string(l.text)
        .end_object();
  j.end_array().key("bits").begin_array();
  for (const SheetBits &b : s.bits) bits(j, b);
  j.end_array().key("source").string(s.source).key("home").begin_array();
  for (const std::string &line : s.at_home) j.string(line);
  j.end_array().end_object();
  return out;
}

std::string answer(const QueryAnswer &a) {
  std::string out;
  JsonWriter j(out);
  j.begin_object().key("ok").boolean(a.ok());
  if (a.ok())
    value(j, a.value);
  else
    j.key("error").string(a.error).key("column").number(a.column);
  j.end_object();
  return out;
}

std::string words(const std::vector<std::string> &words) {
  std::string out;
  JsonWriter j(out);
  j.begin_array();
  for (const std::string &word : words) j.string(word);
  j.end_array();
  return out;
}

std::string life(const Lab &lab, const Biography &biography) {
  std::string out;
  JsonWriter j(out);
  j.begin_object().key("pfn").number(biography.pfn().v).key("cut").boolean(biography.cut());
  j.key("entries").begin_array();
  for (const LifeEvent &e : biography.events()) life_event(j, lab, e);
  j.end_array().end_object();
  return out;
}

std::string hits(const Search &search, u64 from, u64 count) {
  std::string out;
  JsonWriter j(out);
  j.begin_object().key("total").number(search.total()).key("kept").number(search.hits().size());
  j.key("hits").begin_array();
  const std::span<const SearchHit> all = search.hits();
  for (u64 i = from; i < all.size() && i - from < count; ++i) {
    const SearchHit &hit = all[static_cast<std::size_t>(i)];
    place(j.begin_object(), hit.at).key("text").string(hit.text).end_object();
  }
  j.end_array().end_object();
  return out;
}

std::string place(const std::optional<Position> &at) {
  if (!at) return "null";
  std::string out;
  JsonWriter j(out);
  place(j.begin_object(), *at).end_object();
  return out;
}

std::string filter(const Lab &lab, const std::vector<canvas::Chosen> &chosen) {
  std::string out;
  JsonWriter j(out);
  j.begin_array();
  for (const canvas::Chosen &c : chosen) {
    j.begin_object().key("part").string(facts::part_name(c.kind)).key("label");
    j.string(c.owner == nobody ? std::string_view() : lab.index().owners()[c.owner].label).end_object();
  }
  j.end_array();
  return out;
}

std::vector<canvas::Chosen> toggled(const Lab &lab, std::vector<canvas::Chosen> chosen, std::string_view part,
                                    std::string_view label) {
  const auto fits = [&](const canvas::Chosen &c) {
    return facts::part_name(c.kind) == part && (c.kind != PartKind::owner || named(lab, c.owner, label));
  };
  if (std::erase_if(chosen, fits) != 0) return chosen;
  if (part == "owner") {
    const std::size_t owners = lab.index().owners().size(); // several kinds of owner may bear one name
    for (u32 i = 0; i < owners; ++i)
      if (named(lab, i, label)) chosen.push_back({PartKind::owner, i});
    return chosen;
  }
  for (unsigned k = 0; k <= static_cast<unsigned>(PartKind::cut_off); ++k)
    if (facts::part_name(static_cast<PartKind>(k)) == part) chosen.push_back({static_cast<PartKind>(k)});
  return chosen;
}

std::pair<u64, u64> largest_range(const Lab &lab, std::string_view label) {
  std::pair<u64, u64> best{0, 0};
  for (const auto &[base, held] : lab.owners().held())
    if (named(lab, held.owner, label) && held.end - base > best.second - best.first) best = {base, held.end};
  return best;
}

} // namespace mmscope::sheets
